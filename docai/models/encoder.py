"""ErnieLayout: a page's words, boxes and picture in, one vector per token out.

Dimensions: B batch, T text tokens, V visual tokens, N = T + V (and prompts, where there are
any), D model width, H heads.
Reference: ERNIE-Layout (arXiv 2210.06155); numbers equal PaddleNLP's ernie_layout, see
tests/models/test_parity.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from docai.models.attention import (
    ATTENTION,
    Relative,
    padding_mask,
)
from docai.models.config import ModelConfig
from docai.models.embeddings import INITIAL_STD, Embeddings
from docai.models.inputs import ModelInput
from docai.models.tuning import Prompts
from docai.models.vision import NoVision, VisualEmbeddings


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """What heads read."""

    text: Tensor  # (B, T, D)
    visual: Tensor  # (B, V, D)
    pooled: Tensor  # (B, D), the first token through a tanh layer
    visual_input: Tensor  # (B, V, D), the visual embeddings before the first layer
    # (B, T, T): the last layer's attention scores among text tokens, mean over heads; what
    # reading-order prediction trains. Only where asked for.
    scores: Tensor | None = None
    coarse: Tensor | None = None  # (B, S, W), the segments after the coarse layers


class ErnieLayout(nn.Module):
    """Text tokens first, then the visual tokens, through post-norm transformer layers."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        tables, _ = ATTENTION[config.attention]
        self.embeddings = Embeddings(config)
        self.visual = VisualEmbeddings(config) if config.patches else NoVision()
        self.relations = tables(config)
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.layers))
        self.pooler = nn.Linear(config.width, config.width)
        self.checkpointing = False  # trade a second forward of each layer for its memory
        self.apply(initialise)

    def forward(
        self,
        inputs: ModelInput,
        prompts: Prompts | None = None,
        *,
        with_scores: bool = False,
        depth: int | None = None,
    ) -> Encoded:
        """`depth` is the number of layers to go through, all by default."""
        B, T = inputs.token_ids.shape
        positions = inputs.positions
        if positions is None:
            self.check_length(T)
            positions = torch.arange(T, device=inputs.token_ids.device).expand(B, T)
        types = inputs.token_types
        if types is None:
            types = torch.zeros_like(inputs.token_ids)

        text = self.embeddings(inputs.token_ids, inputs.boxes, positions, types)  # (B, T, D)
        visual = self.visual(inputs.image, self.embeddings, B)  # (B, V, D)
        V = visual.shape[1]

        x = torch.cat([text, visual], 1)  # (B, N, D)
        boxes = torch.cat([inputs.boxes, self.visual.boxes.expand(B, V, 4)], 1)  # (B, N, 4)
        positions = torch.cat([positions, self.visual.positions.expand(B, V)], 1)  # (B, N)
        if prompts is not None:
            more = prompts.embedded(self.embeddings).to(x.dtype)  # (P, D)
            x = torch.cat([x, more.expand(B, -1, -1)], 1)  # (B, N, D), N now with prompts
            boxes = torch.cat([boxes, prompts.boxes.expand(B, -1, 4)], 1)  # (B, N, 4)
            positions = torch.cat([positions, prompts.positions.expand(B, -1)], 1)  # (B, N)

        keep = inputs.keep
        if keep is not None:  # visual tokens and prompts are never padding
            keep = F.pad(keep, (0, x.shape[1] - T), value=True)  # (B, N)

        relations = self.relations(positions, boxes, padding_mask(keep))
        if isinstance(relations, Tensor):
            # scaled_dot_product_attention wants the bias in its own precision; once is enough.
            relations = relations.to(working_dtype(x))

        scores = None
        for layer in cast(Iterable[EncoderLayer], self.layers[:depth]):
            if with_scores and layer is self.layers[-1]:
                scores = layer.attention.scores(x, relations).mean(1)[:, :T, :T]  # (B, T, T)
            if self.checkpointing and self.training:
                x = checkpoint(layer, x, relations, use_reentrant=False)
            else:
                x = layer(x, relations)  # (B, N, D)

        return Encoded(
            text=x[:, :T],
            visual=x[:, T : T + V],
            pooled=torch.tanh(self.pooler(x[:, 0])),
            visual_input=visual,
            scores=scores,
        )

    def check_length(self, tokens: int) -> None:
        most = self.config.positions
        if tokens > most and not torch.compiler.is_compiling():
            raise ValueError(f"{tokens} tokens and {most} positions; cut the page into windows")


class EncoderLayer(nn.Module):
    """Attention, then two linear layers; each is added to its input and normalised after."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        _, attention = ATTENTION[config.attention]
        self.attention = attention(config)
        self.attention_norm = nn.LayerNorm(config.width, eps=config.norm_eps)
        self.widen = nn.Linear(config.width, config.feed_forward)
        self.narrow = nn.Linear(config.feed_forward, config.width)
        self.norm = nn.LayerNorm(config.width, eps=config.norm_eps)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, relations: Tensor | Relative) -> Tensor:
        x = self.attention_norm(x + self.dropout(self.attention(x, relations)))
        y = self.narrow(F.gelu(self.widen(x)))  # the exact GELU, by erf
        return self.norm(x + self.dropout(y))  # type: ignore[no-any-return]


def initialise(module: nn.Module) -> None:
    """Fresh weights as the reference draws them; bias tables draw their own."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=INITIAL_STD)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
    if isinstance(module, nn.Conv2d):
        fan_in = module.weight[0].numel()
        nn.init.normal_(module.weight, std=(2 / fan_in) ** 0.5)


def working_dtype(x: Tensor) -> torch.dtype:
    """The precision that linear layers work in: autocast's, where it is on."""
    device = x.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype
