"""Axis-aligned boxes in page points.

One convention, everywhere past the engine adapters: the unit is the PDF point
(1/72 inch), the origin is the top-left corner of the page, and y grows downwards.
Pixels and the model's 0..1000 grid are converted here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

POINTS_PER_INCH = 72
GRID = 1000  # side of the integer grid that layout-aware transformers embed


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """A rectangle in page points, with left <= right and top <= bottom.

    >>> Box(10, 20, 30, 25).height
    5
    """

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        # Written so that a NaN, which compares false with everything, is refused as well.
        if not (self.left <= self.right and self.top <= self.bottom):
            raise ValueError(f"box is inside out: {self}")

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y) of the middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def intersection(self, other: Box) -> Box | None:
        """The shared rectangle, or None where the boxes do not touch."""
        left, right = max(self.left, other.left), min(self.right, other.right)
        top, bottom = max(self.top, other.top), min(self.bottom, other.bottom)
        if right < left or bottom < top:
            return None
        return Box(left, top, right, bottom)

    def contains_point(self, x: float, y: float) -> bool:
        """Edges count as inside."""
        return self.left <= x <= self.right and self.top <= y <= self.bottom

    def overlap_x(self, other: Box) -> float:
        """Length in points of the shared horizontal extent; negative is the gap between them."""
        return min(self.right, other.right) - max(self.left, other.left)

    def overlap_y(self, other: Box) -> float:
        """Length in points of the shared vertical extent; negative is the gap between them."""
        return min(self.bottom, other.bottom) - max(self.top, other.top)

    @classmethod
    def enclosing(cls, boxes: Iterable[Box]) -> Box:
        """The smallest box that contains every given one."""
        boxes = list(boxes)
        if not boxes:
            raise ValueError("no boxes to enclose")
        return cls(
            min([b.left for b in boxes]),
            min([b.top for b in boxes]),
            max([b.right for b in boxes]),
            max([b.bottom for b in boxes]),
        )


def box_from_pixels(left: float, top: float, right: float, bottom: float, *, dpi: float) -> Box:
    """Points from the pixels of an image rendered at `dpi`."""
    scale = POINTS_PER_INCH / dpi
    return Box(left * scale, top * scale, right * scale, bottom * scale)


def to_pixels(box: Box, *, dpi: float) -> tuple[float, float, float, float]:
    """(x0, y0, x1, y1) in pixels of an image of the page at `dpi`."""
    scale = dpi / POINTS_PER_INCH
    return box.left * scale, box.top * scale, box.right * scale, box.bottom * scale


def to_grid(box: Box, *, width: float, height: float) -> tuple[int, int, int, int]:
    """(x0, y0, x1, y1) on the 0..GRID grid of a page of this size in points.

    A box that reaches over the page's edge is cut there.

    >>> to_grid(Box(0, 0, 306, 792), width=612, height=792)
    (0, 0, 500, 1000)
    """

    def on_grid(value: float, extent: float) -> int:
        return min(GRID, max(0, round(GRID * value / extent)))

    return (
        on_grid(box.left, width),
        on_grid(box.top, height),
        on_grid(box.right, width),
        on_grid(box.bottom, height),
    )


def line_by_line(boxes: Sequence[Box]) -> list[int]:
    """Their indices as lines are read: downwards, and from left to right within a line.

    A box stands in a line where its middle is above the bottom of the line's first box.
    """
    lines: list[list[int]] = []
    for i in sorted(range(len(boxes)), key=lambda i: boxes[i].centre[1]):
        if lines and boxes[i].centre[1] < boxes[lines[-1][0]].bottom:
            lines[-1].append(i)
        else:
            lines.append([i])
    return [i for line in lines for i in sorted(line, key=lambda i: boxes[i].left)]
