"""What a page is asked in words: the value of each described field, and its kind.

The head reads what the encoder's lower layers make of a page and has two layers of its own above
them, so that one encoder serves questions and fields without either disturbing the other. Page
and descriptions are encoded apart and meet in a product: one pass of the page serves all fields,
and a field or a kind that nobody trained needs no head of its own.

Dimensions: B windows, T tokens, D model width, K descriptions, N pairs of window and description.
"""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from docai.geometry import GRID
from docai.models.attention import ATTENTION, padding_mask
from docai.models.config import ModelConfig
from docai.models.encoder import EncoderLayer, ErnieLayout, working_dtype
from docai.models.inputs import ModelInput

LAYERS = 2  # of its own; they take the place of as many of the encoder's
PLACE_INNER = 64


class DescribedHead(nn.Module):
    """`depth` is how many of the encoder's layers are below it."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        tables, _ = ATTENTION[config.attention]
        self.depth = max(0, config.layers - LAYERS)
        self.place = nn.Sequential(
            nn.Linear(6, PLACE_INNER), nn.GELU(), nn.Linear(PLACE_INNER, config.width)
        )
        self.relations = tables(config)
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(LAYERS))
        self.fields = FieldScores(config.width)
        self.kinds = KindScores(config.width)

    def begin_with(self, encoder: ErnieLayout) -> None:
        """Copies of the layers whose place it takes; places of words add nothing yet."""
        self.relations = copy.deepcopy(encoder.relations)
        if len(encoder.layers) >= LAYERS:
            self.layers = copy.deepcopy(encoder.layers[-LAYERS:])
        for weight in self.place[-1].parameters():
            nn.init.zeros_(weight)

    def forward(self, below: Tensor, inputs: ModelInput) -> Tensor:
        """(B, T, D), from what the encoder's lower layers say of the text tokens (B, T, D)."""
        boxes = inputs.boxes
        sizes = boxes[..., 2:] - boxes[..., :2]
        x = below + self.place((torch.cat([boxes, sizes], -1) / GRID).to(below.dtype))
        positions = inputs.positions
        if positions is None:
            positions = torch.arange(x.shape[1], device=x.device).expand(x.shape[:2])
        relations = self.relations(positions, boxes, padding_mask(inputs.keep))
        if isinstance(relations, Tensor):
            relations = relations.to(working_dtype(x))
        for layer in self.layers:
            x = layer(x, relations)  # (B, T, D)
        return x  # type: ignore[no-any-return]


class FieldScores(nn.Module):
    """Start and end of the value of each described field; the first token says "not here".

    Weights are as PyTorch draws them: from the encoder's small start all products are alike.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.tokens = nn.Linear(width, 2 * width)
        self.ask = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, 2 * width))
        self.nothing = nn.Linear(width, 2)

    def forward(self, page: Tensor, described: Tensor) -> Tensor:
        """(2, B, K, T) from (B, T, D) and descriptions (K, D)."""
        D = described.shape[-1]
        tokens = self.tokens(page).unflatten(-1, (2, D))  # (B, T, 2, D)
        asked = self.ask(described).unflatten(-1, (2, D))  # (K, 2, D)
        scores = torch.einsum("btsd,ksd->sbkt", tokens, asked) / D**0.5
        nothing = self.nothing(described).T[:, None, :, None]  # (2, 1, K, 1)
        return torch.cat([scores[..., :1] + nothing, scores[..., 1:]], -1)


def field_loss(scores: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
    """Mean over the rows of (2, N, T) scores: how unlikely the places of a value are.

    `starts` and `ends` are bool (N, T). A value that stands in several places may be found in
    any of them.
    """
    chances = scores.log_softmax(-1)  # (2, N, T)
    truth = torch.stack([starts, ends])
    right: Tensor = chances.masked_fill(~truth, -torch.inf).logsumexp(-1)  # (2, N)
    return -right.mean()


class KindScores(nn.Module):
    """Which of the described kinds a page is, by its first token."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.page = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))
        self.ask = nn.Linear(width, width)

    def forward(self, page: Tensor, described: Tensor) -> Tensor:
        """(B, K) from (B, T, D) and descriptions (K, D)."""
        pages, kinds = self.page(page[:, 0]), self.ask(described)
        return pages @ kinds.T / pages.shape[-1] ** 0.5  # type: ignore[no-any-return]


def mean_of_tokens(read: Tensor, keep: Tensor | None) -> Tensor:
    """(B, D): a text's vector, whose mean square is 1, from the states of its tokens (B, T, D)."""
    weights = read.new_ones(read.shape[:2]) if keep is None else keep.to(read.dtype)
    sums = (read * weights[..., None]).sum(1)  # (B, D)
    return F.normalize(sums, dim=-1) * float(sums.shape[-1] ** 0.5)
