"""A page of words in any order → the page in reading order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from docai.document import Block, BlockKind, Cell, Line, Page, Table, Word
from docai.geometry import Box
from docai.layout.across import reads_across
from docai.layout.aligned import aligned_tables, may_hold_table
from docai.layout.area import Way
from docai.layout.blocks import blocks_of, table_block
from docai.layout.certainty import confidence
from docai.layout.claims import with_claims
from docai.layout.direction import (
    has_right_to_left,
    is_right_to_left,
    mirrored,
    mirrored_page,
    read_order,
)
from docai.layout.draft import DraftBlock, DraftTable, TextLine
from docai.layout.gridded import ruled_tables
from docai.layout.hints import pictures, tables_in, walls_between
from docai.layout.kinds import with_kinds
from docai.layout.lines import Fragment, fragments
from docai.layout.margins import has_page_number, margins
from docai.layout.order import sections
from docai.layout.region import Region
from docai.layout.rows import Row
from docai.layout.ruled import level_rules
from docai.layout.tables import best_aligned, best_drawn


def arrange(page: Page, regions: Sequence[Region] = (), looks: Way | None = None) -> Page:
    """The page with its words in reading order, and the lines, blocks and tables they form.

    The result does not depend on the order of the words in `page`; lines, blocks and tables
    that it has already are replaced. Regions are hints of a layout model: they tell kinds,
    part text that stands close side by side, and place pictures, but no word depends on them.
    `looks` is the model that sees tables in the page's picture, asked about doubtful ones.
    """
    if not has_right_to_left(page.words):
        return _arranged(page, regions, looks)
    if not is_right_to_left([word.text for word in page.words]):
        return _arranged(page, regions, looks, partial(read_order, page_is_rtl=False))
    return _arranged_in_mirror(page, regions)


ReadOrder = Callable[[Sequence[int], Sequence[str]], list[int]]


def _arranged(
    page: Page,
    regions: Sequence[Region],
    looks: Way | None,
    order: ReadOrder | None = None,
) -> Page:
    """`order` puts the words of a line, given from left to right, as they are read."""
    words = sorted(page.words, key=_place)
    return _assembled(page, words, _blocks(page, words, regions, looks), order)


def _arranged_in_mirror(page: Page, regions: Sequence[Region]) -> Page:
    """A right-to-left page: all but the order within lines is as on any page in a mirror."""
    behind = mirrored_page(page)
    regions = [replace(r, box=mirrored(r.box, page.width)) for r in regions]
    pairs = sorted(zip(behind.words, page.words, strict=True), key=lambda pair: _place(pair[0]))
    seen, known = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    drafts = _blocks(behind, seen, regions, None)  # the picture is not in the mirror
    arranged = _assembled(page, known, drafts, _read_in_mirror)
    front = mirrored_page(arranged)
    return replace(arranged, blocks=front.blocks, tables=front.tables)


def _read_in_mirror(words: Sequence[int], texts: Sequence[str]) -> list[int]:
    return read_order(words[::-1], texts[::-1], page_is_rtl=True)


def _place(word: Word) -> tuple[float, float, float, float, str, float]:
    box = word.box
    return box.left, box.top, box.right, box.bottom, word.text, word.confidence


def _blocks(
    page: Page, words: Sequence[Word], regions: Sequence[Region], looks: Way | None
) -> list[DraftBlock]:
    """The blocks of a page that is read from left to right, first to last."""
    walls = [rule for rule in page.rules if rule.height > 2 * rule.width]
    level, steep = fragments(words, walls + walls_between(regions))
    drawn, free = ruled_tables(level, words, page.rules)
    tables = [best_drawn(table, words, page.rules, looks) for table in drawn]
    if regions:
        likely, free = tables_in(regions, free, words)
        tables += [best_aligned(table, words, page.rules, looks) for table in likely]
    wholes = [table_block(table) for table in tables] + pictures(regions, words)
    free.extend(Fragment(whole.box, (), whole) for whole in wholes)
    parts = margins(free, words, page.height)
    judge = _Judge(words, page.rules, looks)
    blocks = [
        *_margin_block(parts.head, BlockKind.HEADER, words),
        *_text_blocks(parts.text, judge),
        *_steep_blocks(steep, words),
        *_margin_block(parts.foot, BlockKind.FOOTER, words),
    ]
    return with_kinds(with_claims(blocks, words), words, regions)


def _text_blocks(rows: Sequence[Row], judge: _Judge) -> Iterator[DraftBlock]:
    for section in sections(rows, judge):
        whole = section.rows[0][0].whole
        if whole is not None:
            yield whole
        else:
            yield from blocks_of(section)


def _steep_blocks(steep: Sequence[int], words: Sequence[Word]) -> Iterator[DraftBlock]:
    """Text that runs up the page, last: a block for each line, from the bottom up."""
    lines: list[list[int]] = []
    for i in steep:
        if lines and words[i].box.overlap_x(words[lines[-1][-1]].box) > 0:
            lines[-1].append(i)
        else:
            lines.append([i])
    for members in lines:
        members.sort(key=lambda i: -words[i].box.bottom)
        box = Box.enclosing(words[i].box for i in members)
        yield DraftBlock(box, (TextLine(box, tuple(members)),))


def _margin_block(row: Row, kind: BlockKind, words: Sequence[Word]) -> Iterator[DraftBlock]:
    """One block for a head or foot. Without a page number only its neighbours can tell."""
    if row:
        lines = tuple(TextLine(f.box, f.words) for f in row)
        sure = kind if has_page_number(row, words) else BlockKind.TEXT
        box = Box.enclosing(f.box for f in row)
        yield DraftBlock(box, lines, across=len(row) > 1, kind=sure)


@dataclass(frozen=True)
class _Judge:
    """What the order asks about the words' texts; see docai.layout.order.Judge."""

    words: Sequence[Word]
    rules: Sequence[Box]
    looks: Way | None

    @cached_property
    def levels(self) -> list[Box]:
        return level_rules(self.rules)

    def tables(self, rows: Sequence[Row]) -> Iterable[tuple[int, int, DraftBlock]]:
        if not may_hold_table(rows):
            return
        for start, stop, table in aligned_tables(rows, self.words, self.levels):
            yield start, stop, table_block(best_aligned(table, self.words, self.rules, self.looks))

    def reads_across(self, rows: Sequence[Row]) -> bool:
        return reads_across(rows, self.words)


def _assembled(
    page: Page, known: Sequence[Word], drafts: Sequence[DraftBlock], order: ReadOrder | None
) -> Page:
    words: list[Word] = []
    lines: list[Line] = []
    blocks: list[Block] = []
    tables: list[Table] = []
    for draft in drafts:
        first_line, first_word = len(lines), len(words)
        for line in draft.lines:
            members = line.words
            if order is not None:
                members = tuple(order(members, [known[i].text for i in members]))
            start = len(words)
            words.extend([known[i] for i in members])
            lines.append(Line(tuple(range(start, len(words)))))
        if draft.table is not None:
            tables.append(_table(draft.table, first_word, known))
        blocks.append(Block(draft.kind, draft.box, tuple(range(first_line, len(lines)))))
    return replace(
        page,
        words=tuple(words),
        lines=tuple(lines),
        blocks=tuple(blocks),
        tables=tuple(tables),
    )


def _table(draft: DraftTable, first_word: int, known: Sequence[Word]) -> Table:
    """Its cells' words follow one another from `first_word` on."""
    cells = []
    for row, column, lines, box, row_span, column_span, kind in draft.cells:
        stop = first_word + sum([len(line.words) for line in lines])
        words = tuple(range(first_word, stop))
        cells.append(Cell(row, column, words, box, row_span, column_span, kind))
        first_word = stop
    return Table(draft.box, tuple(cells), confidence(draft, known))
