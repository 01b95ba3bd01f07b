"""Reading comprehension on pages: where an answer starts and ends, or that there is none.

A window is a question and as much of the page as fits; long pages take several, and the first
token of a window stands for "not here".

Dimensions: B windows, T tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from docai.document import Document, WordRef
from docai.errors import UsageError
from docai.evaluation.answers import AnswerScores
from docai.geometry import to_grid
from docai.models.config import HeadConfig, HeadKind
from docai.models.heads import answer_loss
from docai.models.inputs import GridBox, Window, stack
from docai.models.model import DocumentModel
from docai.models.starts import start_from_bert
from docai.models.tokenizers import NO_WORD, WordTokenizer
from docai.models.weights import Card, load
from docai.options import option
from docai.results import Span
from docai.training.finetune import FinetuneOptions, fit
from docai.training.folds import held_out
from docai.training.labelled import LabelledDocument, Question
from docai.training.start import text_start
from docai.training.terms import terms_of

HEAD = "answer"
MOST_TOKENS = 320  # of a window; most pages of running text fit
MOST_QUESTION = 48
STRIDE = 96  # tokens that two windows of one page share
MOST_ANSWER = 40  # tokens
ANSWERS_TOLD = 20  # starts and ends that are combined
NOWHERE: GridBox = (0, 0, 0, 0)
NOT_HERE = 0  # the token that says so


@dataclass(frozen=True, slots=True)
class AnswerOptions(FinetuneOptions):
    """How a reader is trained: all of an encoder, not a small network beside it."""

    epochs: int = option(3, "times that every question is seen, at most", at_least=1)
    batch: int = option(8, "windows of a step", at_least=1)
    learning_rate: float = option(1.5e-4, "highest learning rate")
    decay: float = option(0.01, "weight decay")
    precision: str = option("bf16", "arithmetic of the forward pass", choices=("bf16", "fp32"))


@dataclass(frozen=True, slots=True, eq=False)
class AnswerWindow:
    """`words[t]` is the page and word of token t, or None; `span` the answer's first and last."""

    window: Window
    words: tuple[WordRef | None, ...]
    span: tuple[int, int] | None = None


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


def windows_of(
    document: Document, question: str, tokenizer: WordTokenizer, truth: Span | None = None
) -> list[AnswerWindow]:
    refs = list(document.refs())
    asked = tokenizer.pieces(question.split()).ids[:MOST_QUESTION]
    pieces = tokenizer.pieces([document.word(ref).text for ref in refs])
    boxes = [
        to_grid(document.word(ref).box, width=page.width, height=page.height)
        for ref in refs
        for page in [document.pages[ref.page]]
    ]
    room = MOST_TOKENS - len(asked) - 3
    wanted = set(truth.evidence) if truth else set()
    found = []
    for start in range(0, max(1, len(pieces.ids) - STRIDE), room - STRIDE):
        ids = pieces.ids[start : start + room]
        places = [boxes[w] for w in pieces.words[start : start + room]]
        own = [refs[w] if w != NO_WORD else None for w in pieces.words[start : start + room]]
        head = [tokenizer.cls, *asked, tokenizer.sep]
        at = [i for i, ref in enumerate(own, len(head)) if ref in wanted]
        window = Window(
            token_ids=[*head, *ids, tokenizer.sep],
            boxes=[*[NOWHERE] * len(head), *places, NOWHERE],
            token_types=[0, *[1] * (len(head) - 1), *[0] * len(ids), 1],
        )  # fmt: skip
        span = (at[0], at[-1]) if at and len(wanted) else (NOT_HERE, NOT_HERE)
        found.append(AnswerWindow(window, (*[None] * len(head), *own, None), span))
    return found


def answers_loss(model: DocumentModel, pad: int, windows: Sequence[AnswerWindow]) -> Tensor:
    inputs = stack([one.window for one in windows], pad_id=pad)
    spans = torch.tensor([one.span or (NOT_HERE, NOT_HERE) for one in windows])  # (B, 2)
    return answer_loss(model(inputs)[HEAD], spans[:, 0], spans[:, 1])


@torch.no_grad()
def answer(
    model: DocumentModel, tokenizer: WordTokenizer, document: Document, question: str
) -> Span | None:
    """The best span of all windows, or None where "not here" is likelier."""
    windows = windows_of(document, question, tokenizer)
    scores = model(stack([one.window for one in windows], pad_id=tokenizer.pad))[HEAD]  # (2, B, T)
    best, refs = 0.0, None
    for (starts, ends), window in zip(scores.float().unbind(1), windows, strict=True):
        nothing = float(starts[NOT_HERE] + ends[NOT_HERE])
        for start, end, score in _spans(starts, ends, window):
            if score - nothing > best:
                best = score - nothing
                refs = [ref for ref in window.words[start : end + 1] if ref is not None]
    if not refs:
        return None
    unique = tuple(dict.fromkeys(refs))
    return Span(document.text(unique), unique)


def _spans(starts: Tensor, ends: Tensor, window: AnswerWindow) -> list[tuple[int, int, float]]:
    """Likely spans of the page's words: (first, last, score)."""
    T = len(window.words)
    firsts = starts[:T].topk(min(ANSWERS_TOLD, T)).indices.tolist()
    lasts = ends[:T].topk(min(ANSWERS_TOLD, T)).indices.tolist()
    return [
        (i, j, float(starts[i] + ends[j]))
        for i in firsts
        for j in lasts
        if i <= j < i + MOST_ANSWER and window.words[i] is not None and window.words[j] is not None
    ]


def train_answers(
    documents: Sequence[LabelledDocument],
    start: Path | None,
    options: FinetuneOptions,
    *,
    model: Path | None = None,
    folder: Path | None = None,
    quiet: bool = False,
) -> tuple[DocumentModel, WordTokenizer, AnswerScores]:
    """From a start, or from a model of docai that was pre-trained."""
    groups = questions_of(documents)
    if len(groups) < 2:
        raise UsageError("questions about two documents at least are needed to train on")
    reader, tokenizer = _reader(start, model, options.seed)
    train, test = held_out(groups, options.held_out, options.seed)
    windows = [
        window
        for group in train
        for asked in group
        for window in windows_of(
            asked.document,
            asked.question.text,
            tokenizer,
            asked.question.answers[0] if asked.question.answers else None,
        )
    ]
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
            config = replace(loaded.model.config, task_heads={HEAD: head})
            reader = DocumentModel(config)
            reader.encoder.load_state_dict(loaded.model.encoder.state_dict())
            return reader, loaded.tokenizer
        text = text_start(start)
        reader = DocumentModel(text.config.with_heads(answer=head))
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
    return judge(model, tokenizer, questions).f1 / max(1, len(questions))


def _tokens(window: AnswerWindow) -> int:
    return len(window.words)


def card(name: str, documents: Sequence[LabelledDocument], scores: AnswerScores) -> Card:
    """What the model was trained on, and its figures on the held-out part."""
    origins = sorted({document.origin for document in documents})
    _, *figures = scores.table().rows[0]
    return Card(
        name=name,
        version="1",
        summary="Answers questions with words of the page.",
        licence="see the terms of the data below",
        data=tuple((origin, terms_of(origin)) for origin in origins),
        measured=(("exact match, F1 and ANLS (held-out part)", ", ".join(figures)),),
    )
