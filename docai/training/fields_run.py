"""How well fields are found: by rules, by docai-small, and by both together.

Receipts and invoices are asked for docai's own fields ("typed"); everything is asked as fields of
the user's own, described in words ("own"), a form for what stands beside its labels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from docai.document import Document
from docai.errors import UsageError
from docai.evaluation.metrics import (
    Claim,
    Counts,
    auroc,
    calibration_error,
    interval,
    joint_f1,
)
from docai.evaluation.report import Cell as TableCell
from docai.evaluation.report import Report, Table, between, confidence_tables
from docai.models import small
from docai.models.weights import load
from docai.results import Extraction, Field, FieldType
from docai.tasks import auto, described, read_fields, read_form
from docai.tasks.base import FieldSpec
from docai.tasks.own_fields import CustomTask
from docai.tasks.read_fields import Wanted
from docai.tasks.together import Said
from docai.training.asked import pairs_of
from docai.training.fewshot import is_same
from docai.training.folds import Part, part_of
from docai.training.labelled import LabelledDocument

TYPED, OWN = "typed", "own"
OPINIONS = {TYPED: read_fields.TYPED, OWN: read_fields.OWN}
RULES, MODEL, TOGETHER = "rules", "model", "together"
WAYS = (RULES, MODEL, TOGETHER)
MOST_LABELS = 6  # of a form
MODEL_ODDS = 0.0  # from which the model alone is believed

Options = Sequence[tuple[Field, Said]]


@dataclass(frozen=True, slots=True)
class Case:
    """One field of one document: what is true (None: it is not there), and what was found."""

    document: Document
    how: str  # TYPED or OWN
    name: str
    truth: Field | None
    ruled: Field | None
    options: Options

    def said(self, way: str) -> Field | None:
        if way == RULES:
            return self.ruled
        if way == TOGETHER:
            return read_fields.told(self.options, OPINIONS[self.how])
        read = [(said.odds, field) for field, said in self.options if said.odds is not None]
        odds, field = max(read, key=lambda one: one[0], default=(MODEL_ODDS, None))
        return field if odds > MODEL_ODDS else None

    def is_right(self, claim: Field) -> bool:
        return self.truth is not None and is_same(claim.text, self.truth)


def cases(one: LabelledDocument, draw: Random) -> Iterator[Case]:
    fields = _fields(one)
    if fields and one.kind in read_fields.ORDERS:
        task = auto.BY_NAME[one.kind or ""]
        found = task.extract(one.document)
        yield from _cases(TYPED, one, fields, found, found, read_fields.known(fields))
    own = fields or _labels(one, draw)
    specs = tuple(_spec(name, field) for name, field in own.items())
    if specs:
        own_task = CustomTask(specs)
        found = own_task.extract(one.document)
        beside = own_task.extract(one.document, read_form.pairs(one.document))
        yield from _cases(OWN, one, own, found, beside, read_fields.own(specs))


def _cases(
    how: str,
    one: LabelledDocument,
    fields: Mapping[str, Field | None],
    found: Extraction,
    joined: Extraction,
    wanted: Sequence[Wanted],
) -> Iterator[Case]:
    """`found` by rules alone, `joined` what the model's own readings are joined with."""
    options = read_fields.gathered(joined.get, wanted, one.document)
    for name, each in options.items():
        yield Case(one.document, how, name, fields[name], found.get(name), each)


def _fields(one: LabelledDocument) -> dict[str, Field | None]:
    """Docai's own fields that the document was searched for, in a fixed order."""
    known = {field.name: field for field in one.fields or ()}
    names = sorted((one.sought | known.keys()) & described.FIELDS.keys())
    return {name: known.get(name) for name in names}


def _labels(one: LabelledDocument, draw: Random) -> dict[str, Field | None]:
    """What stands beside some labels of a form, by the labels."""
    pairs = [pair for pair in pairs_of(one) if pair.checked is None and pair.value]
    texts = [pair.key.text.rstrip(" :：*.").strip() for pair in pairs]
    single = [n for n, text in enumerate(texts) if text and texts.count(text) == 1]
    chosen = sorted(draw.sample(single, min(MOST_LABELS, len(single))))
    found: dict[str, Field | None] = {}
    for n in chosen:
        value = pairs[n].value
        assert value is not None
        found[texts[n]] = Field(
            texts[n], FieldType.STRING, value.text, value.text, 1.0, value.evidence
        )
    return found


def _spec(name: str, field: Field | None) -> FieldSpec:
    kind = read_fields.VALUES[name].type if name in read_fields.VALUES else FieldType.STRING
    return FieldSpec(name, kind, described.FIELDS.get(name, ""))


def kept_for(documents: Iterable[LabelledDocument], part: Part) -> list[LabelledDocument]:
    """Of sets that docai-small was trained on the part kept for this, of others everything."""
    learned = {name for name, _ in load(small.FOLDER).card.data}
    return [
        one
        for one in documents
        if one.origin not in learned
        or one.origin == "synthetic"
        or part_of(one.document.source.filename) is part
    ]


def evaluate(documents: Sequence[LabelledDocument], limit: int, seed: int) -> Report:
    """`limit` documents of each data set, 0 for all. Raises UsageError where none is left."""
    by_origin: dict[str, list[LabelledDocument]] = defaultdict(list)
    for one in kept_for(documents, Part.CHECKING):
        by_origin[one.origin].append(one)
    rows, fields, bins = [], [], []
    for origin, own in by_origin.items():
        draw = Random(seed)
        draw.shuffle(own)
        found = [case for one in own[: limit or None] for case in cases(one, draw)]
        for how in (TYPED, OWN):
            asked = [case for case in found if case.how == how]
            if asked:
                rows += [_row(f"{origin}, {how}, {way}", asked, way) for way in WAYS]
                fields += _by_field(origin, how, asked)
                bins.append(confidence_tables(f"{origin}, {how}", _claims(asked, TOGETHER))[1])
    if not rows:
        raise UsageError("of documents that the model was not trained on, none has fields to find")
    header = ("", "fields", "precision", "recall", "F1", "F1, 95 %", "AUROC", "ECE")
    each = ("", "there", *(f"F1, {way}" for way in WAYS))
    tables = (
        Table("All fields", header, tuple(rows)),
        Table("Field by field", each, tuple(fields)),
        *bins,
    )
    return Report("Fields", tables)


def _counts(asked: Sequence[Case], way: str) -> Counts:
    rights = [right for _, right in _claims(asked, way)]
    return Counts(sum(rights), len(rights), sum(case.truth is not None for case in asked))


def _claims(asked: Iterable[Case], way: str) -> list[Claim]:
    said = [(case, case.said(way)) for case in asked]
    return [(claim.confidence, case.is_right(claim)) for case, claim in said if claim is not None]


def _row(title: str, asked: Sequence[Case], way: str) -> tuple[TableCell, ...]:
    by_document: dict[int, list[Case]] = defaultdict(list)
    for case in asked:
        by_document[id(case.document)].append(case)
    each = [_counts(own, way) for own in by_document.values()]
    counts = sum(each, Counts())
    claims = _claims(asked, way)
    sure = way != MODEL  # its log-odds alone are no probability
    return (
        title,
        counts.expected,
        counts.precision,
        counts.recall,
        counts.f1,
        between(*interval(each, joint_f1)),
        auroc(claims) if sure else None,
        calibration_error(claims) if sure else None,
    )


def _by_field(origin: str, how: str, asked: Sequence[Case]) -> list[tuple[TableCell, ...]]:
    names = sorted({case.name for case in asked if case.name in described.FIELDS})
    rows: list[tuple[TableCell, ...]] = []
    for name in names:
        own = [case for case in asked if case.name == name]
        counts = [_counts(own, way) for way in WAYS]
        f1s = (each.f1 for each in counts)
        rows.append((f"{origin}, {how}, {name}", counts[0].expected, *f1s))
    return rows
