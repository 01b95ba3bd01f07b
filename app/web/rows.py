"""A result as the rows of a list and the marks on its pages; pure, so that it can be tested."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.web.values import shown, tone
from app.web.words import known, t

Json = dict[str, Any]

PAIR = "key_value"
NAMED = 100  # characters of a label that a correction names
LISTS = {"item": "items", "tax_detail": "tax_details"}
INDEXED = re.compile(r"(items|tax_details)\[(\d+)\]\.(\w+)")


@dataclass(frozen=True, slots=True)
class Place:
    """A value of a result, as corrections name it."""

    kind: str
    row: int
    name: str

    @property
    def id(self) -> str:
        return f"{self.kind}/{self.row}/{self.name}"

    @classmethod
    def of(cls, id: str) -> Place:
        kind, row, name = id.split("/", 2)
        return cls(kind, int(row), name)


def fields_of(result: Json) -> Iterator[tuple[Place, Json]]:
    """Every field that can be corrected; of several with one name the first one."""
    seen = set()
    for place, field in _each_field(result):
        if place not in seen:
            seen.add(place)
            yield place, field


def pairs_of(result: Json) -> Iterator[tuple[Place, Json]]:
    """A form's labels as fields; the value is None where nothing was filled in."""
    for number, pair in enumerate(result.get("key_values", ())):
        filled = pair["value"] or {}
        label = pair["key"]["text"]
        yield (
            Place(PAIR, number, label[:NAMED]),
            {
                "name": label,
                "type": filled.get("type", "string"),
                "value": filled.get("value", filled.get("text")),
                "confidence": pair["confidence"],
                "evidence": filled.get("evidence") or pair["key"]["evidence"],
                "corrected": pair.get("corrected", False),
            },
        )


def values_of(result: Json) -> Iterator[tuple[Place, Json]]:
    """Everything in a list of fields that can be corrected."""
    yield from fields_of(result)
    yield from pairs_of(result)


def field_rows(result: Json) -> list[Json]:
    messages = check_messages(result)
    rows = []
    for place, field in fields_of(result):
        says = messages.get(place.id, [])
        value = shown(field["type"], field["value"])
        is_sum = place.kind != "field"
        row = {
            "id": place.id,
            "label": known("field", place.name),
            "value": value,
            "edit": value,
            "confidence": field["confidence"],
            "tone": "doubtful" if says else tone(field["confidence"]),
            "looked_at": bool(field.get("corrected")),
            "messages": says,
            "group": t(f"document.{place.kind}", number=place.row + 1) if is_sum else "",
        }
        rows.append(row)
    return rows


def pair_rows(result: Json) -> list[Json]:
    """Of a form: its labels and what was filled in."""
    return [
        {
            "id": place.id,
            "label": pair["name"],
            "value": _filled(pair),
            "edit": _filled(pair),
            "confidence": pair["confidence"],
            "tone": tone(pair["confidence"]),
            "looked_at": pair["corrected"],
            "messages": [],
            "group": "",
            "filled": True,
            "left_empty": shown(pair["type"], left_empty(pair)),
        }
        for place, pair in pairs_of(result)
    ]


def left_empty(pair: Json) -> bool | None:
    """What a pair's value is where a person filled nothing in; a checkbox is not ticked then."""
    return False if pair["type"] == "boolean" else None


def marks(result: Json) -> list[Json]:
    """Boxes of fields, of a form's values and of tables, each with the id of its row."""
    messages = check_messages(result)
    found = []
    for place, field in fields_of(result):
        sure = "doubtful" if messages.get(place.id) else tone(field["confidence"])
        label = f"{known('field', place.name)}: {shown(field['type'], field['value'])}"
        found += [_mark(place.id, "field", spot, label, sure) for spot in field["evidence"]]
    for place, pair in pairs_of(result):
        label, sure = f"{pair['name']}: {_filled(pair)}", tone(pair["confidence"])
        found += [_mark(place.id, "pair", spot, label, sure) for spot in pair["evidence"]]
    for number, table in enumerate(result.get("tables", ())):
        label = t("document.table", number=number + 1)
        parts = table.get("parts") or [table]
        found += [_mark(f"table/{number}/", "table", part, label, "") for part in parts]
    return found


def table_marks(table: Json, number: int) -> list[Json]:
    """The boxes of a table and of its cells, each with the place it has in the grid."""
    parts = table.get("parts") or [table]
    name = t("document.table", number=number + 1)
    found = [_mark(f"table/{number}/", "table", part, name, "") for part in parts]
    for cell in table["cells"]:
        spot = {"page": cell.get("page", table["page"]), "box": cell["box"]}
        id = f"cell/{number}/{cell['row']}/{cell['column']}"
        found.append(_mark(id, "cell", spot, cell["text"], ""))
    return found


def answer_marks(answers: Sequence[Json]) -> list[Json]:
    return [
        _mark(
            f"answer/{number}/", "answer", spot, answer["answer"] or "", tone(answer["confidence"])
        )
        for number, answer in enumerate(answers)
        for spot in answer["evidence"]
    ]


def check_messages(result: Json) -> dict[str, list[str]]:
    """What failed checks say, by the rows they concern; "" where no row is named."""
    there = {place.id for place, _ in fields_of(result)}
    told: dict[str, list[str]] = {}
    for check in result.get("checks", ()):
        if check["passed"]:
            continue
        says = known("check", check["name"])
        rows = [id for id in map(_row_of, check["fields"]) if id in there] or [""]
        for id in rows:
            told.setdefault(id, []).append(f"{says} ({check['detail']})")
    return told


def sizes(result: Json) -> list[list[float]]:
    """Width and height of each page, in points."""
    return [[page["width"], page["height"]] for page in result.get("pages", ())]


def _each_field(result: Json) -> Iterator[tuple[Place, Json]]:
    for field in result.get("fields", ()):
        yield Place("field", 0, field["name"]), field
    for kind, key in LISTS.items():
        for row, item in enumerate(result.get(key, ())):
            for field in item["fields"]:
                yield Place(kind, row, field["name"]), field


def _row_of(name: str) -> str:
    """The row that a check means by a name like `total` or `items[2].amount`."""
    indexed = INDEXED.fullmatch(name)
    if indexed is None:
        return Place("field", 0, name).id
    kind = {key: kind for kind, key in LISTS.items()}[indexed[1]]
    return Place(kind, int(indexed[2]), indexed[3]).id


def _filled(pair: Json) -> str:
    return shown(pair["type"], pair["value"])


def _mark(id: str, kind: str, spot: Json, label: str, sure: str) -> Json:
    page, box = spot["page"], spot["box"]
    return {"id": id, "kind": kind, "page": page, "box": box, "label": label, "tone": sure}
