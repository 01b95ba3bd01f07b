"""A form read from its words alone: what each piece of text is, and which answers which question.

The layout code's lines are cut where a network says so and joined where it says so; then
its labels and links are asked for. The network is a SegmentEnsemble, or a SegmentModel with
towers of its own.

Dimensions: S pieces of a page, E entities, C labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor

from docai.document import Page
from docai.image import PageImage
from docai.models.pieces import Describer, pieces_cut, pieces_of_lines
from docai.models.segments import SegmentConfig, SegmentEnsemble, stacked

NOTHING, HEADER, QUESTION, ANSWER = LABELS = ("other", "header", "question", "answer")
HEAD = "form"  # in a model of documents
CUT = 0.5  # probability from which a line is cut
MOST_PIECES = 1000  # of a page; time and memory go with their square
SECOND = 0.3  # probability from which an answer takes a second question: a cell of a table

Entities = list[tuple[str, frozenset[int]]]  # label and words of a page


def form_config(text_width: int) -> SegmentConfig:
    """Of a network that reads forms from text vectors of this width."""
    return SegmentConfig(LABELS, value=ANSWER, name=QUESTION, text_width=text_width)


class View(StrEnum):
    """What is taken for the pieces of a page that nobody annotated."""

    LINES = "lines"  # the layout code's lines, nothing trained
    PIECES = "pieces"  # the lines, cut and joined by what was trained


@dataclass(frozen=True, slots=True)
class Found:
    """What a model says of a page.

    Links are pairs of entities: question, answer, and how likely it is that they are a question
    and an answer and belong together.
    """

    entities: Entities
    links: tuple[tuple[int, int, float], ...]


@torch.no_grad()
def find(
    model: SegmentEnsemble,
    describer: Describer,
    page: Page,
    image: PageImage | None = None,
    view: View = View.PIECES,
) -> Found:
    """Everything from the words alone; nothing of a page with more than MOST_PIECES."""
    groups = pieces_of_lines(page) if view is View.LINES else _cut(model, describer, page)
    if not 0 < len(groups) <= MOST_PIECES:
        return Found([], ())
    nodes = stacked([describer.nodes(page, groups, image)])
    opinion = model(nodes)
    alone = [[i] for i in range(len(groups))]
    entities = alone if view is View.LINES else joined(model.joins(opinion, nodes.keep)[0])
    means = torch.stack([opinion.labels[0, entity].mean(0) for entity in entities])  # (E, C)
    names = [LABELS[i] for i in means.argmax(-1)]
    sure = torch.zeros_like(opinion.labels)
    for entity, mean in zip(entities, means, strict=True):
        sure[0, entity] = mean
    links = linked(between(model.links(opinion, sure, nodes.keep)[0], entities), names)
    kept = [e for e, name in enumerate(names) if name != NOTHING]
    index = {e: i for i, e in enumerate(kept)}
    best = means.amax(-1).tolist()
    return Found(
        [(names[e], frozenset(w for i in entities[e] for w in groups[i])) for e in kept],
        tuple((index[q], index[a], p * best[q] * best[a]) for q, a, p in links),
    )


def _cut(model: SegmentEnsemble, describer: Describer, page: Page) -> list[tuple[int, ...]]:
    gaps = describer.gaps(page)
    ends = model.cuts(gaps.before, gaps.after, gaps.look).tolist()
    return pieces_cut(page, [pair for pair, p in zip(gaps.pairs, ends, strict=True) if p > CUT])


def joined(joins: Tensor) -> list[list[int]]:
    """Pieces that continue one another, as lists in reading order; joins (S, 1 + S)."""
    owner = list(range(len(joins)))

    def root(i: int) -> int:
        while owner[i] != i:
            i = owner[i]
        return i

    for i, pick in enumerate(joins.argmax(-1).tolist()):
        if pick:
            owner[root(i)] = root(pick - 1)
    members: dict[int, list[int]] = {}
    for i in range(len(joins)):
        members.setdefault(root(i), []).append(i)
    return list(members.values())


def between(scores: Tensor, entities: Sequence[Sequence[int]]) -> Tensor:
    """(E, 1 + E) from (S, 1 + S): a mean over the answer's pieces, a sum over the question's."""
    groups = torch.zeros(len(entities), len(scores))
    for e, pieces in enumerate(entities):
        groups[e, list(pieces)] = 1.0
    rows = groups / groups.sum(1, keepdim=True) @ scores  # (E, 1 + S)
    return torch.cat([rows[:, :1], rows[:, 1:] @ groups.T], -1)


def linked(scores: Tensor, labels: Sequence[str]) -> list[tuple[int, int, float]]:
    """(question, answer, probability): each answer takes its best question, and a good second.

    One answer's probabilities add up to one: of two that are taken each is told as twice as much.
    """
    questions = torch.tensor([label == QUESTION for label in labels])
    found = []
    for answer, label in enumerate(labels):
        if label != ANSWER:
            continue
        row = scores[answer, 1:].masked_fill(~questions, 0.0)
        best = row.topk(min(2, len(row)))
        taken = [
            (p, question)
            for rank, (p, question) in enumerate(zip(*map(Tensor.tolist, best), strict=True))
            if p > (SECOND if rank else float(scores[answer, 0])) and p > 0
        ]
        found += [(question, answer, min(1.0, len(taken) * p)) for p, question in taken]
    return found
