"""Forms: what each piece of text is, which pieces are one entity, which answers which question.

A page is seen in two ways. As `segments` its entities are given and only their labels and
links are asked for: the usual benchmark. As `pieces` nothing is given but words: the layout
code's lines are cut where a trained gap says so, and joined where a trained pick says so. One
network learns from both views.

Dimensions: S pieces of a page, C labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random

import torch
import torch.nn.functional as F
from torch import Tensor

from docai.document import Page
from docai.image import PageImage
from docai.models.forms import ANSWER, LABELS, NOTHING, Entities, linked
from docai.models.heads import IGNORE, mean_cross_entropy
from docai.models.pieces import Describer, Gaps, Group, pieces_cut
from docai.models.segments import Nodes, SegmentEnsemble, SegmentNetwork, stacked
from docai.training.labelled import LabelledDocument

LABEL_SMOOTHING = 0.05
JITTER = 0.1  # of every edge, in word heights
STRETCH = 0.1  # of the whole page, in logarithms
SHIFT = 0.05  # of the whole page, in pages
NOISE = 0.02  # on every feature of a look
UNREAD = 0.3  # share of pieces whose text is not told: place and shape have to do
MISSED, MISTAKEN = 0.4, 0.1  # most of a page's ends, and of its other gaps, that are cut wrongly
SPACING, UNEVEN = 0.3, 0.1  # of the gaps of a page, in logarithms; of each, in word heights


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What is right for the pieces of one page; rows of -1 or 0 where nothing is asked."""

    labels: Tensor  # (S,) int64
    joins: Tensor  # (S,) int64: 0 continues nothing, 1 + j continues piece j
    links: Tensor  # (S, 1 + S): shares of the questions that a piece answers


@dataclass(frozen=True, slots=True, eq=False)
class FormSample:
    """One view of one page."""

    nodes: Nodes
    truth: Truth
    gaps: Gaps | None = None
    ends: Tensor | None = None  # (G,) 1 where a piece ends between two words of a line


@dataclass(frozen=True, slots=True, eq=False)
class FormPage:
    """A labelled page with its views and what is to be found on it."""

    name: str
    page: Page
    groups: tuple[Group, ...]  # words of each annotated entity
    labels: tuple[str, ...]
    links: frozenset[tuple[int, int]]  # question and answer, both indices into groups
    segments: FormSample
    pieces: FormSample
    image: PageImage | None = None

    def entities(self) -> Entities:
        return [
            (label, frozenset(group))
            for label, group in zip(self.labels, self.groups, strict=True)
            if label != NOTHING
        ]


def form_pages(documents: Iterable[LabelledDocument], describer: Describer) -> list[FormPage]:
    """Every page that has entities; those that go over several pages are left out."""
    return [
        _form_page(document, number, own, describer)
        for document in documents
        for number in range(len(document.document.pages))
        if (own := _entities_on(number, document))
    ]


def _entities_on(number: int, document: LabelledDocument) -> list[int]:
    entities = document.entities or ()
    return [
        e for e, entity in enumerate(entities) if all(ref.page == number for ref in entity.words)
    ]


def _form_page(
    document: LabelledDocument, number: int, own: Sequence[int], describer: Describer
) -> FormPage:
    page = document.document.pages[number]
    image = document.images[number] if document.images else None
    entities = document.entities or ()
    order = sorted(own, key=lambda e: min(r.word for r in entities[e].words))
    place = {e: i for i, e in enumerate(order)}
    groups = tuple(tuple(r.word for r in entities[e].words) for e in order)
    labels = tuple(entities[e].label for e in order)
    links = frozenset(
        (place[link.question], place[link.answer])
        for link in document.links or ()
        if link.question in place and link.answer in place
    )
    owner = {word: i for i, group in enumerate(groups) for word in group}

    gaps = describer.gaps(page)
    ends = [pair for pair in gaps.pairs if owner.get(pair[0], -1) != owner.get(pair[1], -2)]
    name = document.document.source.filename
    cut = pieces_cut(page, mistaken(gaps.pairs, ends, Random(f"{name} {number}")))
    return FormPage(
        name=name,
        page=page,
        groups=groups,
        labels=labels,
        links=links,
        segments=FormSample(
            describer.nodes(page, groups, image), truth_of(groups, owner, labels, links)
        ),
        pieces=FormSample(
            describer.nodes(page, cut, image),
            truth_of(cut, owner, labels, links),
            gaps,
            torch.tensor([float(pair in set(ends)) for pair in gaps.pairs]),
        ),
        image=image,
    )


def mistaken(
    gaps: Sequence[tuple[int, int]], ends: Sequence[tuple[int, int]], random: Random
) -> list[tuple[int, int]]:
    """Where a page's lines are cut for the network to learn to live with wrong cuts.

    Some ends are missed and some gaps that are none are cut; some pages have many, some none.
    """
    missed, made = MISSED * random.random(), MISTAKEN * random.random()
    true = set(ends)
    return [gap for gap in gaps if random.random() < (1.0 - missed if gap in true else made)]


def truth_of(
    pieces: Sequence[Group],
    owner: dict[int, int],
    labels: Sequence[str],
    links: Iterable[tuple[int, int]],
) -> Truth:
    """A piece belongs to the entity that owns most of its words."""
    S = len(pieces)
    owners = [Counter(owner.get(w, -1) for w in piece).most_common(1)[0][0] for piece in pieces]
    members: dict[int, list[int]] = {}
    joins = torch.zeros(S, dtype=torch.long)
    for i, entity in enumerate(owners):
        before = members.setdefault(entity, [])
        if before and entity >= 0:
            joins[i] = 1 + before[-1]
        before.append(i)
    shares = torch.zeros(S, 1 + S)
    for question, answer in links:
        for i in members.get(answer, ()):
            for j in members.get(question, ()):
                shares[i, 1 + j] = 1.0
    shares[:, 0] = (shares.sum(1) == 0).float()
    return Truth(
        torch.tensor([LABELS.index(labels[e]) if e >= 0 else 0 for e in owners]),
        joins,
        shares / shares.sum(1, keepdim=True),
    )


def form_loss(network: SegmentNetwork, samples: Sequence[FormSample]) -> Tensor:
    """Labels, joins, links (the labels given) and gaps, each a mean, added."""
    nodes = shaken(stacked([sample.nodes for sample in samples]))
    labels, joins, links = _stacked_truth([sample.truth for sample in samples])
    read = network(nodes)
    loss = F.cross_entropy(
        read.labels.flatten(0, 1),
        labels.flatten(),
        ignore_index=-1,
        label_smoothing=LABEL_SMOOTHING,
    )
    # Entities that are given continue nothing, and say nothing about what would.
    joinable = torch.tensor([sample.gaps is not None for sample in samples])[:, None]
    joins = joins.masked_fill(~(nodes.keep & joinable), IGNORE)
    loss = loss + mean_cross_entropy(network.joins(read, nodes.keep).flatten(0, 1), joins.flatten())
    answers = labels == LABELS.index(ANSWER)
    given = F.one_hot(labels.clamp(min=0), len(LABELS)).to(read.pieces.dtype)
    linked = -(links * network.links(read, given, nodes.keep).log_softmax(-1)).sum(-1)
    loss = loss + (linked * answers).sum() / answers.sum().clamp(min=1)
    cut = [sample for sample in samples if sample.ends is not None and len(sample.ends)]
    if cut:
        loss = loss + _gap_loss(network, cut)
    return loss


def _gap_loss(network: SegmentNetwork, samples: Sequence[FormSample]) -> Tensor:
    gaps = [sample.gaps for sample in samples if sample.gaps is not None]
    scores = network.gaps(
        torch.cat([g.before for g in gaps]),
        torch.cat([g.after for g in gaps]),
        torch.cat([spaced(g.look) for g in gaps]),
    )
    ends = torch.cat([sample.ends for sample in samples if sample.ends is not None])
    return F.binary_cross_entropy_with_logits(scores, ends.expand_as(scores))


def shaken(nodes: Nodes) -> Nodes:
    """The same pages, each moved and stretched as a whole, jittered edge by edge, not all read."""
    B, S = nodes.keep.shape
    stretch = torch.exp(STRETCH * torch.randn(B, 1, 2)).repeat(1, 1, 2)
    boxes = nodes.boxes * stretch + JITTER * torch.randn_like(nodes.boxes)
    first, last = boxes[..., :2], boxes[..., 2:]
    boxes = torch.cat([torch.minimum(first, last), torch.maximum(first, last)], -1)
    look = nodes.look + NOISE * torch.randn_like(nodes.look)
    look[..., -4:] += SHIFT * torch.randn(B, 1, 2).repeat(1, 1, 2)  # the box in pages
    told = (torch.rand(B, S, 1) >= UNREAD).to(nodes.text.dtype)
    return replace(nodes, text=nodes.text * told, boxes=boxes, look=look)


def spaced(look: Tensor) -> Tensor:
    """The gaps of a page as another face, or a hand, would have set them; see `pieces`."""
    wider = torch.exp(SPACING * torch.randn(1))
    space = 2 * look[:, 0] * wider + UNEVEN * torch.randn(len(look))
    usual = look[:, 2] * wider + UNEVEN * torch.randn(len(look))
    return torch.cat(
        [
            (space / 2)[:, None],
            (space.sign() * space.abs().log1p())[:, None],
            usual[:, None],
            look[:, 3:],
        ],
        1,
    )


def _stacked_truth(truths: Sequence[Truth]) -> tuple[Tensor, Tensor, Tensor]:
    B, S = len(truths), max(len(truth.labels) for truth in truths)
    labels = torch.full((B, S), -1)
    joins = torch.zeros(B, S, dtype=torch.long)
    links = torch.zeros(B, S, 1 + S)
    for b, truth in enumerate(truths):
        n = len(truth.labels)
        labels[b, :n], joins[b, :n], links[b, :n, : 1 + n] = truth.labels, truth.joins, truth.links
    return labels, joins, links


@torch.no_grad()
def label_and_link(
    model: SegmentEnsemble, page: FormPage
) -> tuple[list[str], set[tuple[int, int]]]:
    """Entities given: their labels. Entities and true labels given: their links."""
    nodes = stacked([page.segments.nodes])
    opinion = model(nodes)
    truth = F.one_hot(page.segments.truth.labels, len(LABELS)).float()[None]
    links = model.links(opinion, truth, nodes.keep)[0]
    labels = [LABELS[i] for i in opinion.labels[0].argmax(-1)]
    return list(labels), {(q, a) for q, a, _ in linked(links, page.labels)}
