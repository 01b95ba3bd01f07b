"""Results: written once under a key, as JSON and as rows; corrected by people; read back.

The key is (document, request, model). Rows say what JSON says, typed, so that plain SQL can ask.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.orm import Session

from docai.errors import Conflict, NotFound, UsageError
from docai.jobs import ANSWER, ItemState
from docai.results import FieldType
from docai.store import cells, pairs
from docai.store.database import Store
from docai.store.ids import new_id
from docai.store.models import (
    AnswerRow,
    CellRow,
    CorrectionRow,
    DocumentRow,
    ExtractionRow,
    FieldRow,
    ItemRow,
    JobItemRow,
    JobRow,
    ModelVersionRow,
    TableRow,
    table_of,
)
from docai.store.pairs import KEY_VALUE
from docai.store.rechecks import recheck
from docai.store.upsert import insert_new

Json = dict[str, Any]
T = TypeVar("T")

FIELD, ITEM, TAX_DETAIL = "field", "item", "tax_detail"
LISTS = {ITEM: "items", TAX_DETAIL: "tax_details"}  # where JSON keeps a kind's rows
CORRECTABLE = (FIELD, *LISTS, KEY_VALUE, *cells.KINDS)
AT_ONCE = 100  # results fetched at a time where many are streamed
MOST_DIGITS = 40  # of a number that a person gives: "1e999999999" would fill the memory
LARGEST = Decimal(10) ** 18  # a number beyond it stands as text only


@dataclass(frozen=True, slots=True)
class StoredResult:
    """`result` is as docs/json.md has it, with every correction applied."""

    id: UUID
    document_id: UUID
    requested: str
    task: str
    result: Json
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One document of a job: its result, or why there is none (yet)."""

    position: int
    document_id: UUID | None
    filename: str
    state: ItemState
    error: Json | None
    result: Json | None
    extraction_id: UUID | None


@dataclass(frozen=True, slots=True)
class Chosen:
    document_id: UUID
    filename: str
    extraction_id: UUID | None


@dataclass(frozen=True, slots=True)
class Change:
    """What a person says a value is; `value` None takes the field away.

    Kinds are field, item, tax_detail, key_value (docai.store.pairs), and those of
    docai.store.cells for what stands in tables.

    `value` is as docs/json.md has it for the type: a string, {"amount", "currency"}, a boolean.
    `text` and `evidence` say where on the page the value stands; None keeps what was known.
    """

    name: str
    value: Any
    kind: str = FIELD
    row: int = 0
    type: FieldType | None = None  # None keeps the field's type; a new field needs one
    text: str | None = None
    evidence: tuple[Json, ...] | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    kind: str
    row: int
    name: str
    old: Json | None
    new: Json | None
    who: str
    at: datetime
    undone_by: str | None = None
    undone_at: datetime | None = None


# --- writing ------------------------------------------------------------------------------


def save(
    session: Session,
    document_id: UUID,
    fingerprint: str,
    requested: str,
    result: Json,
    at: datetime,
) -> UUID:
    """The id under which the result stands; where its key was written before, that one stays."""
    model_id = _model_id(session, result["model"], at)
    fields = result.get("fields", ())
    id = new_id()
    row = {
        "id": id,
        "document_id": document_id,
        "fingerprint": fingerprint,
        "model_id": model_id,
        "requested": requested,
        "task": result.get("task", requested),
        "label": (result.get("label") or {}).get("name"),
        "label_confidence": (result.get("label") or {}).get("confidence"),
        "lowest_confidence": min((f["confidence"] for f in fields), default=None),
        "failed_checks": sum(not check["passed"] for check in result.get("checks", ())),
        "result": result,
        "created_at": at,
    }
    if insert_new(session, ExtractionRow, row):
        _insert_rows(session, id, result)
        return id
    key = (document_id, fingerprint, model_id)
    return session.scalars(select(ExtractionRow.id).where(*_is_key(*key))).one()


def find(session: Session, document_id: UUID, fingerprint: str, model: Json) -> UUID | None:
    """The result that was written under this key, if any."""
    wanted = (
        select(ExtractionRow.id)
        .join(ModelVersionRow, ModelVersionRow.id == ExtractionRow.model_id)
        .where(
            ExtractionRow.document_id == document_id,
            ExtractionRow.fingerprint == fingerprint,
            ModelVersionRow.name == model["name"],
            ModelVersionRow.version == model["version"],
            ModelVersionRow.sha256 == model["sha256"],
        )
    )
    return session.scalars(wanted).one_or_none()


def correct(
    store: Store, owner: str, document_id: UUID, task: str, changes: Sequence[Change], who: str
) -> StoredResult:
    """The latest result of the task with the changes made; the old values are kept.

    Raises NotFound without such a result, UsageError for a value that does not fit its type.
    """
    with store.writing() as session:
        row = _latest(session, owner, document_id, task)
        for change in changes:
            result = _corrected(row.result, _corrections(session, [row.id])[row.id])
            old, new = _changed(result, change)
            session.execute(
                insert(CorrectionRow).values(
                    extraction_id=row.id,
                    kind=change.kind,
                    row=change.row,
                    name=change.name,
                    old=old,
                    new=new,
                    who=who,
                    at=store.now(),
                )
            )
            _replace(session, row, change, new)
        return _rechecked(session, row)


def undo(store: Store, owner: str, document_id: UUID, task: str, who: str) -> StoredResult:
    """Takes the newest correction that still holds back; it stays in the history.

    Raises NotFound without such a result, Conflict where nothing is left to take back.
    """
    with store.writing() as session:
        row = _latest(session, owner, document_id, task)
        wanted = (
            select(CorrectionRow)
            .where(CorrectionRow.extraction_id == row.id, CorrectionRow.undone_at.is_(None))
            .order_by(CorrectionRow.id.desc())
            .limit(1)
        )
        newest = session.scalars(wanted).one_or_none()
        if newest is None:
            raise Conflict("there is no correction to take back")
        newest.undone_by, newest.undone_at = who, store.now()
        change = Change(newest.name, None, newest.kind, newest.row)
        session.flush()
        _replace(session, row, change, newest.old)
        return _rechecked(session, row)


# --- reading ------------------------------------------------------------------------------


def latest(store: Store, owner: str, document_id: UUID, task: str) -> StoredResult:
    """The newest result that was asked for as `task`, or that came out as it.

    Raises NotFound.
    """
    with store.reading() as session:
        return _stored(session, _latest(session, owner, document_id, task))


def get(store: Store, owner: str, id: UUID) -> StoredResult:
    """Raises NotFound."""
    wanted = _of_owner(owner).where(ExtractionRow.id == id)
    with store.reading() as session:
        row = session.scalars(wanted).one_or_none()
        if row is None:
            raise NotFound(f"there is no result {id}")
        return _stored(session, row)


def of_document(store: Store, owner: str, document_id: UUID) -> list[StoredResult]:
    """Every result of the document, oldest first."""
    wanted = _of_owner(owner).where(ExtractionRow.document_id == document_id)
    with store.reading() as session:
        rows = session.scalars(wanted.order_by(ExtractionRow.id)).all()
        return [_stored(session, row) for row in rows]


def corrections(store: Store, owner: str, extraction_id: UUID) -> list[Correction]:
    """Who changed what, oldest first."""
    get(store, owner, extraction_id)
    with store.reading() as session:
        return _corrections(session, [extraction_id], undone=True)[extraction_id]


def of_job(store: Store, owner: str, job_id: UUID) -> Iterator[ItemResult]:
    """Every document of the job, in the order of submission; few are in memory at a time.

    Raises NotFound.
    """
    with store.reading() as session:
        job = session.get(JobRow, job_id)
        if job is None or job.owner != owner:
            raise NotFound(f"there is no job {job_id}")
    return _items_of(store, job_id)


def names(store: Store, job_id: UUID, kinds: Sequence[str]) -> dict[str, FieldType]:
    """The names of all fields of these kinds in a job's results, with the type each has."""
    wanted = (
        select(FieldRow.name, FieldRow.type)
        .join(JobItemRow, JobItemRow.extraction_id == FieldRow.extraction_id)
        .where(JobItemRow.job_id == job_id, FieldRow.kind.in_(kinds))
        .distinct()
        .order_by(FieldRow.name, FieldRow.type)
    )
    with store.reading() as session:
        return {name: FieldType(kind) for name, kind in session.execute(wanted)}


def chosen(store: Store, owner: str, ids: Sequence[UUID]) -> list[Chosen]:
    """These documents in this order, each with its newest result. Raises NotFound."""
    found: dict[UUID, Chosen] = {}
    with store.reading() as session:
        for some in batched(ids):
            joined = select(DocumentRow.id, DocumentRow.filename, ExtractionRow.id).outerjoin(
                ExtractionRow,
                (ExtractionRow.document_id == DocumentRow.id) & (ExtractionRow.task != ANSWER),
            )
            wanted = joined.where(DocumentRow.owner == owner, DocumentRow.id.in_(some))
            for row in session.execute(wanted.order_by(ExtractionRow.id)):
                found[row[0]] = Chosen(*row)  # the newest one comes last
    for id in ids:
        if id not in found:
            raise NotFound(f"there is no document {id}")
    return [found[id] for id in dict.fromkeys(ids)]


def of_chosen(store: Store, chosen: Sequence[Chosen]) -> Iterator[ItemResult]:
    """Few are in memory at a time. A document without a result is named as well."""
    position = 0
    for some in batched(chosen):
        ids = [each.extraction_id for each in some if each.extraction_id]
        with store.reading() as session:
            rows = session.scalars(select(ExtractionRow).where(ExtractionRow.id.in_(ids)))
            done = {row.id: _stored(session, row).result for row in rows.all()}
        for each in some:
            result = done.get(each.extraction_id) if each.extraction_id else None
            state = ItemState.DONE if result else ItemState.QUEUED
            about = (position, each.document_id, each.filename, state, None, result)
            yield ItemResult(*about, each.extraction_id)
            position += 1


def names_of(
    store: Store, extraction_ids: Sequence[UUID], kinds: Sequence[str]
) -> dict[str, FieldType]:
    """As `names`, of these results."""
    found: set[tuple[str, str]] = set()
    with store.reading() as session:
        for some in batched(extraction_ids):
            wanted = select(FieldRow.name, FieldRow.type).where(
                FieldRow.extraction_id.in_(some), FieldRow.kind.in_(kinds)
            )
            found.update((name, kind) for name, kind in session.execute(wanted.distinct()))
    return {name: FieldType(kind) for name, kind in sorted(found)}


def batched(many: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(many), AT_ONCE):
        yield many[start : start + AT_ONCE]


# --- rows ---------------------------------------------------------------------------------


def _insert_rows(session: Session, id: UUID, result: Json) -> None:
    lists = [(kind, row, item) for kind in LISTS for row, item in _rows(result, kind)]
    fields = [_field_row(id, FIELD, 0, field) for field in result.get("fields", ())]
    fields += [_field_row(id, kind, row, f) for kind, row, item in lists for f in item["fields"]]
    filled = map(pairs.as_field, result.get("key_values", ()))
    fields += [_field_row(id, KEY_VALUE, row, field) for row, field in enumerate(filled)]
    tables = list(enumerate(result.get("tables", ())))
    rows: list[tuple[Any, list[Json]]] = [
        (ItemRow, [{"extraction_id": id, "kind": kind, "row": row} for kind, row, _ in lists]),
        (FieldRow, fields),
        (TableRow, [_table_row(id, number, table) for number, table in tables]),
        (
            CellRow,
            [
                _cell_row(id, n, cell, table["page"])
                for n, table in tables
                for cell in table["cells"]
            ],
        ),
        (AnswerRow, [_answer_row(id, n, a) for n, a in enumerate(result.get("answers", ()))]),
    ]
    for table, values in rows:
        if values:
            session.execute(insert(table_of(table)), values)


def _rows(result: Json, kind: str) -> Iterator[tuple[int, Json]]:
    return enumerate(result.get(LISTS[kind], ()))


def _field_row(id: UUID, kind: str, row: int, field: Json) -> Json:
    """The columns of FieldRow for a field object of docs/json.md."""
    value, type = field["value"], field["type"]
    amount = value["amount"] if isinstance(value, dict) else value
    is_number = type in (FieldType.MONEY, FieldType.NUMBER)
    evidence = field.get("evidence", [])
    return {
        "extraction_id": id,
        "kind": kind,
        "row": row,
        "name": field["name"],
        "type": type,
        "value": str(amount).lower() if isinstance(amount, bool) else amount,
        "value_date": date.fromisoformat(value) if type == FieldType.DATE else None,
        "value_number": _number(amount) if is_number else None,
        "value_boolean": value if isinstance(value, bool) else None,
        "currency": value["currency"] if isinstance(value, dict) else None,
        "text": field["text"],
        "confidence": field["confidence"],
        "page": evidence[0]["page"] if evidence else None,
        "evidence": evidence,
        "corrected": bool(field.get("corrected")),
    }


def _number(text: str) -> Decimal | None:
    number = Decimal(text)
    return number if abs(number) < LARGEST else None


def _table_row(id: UUID, number: int, table: Json) -> Json:
    kept = ("page", "rows", "columns", "confidence", "box")
    caption = table.get("caption", {}).get("text")
    about = {"extraction_id": id, "number": number, "caption": caption}
    return {**about, **{name: table[name] for name in kept}}


def _cell_row(id: UUID, number: int, cell: Json, page: int) -> Json:
    """`page` is the table's first; a cell on a later one says so."""
    kept = ("row", "column", "row_span", "column_span", "kind", "text", "box")
    about = {"extraction_id": id, "table_number": number, "role": cell.get("role")}
    return {**about, "page": cell.get("page", page), **{name: cell[name] for name in kept}}


def _answer_row(id: UUID, number: int, answer: Json) -> Json:
    kept = ("question", "answer", "confidence", "evidence", "alternatives")
    return {"extraction_id": id, "number": number, **{name: answer[name] for name in kept}}


def _model_id(session: Session, model: Json, at: datetime) -> int:
    wanted = select(ModelVersionRow.id).filter_by(**model)
    found = session.scalars(wanted).one_or_none()
    if found is None:
        insert_new(session, ModelVersionRow, {**model, "created_at": at})
        found = session.scalars(wanted).one()
    return found


def _is_key(document_id: UUID, fingerprint: str, model_id: int) -> tuple[Any, ...]:
    return (
        ExtractionRow.document_id == document_id,
        ExtractionRow.fingerprint == fingerprint,
        ExtractionRow.model_id == model_id,
    )


# --- corrections --------------------------------------------------------------------------


def _changed(result: Json, change: Change) -> tuple[Json | None, Json | None]:
    """What stands at the change's place before and after it. Raises UsageError."""
    if change.kind in cells.KINDS:
        _, old, new = cells.changed(result, change.kind, change.row, change.name, change.value)
        return old, new
    if change.kind == KEY_VALUE:
        pair = pairs.find(result, change.row, change.name)
        return pair, _changed_pair(result, pair, change)
    if "fields" not in result:
        raise UsageError(f"a result of the task {result.get('task')!r} has no fields to correct")
    before = _find_field(result, change.kind, change.row, change.name)
    return before, _changed_field(change, before)


def _changed_pair(result: Json, old: Json, change: Change) -> Json:
    return pairs.changed(
        result,
        old,
        change.row,
        change.value,
        kind=change.type,
        text=change.text,
        evidence=change.evidence,
    )


def _changed_field(change: Change, old: Json | None) -> Json | None:
    """The field object after the change, or None where it is taken away."""
    if change.kind not in (FIELD, *LISTS):
        raise UsageError(f"a {change.kind} cannot be corrected; there are {', '.join(CORRECTABLE)}")
    if change.value is None:
        return None
    kind = change.type or (FieldType(old["type"]) if old else None)
    if kind is None:
        raise UsageError(f"{change.name} is not in the result; say its type as well")
    return {
        "name": change.name,
        "type": kind.value,
        "value": _checked(change.name, kind, change.value),
        "text": (old["text"] if old else None) if change.text is None else change.text,
        "confidence": 1.0,
        "evidence": _evidence(change, old),
        "corrected": True,
    }


def _evidence(change: Change, old: Json | None) -> list[Json]:
    if change.evidence is not None:
        return list(change.evidence)
    return old["evidence"] if old else []


def _checked(name: str, kind: FieldType, value: Any) -> Any:
    """The value as docs/json.md has it. Raises UsageError where it does not fit the type."""
    try:
        match kind, value:
            case FieldType.MONEY, {"amount": str(amount)}:
                currency = value.get("currency")
                if currency is not None and not (isinstance(currency, str) and len(currency) == 3):
                    raise ValueError("the currency is not an ISO 4217 code")
                return {"amount": _decimal(amount), "currency": currency}
            case FieldType.NUMBER, str(number):
                return _decimal(number)
            case FieldType.DATE, str(day):
                return date.fromisoformat(day).isoformat()
            case FieldType.BOOLEAN, bool():
                return value
            case ((FieldType.STRING | FieldType.ADDRESS), str()):
                return value
    except (ValueError, ArithmeticError) as error:
        raise UsageError(f"{name}: {value!r} is no {kind}: {error}") from error
    raise UsageError(f"{name}: {value!r} is no {kind}; docs/json.md shows the forms")


def _decimal(text: str) -> str:
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
        raise ValueError("it is not finite, or too long to be written out")
    return f"{number:f}"


def _corrections(
    session: Session, ids: Sequence[UUID], *, undone: bool = False
) -> dict[UUID, list[Correction]]:
    """Those that hold, oldest first; with `undone` also those that were taken back."""
    found: dict[UUID, list[Correction]] = {id: [] for id in ids}
    wanted = select(CorrectionRow).where(CorrectionRow.extraction_id.in_(ids))
    if not undone:
        wanted = wanted.where(CorrectionRow.undone_at.is_(None))
    names = [field.name for field in dataclasses.fields(Correction)]
    for row in session.scalars(wanted.order_by(CorrectionRow.id)):
        one = Correction(**{name: getattr(row, name) for name in names})
        found[row.extraction_id].append(one)
    return found


def _corrected(before: Json, corrections: Sequence[Correction]) -> Json:
    """A new result with the corrections applied in their order, and its sums added up again."""
    result = before
    for each in corrections:
        if each.kind in cells.KINDS:
            about = (each.kind, each.row, each.name, _value_of(each.new))
            result, _, _ = cells.changed(result, *about)
        elif each.kind == KEY_VALUE and each.new is not None:
            result = pairs.with_value(result, each.row, each.new)
        elif each.kind == FIELD:
            fields = _with_field(result["fields"], each.name, each.new)
            result = {**result, "fields": fields}
        else:
            key = LISTS[each.kind]
            items = list(result.get(key, ()))
            items += [{"fields": []}] * (each.row + 1 - len(items))
            fields = _with_field(items[each.row]["fields"], each.name, each.new)
            items[each.row] = {"fields": fields}
            result = {**result, key: items}
    of_fields = [each for each in corrections if each.kind in (FIELD, *LISTS)]
    changed = {c.name for c in of_fields if _value_of(c.old) != _value_of(c.new)}
    if changed and "checks" in before:
        result = {**result, "checks": recheck(before, result, changed)}
    return result


def _value_of(field: Json | None) -> Any:
    return None if field is None else field["value"]


def _with_field(fields: Sequence[Json], name: str, new: Json | None) -> list[Json]:
    changed = [new if field["name"] == name else field for field in fields]
    if new is not None and new not in changed:
        changed.append(new)
    return [field for field in changed if field is not None]


def _find_field(result: Json, kind: str, row: int, name: str) -> Json | None:
    if kind == FIELD:
        fields = result.get("fields", [])
    else:
        items = result.get(LISTS.get(kind, ""), [])
        if row > len(items) or row < 0:
            raise UsageError(f"there is no {kind} {row}; the next free row is {len(items)}")
        fields = items[row]["fields"] if row < len(items) else []
    return next((field for field in fields if field["name"] == name), None)


def _replace(session: Session, row: ExtractionRow, change: Change, new: Json | None) -> None:
    """The rows of SQL after a correction was made or taken back."""
    if change.kind not in cells.KINDS:
        _replace_row(session, row.id, change, new)
        return
    number, _ = cells.place(change.kind, change.name)
    table = _stored(session, row).result["tables"][number]
    is_it = (TableRow.extraction_id == row.id, TableRow.number == number)
    session.execute(update(table_of(TableRow)).where(*is_it).values(rows=table["rows"]))
    session.execute(
        delete(CellRow).where(CellRow.extraction_id == row.id, CellRow.table_number == number)
    )
    if table["cells"]:
        kept = [_cell_row(row.id, number, cell, table["page"]) for cell in table["cells"]]
        session.execute(insert(table_of(CellRow)), kept)


def _replace_row(session: Session, id: UUID, change: Change, new: Json | None) -> None:
    place = {"extraction_id": id, "kind": change.kind, "row": change.row}
    is_it = [
        FieldRow.extraction_id == id,
        FieldRow.kind == change.kind,
        FieldRow.row == change.row,
    ]
    if change.kind != KEY_VALUE:  # of which a row has one
        is_it.append(FieldRow.name == change.name)
    session.execute(delete(FieldRow).where(*is_it))
    if new is not None:
        if change.kind in LISTS:
            insert_new(session, ItemRow, place)
        session.execute(insert(FieldRow).values(**_field_row(id, change.kind, change.row, new)))


# --- fetching -----------------------------------------------------------------------------


def _of_owner(owner: str) -> Select[ExtractionRow]:
    joined = select(ExtractionRow).join(DocumentRow, DocumentRow.id == ExtractionRow.document_id)
    return joined.where(DocumentRow.owner == owner)


def _latest(session: Session, owner: str, document_id: UUID, task: str) -> ExtractionRow:
    wanted = (
        _of_owner(owner)
        .where(
            ExtractionRow.document_id == document_id,
            (ExtractionRow.requested == task) | (ExtractionRow.task == task),
        )
        .order_by(ExtractionRow.id.desc())
        .limit(1)
    )
    row = session.scalars(wanted).one_or_none()
    if row is None:
        raise NotFound(f"document {document_id} has no result of the task {task!r}")
    return row


def _rechecked(session: Session, row: ExtractionRow) -> StoredResult:
    stored = _stored(session, row)
    checks = stored.result.get("checks", ())
    row.failed_checks = sum(not check["passed"] for check in checks)
    return stored


def _stored(session: Session, row: ExtractionRow) -> StoredResult:
    result = _corrected(row.result, _corrections(session, [row.id])[row.id])
    return StoredResult(row.id, row.document_id, row.requested, row.task, result, row.created_at)


def _items_of(store: Store, job_id: UUID) -> Iterator[ItemResult]:
    position = -1
    while True:
        wanted = (
            select(JobItemRow, ExtractionRow.result)
            .outerjoin(ExtractionRow, ExtractionRow.id == JobItemRow.extraction_id)
            .where(JobItemRow.job_id == job_id, JobItemRow.position > position)
            .order_by(JobItemRow.position)
            .limit(AT_ONCE)
        )
        with store.reading() as session:
            found = session.execute(wanted).all()
            ids = [item.extraction_id for item, _ in found if item.extraction_id]
            changes = _corrections(session, ids)
            results = [
                _item_result(item, result, changes.get(item.extraction_id, []))
                for item, result in found
            ]
        yield from results
        if len(results) < AT_ONCE:
            return
        position = results[-1].position


def _item_result(
    row: JobItemRow, result: Json | None, corrections: Sequence[Correction]
) -> ItemResult:
    error = None
    if row.error_code is not None and row.state != ItemState.DONE:
        error = {
            "code": row.error_code,
            "message": row.error_message,
            "retryable": bool(row.error_retryable),
        }
    return ItemResult(
        position=row.position,
        document_id=row.document_id,
        filename=row.filename,
        state=ItemState(row.state),
        error=error,
        result=None if result is None else _corrected(result, corrections),
        extraction_id=row.extraction_id,
    )
