"""Elements that hold others, or stand between them: stacks, rows, frames, rules, art."""

from __future__ import annotations

from dataclasses import dataclass, replace

from docai.document import BlockKind
from docai.geometry import Box
from docai.training.synth.typeset import (
    BLACK,
    Block,
    Colour,
    Element,
    Fitted,
    Path,
    Shape,
    Sheet,
    Slab,
    Stroke,
    slabs,
)


@dataclass(frozen=True, slots=True)
class Space:
    amount: float

    def natural(self) -> float:
        return 0.0

    def fit(self, width: float) -> Space:
        return self

    @property
    def height(self) -> float:
        return self.amount

    def draw(self, sheet: Sheet, x: float, y: float) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Rule:
    """A line over the whole width (or a part of it), with room above and below."""

    thickness: float = 0.5
    colour: Colour = BLACK
    room: float = 3.0
    dash: float = 0.0
    share: float = 1.0
    double: bool = False

    def natural(self) -> float:
        return 0.0

    def fit(self, width: float) -> FittedRule:
        return FittedRule(self, width)


@dataclass(frozen=True, slots=True)
class FittedRule:
    rule: Rule
    width: float

    @property
    def height(self) -> float:
        return 2 * self.rule.room + self.rule.thickness

    def draw(self, sheet: Sheet, x: float, y: float) -> None:
        rule = self.rule
        for offset in (-1.0, 1.0) if rule.double else (0.0,):
            at = y + rule.room + offset
            end = x + self.width * rule.share
            sheet.strokes.append(Stroke(x, at, end, at, rule.thickness, rule.colour, rule.dash))


@dataclass(frozen=True, slots=True)
class Stack:
    """Elements below each other; a group is one block."""

    children: tuple[Element, ...]
    gap: float = 0.0
    group: BlockKind | None = None
    keep: bool = False  # on one page

    def natural(self) -> float:
        return max((child.natural() for child in self.children), default=0.0)

    def fit(self, width: float) -> FittedStack:
        return FittedStack(tuple(c.fit(width) for c in self.children), self.gap, self.group)

    def slabs(self, width: float) -> list[Slab]:
        if self.keep or self.group is not None:
            return [Slab(self.fit(width))]
        pieces = []
        for position, child in enumerate(self.children):
            if position and self.gap:
                pieces.append(Slab(Space(self.gap)))
            pieces += slabs(child, width)
        return pieces


@dataclass(frozen=True, slots=True)
class FittedStack:
    children: tuple[Fitted, ...]
    gap: float
    group: BlockKind | None

    @property
    def height(self) -> float:
        return sum(c.height for c in self.children) + self.gap * max(0, len(self.children) - 1)

    def draw(self, sheet: Sheet, x: float, y: float) -> None:
        outer = sheet.group
        if self.group is not None and outer is None:
            sheet.group = Block(self.group)
        for child in self.children:
            child.draw(sheet, x, y)
            y += child.height + self.gap
        sheet.group = outer


@dataclass(frozen=True, slots=True)
class Row:
    """Elements beside each other; a width of None takes an equal share of what is left."""

    children: tuple[Element, ...]
    widths: tuple[float | None, ...]
    gap: float = 12.0
    valign: str = "top"

    def natural(self) -> float:
        gaps = self.gap * (len(self.children) - 1)
        pairs = zip(self.children, self.widths, strict=True)
        return gaps + sum(c.natural() if w is None else w for c, w in pairs)

    def fit(self, width: float) -> FittedRow:
        gaps = self.gap * (len(self.children) - 1)
        fixed = sum(w for w in self.widths if w is not None)
        shares = sum(w is None for w in self.widths)
        share = max(10.0, (width - gaps - fixed) / shares) if shares else 0.0
        widths = tuple(share if w is None else w for w in self.widths)
        fitted = tuple(c.fit(w) for c, w in zip(self.children, widths, strict=True))
        return FittedRow(fitted, widths, self.gap, self.valign)


@dataclass(frozen=True, slots=True)
class FittedRow:
    children: tuple[Fitted, ...]
    widths: tuple[float, ...]
    gap: float
    valign: str

    @property
    def height(self) -> float:
        return max((child.height for child in self.children), default=0.0)

    def draw(self, sheet: Sheet, x: float, y: float) -> None:
        for child, width in zip(self.children, self.widths, strict=True):
            spare = self.height - child.height
            down = {"top": 0.0, "middle": spare / 2, "bottom": spare}[self.valign]
            child.draw(sheet, x, y + down)
            x += width + self.gap


@dataclass(frozen=True, slots=True)
class Frame:
    """Room around an element, perhaps a border, perhaps a ground."""

    child: Element
    padding: float = 6.0
    border: float = 0.0
    colour: Colour = BLACK
    fill: Colour | None = None
    sides: str = "tlbr"  # which of the four have a border
    least: float = 0.0  # height

    def natural(self) -> float:
        return self.child.natural() + 2 * self.padding

    def fit(self, width: float) -> FittedFrame:
        return FittedFrame(self, self.child.fit(width - 2 * self.padding), width)


@dataclass(frozen=True, slots=True)
class FittedFrame:
    frame: Frame
    child: Fitted
    width: float

    @property
    def height(self) -> float:
        return max(self.frame.least, self.child.height + 2 * self.frame.padding)

    def draw(self, sheet: Sheet, x: float, y: float) -> None:
        frame = self.frame
        box = Box(x, y, x + self.width, y + self.height)
        if frame.fill:
            sheet.shapes.append(Shape(rectangle(box), fill=frame.fill))
        if frame.border:
            draw_border(sheet, box, frame.border, frame.colour, frame.sides)
        self.child.draw(sheet, x + frame.padding, y + frame.padding)


def draw_border(sheet: Sheet, box: Box, width: float, colour: Colour, sides: str) -> None:
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    ends = {
        "t": (left, top, right, top),
        "b": (left, bottom, right, bottom),
        "l": (left, top, left, bottom),
        "r": (right, top, right, bottom),
    }
    sheet.strokes += [Stroke(*ends[side], width, colour) for side in sides]


def rectangle(box: Box) -> Path:
    return (
        ("moveTo", ((box.left, box.top),)),
        ("lineTo", ((box.right, box.top),)),
        ("lineTo", ((box.right, box.bottom),)),
        ("lineTo", ((box.left, box.bottom),)),
        ("closePath", ()),
    )


@dataclass(frozen=True, slots=True)
class Aside:
    """An element of its own width at one side of the width it is given."""

    child: Element
    width: float
    side: str = "right"  # or left, centre

    def natural(self) -> float:
        return self.width

    def fit(self, width: float) -> FittedAside:
        spare = max(0.0, width - self.width)
        left = {"left": 0.0, "centre": spare / 2, "right": spare}[self.side]
        return FittedAside(self.child.fit(min(width, self.width)), left)


@dataclass(frozen=True, slots=True)
class FittedAside:
    child: Fitted
    left: float

    @property
    def height(self) -> float:
        return self.child.height

    def draw(self, sheet: Sheet, x: float, y: float) -> None:
        self.child.draw(sheet, x + self.left, y)


@dataclass(frozen=True, slots=True)
class Art:
    """Outlines in a box of their own: a logo, a signature, a bar code."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    align: str = "left"
    room: float = 0.0  # what it lends of its place to its neighbours: it overlaps them

    def natural(self) -> float:
        return self.width

    def fit(self, width: float) -> FittedArt:
        spare = width - self.width
        return FittedArt(self, {"left": 0.0, "centre": spare / 2, "right": spare}[self.align])


@dataclass(frozen=True, slots=True)
class FittedArt:
    art: Art
    left: float

    @property
    def height(self) -> float:
        return max(0.0, self.art.height - self.art.room)

    def draw(self, sheet: Sheet, x: float, y: float) -> None:
        for shape in self.art.shapes:
            path = moved(shape.path, x + self.left, y - self.art.room / 2)
            sheet.shapes.append(replace(shape, path=path))


def moved(path: Path, dx: float, dy: float) -> Path:
    return tuple((verb, tuple((x + dx, y + dy) for x, y in points)) for verb, points in path)
