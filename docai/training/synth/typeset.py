"""A page as a tree of elements, and the step that places its words.

An element is fitted into a width and then knows its height; drawn, it leaves words, strokes and
shapes on a sheet. Units are points, the origin is the page's top left corner. The order of
drawing is the reading order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
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
