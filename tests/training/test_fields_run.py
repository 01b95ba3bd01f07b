"""Fields and kinds of labelled documents, found by rules, by the model, and by both."""

import pytest

pytest.importorskip("torch")

from typed_receipts import receipts

from docai.errors import UsageError
from docai.models import small
from docai.training import fields_run, kinds_run
from docai.training.folds import Part, part_of


def rows_of(report, number=0):
    return {row["name"]: row for row in report.json()["tables"][number]["rows"]}


def test_the_ways_are_compared_on_the_same_fields():
    rows = rows_of(fields_run.evaluate(receipts("till"), 0, 0))
    assert set(rows) == {
        f"till, {how}, {way}" for how in ("typed", "own") for way in fields_run.WAYS
    }
    assert len({row["fields"] for row in rows.values()}) == 1
    for how in ("typed", "own"):
        alone = [rows[f"till, {how}, {way}"]["F1"] for way in ("rules", "model")]
        assert min(alone) >= 0.5
        assert rows[f"till, {how}, together"]["F1"] >= max(alone)
    for row in rows.values():
        low, high = map(float, row["F1, 95 %"].split("–"))
        assert low - 0.001 <= row["F1"] <= high + 0.001


def test_kinds_are_told_by_both_together():
    rows = rows_of(kinds_run.evaluate(receipts("till"), 0, 0))
    assert rows["till, receipt"]["documents"] == 3
    assert rows["till, receipt"]["together"] >= 2 / 3


@pytest.mark.parametrize("run", [fields_run, kinds_run])
def test_what_the_model_has_learned_from_is_not_asked(run):
    origin = next(name for name, _ in small.reader().card.data if name != "synthetic")
    documents = receipts(origin)
    kept = [d for d in documents if part_of(d.document.source.filename) is Part.CHECKING]
    assert not kept
    with pytest.raises(UsageError, match="none"):
        run.evaluate(documents, 0, 0)
