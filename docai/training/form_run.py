"""Train and judge form models: what `docai train form` does.

The text of every piece is read once by the frozen tower; the networks of one model are then
trained one after the other on what it said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from docai.errors import UsageError
from docai.models.pieces import Describer
from docai.models.segments import SegmentConfig, SegmentModel, SegmentNetwork
from docai.models.starts import start_from_bert, start_from_efficientnet
from docai.models.weights import Card, fill
from docai.options import option
from docai.training.finetune import Epoch, FinetuneOptions, fit
from docai.training.folds import folds, held_out
from docai.training.form import LABELS, FormPage, FormSample, form_loss, form_pages
from docai.training.form_scores import FormScores, judge, labels_f1
from docai.training.labelled import EntityLabel, LabelledDocument
from docai.training.start import TextStart, image_start, text_start
from docai.training.terms import terms_of


@dataclass(frozen=True, slots=True)
class FormOptions:
    """The form model itself."""

    members: int = option(1, "networks whose probabilities are averaged", at_least=1)
    picture: str = option(
        "no", "look at the pieces' pixels, too; needs images beside the data", choices=("no", "yes")
    )


def new_model(text: TextStart, wanted: FormOptions) -> tuple[SegmentModel, Describer]:
    """Frozen towers from their starts, fresh networks."""
    config = SegmentConfig(
        labels=tuple(map(str, LABELS)),
        value=EntityLabel.ANSWER,
        name=EntityLabel.QUESTION,
        members=wanted.members,
        picture=wanted.picture == "yes",
    )
    model = SegmentModel(config.reading_with(text.config)).eval()
    start_from_bert(model.text, text.state)
    if model.picture is not None:
        start_from_efficientnet(model.picture, image_start())
    return model, Describer(model, text.tokenizer)


def train_members(
    model: SegmentModel,
    pages: Sequence[FormPage],
    options: FinetuneOptions,
    *,
    stop_on: Sequence[FormPage] = (),
    begin: SegmentModel | None = None,
    folder: Path | None = None,
    quiet: bool = False,
) -> list[list[Epoch]]:
    """Every network of the model, each with a seed of its own, from fresh weights or `begin`'s."""
    samples = [sample for page in pages for sample in (page.segments, page.pieces)]
    histories = []
    for number in range(len(model.networks)):
        seed = options.seed + number
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = SegmentNetwork(model.config)
        if begin is not None:
            fill(network, begin.members[number % len(begin.members)].state_dict(), "the beginning")
        model.networks[number] = network
        alone = SegmentModel.of(model, [network])
        histories.append(
            fit(
                network,
                samples,
                partial(form_loss, network),
                replace(options, seed=seed),
                size=_pieces,
                score=partial(labels_f1, alone, stop_on) if stop_on else None,
                folder=folder / f"network-{number}" if folder else None,
                quiet=quiet,
            )
        )
    return histories


def _pieces(sample: FormSample) -> int:
    return len(sample.nodes.keep)


def cross_validate(
    documents: Sequence[LabelledDocument],
    start: Path | None,
    wanted: FormOptions,
    options: FinetuneOptions,
    count: int,
    begin: SegmentModel | None = None,
    on_fold: Callable[[int, FormScores], None] = lambda number, scores: None,
    folder: Path | None = None,
) -> list[FormScores]:
    """Scores of every fold, each by a model that saw nothing of it.

    No part is held out to stop by: every fold trains all its epochs, so that the test part
    decides nothing.
    """
    model, describer = new_model(text_start(start), wanted)
    pages = form_pages(documents, describer)
    results = []
    names = list(dict.fromkeys(page.name for page in pages))
    for number, (train, test) in enumerate(folds(names, count, options.seed), 1):
        run = folder / f"fold-{number}" if folder else None
        train_members(model, _of(pages, train), options, begin=begin, folder=run)
        results.append(judge(model, describer, _of(pages, test)))
        on_fold(number, results[-1])
    return results


def train_form(
    documents: Sequence[LabelledDocument],
    start: Path | None,
    wanted: FormOptions,
    options: FinetuneOptions,
    begin: SegmentModel | None = None,
    folder: Path | None = None,
) -> tuple[SegmentModel, Describer, FormScores]:
    """A model, stopped by and judged on a part of the documents that it did not learn from."""
    model, describer = new_model(text_start(start), wanted)
    pages = form_pages(documents, describer)
    names = list(dict.fromkeys(page.name for page in pages))
    if len(names) < 3:
        raise UsageError(f"{len(names)} labelled forms are too few to train on and to judge by")
    train, test = held_out(names, options.held_out, options.seed)
    stop_on = _of(pages, test)
    train_members(model, _of(pages, train), options, stop_on=stop_on, begin=begin, folder=folder)
    return model, describer, judge(model, describer, stop_on)


def _of(pages: Sequence[FormPage], names: Sequence[str]) -> list[FormPage]:
    """The pages of these documents."""
    return [page for page in pages if page.name in set(names)]


def card(name: str, documents: Sequence[LabelledDocument], scores: FormScores) -> Card:
    """What the model was trained on, and the figures of the held-out part."""
    origins = sorted({document.origin for document in documents})
    return Card(
        name=name,
        version="1",
        summary="Questions, answers and headers of forms, and whose answer each answer is.",
        licence="see the terms of the data below",
        data=tuple((origin, terms_of(origin)) for origin in origins),
        measured=tuple(
            (f"{figure} (held-out part)", f"F1 {f1:.3f}") for figure, f1 in scores.figures().items()
        ),
    )
