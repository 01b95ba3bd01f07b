"""How well document types are told: by rules, by docai-small, and by both together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from random import Random
from statistics import fmean

from docai.document import Document
from docai.errors import UsageError
from docai.evaluation.metrics import Claim, calibration_error, interval
from docai.evaluation.report import Cell, Report, Table, between, confusion_table
from docai.results import Label
from docai.tasks import kinds, read_kinds
from docai.training.fields_run import kept_for
from docai.training.folds import Part
from docai.training.labelled import LabelledDocument

TOGETHER = "together"


def _by_model(document: Document) -> Label:
    chances = read_kinds.read(document)
    best = max(chances, key=chances.__getitem__)
    return Label(best, 0.0)


WAYS: dict[str, Callable[[Document], Label | None]] = {
    "rules": kinds.classify,
    "model": _by_model,
    TOGETHER: read_kinds.classify,
}


def evaluate(documents: Sequence[LabelledDocument], limit: int, seed: int) -> Report:
    """`limit` documents of each data set and kind, 0 for all. Raises UsageError without any."""
    known: dict[tuple[str, str], list[LabelledDocument]] = defaultdict(list)
    for one in kept_for(documents, Part.CHECKING):
        if one.kind and any(page.words for page in one.document.pages):
            known[one.origin, one.kind].append(one)
    if not known:
        raise UsageError("of documents that the model was not trained on, none has a known kind")
    rows: list[tuple[Cell, ...]] = []
    pairs: list[tuple[str, str]] = []
    for (origin, kind), own in sorted(known.items()):
        Random(seed).shuffle(own)
        chosen = [one.document for one in own[: limit or None]]
        said = {way: [judge(document) for document in chosen] for way, judge in WAYS.items()}
        right = {way: [x is not None and x.name == kind for x in said[way]] for way in WAYS}
        told = zip(said[TOGETHER], right[TOGETHER], strict=True)
        claims: list[Claim] = [(label.confidence, ok) for label, ok in told if label is not None]
        pairs += [(kind, label.name) for label in said[TOGETHER] if label is not None]
        shares = (fmean(right[way]) for way in WAYS)
        spread = between(*interval(right[TOGETHER], fmean))
        rows.append((f"{origin}, {kind}", len(chosen), *shares, spread, calibration_error(claims)))
    header = ("", "documents", *WAYS, "95 %", "ECE, together")
    tables = (
        Table("Document types, share put right", header, tuple(rows)),
        confusion_table("Which for which, together", pairs, kinds.KINDS),
    )
    return Report("Document types", tables)
