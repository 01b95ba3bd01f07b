"""What a document is, once read.

A stage takes these values and returns new ones; nothing is filled in later. Words are
stored once, on their page; lines, blocks, tables and answers point at them by index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from docai.geometry import Box


class BlockKind(StrEnum):
    TEXT = "text"
    TITLE = "title"
    LIST = "list"
    TABLE = "table"
    FIGURE = "figure"
    HEADER = "header"
    FOOTER = "footer"


class CellKind(StrEnum):
    HEADER = "header"
    CONTENT = "content"


class TextSource(StrEnum):
    EMBEDDED = "embedded"
    OCR = "ocr"


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word. `confidence` is 0..1; 1.0 for a PDF's own text."""

    text: str
    box: Box
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """Words of one line, left to right or right to left as they are read."""

    words: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that are read together. A figure may have no lines."""

    kind: BlockKind
    box: Box
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell; row and column count from 0. `words` are in reading order."""

    row: int
    column: int
    words: tuple[int, ...]
    box: Box
    row_span: int = 1
    column_span: int = 1
    kind: CellKind = CellKind.CONTENT


@dataclass(frozen=True, slots=True)
class Table:
    """Cells in row-major order; every word inside `box` is in exactly one of them.

    `confidence` is 0..1.
    """

    box: Box
    cells: tuple[Cell, ...]
    confidence: float = 1.0

    @property
    def rows(self) -> int:
        return max((cell.row + cell.row_span for cell in self.cells), default=0)

    @property
    def columns(self) -> int:
        return max((cell.column + cell.column_span for cell in self.cells), default=0)


@dataclass(frozen=True, slots=True)
class Page:
    """A page in reading order: blocks, their lines and their words, first to last.

    `width` and `height` are in points, after `rotation` (0, 90, 180 or 270 degrees
    clockwise, the turn that made the page upright) and `skew` (degrees clockwise, a small
    angle, scans only) have been undone. `dpi` is the resolution the pixels were read at, or
    None where no pixels were needed. `rules` are the drawn straight lines, each a thin box.
    """

    number: int  # from 1
    width: float
    height: float
    words: tuple[Word, ...] = ()
    lines: tuple[Line, ...] = ()
    blocks: tuple[Block, ...] = ()
    tables: tuple[Table, ...] = ()
    rules: tuple[Box, ...] = ()
    text_source: TextSource = TextSource.EMBEDDED
    dpi: float | None = None
    rotation: int = 0
    skew: float = 0.0

    def text(self, words: Iterable[int]) -> str:
        """These words with single spaces between them."""
        return " ".join(self.words[i].text for i in words)

    def box(self, words: Iterable[int]) -> Box:
        """The smallest box around these words; at least one is needed."""
        return Box.enclosing(self.words[i].box for i in words)


@dataclass(frozen=True, slots=True)
class WordRef:
    """A word's address in a document; both indices count from 0."""

    page: int
    word: int


@dataclass(frozen=True, slots=True)
class Source:
    """The file a document came from. `sha256` is of its bytes, in hex."""

    filename: str
    sha256: str
    media_type: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Caveat:
    """Something the reader should know: the contract's `warnings`. Pages count from 1."""

    code: str
    message: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """`pages` are all pages that could be read, in order; `caveats` name the others."""

    source: Source
    pages: tuple[Page, ...]
    caveats: tuple[Caveat, ...] = ()

    def word(self, ref: WordRef) -> Word:
        return self.pages[ref.page].words[ref.word]

    def refs(self) -> Iterator[WordRef]:
        """Every word's address, page by page."""
        for p, page in enumerate(self.pages):
            for w in range(len(page.words)):
                yield WordRef(p, w)

    def text(self, refs: Iterable[WordRef]) -> str:
        """These words with single spaces between them."""
        return " ".join(self.word(ref).text for ref in refs)
