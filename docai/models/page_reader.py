"""A document read for what is asked of it in words (docai.models.described).

The windows are those of docai.models.reader, without a question.

Dimensions: K descriptions, D width, B windows, T tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor

from docai.document import Document, WordRef
from docai.models.described import DescribedHead
from docai.models.inputs import ModelInput, Window, stack
from docai.models.model import DocumentModel
from docai.models.reader import AT_ONCE, NOT_HERE, NOWHERE, Reading, likely_spans, windows_of
from docai.models.tokenizers import WordTokenizer

HEAD = "described"
MOST_TEXT = 48  # tokens of a description
ENDS_TOLD = 5  # starts and ends of a field that are combined


def texts_to_describe(texts: Sequence[str], tokenizer: WordTokenizer) -> ModelInput:
    """For DocumentModel.describe. Descriptions have no place on a page."""
    windows = []
    for text in texts:
        ids = tokenizer.pieces(text.split()).ids[:MOST_TEXT]
        ids = [tokenizer.cls, *ids, tokenizer.sep]
        windows.append(Window(ids, [NOWHERE] * len(ids), token_types=[1] * len(ids)))
    return stack(windows, pad_id=tokenizer.pad)


@torch.no_grad()
def described(model: DocumentModel, tokenizer: WordTokenizer, texts: Sequence[str]) -> Tensor:
    """(K, D)."""
    return model.describe(texts_to_describe(texts, tokenizer))


@torch.no_grad()
def field_readings(
    model: DocumentModel,
    tokenizer: WordTokenizer,
    document: Document,
    fields: Tensor,
    pages: Sequence[int] | None = None,
) -> list[list[Reading]]:
    """For each of the described fields (K, D) its likely values, best first, each place once.

    `pages` are indices of the pages to be read, all by default.
    """
    head = cast(DescribedHead, model.task_heads[HEAD])
    windows = windows_of(document, "", tokenizer, pages=pages)
    best: list[dict[tuple[WordRef, ...], float]] = [{} for _ in fields]
    for first in range(0, len(windows), AT_ONCE):
        part = windows[first : first + AT_ONCE]
        inputs = stack([one.window for one in part], pad_id=tokenizer.pad)
        scores = head.fields(model.seen_by(head, inputs), fields).float()  # (2, B, K, T)
        for b, window in enumerate(part):
            for own, (starts, ends) in zip(best, scores[:, b].unbind(1), strict=True):
                nothing = float(starts[NOT_HERE] + ends[NOT_HERE])
                for words, score in likely_spans(starts, ends, window, ENDS_TOLD):
                    own[words] = max(score - nothing, own.get(words, -torch.inf))
    return [sorted((Reading(*one) for one in own.items()), key=lambda r: -r.odds) for own in best]


@torch.no_grad()
def kind_scores(
    model: DocumentModel, tokenizer: WordTokenizer, document: Document, kinds: Tensor
) -> list[float]:
    """Scores of the described kinds (K, D), by the first window of the first page."""
    head = cast(DescribedHead, model.task_heads[HEAD])
    first = windows_of(document, "", tokenizer, pages=[0])[0]
    inputs = stack([first.window], pad_id=tokenizer.pad)
    return head.kinds(model.seen_by(head, inputs), kinds)[0].float().tolist()  # type: ignore[no-any-return]
