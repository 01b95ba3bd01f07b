"""Reading comprehension on pages: where an answer starts and ends, or that there is none.

A window is a question and as much of the pages as fits; long documents take several, and the
first token of a window stands for "not here".

Dimensions: B windows, T tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from docai.document import Document, WordRef
from docai.geometry import to_grid
from docai.models.inputs import GridBox, Window, stack
from docai.models.model import DocumentModel
from docai.models.tokenizers import NO_WORD, WordTokenizer

HEAD = "answer"
MOST_TOKENS = 384  # of a window; most pages of running text fit
MOST_QUESTION = 48
STRIDE = 96  # tokens that two windows of one page share
MOST_ANSWER = 40  # tokens
ANSWERS_TOLD = 20  # starts and ends that are combined
AT_ONCE = 8  # windows read in one go
NOWHERE: GridBox = (0, 0, 0, 0)
NOT_HERE = 0  # the token that says so


@dataclass(frozen=True, slots=True, eq=False)
class AnswerWindow:
    """`words[t]` is the page and word of token t, or None; `span` the answer's first and last."""

    window: Window
    words: tuple[WordRef | None, ...]
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Words that could be the answer; `odds` are log-odds against "not in this window"."""

    words: tuple[WordRef, ...]
    odds: float


def windows_of(
    document: Document,
    question: str,
    tokenizer: WordTokenizer,
    truth: Sequence[WordRef] = (),
    pages: Sequence[int] | None = None,
) -> list[AnswerWindow]:
    """`pages` are indices of the pages to be read, all by default."""
    refs = [ref for ref in document.refs() if pages is None or ref.page in pages]
    asked = tokenizer.pieces(question.split()).ids[:MOST_QUESTION]
    pieces = tokenizer.pieces([document.word(ref).text for ref in refs])
    boxes = [
        to_grid(document.word(ref).box, width=page.width, height=page.height)
        for ref in refs
        for page in [document.pages[ref.page]]
    ]
    room = MOST_TOKENS - len(asked) - 3
    wanted = set(truth)
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
        span = (at[0], at[-1]) if at else (NOT_HERE, NOT_HERE)
        found.append(AnswerWindow(window, (*[None] * len(head), *own, None), span))
    return found


def readings(
    model: DocumentModel,
    tokenizer: WordTokenizer,
    document: Document,
    question: str,
    pages: Sequence[int] | None = None,
) -> list[Reading]:
    """Likely answers of all windows, best first, each place once."""
    windows = windows_of(document, question, tokenizer, pages=pages)
    found: list[Tensor] = []
    for first in range(0, len(windows), AT_ONCE):
        part = windows[first : first + AT_ONCE]
        found += scores(model, [one.window for one in part], pad_id=tokenizer.pad)
    return likeliest(windows, found)


@torch.no_grad()
def scores(model: DocumentModel, windows: Sequence[Window], *, pad_id: int) -> list[Tensor]:
    """(2, T) for each window: how well an answer starts and ends at each token; on the CPU."""
    inputs = stack(windows, pad_id=pad_id).to(next(model.parameters()).device)
    return list(model(inputs)[HEAD].float().cpu().unbind(1))


def likeliest(windows: Sequence[AnswerWindow], scores: Iterable[Tensor]) -> list[Reading]:
    """The likely answers of windows about one question, best first, each place once."""
    best: dict[tuple[WordRef, ...], float] = {}
    for window, (starts, ends) in zip(windows, scores, strict=True):
        nothing = float(starts[NOT_HERE] + ends[NOT_HERE])
        for words, score in likely_spans(starts, ends, window):
            best[words] = max(score - nothing, best.get(words, -torch.inf))
    return sorted((Reading(*one) for one in best.items()), key=lambda one: -one.odds)


def likely_spans(
    starts: Tensor, ends: Tensor, window: AnswerWindow, told: int = ANSWERS_TOLD
) -> Iterator[tuple[tuple[WordRef, ...], float]]:
    """Spans of the page's words between the likeliest starts and ends, and their scores."""
    T = len(window.words)
    firsts = starts[:T].topk(min(told, T)).indices.tolist()
    lasts = ends[:T].topk(min(told, T)).indices.tolist()
    for i in firsts:
        for j in lasts:
            if i <= j < i + MOST_ANSWER and window.words[i] and window.words[j]:
                words = dict.fromkeys(ref for ref in window.words[i : j + 1] if ref is not None)
                yield tuple(words), float(starts[i] + ends[j])
