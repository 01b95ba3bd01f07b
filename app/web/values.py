"""Values as people read and write them, and as the API has them (docs/json.md)."""

from __future__ import annotations

from datetime import date
from typing import Any

from docai.tasks.amounts import find_money, find_numbers
from docai.tasks.dates import find_dates

SURE, UNSURE = 0.9, 0.7  # from here on a value is shown as quite sure, or as worth a look
YES, NO = (
    ("yes", "true", "1", "x", "✓", "✔", "☒", "☑", "[x]", "ja", "是", "有"),
    ("no", "false", "0", "", "☐", "□", "[ ]", "nein", "否", "无"),
)


class DoesNotFit(ValueError):
    """What was typed is no value of the field's type; the argument is the type."""


def shown(kind: str, value: Any) -> str:
    """For a person to read, and to change: what is shown can be typed again."""
    match kind, value:
        case _, None:
            return ""
        case "money", {"amount": amount}:
            return " ".join(filter(None, (str(amount), value.get("currency"))))
        case "boolean", bool():
            return "✓" if value else "✗"
        case _:
            return str(value)


def parsed(kind: str, text: str, before: Any = None) -> Any:
    """The value in the API's form. Raises DoesNotFit.

    An amount without a currency keeps that of the value `before`.
    """
    text = text.strip()
    match kind:
        case "date":
            return _date(text)
        case "number":
            numbers = find_numbers(text.removesuffix("%").strip())
            if len(numbers) != 1:
                raise DoesNotFit(kind)
            return f"{numbers[0].value:f}"
        case "money":
            return _money(text, before)
        case "boolean":
            if text.lower() not in (*YES, *NO, "✗"):
                raise DoesNotFit(kind)
            return text.lower() in YES
        case _:
            if not text:
                raise DoesNotFit(kind)
            return text


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        found = find_dates(text)
        if len(found) != 1:
            raise DoesNotFit("date") from None
        return found[0].value.isoformat()


def _money(text: str, before: Any) -> dict[str, str | None]:
    found = find_money(text)
    if len(found) != 1:
        raise DoesNotFit("money")
    money = found[0].value
    kept = before.get("currency") if isinstance(before, dict) else None
    return {"amount": f"{money.amount:f}", "currency": money.currency or kept}


def tone(confidence: float | None) -> str:
    """How sure, as a colour of the scale."""
    if confidence is None:
        return ""
    return "sure-high" if confidence >= SURE else "unsure" if confidence >= UNSURE else "doubtful"
