"""Train and judge form models: what `docai train form` does.

The text of every piece is read once by the frozen tower; the networks of one model are then
trained one after the other on what it said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

import torch

from docai.errors import UsageError
from docai.models import page_reader
from docai.models.config import HeadConfig, HeadKind
from docai.models.forms import HEAD, form_config
from docai.models.model import DocumentModel
from docai.models.pieces import Describer, TowerDescriber
from docai.models.segments import SegmentEnsemble, SegmentModel, SegmentNetwork
from docai.models.starts import start_from_bert, start_from_efficientnet
from docai.models.tokenizers import WordTokenizer
from docai.models.weights import Card, Loaded, fill
from docai.options import option
from docai.training.finetune import Epoch, FinetuneOptions, fit
from docai.training.folds import folds, held_out
from docai.training.form import FormPage, FormSample, form_loss, form_pages
from docai.training.form_scores import FormScores, judge, labels_f1
from docai.training.labelled import LabelledDocument
from docai.training.start import TextStart, image_start
from docai.training.terms import terms_of


@dataclass(frozen=True, slots=True)
class FormOptions:
    """The form model itself."""

    members: int = option(1, "networks whose probabilities are averaged", at_least=1)
    picture: str = option(
        "no", "look at the pieces' pixels, too; needs images beside the data", choices=("no", "yes")
    )


@dataclass(frozen=True, slots=True, eq=False)
class Trainee:
    """A network to be trained, what describes pages to it, and the model that it is a part of."""

    network: SegmentEnsemble
    describer: Describer
    whole: SegmentModel | DocumentModel
    tokenizer: WordTokenizer
    card: Card | None = None  # of a model that was there before
    begin: SegmentEnsemble | None = None  # what its networks go on from


def model_from(
    text: TextStart, wanted: FormOptions, begin: SegmentEnsemble | None = None
) -> Trainee:
    """Frozen towers from their starts, networks that go on from `begin`, or fresh ones."""
    config = replace(
        form_config(text.config.width), members=wanted.members, picture=wanted.picture == "yes"
    )
    model = SegmentModel(config.reading_with(text.config)).eval()
    start_from_bert(model.text, text.state)
    if model.picture is not None:
        start_from_efficientnet(model.picture, image_start())
    describer = TowerDescriber(model, text.tokenizer)
    return Trainee(model, describer, model, text.tokenizer, begin=begin)


def head_of(loaded: Loaded[DocumentModel], wanted: FormOptions) -> Trainee:
    """A head for a model of documents, that reads what the model sees of a page.

    It goes on from the one that the model has. Raises UsageError.
    """
    model, name = loaded.model, loaded.card.name
    if page_reader.HEAD not in model.task_heads:
        raise UsageError(f"{name} was not trained by `docai train described`: it sees no pages")
    if wanted.members > 1 or wanted.picture == "yes":
        raise UsageError("a head of a model of documents is one network without pictures")
    head = SegmentEnsemble(form_config(model.config.width)).eval()
    begin = cast(SegmentEnsemble, model.task_heads[HEAD]) if HEAD in model.task_heads else None
    heads = {**model.config.task_heads, HEAD: HeadConfig(HeadKind.FORM)}
    model.config = replace(model.config, task_heads=heads)
    model.task_heads[HEAD] = head
    describer = page_reader.page_describer(model, loaded.tokenizer)
    return Trainee(head, describer, model, loaded.tokenizer, loaded.card, begin)


def train_members(
    model: SegmentEnsemble,
    pages: Sequence[FormPage],
    options: FinetuneOptions,
    *,
    stop_on: Sequence[FormPage] = (),
    begin: SegmentEnsemble | None = None,
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
        alone = type(model).of(model, [network])
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
    trainee: Trainee,
    options: FinetuneOptions,
    count: int,
    on_fold: Callable[[int, FormScores], None] = lambda number, scores: None,
    folder: Path | None = None,
) -> list[FormScores]:
    """Scores of every fold, each by a model that saw nothing of it.

    No part is held out to stop by: every fold trains all its epochs, so that the test part
    decides nothing.
    """
    model, describer = trainee.network, trainee.describer
    pages = form_pages(documents, describer)
    results = []
    names = list(dict.fromkeys(page.name for page in pages))
    for number, (train, test) in enumerate(folds(names, count, options.seed), 1):
        run = folder / f"fold-{number}" if folder else None
        train_members(model, _of(pages, train), options, begin=trainee.begin, folder=run)
        results.append(judge(model, describer, _of(pages, test)))
        on_fold(number, results[-1])
    return results


def train_form(
    documents: Sequence[LabelledDocument],
    trainee: Trainee,
    options: FinetuneOptions,
    folder: Path | None = None,
) -> FormScores:
    """Trains the networks, stopped by a part of the documents that they do not learn from.

    The scores are of that part. Raises UsageError.
    """
    model, describer = trainee.network, trainee.describer
    pages = form_pages(documents, describer)
    names = list(dict.fromkeys(page.name for page in pages))
    if len(names) < 3:
        raise UsageError(f"{len(names)} labelled forms are too few to train on and to judge by")
    train, test = held_out(names, options.held_out, options.seed)
    stop_on = _of(pages, test)
    own, begin = _of(pages, train), trainee.begin
    train_members(model, own, options, stop_on=stop_on, begin=begin, folder=folder)
    return judge(model, describer, stop_on)


def _of(pages: Sequence[FormPage], names: Sequence[str]) -> list[FormPage]:
    """The pages of these documents."""
    return [page for page in pages if page.name in set(names)]


def card(
    name: str,
    documents: Sequence[LabelledDocument],
    scores: FormScores,
    onto: Card | None = None,
) -> Card:
    """What the model was trained on, and the figures of the held-out part.

    Where it is the head of a model of documents, that model's card with this added.
    """
    origins = sorted({document.origin for document in documents})
    data = {origin: terms_of(origin) for origin in origins}
    measured = tuple(
        (f"forms, {figure} (held-out part)", f"F1 {f1:.3f}")
        for figure, f1 in scores.figures().items()
    )
    if onto is not None:
        data = dict(onto.data) | data
        return replace(
            onto, name=name, data=tuple(data.items()), measured=(*onto.measured, *measured)
        )
    return Card(
        name=name,
        version="1",
        summary="Questions, answers and headers of forms, and whose answer each answer is.",
        licence="see the terms of the data below",
        data=tuple(data.items()),
        measured=measured,
    )
