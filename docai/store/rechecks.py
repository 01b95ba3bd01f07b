"""Checks of a result that a person changed: sums are added up again, the rest speaks for itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any

from docai.results import Check, Field, FieldType, Item, Money

Json = dict[str, Any]


def recheck(before: Json, after: Json, changed: Collection[str]) -> list[Json]:
    """The checks of `after`, which people made of `before` by changing these fields.

    A check that is no sum (a checksum, change given back) falls away with the field it spoke of.
    """
    again = _sums(after)
    sums = {each.name for each in (*_sums(before), *again)}
    kept = [
        check
        for check in before.get("checks", ())
        if check["name"] not in sums and not set(changed).intersection(check["fields"])
    ]
    return [_json(check) for check in again] + kept


def _sums(result: Json) -> list[Check]:
    from docai.tasks import checks

    fields = {field.name: field for field in reversed(_fields(result.get("fields", ())))}
    items, taxes = _items(result.get("items", ())), _items(result.get("tax_details", ()))
    products = [checks.product_check(item, n) for n, item in enumerate(items, start=1)]
    return [c for c in products if c is not None] + checks.sum_checks(fields, items, taxes)


def _items(rows: Iterable[Json]) -> list[Item]:
    return [Item(tuple(_fields(row["fields"]))) for row in rows]


def _fields(fields: Iterable[Json]) -> list[Field]:
    return [
        Field(
            name=each["name"],
            type=FieldType(each["type"]),
            value=_value(each["type"], each["value"]),
            text=each["text"] or "",
            confidence=each["confidence"],
            evidence=(),
        )
        for each in fields
    ]


def _value(kind: str, value: Any) -> Any:
    """Numbers as sums need them; everything else as it is, for no sum looks at it."""
    match kind:
        case FieldType.MONEY:
            return Money(Decimal(value["amount"]), value["currency"])
        case FieldType.NUMBER:
            return Decimal(value)
        case _:
            return value


def _json(check: Check) -> Json:
    return {
        "name": check.name,
        "passed": check.passed,
        "detail": check.detail,
        "fields": list(check.fields),
    }
