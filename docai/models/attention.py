"""Self-attention that knows the reading order and where tokens sit on the page.

Two forms, each a pair of modules: one looks at positions and boxes once per forward and says
what layers need to know about every pair of tokens; the other attends, once per layer.

    bias           BiasTables      -> (B, H, N, N)        BiasAttention
    disentangled   RelativeTables  -> Relative            DisentangledAttention

Dimensions: B batch, N tokens (text and visual), D model width, H heads, K head width
(D = H * K), k clipping distance, R rows of all relative tables.
No step builds a tensor with both N * N and K among its axes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from docai.models.config import Attention, ModelConfig

HEADS_AT_ONCE = 2  # in disentangled attention
LEFT, BOTTOM = 0, 3  # the edges of a box that relative positions are taken from


class BiasAttention(nn.Module):
    """softmax(Q K^T / sqrt(K) + bias) V."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.dropout = config.attention_dropout
        self.query_key_value = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        q, k, v = split_heads(self.query_key_value(x), 3, self.heads)  # 3 of (B, H, N, K)
        # The bias is added after scaling: the checkpoint was trained that way.
        y = F.scaled_dot_product_attention(
            q, k, v, attn_mask=bias, dropout_p=self.dropout if self.training else 0.0
        )  # (B, H, N, K)
        return self.out(join_heads(y))  # type: ignore[no-any-return]

    def scores(self, x: Tensor, bias: Tensor) -> Tensor:
        """(B, H, N, N): what the softmax sees."""
        q, k, _ = split_heads(self.query_key_value(x), 3, self.heads)  # (B, H, N, K)
        return q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + bias


class BiasTables(nn.Module):
    """Bucketed distances in reading order, in x (left edges) and in y (bottom edges)."""

    reach: dict[str, int]

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.position = self.x = self.y = None
        if config.position_buckets is not None:
            self.position = DistanceBias(
                config.position_buckets, config.position_reach, config.heads
            )
        if config.box_buckets is not None:
            self.x = DistanceBias(config.box_buckets, config.box_reach, config.heads)
            self.y = DistanceBias(config.box_buckets, config.box_reach, config.heads)

    def forward(self, positions: Tensor, boxes: Tensor, mask: Tensor | None) -> Tensor:
        """(B, H, N, N); `mask` (B, 1, 1, N) is -inf at padding."""
        terms = [
            table(values)
            for table, values in (
                (self.position, positions),
                (self.x, boxes[..., LEFT]),
                (self.y, boxes[..., BOTTOM]),
            )
            if table is not None
        ]  # each (B, N, N, H)
        B, N = positions.shape
        if not terms:
            return _masked(torch.zeros(B, 1, N, N, device=boxes.device), mask)
        bias = terms[0]
        for term in terms[1:]:
            bias = bias + term
        # Contiguous once here, or every layer would walk it with a stride of H.
        return _masked(bias.permute(0, 3, 1, 2).contiguous(), mask)


class DistanceBias(nn.Module):
    """One learned number per head for each bucket of (key - query)."""

    bucket_of: Tensor

    def __init__(self, buckets: int, reach: int, heads: int) -> None:
        super().__init__()
        self.reach = reach
        self.weight = nn.Parameter(torch.empty(buckets, heads))
        nn.init.xavier_uniform_(self.weight)
        every = torch.arange(-reach, reach + 1)
        table = bucket(every, buckets=buckets, reach=reach)  # (2 * reach + 1)
        self.register_buffer("bucket_of", table, persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """(B, N, N, H) from (B, N): row i is the query, column j the key."""
        distance = values[:, None, :] - values[:, :, None]  # (B, N, N)
        index = self.bucket_of[distance.clamp(-self.reach, self.reach) + self.reach]
        return F.embedding(index, self.weight)


def bucket(distance: Tensor, *, buckets: int, reach: int) -> Tensor:
    """T5's bidirectional buckets (arXiv 1910.10683): exact near 0, logarithmic up to `reach`.

    Half of the buckets are for each sign, the upper half for positive distances.
    """
    half = buckets // 2
    exact = half // 2
    n = distance.abs()
    far = torch.log(n.clamp(min=1).float() / exact) / math.log(reach / exact) * (half - exact)
    far = (exact + far.long()).clamp(max=half - 1)
    return torch.where(distance > 0, half, 0) + torch.where(n < exact, n, far)


@dataclass(frozen=True, slots=True, eq=False)
class Relative:
    """What disentangled attention needs to know of reading order, x and y."""

    tables: tuple[Tensor, ...]  # 3 of (2k, D), embeddings of the clipped distances
    # 3 of (B, 1, N, N) int64: the row of (i, j), counted through all three tables, R rows in all
    index: tuple[Tensor, ...]
    mask: Tensor | None  # (B, 1, 1, N), -inf at padding


class RelativeTables(nn.Module):
    """Embeddings of clipped distances, shared by all layers; each layer projects them itself.

    Whether the paper shares them is not known.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.clips = (config.position_clip, config.box_clip, config.box_clip)
        self.steps = (1, config.box_step, config.box_step)
        self.tables = nn.ModuleList(nn.Embedding(2 * k, config.width) for k in self.clips)

    def forward(self, positions: Tensor, boxes: Tensor, mask: Tensor | None) -> Relative:
        axes = (positions, boxes[..., LEFT], boxes[..., BOTTOM])  # 3 of (B, N)
        index, rows = [], 0
        for values, step, k in zip(axes, self.steps, self.clips, strict=True):
            index.append(clipped_distance(values // step, k)[:, None] + rows)
            rows += 2 * k
        tables = tuple(cast(nn.Embedding, table).weight for table in self.tables)
        return Relative(tables, tuple(index), mask)


def clipped_distance(values: Tensor, k: int) -> Tensor:
    """(B, N, N) of rows 0..2k-1: delta(i, j) = clip(v_i - v_j + k), as ERNIE-Layout defines it."""
    return (values[:, :, None] - values[:, None, :] + k).clamp(0, 2 * k - 1)


class DisentangledAttention(nn.Module):
    """Spatial-aware disentangled attention (ERNIE-Layout, section on attention).

    A_ij = Qc_i . Kc_j + sum over t in (order, x, y) of
           Qc_i . Kt[delta_t(i, j)] + Kc_j . Qt[delta_t(j, i)]
    H = softmax(A / sqrt(3 K)) Vc
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.dropout = config.attention_dropout
        # The paper's scaling; the 3 counts DeBERTa's products, though there are seven here.
        self.scale = 1 / math.sqrt(3 * config.head_width)
        self.query_key_value = nn.Linear(config.width, 3 * config.width)
        self.relative_query_key = nn.ModuleList(
            nn.Linear(config.width, 2 * config.width, bias=False) for _ in range(3)
        )
        self.out = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor, relative: Relative) -> Tensor:
        q, k, v = split_heads(self.query_key_value(x), 3, self.heads)  # 3 of (B, H, N, K)
        qt, kt = self.place_query_key(relative)  # 2 of (1, H, R, K)
        # A few heads at a time: what they need for each pair then stays in the CPU's cache.
        parts = zip(*(torch.split(t, HEADS_AT_ONCE, 1) for t in (q, k, v, qt, kt)), strict=True)
        y = [
            F.scaled_dot_product_attention(
                q,
                k,
                v,
                attn_mask=_masked(self.place_terms(q, k, qt, kt, relative.index), relative.mask),
                dropout_p=self.dropout if self.training else 0.0,
                scale=self.scale,
            )
            for q, k, v, qt, kt in parts
        ]  # each (B, HEADS_AT_ONCE, N, K)
        return self.out(join_heads(torch.cat(y, 1)))  # type: ignore[no-any-return]

    def scores(self, x: Tensor, relative: Relative) -> Tensor:
        """(B, H, N, N): what the softmax sees."""
        q, k, _ = split_heads(self.query_key_value(x), 3, self.heads)  # (B, H, N, K)
        content = self.scale * q @ k.transpose(-1, -2)  # (B, H, N, N)
        qt, kt = self.place_query_key(relative)  # 2 of (1, H, R, K)
        place = self.place_terms(q, k, qt, kt, relative.index)
        return _masked(content + place, relative.mask)

    def place_query_key(self, relative: Relative) -> tuple[Tensor, ...]:
        """2 of (1, H, R, K): query and key of every clipped distance, the three axes in turn."""
        rows = [
            project(table)
            for project, table in zip(self.relative_query_key, relative.tables, strict=True)
        ]  # 3 of (2k, 2D)
        return split_heads(torch.cat(rows)[None], 2, self.heads)

    def place_terms(
        self, q: Tensor, k: Tensor, qt: Tensor, kt: Tensor, index: tuple[Tensor, ...]
    ) -> Tensor:
        """(B, H, N, N): the six products of content and place, scaled; H heads, or some of them."""
        H, N = q.shape[1:3]
        # Every distance there is, then each pair takes its own: R numbers a token, not N K.
        from_query = self.scale * q @ kt.transpose(-1, -2)  # (B, H, N, R)
        from_key = self.scale * k @ qt.transpose(-1, -2)  # (B, H, N, R)
        first, *others = (axis.expand(-1, H, N, N) for axis in index)  # views
        content_place = from_query.gather(-1, first)  # (B, H, N, N) at (i, j)
        place_content = from_key.gather(-1, first)  # (B, H, N, N) at (j, i)
        # In place: these are the largest tensors of a layer, and memory is what they cost.
        for pairs in others:
            content_place += from_query.gather(-1, pairs)
            place_content += from_key.gather(-1, pairs)
        content_place += place_content.transpose(-1, -2)
        return content_place


def split_heads(x: Tensor, parts: int, heads: int) -> tuple[Tensor, ...]:
    """(B, N, parts * D) to `parts` of (B, H, N, K)."""
    B, N, _ = x.shape
    return x.view(B, N, parts, heads, -1).permute(2, 0, 3, 1, 4).unbind(0)


def join_heads(y: Tensor) -> Tensor:
    """(B, H, N, K) to (B, N, D)."""
    return y.transpose(1, 2).flatten(2)


def padding_mask(keep: Tensor | None) -> Tensor | None:
    """(B, 1, 1, N): 0 for tokens, -inf for padding; None where nothing is padded."""
    if keep is None:
        return None
    mask = torch.zeros(keep.shape, device=keep.device)
    return mask.masked_fill(~keep, -math.inf)[:, None, None, :]


def _masked(bias: Tensor, mask: Tensor | None) -> Tensor:
    return bias if mask is None else bias + mask.to(bias.dtype)


ATTENTION: dict[
    Attention,
    tuple[
        type[BiasTables] | type[RelativeTables], type[BiasAttention] | type[DisentangledAttention]
    ],
] = {
    Attention.BIAS: (BiasTables, BiasAttention),
    Attention.DISENTANGLED: (RelativeTables, DisentangledAttention),
}
