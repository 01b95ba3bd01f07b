"""The only way into a model: tensors whose shapes and ranges were checked once.

Dimensions: B batch, T text tokens, S segments, F text-shape features, P image side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import torch
from torch import Tensor

from docai.geometry import GRID

GridBox = tuple[int, int, int, int]
MAX_PADDING = 0.10  # of a batch's tokens; more means that lengths too different were mixed


@dataclass(frozen=True, slots=True, eq=False)
class ModelInput:
    """A batch of windows.

    `image` holds 0..255 in RGB order, not divided by anything: the backbone normalises it.
    `keep` is True for real tokens; None says that nothing is padding.
    `token_types` default to 0, `positions` to 0, 1, 2, ...
    """

    token_ids: Tensor  # (B, T) int64
    boxes: Tensor  # (B, T, 4) int64, left, top, right, bottom on the grid 0..GRID
    image: Tensor | None = None  # (B, 3, P, P) uint8 or float
    keep: Tensor | None = None  # (B, T) bool
    token_types: Tensor | None = None  # (B, T) int64
    positions: Tensor | None = None  # (B, T) int64

    def __post_init__(self) -> None:
        # A traced graph carries no values to look at; its inputs were checked outside.
        if torch.compiler.is_compiling():
            return
        if self.token_ids.ndim != 2:
            raise ValueError(f"token_ids are {_shape(self.token_ids)}, not (batch, tokens)")
        B, T = self.token_ids.shape
        _expect("boxes", self.boxes, (B, T, 4))
        for name in ("keep", "token_types", "positions"):
            _expect(name, getattr(self, name), (B, T))
        if self.keep is not None and self.keep.dtype != torch.bool:
            raise ValueError(f"keep is {self.keep.dtype}, not bool")
        if self.image is not None and (
            self.image.ndim != 4 or self.image.shape[:2] != torch.Size((B, 3))
        ):
            raise ValueError(f"image is {_shape(self.image)}, not ({B}, 3, height, width)")
        check_boxes(self.boxes)

    def to(self, device: torch.device | str) -> Self:
        tensors = {f.name: getattr(self, f.name) for f in fields(self)}
        moved = {name: t.to(device) for name, t in tensors.items() if t is not None}
        return type(self)(**moved)


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Pieces of text that belong together, found by layout code: the coarse nodes of a page."""

    members: Tensor  # (B, T) int64, the segment of each token; -1 for none
    boxes: Tensor  # (B, S, 4) int64 on the grid
    shape: Tensor  # (B, S, F) float, see mmlayout.text_shape
    keep: Tensor  # (B, S) bool, True for real segments
    labels: Tensor | None = None  # (B, S) int64, where the caller knows what each is

    def __post_init__(self) -> None:
        if torch.compiler.is_compiling():
            return
        B, S, _ = self.boxes.shape
        _expect("segment boxes", self.boxes, (B, S, 4))
        _expect("segment keep", self.keep, (B, S))
        _expect("segment labels", self.labels, (B, S))
        if self.shape.shape[:2] != torch.Size((B, S)):
            raise ValueError(f"segment shape is {_shape(self.shape)}, not ({B}, {S}, features)")
        if self.members.shape[0] != B or self.members.ndim != 2:
            raise ValueError(f"segment members are {_shape(self.members)}, not ({B}, tokens)")
        if self.members.numel() and int(self.members.max()) >= S:
            raise ValueError(f"a token names segment {int(self.members.max())} of {S}")
        check_boxes(self.boxes)


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """One unpadded window of a page, before it is stacked into a batch."""

    token_ids: Sequence[int]
    boxes: Sequence[GridBox]
    image: Tensor | None = None  # (3, P, P) uint8, RGB
    token_types: Sequence[int] | None = None
    positions: Sequence[int] | None = None


def check_boxes(boxes: Tensor) -> None:
    """Raise ValueError naming the first box that is off the grid or inside out."""
    left, top, right, bottom = boxes.unbind(-1)
    good = (left >= 0) & (top >= 0) & (left <= right) & (top <= bottom)
    good &= (right <= GRID) & (bottom <= GRID)
    if bool(good.all()):
        return
    first = [int(i) for i in (~good).nonzero()[0]]
    raise ValueError(
        f"box {first[1]} of row {first[0]} is {boxes[tuple(first)].tolist()}; boxes are "
        f"(left, top, right, bottom) on the grid 0..{GRID}: use docai.geometry.to_grid"
    )


def stack(windows: Sequence[Window], *, pad_id: int) -> ModelInput:
    """Windows of one batch, padded on the right to the longest.

    `keep` is None where all have the same length. Images must be on all or on none.
    """
    lengths = [len(window.token_ids) for window in windows]
    T = max(lengths)
    keep = torch.arange(T)[None] < torch.tensor(lengths)[:, None]  # (B, T)
    images = [window.image for window in windows if window.image is not None]
    if len(images) not in (0, len(windows)):
        raise ValueError("some windows of the batch have an image and some have none")
    boxes = [[*window.boxes, *[(0, 0, 0, 0)] * (T - len(window.boxes))] for window in windows]
    return ModelInput(
        token_ids=_padded([window.token_ids for window in windows], T, pad_id),
        boxes=torch.tensor(boxes),
        image=torch.stack(images) if images else None,
        keep=None if min(lengths) == T else keep,
        token_types=_padded([w.token_types or [0] * len(w.token_ids) for w in windows], T, 0),
        positions=_padded([w.positions or range(len(w.token_ids)) for w in windows], T, 0),
    )


def batches_by_length(lengths: Sequence[int], *, max_tokens: int) -> list[list[int]]:
    """Indices of windows grouped so that little of any batch is padding.

    A batch holds at most `max_tokens` tokens, padding included, of which at most
    MAX_PADDING are padding. A window longer than `max_tokens` gets a batch of its own.
    """
    batches: list[list[int]] = []
    longest = filled = 0
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        size = len(batches[-1]) + 1 if batches else 0
        padded = longest * size
        fits = padded <= max_tokens and padded - filled - lengths[i] <= MAX_PADDING * padded
        if batches and fits:
            batches[-1].append(i)
            filled += lengths[i]
        else:
            batches.append([i])
            longest = filled = lengths[i]
    return batches


def _padded(rows: Sequence[Sequence[int]], length: int, value: int) -> Tensor:
    return torch.tensor([[*row, *[value] * (length - len(row))] for row in rows])


def _expect(name: str, tensor: Tensor | None, shape: tuple[int, ...]) -> None:
    if tensor is not None and tensor.shape != torch.Size(shape):
        raise ValueError(f"{name} are {_shape(tensor)}, not {shape}")


def _shape(tensor: Tensor) -> tuple[int, ...]:
    return tuple(tensor.shape)
