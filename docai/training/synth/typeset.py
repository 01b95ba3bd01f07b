"""A page as a tree of elements, and the step that places its words.

An element is fitted into a width and then knows its height; drawn, it leaves words, strokes and
shapes on a sheet. Units are points, the origin is the page's top left corner. The order of
drawing is the reading order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from docai.document import BlockKind
from docai.geometry import Box
from docai.training.synth.faces import Face, faces
from docai.training.synth.marks import Mark

Colour = tuple[float, float, float]  # red, green, blue, 0..1
BLACK: Colour = (0.0, 0.0, 0.0)
WHITE: Colour = (1.0, 1.0, 1.0)
GREY: Colour = (0.45, 0.45, 0.45)


@dataclass(frozen=True, slots=True)
class Ink:
    """How text is set; `size` is in points, `leading` the distance of lines in sizes."""

    face: Face
    size: float
    colour: Colour = BLACK
    leading: float = 1.2


@dataclass(frozen=True, slots=True)
class Bit:
    """Text of one look and one meaning; a newline in it begins a line.

    Between bits there is a space, except in Chinese, and `lead` points more.
    """

    text: str
    ink: Ink
    marks: tuple[Mark, ...] = ()
    lead: float = 0.0


@dataclass(slots=True)
class Block:
    """A place for words that are read together; known by identity."""

    kind: BlockKind = BlockKind.TEXT


@dataclass(slots=True)
class SetWord:
    """A word on a sheet: `x` is its left edge, `y` its baseline."""

    text: str
    ink: Ink
    x: float
    y: float
    width: float
    marks: tuple[Mark, ...]
    block: Block
    line: int  # words of one line of one block share it
    drawn: bool = False  # a shape that counts as a word: a checkbox

    @property
    def box(self) -> Box:
        """From the font's ascent to its descent, as pdfium and so docai.ingest reports it."""
        face, size = self.ink.face, self.ink.size
        return Box(
            self.x,
            self.y - face.ascent * size,
            self.x + self.width,
            self.y - face.descent * size,
        )


@dataclass(frozen=True, slots=True)
class Stroke:
    """A straight line; `dash` is the length of dashes and gaps in points, 0 is solid."""

    x0: float
    y0: float
    x1: float
    y1: float
    width: float = 0.5
    colour: Colour = BLACK
    dash: float = 0.0


Path = tuple[tuple[str, tuple[tuple[float, float], ...]], ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """Filled or stroked outlines (moveTo, lineTo, curveTo, closePath), under the words."""

    path: Path
    fill: Colour | None = None
    line: Colour | None = None
    line_width: float = 1.0
    over: bool = False  # drawn after the words: a stamp, a signature


@dataclass(slots=True)
class Sheet:
    """One page being filled."""

    width: float
    height: float
    words: list[SetWord] = field(default_factory=list)
    strokes: list[Stroke] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    tables: list[tuple[Mark, Box]] = field(default_factory=list)
    lines: int = 0
    group: Block | None = None

    def next_line(self) -> int:
        self.lines += 1
        return self.lines


class Fitted(Protocol):
    """An element in its width."""

    @property
    def height(self) -> float: ...

    def draw(self, sheet: Sheet, x: float, y: float) -> None: ...


class Element(Protocol):
    """Something to be placed."""

    def natural(self) -> float:
        """The width it would like, in points."""
        ...

    def fit(self, width: float) -> Fitted: ...


@dataclass(frozen=True, slots=True)
class Slab:
    """A piece that must not be broken.

    `closing` stands before a page break that follows it, `opening` at the top of the next page:
    a table's head, sums carried forward.
    """

    fitted: Fitted
    closing: Fitted | None = None
    opening: Fitted | None = None
    stays: bool = False  # with the slab that follows


def slabs(element: Element, width: float) -> list[Slab]:
    """What the element falls into where a page ends."""
    split = getattr(element, "slabs", None)
    if split is not None:
        pieces: list[Slab] = split(width)
        return pieces
    return [Slab(element.fit(width))]


# --- text ---------------------------------------------------------------------------------------

IDEOGRAPH = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_ATOMS = re.compile(f"\\s+|[{IDEOGRAPH}][，。、；：！？）》”]*|[^\\s{IDEOGRAPH}]+")


@dataclass(slots=True)
class _Atom:
    text: str
    width: float
    space: float  # before it, where it does not begin a line; 0 glues it to the one before
    bit: Bit
    begins: bool = False  # a line, whatever room there is


def is_chinese(text: str) -> bool:
    return re.search(f"[{IDEOGRAPH}]", text) is not None


def _atoms(bits: Sequence[Bit]) -> list[_Atom]:
    """The smallest pieces a line can be broken into."""
    atoms: list[_Atom] = []
    last = ""
    for bit in bits:
        gap = bool(atoms) and not (is_chinese(last) and is_chinese(bit.text))
        lead, begins = bit.lead, False
        for piece in _ATOMS.findall(bit.text):
            if piece.isspace():
                gap, begins = True, "\n" in piece
                continue
            face = faces().able(bit.ink.face, piece)
            inked = bit if face is bit.ink.face else replace(bit, ink=replace(bit.ink, face=face))
            size = bit.ink.size
            space = bit.ink.face.width(" ") * size + lead if gap else 0.0
            atoms.append(_Atom(piece, face.width(piece) * size, space, inked, begins))
            gap, lead, begins = False, 0.0, False
        last = bit.text
    return atoms


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph. `align` is left, right, centre or justify."""

    bits: tuple[Bit, ...]
    align: str = "left"
    kind: BlockKind = BlockKind.TEXT
    indent: float = 0.0

    def natural(self) -> float:
        # A hair more than the sum, so that rounding never breaks a line that fits.
        lines = _lines(_atoms(self.bits), math.inf, 0.0)
        widths = [sum(atom.width + atom.space for atom in line) - line[0].space for line in lines]
        return max(widths, default=0.0) + 0.1

    def fit(self, width: float) -> FittedText:
        return FittedText(self, width, tuple(_lines(_atoms(self.bits), width, self.indent)))


def _lines(atoms: list[_Atom], width: float, indent: float) -> list[list[_Atom]]:
    lines: list[list[_Atom]] = []
    used, room = 0.0, width - indent
    for atom in _narrowed(atoms, width):
        if lines and not atom.begins and used + atom.space + atom.width <= room + 0.05:
            lines[-1].append(atom)
            used += atom.space + atom.width
        else:
            room = width - (indent if not lines else 0)
            lines.append([atom])
            used = atom.width
    return lines


def _narrowed(atoms: Sequence[_Atom], width: float) -> Iterator[_Atom]:
    """The atoms; one that is wider than its column is broken anywhere, as programs do it."""
    for atom in atoms:
        if atom.width <= width + 0.05:
            yield atom
            continue
        rest, space = atom.text, atom.space
        face, size = atom.bit.ink.face, atom.bit.ink.size
        while rest:
            end = 1
            while end < len(rest) and face.width(rest[: end + 1]) * size <= width:
                end += 1
            begins = atom.begins and rest is atom.text
            yield _Atom(rest[:end], face.width(rest[:end]) * size, space, atom.bit, begins)
            rest, space = rest[end:], 0.0


@dataclass(frozen=True, slots=True)
class FittedText:
    text: Text
    width: float
    lines: tuple[list[_Atom], ...]

    @property
    def height(self) -> float:
        return sum(_line_height(line) for line in self.lines)

    def draw(self, sheet: Sheet, x: float, y: float) -> None:
        block = sheet.group or Block(self.text.kind)
        for number, line in enumerate(self.lines):
            tallest = max(line, key=lambda atom: atom.bit.ink.size).bit.ink
            height = _line_height(line)
            # The font's own extent is centred in the line's height.
            face, size = tallest.face, tallest.size
            baseline = y + height / 2 + size * (face.ascent + face.descent) / 2
            indent = self.text.indent if number == 0 else 0.0
            last = number == len(self.lines) - 1
            self._draw_line(sheet, x + indent, self.width - indent, baseline, line, last, block)
            y += height

    def _draw_line(
        self,
        sheet: Sheet,
        x: float,
        width: float,
        baseline: float,
        line: list[_Atom],
        last: bool,
        block: Block,
    ) -> None:
        used = sum(atom.width for atom in line) + sum(atom.space for atom in line[1:])
        gaps = sum(atom.space > 0 for atom in line[1:])
        stretch = 0.0
        if self.text.align == "right":
            x += width - used
        elif self.text.align == "centre":
            x += (width - used) / 2
        elif self.text.align == "justify" and not last and gaps and used > 0.7 * width:
            stretch = (width - used) / gaps
        number = sheet.next_line()
        current: SetWord | None = None
        bit: Bit | None = None
        for position, atom in enumerate(line):
            space = atom.space if position else 0.0
            if space:
                x += space + stretch
            if current is not None and not space and atom.bit is bit:
                current.text += atom.text
                current.width += atom.width
            else:
                bit = atom.bit
                current = SetWord(
                    atom.text, bit.ink, x, baseline, atom.width, bit.marks, block, number
                )
                sheet.words.append(current)
            x += atom.width


def _line_height(line: Sequence[_Atom]) -> float:
    return max(atom.bit.ink.size * atom.bit.ink.leading for atom in line)


# --- arrangement --------------------------------------------------------------------------------


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


# --- tables -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GridCell:
    """`border` names the sides that are drawn; `mark` makes it a cell of a labelled table."""

    child: Element
    span: int = 1
    fill: Colour | None = None
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class GridRow:
    cells: tuple[GridCell, ...]
    sides: str = ""  # borders of each of its cells: t, l, b, r
    stays: bool = False  # with the row that follows


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of cells in columns of equal edges, broken between rows where a page ends.

    `head` rows are repeated on the next page. `carried` gives, for the rows done, the row that
    closes a page and the one that opens the next.
    """

    rows: tuple[GridRow, ...]
    widths: tuple[float, ...]
    head: int = 0
    pad_x: float = 4.0
    pad_y: float = 2.0
    line: float = 0.5
    colour: Colour = BLACK
    valign: str = "top"
    group: BlockKind | None = BlockKind.TABLE
    table: Mark | None = None
    carried: dict[int, tuple[GridRow, GridRow]] | None = None

    def natural(self) -> float:
        return sum(self.widths)

    def fit(self, width: float) -> FittedGrid:
        block = None if self.group is None else Block(self.group)
        return FittedGrid(self, self.rows, block)

    def slabs(self, width: float) -> list[Slab]:
        block = None if self.group is None else Block(self.group)

        def part(*rows: GridRow) -> FittedGrid:
            return FittedGrid(self, rows, block)

        # The head stays with the first row under it.
        first = max(1, self.head + 1)
        closing, opening = self._breaks(first, part)
        pieces = [Slab(part(*self.rows[:first]), closing, opening)]
        for number in range(first, len(self.rows)):
            row = self.rows[number]
            closing, opening = self._breaks(number + 1, part)
            pieces.append(Slab(part(row), closing, opening, row.stays))
        return pieces

    def _breaks(
        self, done: int, part: Callable[..., FittedGrid]
    ) -> tuple[FittedGrid | None, FittedGrid | None]:
        """What closes a page after so many rows, and what opens the next."""
        if done == len(self.rows):
            return None, None
        out, back = (self.carried or {}).get(done, (None, None))
        again = self.rows[: self.head] + ((back,) if back else ())
        return part(out) if out else None, part(*again) if again else None


@dataclass(slots=True)
class FittedGrid:
    grid: Grid
    rows: tuple[GridRow, ...]
    block: Block | None
    _fitted: list[list[tuple[GridCell, Fitted, float]]] = field(default_factory=list)
    _heights: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        grid = self.grid
        for row in self.rows:
            column, cells = 0, []
            for cell in row.cells:
                width = sum(grid.widths[column : column + cell.span])
                cells.append((cell, cell.child.fit(width - 2 * grid.pad_x), width))
                column += cell.span
            self._fitted.append(cells)
            self._heights.append(
                max((fitted.height for _, fitted, _ in cells), default=0.0) + 2 * grid.pad_y
            )

    @property
    def height(self) -> float:
        return sum(self._heights)

    def draw(self, sheet: Sheet, x: float, y: float) -> None:
        grid, outer = self.grid, sheet.group
        if self.block is not None and outer is None:
            sheet.group = self.block
        if grid.table is not None:
            box = Box(x, y, x + sum(grid.widths), y + self.height)
            sheet.tables.append((grid.table, box))
        for row, cells, height in zip(self.rows, self._fitted, self._heights, strict=True):
            left = x
            for cell, fitted, width in cells:
                box = Box(left, y, left + width, y + height)
                if cell.fill:
                    sheet.shapes.append(Shape(rectangle(box), fill=cell.fill))
                if row.sides:
                    draw_border(sheet, box, grid.line, grid.colour, row.sides)
                spare = height - 2 * grid.pad_y - fitted.height
                down = {"top": 0.0, "middle": spare / 2, "bottom": spare}[grid.valign]
                if cell.mark is not None:
                    sheet.tables.append((cell.mark, box))
                fitted.draw(sheet, left + grid.pad_x, y + grid.pad_y + down)
                left += width
            y += height
        sheet.group = outer
