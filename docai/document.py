"""What a document is, once read.

A stage takes these values and returns new ones; nothing is filled in later. Words are
stored once, on their page; lines, blocks, tables and answers point at them by index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from docai.geometry import Box
from docai.numerals import figure, mark_of_figures

if TYPE_CHECKING:
    from pandas import DataFrame


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


class Role(StrEnum):
    """What a cell is for, where that can be told: it names its row, heads some, or sums up."""

    LABEL = "label"
    SECTION = "section"
    TOTAL = "total"


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
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Cells in row-major order; every word inside `box` is in exactly one of them.

    `confidence` is 0..1. `caption` and `notes` are words beside the box: the table's title, and
    the lines below it that explain it. A table that `continues` is the last one of the page
    before, going on; its first `repeated` rows are that table's header once more.
    """

    box: Box
    cells: tuple[Cell, ...]
    confidence: float = 1.0
    caption: tuple[int, ...] = ()
    notes: tuple[int, ...] = ()
    continues: bool = False
    repeated: int = 0

    @property
    def rows(self) -> int:
        return max((cell.row + cell.row_span for cell in self.cells), default=0)

    @property
    def columns(self) -> int:
        return max((cell.column + cell.column_span for cell in self.cells), default=0)

    def to_pandas(self, page: Page) -> DataFrame:
        """See WholeTable.to_pandas; `page` is the one that the table lies on."""
        return WholeTable(((page, self),)).to_pandas()


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
class WholeTable:
    """A table over all its pages: its parts, first to last, each with its page."""

    parts: tuple[tuple[Page, Table], ...]

    @property
    def rows(self) -> int:
        return sum(table.rows - table.repeated for _, table in self.parts)

    @property
    def columns(self) -> int:
        return max(table.columns for _, table in self.parts)

    @property
    def confidence(self) -> float:
        """That of its most doubtful part."""
        return min(table.confidence for _, table in self.parts)

    @property
    def headers(self) -> int:
        """How many rows from the top are header."""
        _, first = self.parts[0]
        heads = [c.row + c.row_span for c in first.cells if c.kind is CellKind.HEADER]
        return max(heads, default=0)

    def cells(self) -> Iterator[tuple[Page, Cell]]:
        """Row by row, each with its page; rows count through, headers come once."""
        first = 0
        for page, table in self.parts:
            for cell in table.cells:
                if cell.row >= table.repeated:
                    yield page, replace(cell, row=cell.row - table.repeated + first)
            first += table.rows - table.repeated

    def to_pandas(self) -> DataFrame:
        """A frame with the header as its columns, as many levels as the header has rows.

        A column whose cells are all numbers holds numbers, NaN where it is empty; the decimal
        mark is the one that the table's cells agree on. Other cells are texts. What spans
        several columns of the header stands over each of them.
        """
        import pandas

        heads, body = self.texts()
        mark = mark_of_figures(text for row in body for text in row)
        columns = [_as_numbers(column, mark) for column in zip(*body, strict=True)]
        frame = pandas.DataFrame(dict(enumerate(columns)), columns=range(self.columns))
        if len(heads) == 1:
            frame.columns = heads[0]
        elif heads:
            frame.columns = pandas.MultiIndex.from_arrays(heads)
        return frame

    def texts(self) -> tuple[list[list[str]], list[list[str]]]:
        """The rows of the header, where spans are filled, and those below, where they are not."""
        heads = [[""] * self.columns for _ in range(self.headers)]
        body = [[""] * self.columns for _ in range(self.rows - self.headers)]
        for page, cell in self.cells():
            text = page.text(cell.words)
            if cell.row >= self.headers:
                body[cell.row - self.headers][cell.column] = text
                continue
            for row in range(cell.row, min(cell.row + cell.row_span, self.headers)):
                for column in range(cell.column, cell.column + cell.column_span):
                    heads[row][column] = text
        return heads, body


def _as_numbers(texts: Sequence[str], decimal_mark: str | None) -> list[str] | list[float | None]:
    """Numbers, None for empty cells and dashes, where all texts are numbers; else the texts."""
    figures = [figure(text, decimal_mark) for text in texts]
    says = [any(c.isalnum() for c in text) for text in texts]
    if not any(figures) or any(s and not f for s, f in zip(says, figures, strict=True)):
        return list(texts)
    return [None if f is None else _plain(f.value) for f in figures]


def _plain(value: Decimal) -> float:
    return int(value) if value == value.to_integral_value() else float(value)


class TableJoiner:
    """Tables put together from their parts, as the pages come."""

    def __init__(self) -> None:
        self._open: list[tuple[Page, Table]] = []  # parts of the last table seen

    def add(self, page: Page) -> Iterator[WholeTable]:
        """The tables that are complete now."""
        for table in page.tables:
            if not table.continues:
                yield from self.rest()
            self._open.append((page, table))

    def rest(self) -> Iterator[WholeTable]:
        """The last table, after the last page."""
        if self._open:
            whole = WholeTable(tuple(self._open))
            self._open = []
            yield whole


def whole_tables(pages: Iterable[Page]) -> Iterator[WholeTable]:
    """Every table of these pages once, over all its pages."""
    joiner = TableJoiner()
    for page in pages:
        yield from joiner.add(page)
    yield from joiner.rest()


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
