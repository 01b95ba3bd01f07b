"""Fields of any kind: every word of a page is judged for every field that is asked for.

A field is asked for in words; its prompt is made of their sentence vector. What is trained on
many fields of many documents can therefore be asked for a new one, and a few corrected
documents then move its prompt alone (docai.training.fewshot).

Dimensions: S words of a page, K fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from docai.document import Document, Page, WordRef
from docai.models.heads import IGNORE, NOT_HERE
from docai.models.pieces import TowerDescriber
from docai.models.segments import Nodes, SegmentModel, SegmentNetwork, stacked
from docai.results import Span
from docai.training.form import shaken
from docai.training.labelled import LabelledDocument

NOTHING = "nothing"
MOST_WORDS = 300  # of a page that are looked at together; a longer one is cut
OVERLAP = 60  # words that two neighbouring parts share
FOUND = 0.5  # probability from which a word is part of a value
WEIGHT = 4.0  # of a word of a field: one in fifteen is


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Words `first` and on of one page: a whole page, mostly."""

    page: int
    first: int
    nodes: Nodes


@dataclass(frozen=True, slots=True, eq=False)
class FieldSample:
    """A part of a document, and for each field the places where it stands there.

    Fields that nobody looked for are absent: nothing is learned of them.
    """

    part: Part
    places: Mapping[str, tuple[frozenset[int], ...]]  # of words of this part


@dataclass(frozen=True, slots=True)
class Guess:
    """A value and how probable it is."""

    span: Span
    score: float


def parts_of(document: Document, describer: TowerDescriber) -> list[Part]:
    return [
        Part(p, first, describer.nodes(page, [[w] for w in _window(page, first)]))
        for p, page in enumerate(document.pages)
        for first in _starts(len(page.words))
    ]


def _window(page: Page, first: int) -> range:
    return range(first, min(len(page.words), first + MOST_WORDS))


def _starts(words: int) -> list[int]:
    """Where each part begins.

    >>> _starts(0), _starts(200), _starts(500)
    ([], [0], [0, 240])
    """
    if not words:
        return []
    return list(range(0, max(1, words - OVERLAP), MOST_WORDS - OVERLAP))


def field_samples(
    documents: Sequence[LabelledDocument], describer: TowerDescriber, names: Sequence[str]
) -> list[FieldSample]:
    return [
        FieldSample(part, _places(document, part, names))
        for document in documents
        for part in parts_of(document.document, describer)
    ]


def _places(
    document: LabelledDocument, part: Part, names: Sequence[str]
) -> dict[str, tuple[frozenset[int], ...]]:
    known = {name: tuple(places) for name, places in (document.places or {}).items()}
    for field in document.fields or ():
        known.setdefault(field.name, (field.evidence,))
    inside = range(part.first, part.first + len(part.nodes.keep))
    looked_for = document.sought | known.keys()
    return {
        name: tuple(
            frozenset(ref.word - part.first for ref in place)
            for place in known.get(name, ())
            if all(ref.page == part.page and ref.word in inside for ref in place)
        )
        for name in names
        if name in looked_for
    }


def field_loss(
    network: SegmentNetwork, names: Sequence[str], samples: Sequence[FieldSample]
) -> Tensor:
    """Every word of a few pages, each page shaken a little."""
    nodes = shaken(stacked([sample.part.nodes for sample in samples]))
    return word_loss(network(nodes).labels, names, samples)


def word_loss(scores: Tensor, names: Sequence[str], samples: Sequence[FieldSample]) -> Tensor:
    """Cross entropy of every word; of several places of a value only the likeliest is asked for.

    A sum is printed wherever it is paid, due or part of a table, and the labels say only what
    it is, not where: words of its other places are left out. `scores` are (B, S, 1 + K).
    """
    asked = torch.tensor([[True, *(n in sample.places for n in names)] for sample in samples])
    scores = scores.masked_fill(~asked[:, None], NOT_HERE)
    rows = zip(scores.detach().log_softmax(-1), samples, strict=True)
    truth = torch.stack([_truth(row, sample, names) for row, sample in rows])
    for row, sample in zip(truth, samples, strict=True):
        row[len(sample.part.nodes.keep) :] = IGNORE
    weights = torch.full((scores.shape[-1],), WEIGHT)
    weights[0] = 1.0
    return F.cross_entropy(scores.flatten(0, 1), truth.flatten(), weights, ignore_index=IGNORE)


def _truth(sure: Tensor, sample: FieldSample, names: Sequence[str]) -> Tensor:
    """(S,) labels; `sure` (S, 1 + K) chooses between the places of one value."""
    truth = torch.zeros(len(sure), dtype=torch.long)
    chosen: dict[str, frozenset[int]] = {}
    for name, places in sample.places.items():
        column = sure[:, 1 + names.index(name)]
        for place in places:
            truth[list(place)] = IGNORE
        if places:
            chosen[name] = max(places, key=lambda place: float(column[list(place)].mean()))
    for name, place in chosen.items():
        truth[list(place)] = 1 + names.index(name)
    return truth


@torch.no_grad()
def guesses(
    model: SegmentModel, names: Sequence[str], document: Document, parts: Sequence[Part]
) -> dict[str, Guess]:
    """The best value of each field, where one is likelier than none."""
    best: dict[str, Guess] = {}
    for part in parts:
        labels = model(stacked([part.nodes])).labels[0]  # (S, 1 + K)
        for k, name in enumerate(names, 1):
            for run in _runs(labels[:, k].tolist()):
                score = float(labels[list(run), k].mean())
                if name not in best or score > best[name].score:
                    refs = tuple(WordRef(part.page, part.first + w) for w in run)
                    best[name] = Guess(Span(document.text(refs), refs), score)
    return best


def _runs(chances: Sequence[float]) -> list[range]:
    """Neighbours in reading order that are each likely enough."""
    runs: list[range] = []
    for w, p in enumerate(chances):
        if p < FOUND:
            continue
        if runs and runs[-1].stop == w:
            runs[-1] = range(runs[-1].start, w + 1)
        else:
            runs.append(range(w, w + 1))
    return runs


def ask_for(model: SegmentModel, describer: TowerDescriber, descriptions: Sequence[str]) -> None:
    """Give every network the sentence vectors of the fields' descriptions."""
    vectors = describer.sentences(descriptions)
    for network in model.members:
        network.prompts.described.copy_(vectors)
