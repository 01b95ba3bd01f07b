"""Four objectives: hide something, ask for it. Their heads and their losses.

    MVLM  masked visual-language model: which word was here?              per masked token
    ROP   reading-order prediction: which token is read next?             per token
    RRP   replaced-region prediction: which patches are another page's?   per patch
    TIA   text-image alignment: was this token's line covered?            per token

Reference: ERNIE-Layout (arXiv 2210.06155), section on pre-training. What is hidden, and at
which rates, is in collators.py.

Dimensions: B batch, T text tokens, V visual tokens, D model width, K masked tokens,
W vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from docai.models.collators import PretrainingBatch
from docai.models.config import ModelConfig
from docai.models.encoder import initialise
from docai.models.heads import IGNORE, mean_cross_entropy

if TYPE_CHECKING:
    from docai.models.model import DocumentModel

WORD_NORM_EPS = 1e-5  # the reference's; all its other norms have the config's 1e-12


class PretrainingHeads(nn.Module):
    """ROP has no weights of its own: it reads the attention scores."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.transform = nn.Linear(config.width, config.width)
        self.norm = nn.LayerNorm(config.width, eps=WORD_NORM_EPS)
        self.word_bias = nn.Parameter(torch.zeros(config.vocabulary))
        self.replaced = nn.Linear(config.width, config.visual_tokens)
        self.covered = nn.Linear(config.width, 1)
        self.apply(initialise)

    def words(self, x: Tensor, word_table: Tensor) -> Tensor:
        """(..., W) from (..., D); the decoder is the word embedding table (W, D) itself."""
        x = self.norm(F.gelu(self.transform(x)))
        return F.linear(x, word_table, self.word_bias)

    def replaced_patches(self, first: Tensor) -> Tensor:
        """(B, V) from the first token's vector (B, D)."""
        return self.replaced(first)  # type: ignore[no-any-return]

    def covered_tokens(self, text: Tensor) -> Tensor:
        """(B, T)."""
        return self.covered(text)[..., 0]  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """One number each, for the optimiser (`total`) and for the log (all)."""

    mvlm: Tensor
    rop: Tensor
    rrp: Tensor
    tia: Tensor

    @property
    def total(self) -> Tensor:
        """The plain sum, as in the paper."""
        return self.mvlm + self.rop + self.rrp + self.tia

    def log(self) -> dict[str, float]:
        parts = {"mvlm": self.mvlm, "rop": self.rop, "rrp": self.rrp, "tia": self.tia}
        return {name: loss.item() for name, loss in (*parts.items(), ("total", self.total))}


def pretraining_losses(model: DocumentModel, batch: PretrainingBatch) -> Losses:
    """All four from one forward."""
    heads = model.pretraining
    if heads is None:
        raise ValueError("the model was built without pretraining heads: config.pretraining")
    encoded = model.encoder(batch.inputs, with_scores=True)
    masked = batch.words != IGNORE  # (B, T)
    # Only masked tokens meet the vocabulary: (K, W), never (B, T, W).
    words = heads.words(encoded.text[masked], model.encoder.embeddings.word.weight)
    return Losses(
        mvlm=mean_cross_entropy(words, batch.words[masked]),
        rop=reading_order_loss(encoded.scores, batch.following),
        rrp=F.binary_cross_entropy_with_logits(
            heads.replaced_patches(encoded.text[:, 0]), batch.replaced
        ),
        tia=covered_loss(heads.covered_tokens(encoded.text), batch.covered),
    )


def reading_order_loss(scores: Tensor, following: Tensor) -> Tensor:
    """Cross entropy of row i of the attention scores (B, T, T) against the golden matrix.

    Row i of that matrix has its 1 at `following[b, i]` (B, T). Rows that are IGNORE are no
    part of the document (special tokens, padding), and none of their columns can be chosen.
    Which layer the paper reads is not known; here it is the last, mean over its heads.
    """
    in_document = following != IGNORE  # (B, T)
    scores = scores.float().masked_fill(~in_document[:, None, :], -torch.inf)
    return mean_cross_entropy(scores[in_document], following[in_document])


def covered_loss(scores: Tensor, covered: Tensor) -> Tensor:
    """Binary cross entropy over the tokens (B, T) that are 0 or 1 and not IGNORE."""
    asked = covered != IGNORE
    losses = F.binary_cross_entropy_with_logits(
        scores[asked], covered[asked].to(scores.dtype), reduction="sum"
    )
    return losses / asked.sum().clamp(min=1)
