"""Training of the reader that answers questions (docai.models.reader)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random

import torch
from torch import Tensor

from docai.document import Document
from docai.errors import UsageError
from docai.evaluation.answers import AnswerScores
from docai.models.config import HeadConfig, HeadKind
from docai.models.heads import answer_loss
from docai.models.inputs import stack
from docai.models.model import DocumentModel
from docai.models.reader import HEAD, NOT_HERE, AnswerWindow, readings, windows_of
from docai.models.starts import start_from_bert
from docai.models.tokenizers import WordTokenizer
from docai.models.weights import Card, load
from docai.options import option
from docai.results import Span
from docai.training.asked import with_questions
from docai.training.finetune import FinetuneOptions, fit
from docai.training.folds import Part, held_out, part_of
from docai.training.labelled import LabelledDocument, Question
from docai.training.start import text_start
from docai.training.terms import terms_of

EMPTY = 0.5  # of the answered questions, the share that is also asked of a window without it


@dataclass(frozen=True, slots=True)
class AnswerOptions(FinetuneOptions):
    """How a reader is trained: all of an encoder, not a small network beside it."""

    epochs: int = option(3, "times that every question is seen, at most", at_least=1)
    batch: int = option(8, "windows of a step", at_least=1)
    learning_rate: float = option(1.5e-4, "highest learning rate")
    decay: float = option(0.01, "weight decay")
    precision: str = option("bf16", "arithmetic of the forward pass", choices=("bf16", "fp32"))
    kept_out: str = option(
        "no", "leave out the fifth that docai-small is fitted and checked by", choices=("no", "yes")
    )
    layers: int = option(
        0,
        "of the encoder, the upper ones that learn, 0 for all; with 2 other heads need no training",
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about a document."""

    document: Document
    question: Question


def questions_of(documents: Sequence[LabelledDocument]) -> list[list[Asked]]:
    """The questions, document by document."""
    return [
        [Asked(document.document, question) for question in document.questions]
        for document in documents
        if document.questions
    ]


def without_kept_out(documents: Sequence[LabelledDocument]) -> list[LabelledDocument]:
    """What may go into a model that ships: synthetic documents, and of others four fifths."""
    return [
        one
        for one in documents
        if one.origin == "synthetic" or part_of(one.document.source.filename) is Part.TRAINING
    ]


def windows_to_learn(
    groups: Sequence[Sequence[Asked]], tokenizer: WordTokenizer, seed: int
) -> list[AnswerWindow]:
    """Windows with the answer, and for every other question one of those without.

    Of several right answers one is drawn.
    """
    draw = Random(seed)
    found = []
    for asked in (asked for group in groups for asked in group):
        answers = asked.question.answers
        truth = draw.choice(answers).evidence if answers else ()
        windows = windows_of(asked.document, asked.question.text, tokenizer, truth)
        hits = [window for window in windows if window.span != (NOT_HERE, NOT_HERE)]
        others = [window for window in windows if window.span == (NOT_HERE, NOT_HERE)]
        found += hits
        if others and (not answers or draw.random() < EMPTY):
            found.append(draw.choice(others))
    return found


def answers_loss(model: DocumentModel, pad: int, windows: Sequence[AnswerWindow]) -> Tensor:
    inputs = stack([one.window for one in windows], pad_id=pad)
    spans = torch.tensor([one.span or (NOT_HERE, NOT_HERE) for one in windows])  # (B, 2)
    return answer_loss(model(inputs)[HEAD], spans[:, 0], spans[:, 1])


def answer(
    model: DocumentModel, tokenizer: WordTokenizer, document: Document, question: str
) -> Span | None:
    """The best span of all windows, or None where "not here" is likelier."""
    found = readings(model, tokenizer, document, question)
    if not found or found[0].odds <= 0:
        return None
    return Span(document.text(found[0].words), found[0].words)


def train_answers(
    documents: Sequence[LabelledDocument],
    start: Path | None,
    options: AnswerOptions,
    *,
    model: Path | None = None,
    folder: Path | None = None,
    quiet: bool = False,
) -> tuple[DocumentModel, WordTokenizer, AnswerScores]:
    """From a start, or from a model of docai, whose other heads stay as they are.

    Heads that read the same encoder (docai.models.described) should be trained again after it,
    unless the layers that they read stay as they are, too (`options.layers`).
    """
    groups = questions_of(with_questions(documents, options.seed))
    if len(groups) < 2:
        raise UsageError("questions about two documents at least are needed to train on")
    reader, tokenizer = _reader(start, model, options.seed)
    reader.requires_grad_(False)
    if options.layers:
        reader.encoder.layers[-options.layers :].requires_grad_(True)
    else:
        reader.encoder.requires_grad_(True)
        reader.encoder.embeddings.word.weight.requires_grad_(False)
    reader.task_heads[HEAD].requires_grad_(True)
    train, test = held_out(groups, options.held_out, options.seed)
    windows = windows_to_learn(train, tokenizer, options.seed)
    judged = [asked for group in test for asked in group]
    fit(
        reader,
        windows,
        partial(answers_loss, reader, tokenizer.pad),
        options,
        size=_tokens,
        score=partial(_f1, reader, tokenizer, judged) if judged else None,
        folder=folder,
        quiet=quiet,
    )
    return reader, tokenizer, judge(reader, tokenizer, judged)


def _reader(
    start: Path | None, model: Path | None, seed: int
) -> tuple[DocumentModel, WordTokenizer]:
    head = HeadConfig(HeadKind.ANSWER)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if model is not None:
            loaded = load(model)
            if HEAD in loaded.model.task_heads:
                return loaded.model, loaded.tokenizer
            heads = {**loaded.model.config.task_heads, HEAD: head}
            reader = DocumentModel(replace(loaded.model.config, task_heads=heads))
            reader.load_state_dict(loaded.model.state_dict(), strict=False)
            return reader, loaded.tokenizer
        text = text_start(start)
        # Every question is seen a few times only: nothing is learned by heart.
        config = replace(text.config, dropout=0.0, patches=0, task_heads={HEAD: head})
        reader = DocumentModel(config)
        start_from_bert(reader.encoder, text.state)
        return reader, text.tokenizer


def judge(
    model: DocumentModel, tokenizer: WordTokenizer, questions: Sequence[Asked]
) -> AnswerScores:
    scores = AnswerScores()
    for asked in questions:
        said = answer(model, tokenizer, asked.document, asked.question.text)
        accepted = [truth.text for truth in asked.question.answers]
        scores.add(accepted, said.text if said else None)
    return scores


def _f1(model: DocumentModel, tokenizer: WordTokenizer, questions: Sequence[Asked]) -> float:
    return judge(model, tokenizer, questions).means()[1]


def _tokens(window: AnswerWindow) -> int:
    return len(window.words)


def card(
    name: str,
    documents: Sequence[LabelledDocument],
    scores: AnswerScores,
    begun: Card | None = None,
) -> Card:
    """What the model, and the one it was begun with, learned from; figures of the held-out part."""
    origins = sorted({document.origin for document in documents})
    data = dict(begun.data) if begun else {}
    data |= {origin: terms_of(origin) for origin in origins}
    _, *figures = scores.table().shown()[0]
    return Card(
        name=name,
        version="1",
        summary="Answers questions with words of the page.",
        licence="see the terms of the data below",
        data=tuple(data.items()),
        measured=(("exact match, F1 and ANLS (held-out part)", ", ".join(figures)),),
    )
