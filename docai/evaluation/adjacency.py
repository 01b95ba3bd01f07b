"""Tables compared by which cells stand beside which: the measure of ICDAR 2013's competition.

A table is the bag of its adjacency relations: each cell with text and its nearest neighbour
with text to the right and below, by what they say. Cells are the same when their texts are,
but for spaces and capitals; any sign is as good as another. Shifting a whole table or
inserting an empty column changes nothing; a cell glued to its neighbour costs its relations.
(Göbel, Hassan, Oro, Orsi: A methodology for evaluating algorithms for table understanding in
PDF documents, DocEng 2012.)
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from docai.evaluation.metrics import Counts


class TextCell(NamedTuple):
    """A cell and what it says; rows and columns count from anywhere."""

    row: int
    column: int
    row_span: int
    column_span: int
    text: str


class Side(Enum):
    RIGHT = "right"
    BELOW = "below"


Relation = tuple[str, str, Side]


def relations(cells: Iterable[TextCell]) -> Counter[Relation]:
    """Every pair of neighbours with text, once."""
    known = [cell._replace(text=text) for cell in cells if (text := normalised(cell.text))]
    turned = [
        TextCell(cell.column, cell.row, cell.column_span, cell.row_span, cell.text)
        for cell in known
    ]
    return Counter(
        (known[i].text, known[j].text, side)
        for side, seen in ((Side.RIGHT, known), (Side.BELOW, turned))
        for i, j in set(_neighbours(seen))
    )


def compared(truth: Counter[Relation], found: Counter[Relation]) -> Counts:
    return Counts((truth & found).total(), found.total(), truth.total())


def normalised(text: str) -> str:
    """Capitals without spaces; signs are underscores.

    >>> normalised("Total (net)")
    'TOTAL_NET_'
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(c if c.isalnum() else "_" for c in plain if not c.isspace())


def _neighbours(cells: Sequence[TextCell]) -> Iterator[tuple[int, int]]:
    """Each cell and the nearest one to its right, by number, in every row that it takes."""
    rows: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for i, cell in enumerate(cells):
        for row in range(cell.row, cell.row + cell.row_span):
            rows[row].append((cell.column, cell.column + cell.column_span, i))
    for places in rows.values():
        places.sort()
        for n, (_, end, i) in enumerate(places):
            after = next((other for start, _, other in places[n + 1 :] if start >= end), None)
            if after is not None:
                yield i, after
