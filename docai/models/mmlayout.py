"""Coarse nodes above the fine tokens: text segments, and salient regions of the picture.

A form lives on its segments ("Invoice no.", "4711") and on how they lie to each other. Each
node pools its fine tokens and adds its own geometry and text shape; a few transformer layers
look at all nodes under a bias made from each pair's boxes; the result goes back into the
fine tokens, and is read directly by segment labels and key-value links.

This is our own design, inspired by the abstract of ERNIE-mmLayout (arXiv 2209.08569). Its
numbers of layers, its edges, its clustering and its use of common sense are not public.

Dimensions: B batch, T text tokens, V visual tokens, D model width, S segments, R regions,
M = S + R coarse nodes, W coarse width, H coarse heads, A features of a pair.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from docai.geometry import GRID
from docai.models.attention import padding_mask
from docai.models.config import Attention, ModelConfig
from docai.models.encoder import Encoded, EncoderLayer, working_dtype
from docai.models.heads import Biaffine, without_self
from docai.models.inputs import Segments

TEXT_SHAPE = 12  # features of text_shape
BOX_FEATURES = 6
PAIR_FEATURES = 20
CLUSTER_ROUNDS = 5  # of k-means over 49 patches; it has settled by then


def text_shape(text: str) -> tuple[float, ...]:
    """What a segment's text looks like, each about 0..1; the words themselves are the encoder's.

    >>> text_shape("Total:")[3]
    1.0
    """
    count = max(1, len(text))
    words = text.split()
    return (
        sum(map(str.isupper, text)) / count,
        sum(map(str.isdigit, text)) / count,
        sum(not c.isalnum() and not c.isspace() for c in text) / count,
        float(text.rstrip().endswith((":", "："))),
        float(text.rstrip().endswith((".", "。"))),
        float(text[:1].isupper()),
        float(text.isupper()),
        float(any(map(str.isdigit, text))),
        float(any(c in "$€£¥₹" for c in text)),
        float(not any(map(str.isalnum, text))),
        min(1.0, math.log1p(len(text)) / 6),  # 6: about 400 characters
        min(1.0, len(words) / 20),
    )


class CoarseLayers(nn.Module):
    """Encoded in, Encoded out: the same tokens, now aware of the segments they belong to."""

    patch_boxes: Tensor

    def __init__(self, config: ModelConfig, patch_boxes: Tensor) -> None:
        super().__init__()
        assert config.coarse is not None
        coarse = config.coarse
        W = coarse.width
        self.regions = coarse.regions
        self.register_buffer("patch_boxes", patch_boxes, persistent=False)  # (V, 4)
        self.from_text = nn.Linear(config.width, W)
        self.from_visual = nn.Linear(config.width, W)
        self.from_shape = nn.Linear(TEXT_SHAPE, W)
        self.from_box = nn.Linear(BOX_FEATURES, W)
        self.norm = nn.LayerNorm(W)
        self.dropout = nn.Dropout(coarse.dropout)
        self.pairs = PairGeometry(coarse.heads)
        layer = replace(
            config,
            width=W,
            heads=coarse.heads,
            feed_forward=4 * W,
            dropout=coarse.dropout,
            attention=Attention.BIAS,
        )
        self.layers = nn.ModuleList(EncoderLayer(layer) for _ in range(coarse.layers))
        self.to_text = nn.Linear(W, config.width)
        self.to_visual = nn.Linear(W, config.width)

    def forward(self, encoded: Encoded, segments: Segments) -> Encoded:
        S = segments.boxes.shape[1]
        text_of = membership(segments.members, S)  # (B, S, T)
        patch_of = salient_regions(encoded.visual, self.patch_boxes, self.regions)  # (B, R, V)

        boxes = torch.cat([segments.boxes, region_boxes(patch_of, self.patch_boxes)], 1)
        keep = torch.cat([segments.keep, patch_of.any(-1)], 1)  # (B, M)
        x = torch.cat(
            [
                self.from_text(mean_of(text_of, encoded.text))
                + self.from_shape(segments.shape.to(encoded.text.dtype)),
                self.from_visual(mean_of(patch_of, encoded.visual)),
            ],
            1,
        )  # (B, M, W)
        x = x + self.from_box(box_features(boxes).to(x.dtype))
        x = self.dropout(self.norm(x))

        bias = self.pairs(boxes).permute(0, 3, 1, 2)  # (B, H, M, M)
        mask = padding_mask(keep)
        assert mask is not None
        bias = (bias + mask).to(working_dtype(x))
        for layer in self.layers:
            x = layer(x, bias)  # (B, M, W)

        # A token without a segment, and a patch of blank paper, are left as they were.
        to_text = text_of.transpose(1, 2).to(x.dtype) @ x[:, :S]  # (B, T, W)
        to_visual = patch_of.transpose(1, 2).to(x.dtype) @ x[:, S:]  # (B, V, W)
        in_text = text_of.any(1)[..., None]  # (B, T, 1)
        in_visual = patch_of.any(1)[..., None]  # (B, V, 1)
        return replace(
            encoded,
            text=encoded.text + self.to_text(to_text) * in_text,
            visual=encoded.visual + self.to_visual(to_visual) * in_visual,
            coarse=x[:, :S],
        )


class PairGeometry(nn.Module):
    """`outputs` learned numbers for each pair of boxes, from how they lie to each other."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.widen = nn.Linear(PAIR_FEATURES, 32)
        self.narrow = nn.Linear(32, outputs)

    def forward(self, boxes: Tensor) -> Tensor:
        """(B, M, M, outputs) from (B, M, 4)."""
        x = pair_features(boxes).to(self.widen.weight.dtype)  # (B, M, M, A)
        return self.narrow(F.gelu(self.widen(x)))  # type: ignore[no-any-return]


class SegmentHead(nn.Module):
    """A label for every segment."""

    def __init__(self, config: ModelConfig, labels: int) -> None:
        super().__init__()
        assert config.coarse is not None
        self.dropout = nn.Dropout(config.coarse.dropout)
        self.classify = nn.Linear(config.coarse.width, labels)

    def forward(self, coarse: Tensor) -> Tensor:
        """(B, S, C)."""
        return self.classify(self.dropout(coarse))  # type: ignore[no-any-return]


class SegmentLinkHead(nn.Module):
    """Which key does each segment belong to, or none: biaffine, plus a term of the pair's boxes."""

    def __init__(self, config: ModelConfig, labels: int) -> None:
        super().__init__()
        assert config.coarse is not None
        W = config.coarse.width
        self.label = nn.Embedding(labels, W) if labels else None
        self.pick = Biaffine(W, W, config.coarse.dropout)
        self.pairs = PairGeometry(1)

    def forward(self, coarse: Tensor, segments: Segments) -> Tensor:
        """(B, S, 1 + S): column 0 is "no key", column 1 + j is segment j."""
        if self.label is not None:
            if segments.labels is None:
                raise ValueError("this head was built to be told each segment's label")
            coarse = coarse + self.label(segments.labels)
        near = self.pairs(segments.boxes)[..., 0]  # (B, S, S)
        return without_self(self.pick(coarse) + F.pad(near, (1, 0)), segments.keep)


def membership(members: Tensor, count: int) -> Tensor:
    """(B, count, T) bool: is token t in segment s. A member of -1 is in none."""
    return members[:, None, :] == torch.arange(count, device=members.device)[None, :, None]


def mean_of(groups: Tensor, x: Tensor) -> Tensor:
    """(B, S, D): the mean of each group's rows of x (B, T, D); 0 for an empty group."""
    weights = groups.to(x.dtype)
    return weights @ x / weights.sum(-1, keepdim=True).clamp(min=1)


@torch.no_grad()
def salient_regions(visual: Tensor, patch_boxes: Tensor, regions: int) -> Tensor:
    """(B, R, V) bool: k-means clusters of patches that look alike and lie together.

    The cluster with most patches is taken for blank paper and left empty. Deterministic: the
    first centre is the patch nearest the mean, each further one the patch farthest from all
    centres so far. The assignment has no gradient, what is pooled by it has.
    """
    x = torch.cat([F.normalize(visual.float(), dim=-1), _centres(patch_boxes, len(visual))], -1)
    distance = (x - x.mean(1, keepdim=True)).square().sum(-1)  # (B, V)
    centres = [_take(x, distance.argmin(1))]
    for _ in range(regions - 1):
        nearest = torch.cdist(x, torch.stack(centres, 1)).amin(-1)  # (B, V)
        centres.append(_take(x, nearest.argmax(1)))
    means = torch.stack(centres, 1)  # (B, R, D + 2)
    for _ in range(CLUSTER_ROUNDS):
        groups = membership(torch.cdist(x, means).argmin(-1), regions)  # (B, R, V)
        means = torch.where(groups.any(-1, keepdim=True), mean_of(groups, x), means)
    paper = membership(groups.sum(-1).argmax(1, keepdim=True), regions)  # (B, R, 1)
    return groups & ~paper


def region_boxes(groups: Tensor, patch_boxes: Tensor) -> Tensor:
    """(B, R, 4): the box around each group of patches; all 0 for an empty group."""
    inside = groups[..., None]  # (B, R, V, 1)
    first = torch.where(inside, patch_boxes[:, :2], GRID).amin(2)  # (B, R, 2)
    last = torch.where(inside, patch_boxes[:, 2:], 0).amax(2)  # (B, R, 2)
    return torch.cat([first, last], -1) * groups.any(-1, keepdim=True)


def box_features(boxes: Tensor) -> Tensor:
    """(..., BOX_FEATURES): edges and size, in pages."""
    edges = boxes / GRID
    return torch.cat([edges, edges[..., 2:] - edges[..., :2]], -1)


def pair_features(boxes: Tensor) -> Tensor:
    """(B, M, M, PAIR_FEATURES): how box j lies as seen from box i."""
    page = boxes / GRID  # (B, M, 4)
    a, b = page[:, :, None], page[:, None, :]  # (B, M, 1, 4), (B, 1, M, 4)
    edges = b - a  # (B, M, M, 4): left, top, right and bottom alignment
    centre = (edges[..., :2] + edges[..., 2:]) / 2  # (B, M, M, 2)
    shared = torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])
    size_a, size_b = a[..., 2:] - a[..., :2], b[..., 2:] - b[..., :2]
    tiny = 1 / GRID  # no box is thinner than one step of the grid
    overlap = shared.clamp(min=0) / torch.minimum(size_a, size_b).clamp(min=tiny)
    ratio = torch.log(size_b.clamp(min=tiny) / size_a.clamp(min=tiny)) / 4
    plain = torch.cat([edges, centre, (-shared).clamp(min=0)], -1)  # (B, M, M, 8)
    # Neighbours differ by a hundredth of a page: a logarithm spreads what is near.
    near = plain.sign() * torch.log1p(100 * plain.abs()) / 4
    return torch.cat([plain, near, overlap.clamp(max=1), ratio], -1)


def _centres(patch_boxes: Tensor, batch: int) -> Tensor:
    """(B, V, 2) in pages."""
    page = patch_boxes.float() / GRID
    return ((page[:, :2] + page[:, 2:]) / 2).expand(batch, -1, -1)


def _take(x: Tensor, index: Tensor) -> Tensor:
    """(B, D): row index[b] of x[b]."""
    return x[torch.arange(len(x), device=x.device), index]
