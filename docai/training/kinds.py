"""Document types of one's own: every line of the first page votes.

Dimensions: S lines, C kinds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from docai.errors import UsageError
from docai.evaluation.metrics import Counts
from docai.evaluation.report import Table, confusion_table, counts_table
from docai.models.pieces import TowerDescriber, pieces_of_lines
from docai.models.segments import Nodes, SegmentConfig, SegmentModel, SegmentNetwork, stacked
from docai.models.starts import start_from_bert
from docai.models.weights import Card
from docai.training.finetune import FinetuneOptions, fit
from docai.training.folds import held_out
from docai.training.form import shaken
from docai.training.labelled import LabelledDocument
from docai.training.start import text_start
from docai.training.terms import terms_of

MOST_LINES = 60  # the head of a page says what it is


@dataclass(frozen=True, slots=True, eq=False)
class KindSample:
    """The lines of a first page, and the number of its kind."""

    nodes: Nodes
    kind: int


def kind_sample(
    document: LabelledDocument, kinds: Sequence[str], describer: TowerDescriber
) -> KindSample:
    page = document.document.pages[0]
    nodes = describer.nodes(page, pieces_of_lines(page)[:MOST_LINES])
    return KindSample(nodes, kinds.index(document.kind or ""))


def votes(labels: Tensor, keep: Tensor) -> Tensor:
    """(B, C): the mean over a page's lines of (B, S, C)."""
    weights = keep[..., None].to(labels.dtype)
    return (labels * weights).sum(1) / weights.sum(1)


def kind_loss(network: SegmentNetwork, samples: Sequence[KindSample]) -> Tensor:
    nodes = shaken(stacked([sample.nodes for sample in samples]))
    truth = torch.tensor([sample.kind for sample in samples])
    return F.cross_entropy(votes(network(nodes).labels, nodes.keep), truth)


@torch.no_grad()
def kinds_of(model: SegmentModel, samples: Sequence[KindSample]) -> list[tuple[int, float]]:
    """The likeliest kind of each page, and its probability."""
    found = []
    for sample in samples:
        nodes = stacked([sample.nodes])
        scores = [votes(network(nodes).labels, nodes.keep)[0] for network in model.members]
        chances = torch.stack([score.softmax(-1) for score in scores]).mean(0)
        found.append((int(chances.argmax()), float(chances.max())))
    return found


@dataclass(frozen=True, slots=True)
class KindScores:
    """(true, said) of every judged document."""

    kinds: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]

    @property
    def accuracy(self) -> float:
        return sum(true == said for true, said in self.pairs) / max(1, len(self.pairs))

    def tables(self) -> list[Table]:
        true, said = Counter(t for t, _ in self.pairs), Counter(s for _, s in self.pairs)
        right = Counter(t for t, s in self.pairs if t == s)
        counts = {kind: Counts(right[kind], said[kind], true[kind]) for kind in self.kinds}
        return [
            counts_table("Document types", counts),
            confusion_table("Which for which", self.pairs, self.kinds),
        ]


def train_kinds(
    documents: Sequence[LabelledDocument],
    start: Path | None,
    options: FinetuneOptions,
    *,
    folder: Path | None = None,
    quiet: bool = False,
) -> tuple[SegmentModel, TowerDescriber, KindScores]:
    """A model, stopped by and judged on a part of the documents that it did not learn from."""
    documents = [d for d in documents if d.kind and d.document.pages and d.document.pages[0].lines]
    kinds = tuple(sorted({document.kind or "" for document in documents}))
    if len(kinds) < 2 or len(documents) < 4:
        raise UsageError(
            f"{len(documents)} documents of {len(kinds)} kinds are too few to train on"
        )
    text = text_start(start)
    config = SegmentConfig(labels=kinds).reading_with(text.config)
    model = SegmentModel(config).eval()
    start_from_bert(model.text, text.state)
    describer = TowerDescriber(model, text.tokenizer)
    samples = [kind_sample(document, kinds, describer) for document in documents]
    train, test = held_out(samples, options.held_out, options.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        network = SegmentNetwork(config)
    model.networks[0] = network
    fit(
        network,
        train,
        partial(kind_loss, network),
        options,
        size=_lines,
        score=partial(_accuracy, model, test, kinds) if test else None,
        folder=folder,
        quiet=quiet,
    )
    return model, describer, _judged(model, test, kinds)


def _judged(
    model: SegmentModel, samples: Sequence[KindSample], kinds: tuple[str, ...]
) -> KindScores:
    said = kinds_of(model, samples)
    pairs = [(kinds[s.kind], kinds[kind]) for s, (kind, _) in zip(samples, said, strict=True)]
    return KindScores(kinds, tuple(pairs))


def _accuracy(model: SegmentModel, samples: Sequence[KindSample], kinds: tuple[str, ...]) -> float:
    return _judged(model, samples, kinds).accuracy


def _lines(sample: KindSample) -> int:
    return len(sample.nodes.keep)


def card(name: str, documents: Sequence[LabelledDocument], scores: KindScores) -> Card:
    """What the model was trained on, and its accuracy on the held-out part."""
    origins = sorted({document.origin for document in documents})
    return Card(
        name=name,
        version="1",
        summary=f"Tells {', '.join(scores.kinds)} apart.",
        licence="see the terms of the data below",
        data=tuple((origin, terms_of(origin)) for origin in origins),
        measured=(("accuracy (held-out part)", f"{scores.accuracy:.3f}"),),
    )
