"""The heads of a list of items: which column holds what, and where it stands.

A head may be wrapped over several rows ("Unit Price / Excl. VAT"); its pieces are joined
before it is looked up. What several heads could mean is settled together: there is one
amount column, and it is the rightmost that can be one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from docai.document import CellKind, Table
from docai.geometry import Box
from docai.tasks import labels
from docai.tasks.lexicon import lexicon
from docai.tasks.sheet import Run, Sheet
from docai.tasks.text import key

HEAD_GAP = 1.0  # word heights between the rows of one wrapped head
HEAD_ROWS = 4  # rows of a wrapped head above and below its main row
KNOWN_SHARE = 0.55  # of the letters of a head must be known
NUMERIC = frozenset({"quantity", "unit_price", "amount", "tax", "tax_rate", "discount"})
ENOUGH = 2  # columns of different meanings that a head needs, at least
MAX_COLUMNS = 20
MAX_HEAD = 40  # letters of a head that are looked up
MAX_PIECE = 30  # characters of one row of a wrapped head
MIN_BEGINNING = 4  # letters of a phrase that may stand for a longer head


@dataclass(frozen=True, slots=True)
class Column:
    """A column of items; `concept` is None where its head is unknown."""

    concept: str | None
    box: Box  # of the head

    @property
    def is_numeric(self) -> bool:
        return self.concept in NUMERIC


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a head within one row."""

    row: int
    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class Head:
    """A list's columns, left to right, and the rows of the page that its head covers."""

    page: int
    first_row: int
    last_row: int
    columns: tuple[Column, ...]

    @property
    def known(self) -> int:
        """How many columns have a meaning."""
        return sum(column.concept is not None for column in self.columns)

    def column(self, concept: str) -> int | None:
        for number, column in enumerate(self.columns):
            if column.concept == concept:
                return number
        return None


def heads(sheet: Sheet) -> list[Head]:
    """Every item head on the page, top to bottom.

    The head of a table that was found on the page replaces the one that the rows show where
    more of its columns are known: cells keep apart what rows of words run together.
    """
    found = {head.first_row: head for head in _heads_of_rows(sheet)}
    for table in sheet.page.tables:
        head = _head_of_table(table, sheet)
        if head is None:
            continue
        same = [h for h in found.values() if _overlap(h, head)]
        if all(head.known > other.known for other in same):
            for other in same:
                del found[other.first_row]
            found[head.first_row] = head
    return [found[row] for row in sorted(found)]


def _overlap(a: Head, b: Head) -> bool:
    return a.first_row <= b.last_row and b.first_row <= a.last_row


def _head_of_table(table: Table, sheet: Sheet) -> Head | None:
    """The columns as the table's first cells name them, each as wide as its cell."""
    cells = [cell for cell in table.cells if cell.row == 0 or cell.kind is CellKind.HEADER]
    clusters: dict[int, list[Piece]] = {}
    for cell in sorted(cells, key=lambda c: (c.column, c.row)):
        text = sheet.page.text(cell.words)
        clusters.setdefault(cell.column, []).append(Piece(cell.row, text, cell.box))
    columns = _name([clusters[column] for column in sorted(clusters)])
    rows = [sheet.row_of[word] for cell in cells for word in cell.words]
    if not rows or not _is_item_head(columns):
        return None
    return Head(sheet.index, min(rows), max(rows), tuple(columns))


def _heads_of_rows(sheet: Sheet) -> list[Head]:
    found: list[Head] = []
    for number, row in enumerate(sheet.rows):
        if found and number <= found[-1].last_row:
            continue
        if _could_be_head(row):
            head = _head(sheet, number)
            if head is not None:
                found.append(head)
    return found


def _could_be_head(row: Sequence[Run]) -> bool:
    """Its runs are known heads for the most part, of different meanings."""
    if not ENOUGH <= len(row) <= MAX_COLUMNS:
        return False
    known = [run for run in row if _known(run.text)[0]]
    if len({tuple(_known(run.text)[1]) for run in known}) < ENOUGH:
        return False
    letters = sum(len(key(run.text)) for run in row)
    return sum(_known(run.text)[0] for run in known) >= KNOWN_SHARE * letters and not any(
        _is_amount(run.text) for run in row
    )


def _is_amount(text: str) -> bool:
    """Digits with a decimal mark between them: no head holds those."""
    return any(
        a.isdigit() and b in ".," and c.isdigit()
        for a, b, c in zip(text, text[1:], text[2:], strict=False)
    )


def _head(sheet: Sheet, number: int) -> Head | None:
    first, last = _extent(sheet, number)
    clusters = _clusters(sheet, range(first, last + 1))
    columns = _name(clusters)
    if not _is_item_head(columns):
        # The neighbours may have been no part of it.
        first = last = number
        columns = _name(_clusters(sheet, [number]))
        if not _is_item_head(columns):
            return None
    return Head(sheet.index, first, last, tuple(columns))


def _is_item_head(columns: Iterable[Column]) -> bool:
    """It names goods, and what they cost."""
    concepts = {column.concept for column in columns}
    goods = concepts & {"description", "product_code", "quantity"}
    costs = concepts & {"amount", "unit_price"}
    return bool(goods and costs) and not goods <= {"product_code"}


def _extent(sheet: Sheet, number: int) -> tuple[int, int]:
    """First and last row of a head whose main row is `number`."""
    first = last = number
    while first > 0 and number - first < HEAD_ROWS and _belongs(sheet, first - 1, first, number):
        first -= 1
    while (
        last + 1 < len(sheet.rows)
        and last - number < HEAD_ROWS
        and _belongs(sheet, last + 1, last, number)
    ):
        last += 1
    return first, last


def _belongs(sheet: Sheet, row: int, neighbour: int, main: int) -> bool:
    """The row is a part of the head: close to it, of few words, and one of them a head's."""
    far, near = sheet.row_box(row), sheet.row_box(neighbour)
    top, bottom = sorted((far, near), key=lambda box: box.top)
    runs = sheet.rows[row]
    return (
        -far.overlap_y(near) <= HEAD_GAP * sheet.word_height
        and not sheet.is_ruled_between(top.bottom, bottom.top)
        and all(
            len(run.text) <= MAX_PIECE and not any(c.isdigit() for c in run.text) for run in runs
        )
        and all(_fits_one(run, sheet.rows[main]) for run in runs)
        and any(_completes(run, sheet.rows[main]) for run in runs)
    )


def _completes(run: Run, main: Sequence[Run]) -> bool:
    """It is a head, the beginning of one, a remark in brackets, or makes one of the head it meets.

    Without this, the first line of a description would be taken for the end of a head.
    """
    own = key(run.text)
    if _known(run.text)[0] >= KNOWN_SHARE * len(own) or own in lexicon().columns.beginnings:
        return True
    if run.text[0] in "([":
        return True
    for other in main:
        if run.box.overlap_x(other.box) > 0:
            upper, lower = sorted((run, other), key=lambda r: r.row)
            joined = _known(f"{upper.text} {lower.text}")[0]
            return joined > max(_known(run.text)[0], _known(other.text)[0])
    return False


def _fits_one(run: Run, main: Sequence[Run]) -> bool:
    """It stands above or below one head of the main row at most, or beside all of them."""
    return sum(run.box.overlap_x(other.box) > 0 for other in main) <= 1


def _clusters(sheet: Sheet, rows: Iterable[int]) -> list[list[Piece]]:
    """Pieces that stand above one another, left to right; each from top to bottom."""
    pieces = [piece for row in rows for run in sheet.rows[row] for piece in _pieces(sheet, run)]
    clusters: list[list[Piece]] = []
    right = float("-inf")
    for piece in sorted(pieces, key=lambda p: p.box.left):
        if clusters and piece.box.left < right:
            clusters[-1].append(piece)
            right = max(right, piece.box.right)
        else:
            clusters.append([piece])
            right = piece.box.right
    return [sorted(cluster, key=lambda p: p.row) for cluster in clusters]


def _pieces(sheet: Sheet, run: Run) -> list[Piece]:
    """The heads in a run: "Qty Unit Price" set close together is two of them."""
    hits = list(labels.find_in_run(lexicon().columns, sheet, run))
    covered = sum(len(hit.phrase.key) for hit in hits)
    if len({hit.phrase.concept for hit in hits}) < 2 or covered < len(key(run.text)):
        return [Piece(run.row, run.text, run.box)]
    return [Piece(run.row, run.text[hit.start : hit.stop], hit.box) for hit in hits]


def _name(clusters: list[list[Piece]]) -> list[Column]:
    """Columns with their meanings, settled from right to left: the last sum is the amount."""
    taken: set[str] = set()
    columns = []
    for cluster in reversed(clusters):
        concept = next((c for c in _meanings(cluster) if c not in taken), None)
        if concept:
            taken.add(concept)
        columns.append(Column(concept, Box.enclosing(piece.box for piece in cluster)))
    columns.reverse()
    return _price_as_amount(columns)


def _meanings(cluster: list[Piece]) -> list[str]:
    """What the joined pieces mean, or else the piece with the longest known phrase."""
    texts = [" ".join(piece.text for piece in cluster), *(piece.text for piece in cluster)]
    known = [_known(text) for text in texts]
    return max(known, key=lambda one: one[0])[1]


def names_code(text: str) -> bool:
    """Whether the whole text says "number of the article" and nothing else."""
    letters, meanings = _known(text)
    return letters == len(key(text)) and meanings[:1] == ["product_code"]


def _price_as_amount(columns: list[Column]) -> list[Column]:
    """Where only one price is shown per row and it stands last, it is the row's amount."""
    concepts = [column.concept for column in columns]
    if "amount" in concepts or "unit_price" not in concepts:
        return columns
    last = concepts.index("unit_price")
    if any(column.is_numeric for column in columns[last + 1 :]):
        return columns
    return [
        Column("amount", column.box) if number == last else column
        for number, column in enumerate(columns)
    ]


@lru_cache(maxsize=8192)
def _known(text: str) -> tuple[int, list[str]]:
    """(letters recognised, what they may mean, likeliest first) of a head.

    The whole text is looked up, then ever shorter beginnings of it and of what follows a
    comma or a stroke: "Unit Price Excl. VAT" is not in the vocabulary, but "Unit Price" is.
    """
    best: tuple[int, list[str]] = (0, [])
    for part in [text, *re.split(r"[,/(&+]", text)]:
        whole = key(part)
        for end in range(min(len(whole), MAX_HEAD), 0, -1):
            phrases = lexicon().columns.by_key.get(whole[:end])
            if phrases and (end == len(whole) or end >= MIN_BEGINNING):
                if end > best[0]:
                    ordered = sorted(phrases, key=lambda p: not p.sure)
                    best = end, list(dict.fromkeys(p.concept for p in ordered))
                break
    return best
