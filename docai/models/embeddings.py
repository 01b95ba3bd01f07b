"""Word, order, kind and place of a token, summed.

Dimensions: B batch, T tokens, D model width.
Reference: ERNIE-Layout (arXiv 2210.06155), section on embeddings; PaddleNLP's ernie_layout.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from docai.models.config import Layout, ModelConfig

INITIAL_STD = 0.02  # of every fresh linear and embedding weight, as in BERT


class SharedLayout(nn.Module):
    """The released code's form: left and right share a table, so do top and bottom."""

    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        self.x = nn.Embedding(rows, width)
        self.y = nn.Embedding(rows, width)
        self.w = nn.Embedding(rows, width)
        self.h = nn.Embedding(rows, width)

    def forward(self, boxes: Tensor) -> Tensor:
        left, top, right, bottom = boxes.unbind(-1)  # 4 x (B, T)
        edges = self.x(left) + self.y(top) + self.x(right) + self.y(bottom)  # (B, T, D)
        return edges + self.w(right - left) + self.h(bottom - top)  # type: ignore[no-any-return]


class AxisLayout(nn.Module):
    """The paper's form: E_2x(x0, x1, w) + E_2y(y0, y1, h), one layer per axis.

    How a layer joins its three numbers is not said there; here each has its own table.
    """

    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        self.x = nn.ModuleList(nn.Embedding(rows, width) for _ in range(3))
        self.y = nn.ModuleList(nn.Embedding(rows, width) for _ in range(3))

    def forward(self, boxes: Tensor) -> Tensor:
        left, top, right, bottom = boxes.unbind(-1)  # 4 x (B, T)
        x = zip(self.x, (left, right, right - left), strict=True)
        y = zip(self.y, (top, bottom, bottom - top), strict=True)
        parts = [table(value) for table, value in (*x, *y)]  # 6 x (B, T, D)
        return torch.stack(parts).sum(0)


LAYOUTS = {Layout.SHARED: SharedLayout, Layout.AXES: AxisLayout}


class Embeddings(nn.Module):
    """The tables. `place` is what text and visual tokens have in common."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        # No padding row is zeroed: the reference has none, and padding is masked anyway.
        self.word = nn.Embedding(config.vocabulary, config.width)
        self.position = nn.Embedding(config.positions, config.width)
        self.token_type = nn.Embedding(config.token_types, config.width)
        self.layout = LAYOUTS[config.layout](config.coordinates, config.width)
        self.norm = nn.LayerNorm(config.width, eps=config.norm_eps)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, token_ids: Tensor, boxes: Tensor, positions: Tensor, token_types: Tensor
    ) -> Tensor:
        """(B, T, D) of the text tokens."""
        x = self.word(token_ids) + self.place(positions, boxes) + self.token_type(token_types)
        return self.dropout(self.norm(x))  # type: ignore[no-any-return]

    def place(self, positions: Tensor, boxes: Tensor) -> Tensor:
        """(B, T, D): where in the reading order, and where on the page."""
        return self.position(positions) + self.layout(boxes)  # type: ignore[no-any-return]
