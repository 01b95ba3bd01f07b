"""How much a few documents teach: what `docai train fewshot --shots` prints.

Documents are drawn to learn from, others to be tested on; drawn several times, because one
lucky document decides much. Only fields whose value the words of the page spell are asked for.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean

from docai.document import Document
from docai.evaluation.metrics import Counts
from docai.evaluation.report import Table
from docai.models.pieces import TowerDescriber
from docai.models.segments import SegmentModel
from docai.tasks.base import FieldSpec
from docai.tasks.own_fields import CustomTask
from docai.training.fewshot import Before, Tuned, Wanted, Way, is_same, tune
from docai.training.fields import Part, guesses, parts_of
from docai.training.folds import held_out
from docai.training.labelled import LabelledDocument

GUARDED = "guarded"  # what `tune` believes


@dataclass
class Trial:
    """Exact match of every way, and the seconds that tuning took, by number of documents."""

    counts: dict[tuple[int, str], Counts] = field(default_factory=lambda: defaultdict(Counts))
    seconds: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    def table(self) -> Table:
        names = list(dict.fromkeys(way for _, way in self.counts))
        rows = tuple(
            (
                str(shots),
                *(f"{self.counts[shots, name].recall:.3f}" for name in names),
                f"{mean(self.seconds[shots]):.0f} s",
            )
            for shots in self.seconds
        )
        note = "exact match of the fields that the page spells; CPU seconds of one tuning"
        return Table("A few documents", ("documents", *names, "CPU"), rows, note)


def described(wanted: Sequence[Wanted]) -> Before:
    """The matcher of fields described in words, without any document."""
    task = CustomTask(tuple(FieldSpec(f.name, f.type, f.description) for f in wanted))

    def before(document: Document) -> Mapping[str, str]:
        return {found.name: found.text for found in task.extract(document).fields}

    return before


def trial(
    base: SegmentModel,
    describer: TowerDescriber,
    documents: Sequence[LabelledDocument],
    wanted: Sequence[Wanted],
    shots: Sequence[int],
    *,
    draws: int = 3,
    tested: int = 60,
    seed: int = 0,
) -> Trial:
    """The same documents are tested whatever is learned from."""
    pool, test = held_out(documents, min(0.9, tested / len(documents)), seed)
    before = described(wanted)
    names = [one.name for one in wanted]
    parts = {id(document): parts_of(document.document, describer) for document in test}
    known = {id(document.document): before(document.document) for document in documents}
    result = Trial()
    for count in shots:
        for number in range(draws):
            few = random.Random(f"{seed} {count} {number}").sample(pool, count)
            started = time.process_time()
            tuned = tune(base, describer, few, wanted, lambda d: known[id(d)], always=True)
            result.seconds[count].append(time.process_time() - started)
            for document in test:
                said = _said(tuned, names, document, parts[id(document)], known)
                for way, texts in said.items():
                    result.counts[count, way] += _judged(texts, document, names)
    return result


def _said(
    tuned: Tuned,
    names: Sequence[str],
    document: LabelledDocument,
    parts: Sequence[Part],
    known: Mapping[int, Mapping[str, str]],
) -> dict[str, Mapping[str, str]]:
    said: dict[str, Mapping[str, str]] = {str(Way.BEFORE): known[id(document.document)]}
    for way, model in tuned.models.items():
        found = guesses(model, names, document.document, parts)
        said[way] = {name: guess.span.text for name, guess in found.items()}
    said[GUARDED] = {
        name: said[way][name] for name, way in tuned.chosen.items() if name in said[way]
    }
    return said


def _judged(texts: Mapping[str, str], document: LabelledDocument, names: Sequence[str]) -> Counts:
    expected = [one for one in document.fields or () if one.name in names]
    right = sum(is_same(texts.get(one.name), one) for one in expected)
    return Counts(right, len(texts), len(expected))
