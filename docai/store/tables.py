"""A job's results as JSON Lines, CSV, XLSX and Parquet; few documents are in memory at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import IO, TYPE_CHECKING, Any
from uuid import UUID

from docai import export, serialize
from docai.export import Cell
from docai.results import FieldType
from docai.store import results
from docai.store.database import Store
from docai.store.results import FIELD, ITEM, ItemResult

if TYPE_CHECKING:
    import pyarrow

Json = dict[str, Any]
Row = list[Cell]

CHUNK = 1 << 18  # bytes sent at a time
ROWS_AT_ONCE = 1000  # of a Parquet file's row group
DIGITS, DECIMALS = 38, 6  # of a Parquet number …
LARGEST = Decimal(10) ** (DIGITS - DECIMALS)  # … which is smaller than this


class Form(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"

    @property
    def media_type(self) -> str:
        return {
            Form.JSONL: "application/jsonl",
            Form.CSV: "text/csv",
            Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Form.PARQUET: "application/vnd.apache.parquet",
        }[self]


class Rows(StrEnum):
    """What a row of a table stands for. XLSX has a sheet of each."""

    DOCUMENTS = "documents"
    ITEMS = "items"


ABOUT_DOCUMENT = {
    "document": FieldType.STRING,
    "file": FieldType.STRING,
    "state": FieldType.STRING,
    "error": FieldType.STRING,
    "label": FieldType.STRING,
    "lowest_confidence": FieldType.NUMBER,
    "failed_checks": FieldType.STRING,
}
ABOUT_ITEM = {
    "document": FieldType.STRING,
    "file": FieldType.STRING,
    "row": FieldType.NUMBER,
}


@dataclass(frozen=True, slots=True)
class Found:
    """Results that are to be written: they are gone through once for each table."""

    items: Callable[[], Iterator[ItemResult]]
    names: Callable[[Sequence[str]], dict[str, FieldType]]


class Table:
    """The columns that results need, found out before the first row is written."""

    def __init__(self, found: Found, rows: Rows) -> None:
        self._found = found.items
        self._is_items = rows is Rows.ITEMS
        self._about = ABOUT_ITEM if self._is_items else ABOUT_DOCUMENT
        self._names = found.names([ITEM if self._is_items else FIELD])

    @property
    def columns(self) -> dict[str, FieldType]:
        """Amounts take two, the second for the currency."""
        columns = dict(self._about)
        for name, kind in self._names.items():
            columns[_column(name)] = kind
            if kind is FieldType.MONEY:
                columns[_column(name) + " currency"] = FieldType.STRING
        return columns

    def rows(self) -> Iterator[Row]:
        for item in self._found():
            result = item.result or {}
            if self._is_items:
                for number, line in enumerate(result.get("items", ())):
                    yield [str(item.document_id), item.filename, number, *self._cells(line)]
            else:
                yield [*_about(item, result), *self._cells(result)]

    def _cells(self, holder: Json) -> Iterator[Cell]:
        """Of fields with the same name the first one counts."""
        fields = {field["name"]: field for field in reversed(holder.get("fields", ()))}
        for name, kind in self._names.items():
            field = fields.get(name)
            value = field["value"] if field else None
            amount, currency = (
                (value["amount"], value["currency"]) if isinstance(value, dict) else (value, None)
            )
            yield _typed(amount, kind)
            if kind is FieldType.MONEY:
                yield currency


def stream(
    store: Store, owner: str, job_id: UUID, form: Form, rows: Rows
) -> Iterator[str] | Iterator[bytes]:
    """Of every document of a job."""
    items = partial(results.of_job, store, owner, job_id)
    return _stream(Found(items, partial(results.names, store, job_id)), form, rows)


def stream_documents(
    store: Store, owner: str, ids: Sequence[UUID], form: Form, rows: Rows
) -> Iterator[str] | Iterator[bytes]:
    """Of these documents, the newest result of each. Raises NotFound."""
    chosen = results.chosen(store, owner, ids)
    extractions = [each.extraction_id for each in chosen if each.extraction_id]
    names = partial(results.names_of, store, extractions)
    return _stream(Found(partial(results.of_chosen, store, chosen), names), form, rows)


def _stream(found: Found, form: Form, rows: Rows) -> Iterator[str] | Iterator[bytes]:
    match form:
        case Form.JSONL:
            return json_lines(found.items())
        case Form.CSV:
            table = Table(found, rows)
            return export.to_csv([*table.columns], table.rows())
        case Form.XLSX:
            return _workbook([(each, Table(found, each)) for each in Rows])
        case Form.PARQUET:
            return _parquet(Table(found, rows))


def json_lines(items: Iterable[ItemResult]) -> Iterator[str]:
    """Each document as docs/json.md has it, with its id and state in the service."""
    for item in items:
        about = {"document": str(item.document_id), "state": item.state}
        if item.result is not None:
            line = {**item.result, **about}
        else:
            source = {"filename": item.filename}
            line = {"format_version": serialize.FORMAT_VERSION, "source": source, **about}
            if item.error is not None:
                line["error"] = item.error
        yield serialize.dumps(line) + "\n"


def _about(item: ItemResult, result: Json) -> Row:
    error = f"{item.error['code']}: {item.error['message']}" if item.error else None
    label = result.get("label") or {}
    confidences = [field["confidence"] for field in result.get("fields", ())]
    failed = [check["name"] for check in result.get("checks", ()) if not check["passed"]]
    return [
        str(item.document_id),
        item.filename,
        item.state.value,
        error,
        label.get("name"),
        min(confidences, default=None),
        " ".join(failed) or None,
    ]


def _column(name: str) -> str:
    """Fields of a caller's own may be called like one of our columns."""
    return f"field {name}" if name in ABOUT_DOCUMENT or name in ABOUT_ITEM else name


def _typed(value: Any, kind: FieldType) -> Cell:
    """The value as a spreadsheet wants it; one that does not fit its column stays a text."""
    try:
        if value is not None and kind in (FieldType.MONEY, FieldType.NUMBER):
            return Decimal(value)
        if value is not None and kind is FieldType.DATE:
            return date.fromisoformat(value)
    except (ValueError, ArithmeticError, TypeError):
        return str(value)
    cell: Cell = value
    return cell


def _workbook(tables: Iterable[tuple[Rows, Table]]) -> Iterator[bytes]:
    sheets = [(rows.value, [*table.columns], table.rows()) for rows, table in tables]
    with tempfile.TemporaryFile() as file:
        file.write(export.to_xlsx(sheets))
        yield from _chunks(file)


def _parquet(table: Table) -> Iterator[bytes]:
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema([(n, _arrow(kind)) for n, kind in table.columns.items()])
    rows = table.rows()
    with tempfile.TemporaryFile() as file:
        with pyarrow.parquet.ParquetWriter(file, schema) as writer:
            while some := list(islice(rows, ROWS_AT_ONCE)):
                columns = [
                    pyarrow.array([_fitting(cell, kind) for cell in column], field.type)
                    for column, kind, field in zip(
                        zip(*some, strict=True), table.columns.values(), schema, strict=True
                    )
                ]
                writer.write_batch(pyarrow.record_batch(columns, schema))
        yield from _chunks(file)


def _arrow(kind: FieldType) -> pyarrow.DataType:
    import pyarrow

    match kind:
        case FieldType.MONEY | FieldType.NUMBER:
            return pyarrow.decimal128(DIGITS, DECIMALS)
        case FieldType.DATE:
            return pyarrow.date32()
        case FieldType.BOOLEAN:
            return pyarrow.bool_()
        case _:
            return pyarrow.string()


def _fitting(cell: Cell, kind: FieldType) -> Cell:
    """The cell, or None where a typed column has no place for it."""
    match kind:
        case FieldType.MONEY | FieldType.NUMBER:
            if isinstance(cell, str | bool | date) or cell is None:
                return None
            number = Decimal(str(cell))
            return round(number, DECIMALS) if abs(number) < LARGEST else None
        case FieldType.DATE:
            return cell if isinstance(cell, date) else None
        case FieldType.BOOLEAN:
            return cell if isinstance(cell, bool) else None
        case _:
            return None if cell is None else str(cell)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    yield from iter(lambda: file.read(CHUNK), b"")
