"""A document read for what is asked of it in words (docai.models.described).

The windows are those of docai.models.reader, without a question.

Dimensions: K descriptions, D width, B windows, T tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from docai.document import Document, Page, Source, WordRef
from docai.models.described import DescribedHead
from docai.models.inputs import ModelInput, Window, stack
from docai.models.model import DocumentModel
from docai.models.pieces import StateDescriber
from docai.models.reader import (
    AT_ONCE,
    NOT_HERE,
    NOWHERE,
    AnswerWindow,
    Reading,
    likely_spans,
    windows_of,
)
from docai.models.tokenizers import WordTokenizer

HEAD = "described"
MOST_TEXT = 48  # tokens of a description
ENDS_TOLD = 5  # starts and ends of a field that are combined
MOST_WINDOWS = 40  # of a document; only text made to cost time has more on a few pages


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


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What a model makes of a document, window by window, each (T, D).

    `bare` are the words by themselves, `below` is what the encoder's lower layers make of them,
    `seen` what the head sees.
    """

    head: DescribedHead
    windows: tuple[AnswerWindow, ...]
    bare: tuple[Tensor, ...]
    below: tuple[Tensor, ...]
    seen: tuple[Tensor, ...]

    @torch.no_grad()
    def values(self, fields: Tensor) -> list[list[Reading]]:
        """For each described field (K, D) its likely values, best first, each place once."""
        best: list[dict[tuple[WordRef, ...], float]] = [{} for _ in fields]
        for window, page in zip(self.windows, self.seen, strict=True):
            scores = self.head.fields(page[None], fields)[:, 0].float()  # (2, K, T)
            for own, (starts, ends) in zip(best, scores.unbind(1), strict=True):
                nothing = float(starts[NOT_HERE] + ends[NOT_HERE])
                for words, score in likely_spans(starts, ends, window, ENDS_TOLD):
                    own[words] = max(score - nothing, own.get(words, -torch.inf))
        return [sorted((Reading(*r) for r in own.items()), key=lambda r: -r.odds) for own in best]

    @torch.no_grad()
    def kinds(self, kinds: Tensor) -> list[float]:
        """Log-probabilities of the described kinds (K, D), by the first window."""
        scores = self.head.kinds(self.seen[0][None], kinds)[0].float()
        return scores.log_softmax(-1).tolist()  # type: ignore[no-any-return]

    @torch.no_grad()
    def words(self, page: int, count: int) -> Tensor:
        """(W, 3 * D): below, bare and seen of the first `count` words of a page.

        Means over a word's tokens in all windows; 0 for a word that no window holds.
        """
        width = self.seen[0].shape[-1]
        sums, counts = torch.zeros(count, 3 * width), torch.zeros(count, 1)
        for window, *layers in zip(self.windows, self.below, self.bare, self.seen, strict=True):
            at = [i for i, ref in enumerate(window.words) if ref is not None and ref.page == page]
            index = torch.tensor([ref.word for i in at if (ref := window.words[i]) is not None])
            below, bare, seen = (layer[at].float() for layer in layers)
            states = torch.cat([_of_unit_square(below), bare, _of_unit_square(seen)], -1)
            sums.index_add_(0, index.long(), states)
            counts.index_add_(0, index.long(), torch.ones(len(at), 1))
        return sums / counts.clamp(min=1)


def _of_unit_square(states: Tensor) -> Tensor:
    """Vectors whose mean square is 1."""
    scaled: Tensor = F.normalize(states, dim=-1) * states.shape[-1] ** 0.5
    return scaled


@torch.no_grad()
def look(
    model: DocumentModel,
    tokenizer: WordTokenizer,
    document: Document,
    pages: Sequence[int] | None = None,
) -> Look:
    """`pages` are indices of the pages to be read, all by default."""
    head = cast(DescribedHead, model.task_heads[HEAD])
    windows = windows_of(document, "", tokenizer, pages=pages)[:MOST_WINDOWS]
    layers: tuple[list[Tensor], list[Tensor], list[Tensor]] = ([], [], [])
    for first in range(0, len(windows), AT_ONCE):
        part = windows[first : first + AT_ONCE]
        inputs = stack([w.window for w in part], pad_id=tokenizer.pad)
        bare = model.encoder.embeddings.word(inputs.token_ids)
        for layer, states in zip(layers, (bare, *model.seen_by(head, inputs)), strict=True):
            layer += [page[: len(w.words)] for page, w in zip(states, part, strict=True)]
    return Look(head, tuple(windows), *map(tuple, layers))


def page_describer(
    model: DocumentModel, tokenizer: WordTokenizer, seen: Look | None = None
) -> StateDescriber:
    """Describes pieces of pages that are looked at one by one; `seen` is of the only page."""

    @lru_cache(maxsize=1)
    def states(page: Page) -> Tensor:
        alone = Document(Source("", "", "", 0), (page,))
        return (seen or look(model, tokenizer, alone)).words(0, len(page.words))

    return StateDescriber(states, model.config.width)
