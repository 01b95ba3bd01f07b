"""Fields of a new kind of document from a handful of corrected ones, never worse than before.

    asked    nothing is tuned: the network is asked for the field in words
    prompt   P-tuning: the fields' prompts are moved, everything else stays as it is
    full     every weight of the network is trained on; only the text tower stays

Before any is believed it has to earn it: the documents are cross-validated, and a field keeps
what it had before unless a way finds it on more of them. One document cannot be
cross-validated; there, tuning is believed for the fields that nothing else found on it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from docai.document import Document
from docai.evaluation.report import Table
from docai.models.pieces import TowerDescriber
from docai.models.segments import PromptedLabels, SegmentModel, SegmentNetwork, stacked
from docai.models.weights import Loaded, save
from docai.results import Field, FieldType, Money
from docai.tasks.text import key
from docai.training.fields import (
    FieldSample,
    ask_for,
    field_loss,
    field_samples,
    guesses,
    parts_of,
    word_loss,
)
from docai.training.finetune import FinetuneOptions, fit
from docai.training.folds import folds
from docai.training.labelled import LabelledDocument
from docai.training.readers import typed

MOST_FOLDS = 3
PROMPT = FinetuneOptions(epochs=40, batch=4, learning_rate=2e-2, decay=0.0)
FULL = FinetuneOptions(epochs=12, batch=4, learning_rate=4e-4)


class Way(StrEnum):
    BEFORE = "before"  # what found the fields until now: rules, a description
    ASKED = "asked"
    PROMPT = "prompt"
    FULL = "full"


WAYS: Mapping[Way, FinetuneOptions] = {Way.PROMPT: PROMPT, Way.FULL: FULL}

# What finds a field in a document without any of its corrected ones: its text, or None.
Before = Callable[[Document], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A field to be learned; `description` says in words what it is."""

    name: str
    type: FieldType = FieldType.STRING
    description: str = ""

    @property
    def asked(self) -> str:
        words = self.name.replace("_", " ")
        return f"{words}: {self.description}" if self.description else words


@dataclass(frozen=True, slots=True, eq=False)
class Tuned:
    """What was learned: for each field the way that is believed, and the networks of each way."""

    wanted: tuple[Wanted, ...]
    chosen: Mapping[str, Way]
    models: Mapping[Way, SegmentModel]
    right: Mapping[Way, Counter[str]]  # documents on which cross-validation found each field
    documents: int

    def find(self, document: Document, describer: TowerDescriber, before: Before) -> dict[str, str]:
        """The text of every field that is found."""
        names = [field.name for field in self.wanted]
        parts = parts_of(document, describer) if self.models else []
        said = {Way.BEFORE: dict(before(document))}
        for way, model in self.models.items():
            found = guesses(model, names, document, parts)
            said[way] = {name: guess.span.text for name, guess in found.items()}
        return {name: said[way][name] for name, way in self.chosen.items() if name in said[way]}

    def table(self) -> Table:
        """On how many of the documents each way found each field, and which is believed."""
        ways = tuple(self.right)
        rows = tuple(
            (name, *(str(self.right[way][name]) for way in ways), str(self.chosen[name]))
            for name in self.chosen
        )
        note = "a tuned way is judged on documents that it did not learn from"
        title = f"Right on {self.documents} documents"
        return Table(title, ("field", *map(str, ways), "believed"), rows, note)


def tune(
    base: SegmentModel,
    describer: TowerDescriber,
    documents: Sequence[LabelledDocument],
    wanted: Sequence[Wanted],
    before: Before,
    ways: Mapping[Way, FinetuneOptions] = WAYS,
    *,
    always: bool = False,
) -> Tuned:
    """Learn the fields from a few documents. The text is read once, whatever is tried.

    With `always` every way is trained on all documents, whether it is believed or not.
    """
    names = [field.name for field in wanted]
    asking = renewed(base, describer, wanted)
    samples = {id(d): field_samples([d], describer, names) for d in documents}

    def found_by(model: SegmentModel, document: LabelledDocument) -> list[str]:
        parts = [sample.part for sample in samples[id(document)]]
        found = guesses(model, names, document.document, parts)
        return _right({n: guess.span.text for n, guess in found.items()}, document, wanted)

    rights: dict[Way, Counter[str]] = {Way.BEFORE: Counter(), Way.ASKED: Counter()}
    for document in documents:
        rights[Way.BEFORE].update(_right(before(document.document), document, wanted))
        rights[Way.ASKED].update(found_by(asking, document))
    for way, options in ways.items():
        rights[way] = Counter()
        count = min(MOST_FOLDS, len(documents))
        parts = folds(documents, count, options.seed) if count > 1 else []
        for train, test in parts:
            learned = [sample for document in train for sample in samples[id(document)]]
            model = tuned(asking, names, learned, way, options)
            for document in test:
                rights[way].update(found_by(model, document))
    chosen = {name: _believed(name, rights, documents) for name in names}
    every = [sample for document in documents for sample in samples[id(document)]]
    models = {Way.ASKED: asking} if always or Way.ASKED in chosen.values() else {}
    for way, options in ways.items():
        if always or way in chosen.values():
            models[way] = tuned(asking, names, every, way, options)
    return Tuned(tuple(wanted), chosen, models, rights, len(documents))


def _believed(
    name: str, rights: Mapping[Way, Counter[str]], documents: Sequence[LabelledDocument]
) -> Way:
    """The way that is right on most documents; of equals the one that learned least."""
    best = max(rights, key=lambda way: rights[way][name])
    one, *others = documents
    is_missed = not rights[best][name] and any(field.name == name for field in one.fields or ())
    if not others and is_missed:
        return next((way for way in rights if way in WAYS), Way.BEFORE)
    return best


def _right(
    texts: Mapping[str, str], document: LabelledDocument, wanted: Sequence[Wanted]
) -> list[str]:
    """Names of the fields whose value is that of the document's label."""
    types = {field.name: field.type for field in wanted}
    return [
        field.name
        for field in document.fields or ()
        if field.name in types and is_same(texts.get(field.name), field)
    ]


def is_same(text: str | None, field: Field) -> bool:
    """Equal by value: sums and dates as such, other text by its letters and digits."""
    if text is None:
        return False
    value = typed(text, field.type)
    if isinstance(value, Money) and isinstance(field.value, Money):
        return value.amount == field.value.amount
    if isinstance(value, str) or isinstance(field.value, str):
        return key(text) == key(field.text)
    return value == field.value


def renewed(
    base: SegmentModel, describer: TowerDescriber, wanted: Sequence[Wanted]
) -> SegmentModel:
    """The base with prompts for other fields, at what their descriptions say."""
    labels = ("nothing", *(field.name for field in wanted))
    config = replace(
        base.config, labels=labels, descriptions=tuple(field.asked for field in wanted)
    )
    model = SegmentModel.sharing(base, config)
    for network in model.members:
        old = network.prompts
        fresh = PromptedLabels(config.text_width, config.width, len(wanted))
        fresh.ask.load_state_dict(old.ask.state_dict())
        fresh.nothing.load_state_dict(old.nothing.state_dict())
        with torch.no_grad():
            fresh.biases.add_(old.biases.mean())
            for i, field in enumerate(wanted):
                if field.name in base.config.labels[1:]:  # trained before: it stays so
                    at = base.config.labels.index(field.name) - 1
                    fresh.offsets[i], fresh.biases[i] = old.offsets[at], old.biases[at]
        network.label = fresh
    ask_for(model, describer, [field.asked for field in wanted])
    return model.eval()


def tuned(
    asking: SegmentModel,
    names: Sequence[str],
    samples: Sequence[FieldSample],
    way: Way,
    options: FinetuneOptions,
) -> SegmentModel:
    """A copy of the networks, trained in one way on these samples."""
    model = SegmentModel.sharing(asking, asking.config)
    for network in model.members:
        if way is Way.PROMPT:
            _tune_prompts(network, names, samples, options)
        else:
            loss = partial(field_loss, network, names)
            fit(network, samples, loss, options, size=_words, quiet=True)
    return model.eval()


def _tune_prompts(
    network: SegmentNetwork,
    names: Sequence[str],
    samples: Sequence[FieldSample],
    options: FinetuneOptions,
) -> None:
    """The network is frozen, so every page goes through it once."""
    prompts = network.prompts
    for part in (prompts.ask, prompts.nothing):
        part.requires_grad_(False)
    with torch.no_grad():
        seen = [(network(stacked([s.part.nodes])).pieces[0], s) for s in samples]

    def loss(batch: Sequence[tuple[Tensor, FieldSample]]) -> Tensor:
        pieces = pad_sequence([pieces for pieces, _ in batch], batch_first=True)  # (B, S, W)
        return word_loss(prompts(pieces), names, [sample for _, sample in batch])

    fit(prompts, seen, loss, options, quiet=True)


def _words(sample: FieldSample) -> int:
    return len(sample.part.nodes.keep)


BELIEVED = "believed.json"


def save_tuned(tuned: Tuned, base: Loaded[SegmentModel], folder: Path) -> Iterator[Path]:
    """Each tuned model in a folder of its own, and which way is believed for which field."""
    for way, model in tuned.models.items():
        about = replace(
            base.card,
            name=str(way),
            summary=f"{base.card.summary} Tuned ({way}) on {tuned.documents} documents.",
            measured=(),
        )
        yield save(model, base.tokenizer, about, folder)
    folder.mkdir(parents=True, exist_ok=True)
    believed = {name: str(way) for name, way in tuned.chosen.items()}
    (folder / BELIEVED).write_text(json.dumps(believed, indent=1) + "\n", "utf-8")
