"""Task heads: what the encoder found, as scores for one question.

Dimensions: B batch, T text tokens, V visual tokens, D model width, C labels, E entities,
P width of a pair's members.
Each head reads Encoded and gives scores; the loss beside it reads scores and truth.
IGNORE marks what has no truth: special tokens, padding, all but the first piece of a word.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from docai.models.config import ModelConfig
from docai.models.encoder import Encoded, initialise

IGNORE = -100
# Added to the scores of the question's tokens: an answer cannot start there. The size is the
# reference's; it is a number and not -inf, so that a window without a document has a loss.
NOT_HERE = -1e8


class TokenHead(nn.Module):
    """A label for every text token."""

    def __init__(self, config: ModelConfig, labels: int) -> None:
        super().__init__()
        self.dropout = nn.Dropout(config.dropout)
        self.classify = nn.Linear(config.width, labels)
        self.apply(initialise)

    def forward(self, encoded: Encoded) -> Tensor:
        """(B, T, C)."""
        return self.classify(self.dropout(encoded.text))  # type: ignore[no-any-return]


def token_loss(scores: Tensor, labels: Tensor, keep: Tensor | None = None) -> Tensor:
    """Mean cross entropy over the tokens that have a label (B, T) and are not padding."""
    if keep is not None:
        labels = labels.masked_fill(~keep, IGNORE)
    return mean_cross_entropy(scores.flatten(0, 1), labels.flatten())


class AnswerHead(nn.Module):
    """Start and end of one answer; tokens of type 1 (the question) are out of the running."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.dropout = nn.Dropout(config.dropout)
        self.span = nn.Linear(config.width, 2)
        self.apply(initialise)

    def forward(self, encoded: Encoded, token_types: Tensor | None = None) -> Tensor:
        """(2, B, T): scores of each token as the start, and as the end."""
        scores = self.span(self.dropout(encoded.text)).permute(2, 0, 1)  # (2, B, T)
        if token_types is not None:
            scores = scores + NOT_HERE * token_types
        return scores  # type: ignore[no-any-return]


def answer_loss(scores: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
    """Mean cross entropy of start and end (B,); a position past the window has no loss."""
    T = scores.shape[-1]
    truth = torch.stack([starts, ends]).clamp(min=0)  # (2, B)
    truth = truth.masked_fill(truth >= T, IGNORE)
    start, end = (mean_cross_entropy(scores[i], truth[i]) for i in range(2))
    return (start + end) / 2


class PageHead(nn.Module):
    """One label for the page, from three views of it.

    The first token, the picture as it came in, and the picture as the encoder left it.
    """

    def __init__(self, config: ModelConfig, labels: int) -> None:
        super().__init__()
        self.dropout = nn.Dropout(config.dropout)
        self.classify = nn.Linear(3 * config.width, labels)
        self.apply(initialise)

    def forward(self, encoded: Encoded) -> Tensor:
        """(B, C)."""
        views = [encoded.text[:, 0], encoded.visual_input.mean(1), encoded.visual.mean(1)]
        return self.classify(self.dropout(torch.cat(views, -1)))  # type: ignore[no-any-return]


def page_loss(scores: Tensor, labels: Tensor) -> Tensor:
    return mean_cross_entropy(scores, labels)


class PromptHead(nn.Module):
    """Start and end of everything the prompt asks for: UIE-X's two pointers.

    Unlike AnswerHead any number of spans can be right, so each token is judged on its own.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.span = nn.Linear(config.width, 2)
        self.apply(initialise)

    def forward(self, encoded: Encoded) -> Tensor:
        """(2, B, T): a sigmoid turns each into a probability."""
        return self.span(encoded.text).permute(2, 0, 1)  # type: ignore[no-any-return]


def prompt_loss(scores: Tensor, starts: Tensor, ends: Tensor, keep: Tensor) -> Tensor:
    """Mean binary cross entropy; `starts`, `ends` and `keep` are bool (B, T)."""
    truth = torch.stack([starts, ends]).to(scores.dtype)  # (2, B, T)
    losses = F.binary_cross_entropy_with_logits(scores, truth, reduction="none")
    return losses[:, keep].mean()


@dataclass(frozen=True, slots=True, eq=False)
class Entities:
    """Labelled runs of tokens, given to the link head by whoever found them."""

    spans: Tensor  # (B, E, 2) int64, first token and one past the last
    labels: Tensor  # (B, E) int64
    keep: Tensor  # (B, E) bool


class LinkHead(nn.Module):
    """Which key does each value belong to, or none?

    An entity is its first token's vector beside an embedding of its label, as LayoutXLM's
    relation head has it (arXiv 2104.08836, section 4.3); a value picks its key by biaffine
    scores, as a word picks its head in Dozat and Manning's parser (arXiv 1611.01734).
    """

    def __init__(self, config: ModelConfig, labels: int) -> None:
        super().__init__()
        self.label = nn.Embedding(labels, config.width)
        self.pick = Biaffine(2 * config.width, config.width // 2, config.dropout)

    def forward(self, encoded: Encoded, entities: Entities) -> Tensor:
        """(B, E, 1 + E): column 0 is "no key", column 1 + j is entity j."""
        first = entities.spans[..., :1].expand(-1, -1, encoded.text.shape[-1])  # (B, E, D)
        x = encoded.text.gather(1, first)  # (B, E, D)
        x = torch.cat([x, self.label(entities.labels)], -1)  # (B, E, 2D)
        return without_self(self.pick(x), entities.keep)


class Biaffine(nn.Module):
    """s_ij = value_i^T U key_j + u . key_j, and w . value_i for having no key.

    Dozat and Manning's equation 6, the product divided by the square root of P as attention
    does; their parser has a root word where there is a score of its own here.

    Weights start as PyTorch draws them: from the encoder's small start all pairs score alike,
    and hundreds of steps go by before they part.
    """

    def __init__(self, width: int, pair: int, dropout: float) -> None:
        super().__init__()
        self.value = nn.Sequential(nn.Linear(width, pair), nn.GELU(), nn.Dropout(dropout))
        self.key = nn.Sequential(nn.Linear(width, pair), nn.GELU(), nn.Dropout(dropout))
        self.product = nn.Linear(pair, pair, bias=False)
        self.key_alone = nn.Linear(pair, 1)
        self.none = nn.Linear(pair, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, E, 1 + E) from (B, E, width)."""
        value, key = self.value(x), self.key(x)  # (B, E, P)
        pairs = self.product(value) @ key.transpose(1, 2)  # (B, E, E)
        pairs = pairs / key.shape[-1] ** 0.5 + self.key_alone(key).transpose(1, 2)
        return torch.cat([self.none(value), pairs], -1)  # (B, E, 1 + E)


def without_self(scores: Tensor, keep: Tensor) -> Tensor:
    """Nothing is its own key, and padding is nobody's."""
    E = keep.shape[1]
    itself = torch.eye(E, dtype=torch.bool, device=keep.device)  # (E, E)
    barred = F.pad(itself | ~keep[:, None, :], (1, 0), value=False)  # (B, E, 1 + E)
    return scores.masked_fill(barred, NOT_HERE)


def link_loss(scores: Tensor, keys: Tensor) -> Tensor:
    """Mean cross entropy; `keys` (B, E) holds 0 for none, 1 + j for entity j, or IGNORE."""
    return mean_cross_entropy(scores.flatten(0, 1), keys.flatten())


def mean_cross_entropy(scores: Tensor, truth: Tensor) -> Tensor:
    """Over the rows (n, C) whose truth (n,) is not IGNORE; 0, and not NaN, where none is left."""
    total = F.cross_entropy(scores, truth, ignore_index=IGNORE, reduction="sum")
    return total / (truth != IGNORE).sum().clamp(min=1)
