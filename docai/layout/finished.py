"""What a table is besides its cells: caption, notes, the roles of rows, parts on other pages."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from docai.document import Block, BlockKind, Cell, CellKind, Page, Role, Table
from docai.geometry import Box
from docai.layout.figures import is_figure

CAPTION = re.compile(
    r"(table|tab\.|tabelle|tableau|tabella|tabla|tabel|tabela|taulukko|表)\s*[\dIVXivx]",
    re.IGNORECASE,
)
NOTE = re.compile(
    r"(\*|†|‡|\(?[\da-z]\)|[¹²³⁴⁵⁶⁷⁸⁹]|[\da-d]\s[A-Z]|(source|notes?|quelle|anmerkung(en)?|remarque|nota|"
    r"fonte|fuente|bron|n\.\s?b\.)\s?s?\s*[:.])",
    re.IGNORECASE,
)
GOES_ON = re.compile(
    r"\(?(continued|cont['’.]?d?\.?|fortsetzung|suite|continua(ción|zione|ção)?|vervolg)\b",
    re.IGNORECASE,
)
TOTAL = re.compile(
    r"(sub|grand|zwischen|gesamt|overall)?[\s-]?(total[es]?|totals?|totaux|sum(me|ma)?|sums?|gesamt"
    r"|insgesamt|celkem|razem|totaal|suma|somme|yhteensä|合计|合計)\b",
    re.IGNORECASE,
)
CAPTION_GAP = 2.5  # line heights between a table and its caption or its notes
MOST_CAPTION_LINES = 3
MOST_NOTE_LINES = 8
LABELS = 0.7  # share of a first column's cells that are words, for it to name the rows
MOST_PARTS = 100  # pages of one table; whoever joins them holds them all
SAME_EDGE = 6.0  # points by which the columns of a table may move from page to page
SAME_WALL = 2.0  # points by which drawn walls may move
FOOT = (BlockKind.FOOTER, BlockKind.HEADER)


def finished(pages: Iterable[Page]) -> Iterator[Page]:
    """The pages with all that can be said of their tables; one page before is looked at."""
    before: Page | None = None
    parts = 1
    for page in pages:
        if page.tables:
            page = _annotated(page)
            if before is not None and parts < MOST_PARTS:
                page = _continued(before, page)
        parts = parts + 1 if any(table.continues for table in page.tables) else 1
        yield page
        before = page


def _annotated(page: Page) -> Page:
    own = {word for table in page.tables for cell in table.cells for word in cell.words}
    texts = [
        block
        for block in page.blocks
        if block.kind in (BlockKind.TEXT, BlockKind.TITLE, BlockKind.LIST)
        and block.lines
        and not own.intersection(page.lines[block.lines[0]].words)
    ]
    tables = [
        replace(
            table,
            cells=_with_roles(table, page),
            caption=_caption(table, texts, page),
            notes=_notes(table, texts, page),
        )
        for table in page.tables
    ]
    return replace(page, tables=tuple(tables))


def _caption(table: Table, texts: Sequence[Block], page: Page) -> tuple[int, ...]:
    """The words of the block close above, or else below, that begins as captions do.

    The number may stand in a block of its own, beside the title.
    """
    near = [b for b in texts if len(b.lines) <= MOST_CAPTION_LINES and _is_near(table, b, page)]
    near.sort(key=lambda block: (block.box.top > table.box.top, abs(block.box.top - table.box.top)))
    for block in near:
        if CAPTION.match(page.text(_words(block, page))):
            beside = [b for b in texts if b.box.left > block.box.right and _on_one_line(b, block)]
            return tuple(word for b in (block, *beside) for word in _words(b, page))
    return ()


def _on_one_line(a: Block, b: Block) -> bool:
    return a.box.overlap_y(b.box) > 0.5 * min(a.box.height, b.box.height)


def _notes(table: Table, texts: Sequence[Block], page: Page) -> tuple[int, ...]:
    """The words of the blocks close below that begin as notes do, and of lists of such."""
    bottom = table.box.bottom
    words: list[int] = []
    for block in sorted(texts, key=lambda block: block.box.top):
        height = page.box(page.lines[block.lines[0]].words).height
        is_near = -1.0 < block.box.top - bottom + height / 2 < (CAPTION_GAP + 0.5) * height
        if not is_near or block.box.overlap_x(table.box) <= 0:
            continue
        if len(block.lines) > MOST_NOTE_LINES or not NOTE.match(page.text(_words(block, page))):
            break
        words += _words(block, page)
        bottom = block.box.bottom
    return tuple(words)


def _is_near(table: Table, block: Block, page: Page) -> bool:
    """Whether the block stands close above or below the table."""
    height = page.box(page.lines[block.lines[0]].words).height
    gap = -block.box.overlap_y(table.box)
    return gap < CAPTION_GAP * height and block.box.overlap_x(table.box) > 0


def _words(block: Block, page: Page) -> tuple[int, ...]:
    return tuple(word for line in block.lines for word in page.lines[line].words)


def _with_roles(table: Table, page: Page) -> tuple[Cell, ...]:
    rows: dict[int, list[Cell]] = defaultdict(list)
    for cell in table.cells:
        if cell.kind is CellKind.CONTENT and cell.words:
            rows[cell.row].append(cell)
    first = [cell for row in rows.values() for cell in row if cell.column == 0]
    wordy = [cell for cell in first if not is_figure(page.text(cell.words))]
    names_rows = table.columns > 1 and len(wordy) >= max(1.0, LABELS * len(first))
    roles: dict[int, Role] = {}
    for row, cells in rows.items():
        text = page.text(cells[0].words)
        if TOTAL.match(text) and len(cells) > 1:
            roles[row] = Role.TOTAL
        elif len(cells) == 1 and table.columns > 2 and not is_figure(text):
            roles[row] = Role.SECTION
    return tuple(_with_role(cell, roles.get(cell.row), names_rows) for cell in table.cells)


def _with_role(cell: Cell, of_row: Role | None, names_rows: bool) -> Cell:
    role = of_row or _label(cell, names_rows)
    # Most cells have none, and a copy costs more than the look.
    return cell if cell.kind is CellKind.HEADER or role is cell.role else replace(cell, role=role)


def _label(cell: Cell, names_rows: bool) -> Role | None:
    return Role.LABEL if names_rows and cell.column == 0 and cell.words else None


# --- across pages -------------------------------------------------------------------------


def _continued(before: Page, page: Page) -> Page:
    """The page, with its first table marked where it is the last one of the page before."""
    last, first = _last_table(before), _first_table(page)
    if last is None or first is None or not _same_columns(last, first, before, page):
        return page
    repeated = _repeated_rows(last, first, before, page)
    cells = first.cells
    if not repeated and any(map(_is_head, cells)):
        if not _header_is_a_guess(last, first, page):
            return page  # a table with a header of its own
        cells = tuple(replace(cell, kind=CellKind.CONTENT) for cell in cells)
    marked = replace(first, cells=cells, continues=True, repeated=repeated)
    return replace(page, tables=tuple(marked if t is first else t for t in page.tables))


def _header_is_a_guess(last: Table, first: Table, page: Page) -> bool:
    """Whether only words, in columns drawn as above, made the first row a header."""
    walls = zip(_walls(last), _walls(first), strict=False)
    return (
        len(_walls(last)) == len(_walls(first))
        and all(abs(a - b) < SAME_WALL for a, b in walls)
        and not any(is_figure(page.text(cell.words)) for cell in first.cells)
    )


def _walls(table: Table) -> list[float]:
    """The left walls of the columns, and the right one of the last."""
    lefts = {cell.column: cell.box.left for cell in table.cells if cell.column_span == 1}
    return [*(lefts[column] for column in sorted(lefts)), table.box.right]


def _last_table(page: Page) -> Table | None:
    """The table at the end of the page's text, if there is one; its notes may follow it."""
    blocks = [block for block in page.blocks if block.kind not in FOOT]
    for block in reversed(blocks):
        table = next((t for t in page.tables if t.box == block.box), None)
        if table is not None:
            return table
        noted = {word for t in page.tables for word in (*t.notes, *t.caption)}
        if not noted.issuperset(_words(block, page)) and not _is_going_on(block, page):
            return None
    return None


def _first_table(page: Page) -> Table | None:
    """The table that the page's text begins with; the words "continued" may stand above it."""
    for block in page.blocks:
        if block.kind in FOOT:
            continue
        table = next((t for t in page.tables if t.box == block.box), None)
        if table is not None or not _is_going_on(block, page):
            return table
    return None


def _is_going_on(block: Block, page: Page) -> bool:
    """Whether a short line says that the table above or below it goes on."""
    text = page.text(_words(block, page))
    return len(block.lines) <= MOST_CAPTION_LINES and bool(GOES_ON.search(text))


def _same_columns(last: Table, first: Table, before: Page, page: Page) -> bool:
    """Whether both have as many columns, and text of each overlaps no other's."""
    if last.columns != first.columns:
        return False
    above, below = _extents(last, before), _extents(first, page)
    for column, box in above.items():
        other = below.get(column)
        if other is not None and box.overlap_x(other) < -SAME_EDGE:
            return False
        if any(
            box.overlap_x(b) > SAME_EDGE and box.overlap_x(b) > 0.5 * min(box.width, b.width)
            for n, b in below.items()
            if n != column
        ):
            return False
    return True


def _extents(table: Table, page: Page) -> dict[int, Box]:
    """Where the text of each column stands, of cells in one column."""
    words: dict[int, list[int]] = defaultdict(list)
    for cell in table.cells:
        if cell.column_span == 1 and cell.kind is CellKind.CONTENT:
            words[cell.column] += cell.words
    return {column: page.box(own) for column, own in words.items() if own}


def _repeated_rows(last: Table, first: Table, before: Page, page: Page) -> int:
    """How many rows at the top say what the header of the table above says."""
    heads = _rows(last, before)[: max((_end(c) for c in last.cells if _is_head(c)), default=0)]
    again = _rows(first, page)[: len(heads)]
    return len(heads) if heads and heads == again else 0


def _rows(table: Table, page: Page) -> list[list[tuple[int, str]]]:
    rows: list[list[tuple[int, str]]] = [[] for _ in range(table.rows)]
    for cell in table.cells:
        text = "".join(page.text(cell.words).split()).casefold()
        if text:
            rows[cell.row].append((cell.column, text))
    return rows


def _is_head(cell: Cell) -> bool:
    return cell.kind is CellKind.HEADER


def _end(cell: Cell) -> int:
    return cell.row + cell.row_span
