"""Train and judge models of fields: what `docai train fields` and `docai train receipt` do."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import torch

from docai.errors import UsageError
from docai.evaluation.metrics import Counts
from docai.evaluation.report import Drawing, Table, counts_table
from docai.evaluation.worst import WORST, Picture, Value, values_drawing, wrong
from docai.image import PageImage
from docai.models.pieces import TowerDescriber
from docai.models.segments import SegmentConfig, SegmentModel, SegmentNetwork
from docai.models.starts import start_from_bert
from docai.models.weights import Card
from docai.results import Span
from docai.training.fewshot import Wanted, is_same
from docai.training.fields import (
    NOTHING,
    FieldSample,
    Guess,
    Part,
    ask_for,
    field_loss,
    field_samples,
    guesses,
    parts_of,
)
from docai.training.finetune import FinetuneOptions, fit
from docai.training.folds import held_out
from docai.training.labelled import LabelledDocument
from docai.training.start import TextStart, text_start
from docai.training.terms import terms_of

FEWEST = 2  # documents that must hold a field, for it to be learned


@dataclass
class FieldScores:
    """Exact match by field, and the documents judged."""

    fields: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    judged: list[tuple[LabelledDocument, list[Value]]] = field(default_factory=list)

    def add(self, document: LabelledDocument, found: Mapping[str, Guess]) -> None:
        """A field is right when its value is; of fields nobody looked for nothing is said."""
        expected = {one.name: one for one in document.fields or ()}
        values = []
        for name in sorted(document.sought | expected.keys()):
            truth, guess = expected.get(name), found.get(name)
            right = truth is not None and guess is not None and is_same(guess.span.text, truth)
            self.fields[name] += Counts(int(right), int(guess is not None), int(truth is not None))
            if truth is not None or guess is not None:
                true = Span(truth.text, truth.evidence) if truth is not None else None
                values.append(Value(name, true, guess.span if guess is not None else None, right))
        self.judged.append((document, values))

    def table(self) -> Table:
        return counts_table("Fields, exact match of values", dict(self.fields))

    def worst(self) -> list[tuple[LabelledDocument, list[Value]]]:
        """Documents with most wrong fields."""
        return sorted(self.judged, key=lambda row: -wrong(row[1]))[:WORST]

    def worst_names(self) -> list[str]:
        return [document.document.source.filename for document, _ in self.worst()]

    def drawings(self, pictures: Mapping[str, PageImage]) -> list[Drawing]:
        return [
            values_drawing(document.document, name, values, _first_page(pictures.get(name)))
            for name, (document, values) in zip(self.worst_names(), self.worst(), strict=True)
        ]


def _first_page(picture: PageImage | None) -> Picture:
    return lambda page: picture if page.number == 1 else None


def fields_in(documents: Iterable[LabelledDocument], fewest: int = FEWEST) -> tuple[Wanted, ...]:
    """Every field that enough of the documents hold, by name. Raises UsageError without any."""
    documents = list(documents)
    seen = Counter(one.name for document in documents for one in document.fields or ())
    types = {one.name: one.type for document in documents for one in document.fields or ()}
    wanted = [Wanted(name, types[name]) for name in sorted(seen) if seen[name] >= fewest]
    if not wanted:
        raise UsageError(f"no field is in {fewest} of the documents or more")
    return tuple(wanted)


def new_model(text: TextStart, wanted: Sequence[Wanted], members: int = 1) -> SegmentModel:
    """A frozen tower from its start, fresh networks that are asked for these fields."""
    config = SegmentConfig(
        labels=(NOTHING, *(one.name for one in wanted)),
        descriptions=tuple(one.asked for one in wanted),
        members=members,
    )
    model = SegmentModel(config.reading_with(text.config)).eval()
    start_from_bert(model.text, text.state)
    return model


def train_fields(
    documents: Sequence[LabelledDocument],
    start: Path | None,
    options: FinetuneOptions,
    *,
    members: int = 1,
    folder: Path | None = None,
    quiet: bool = False,
) -> tuple[SegmentModel, TowerDescriber, FieldScores]:
    """A model, stopped by and judged on a part of the documents that it did not learn from."""
    documents = [document for document in documents if document.fields is not None]
    if len(documents) < 3:
        raise UsageError(f"{len(documents)} documents with fields are too few to train on")
    train, test = held_out(documents, options.held_out, options.seed)
    wanted = fields_in(train)
    names = [one.name for one in wanted]
    text = text_start(start)
    model = new_model(text, wanted, members)
    describer = TowerDescriber(model, text.tokenizer)
    samples = field_samples(train, describer, names)
    parts = [(document, parts_of(document.document, describer)) for document in test]
    for number in range(members):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(options.seed + number)
            network = SegmentNetwork(model.config)
        model.networks[number] = network
        ask_for(model, describer, [one.asked for one in wanted])
        alone = SegmentModel.of(model, [network])
        fit(
            network,
            samples,
            partial(field_loss, network, names),
            replace(options, seed=options.seed + number),
            size=_words,
            score=partial(_f1, alone, names, parts) if parts else None,
            folder=folder / f"network-{number}" if folder else None,
            quiet=quiet,
        )
    scores = FieldScores()
    for document, own in parts:
        scores.add(document, guesses(model, names, document.document, own))
    return model, describer, scores


def _f1(
    model: SegmentModel,
    names: Sequence[str],
    parts: Sequence[tuple[LabelledDocument, Sequence[Part]]],
) -> float:
    scores = FieldScores()
    for document, own in parts:
        scores.add(document, guesses(model, names, document.document, own))
    return sum(scores.fields.values(), Counts()).f1


def _words(sample: FieldSample) -> int:
    return len(sample.part.nodes.keep)


def card(name: str, documents: Sequence[LabelledDocument], scores: FieldScores) -> Card:
    """What the model was trained on, and the figures of the held-out part."""
    origins = sorted({document.origin for document in documents})
    return Card(
        name=name,
        version="1",
        summary=f"Finds {len(scores.fields)} fields on a page.",
        licence="see the terms of the data below",
        data=tuple((origin, terms_of(origin)) for origin in origins),
        measured=tuple(
            (f"{field_name} (held-out part)", f"F1 {counts.f1:.3f}")
            for field_name, counts in sorted(scores.fields.items())
        ),
    )
