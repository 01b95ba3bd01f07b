"""Questions answered from a table: the cell whose column and row they name.

A cell is known by its context: the heads over its column, level by level, its row's name, the
heading of the rows it is among, and the table's caption. "What is the share of women in 2006 in
the North?" needs two levels of heads and a row's name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from docai.document import Cell, CellKind, Document, Page, Role, WholeTable, WordRef, whole_tables
from docai.layout.figures import is_year
from docai.results import Answer
from docai.tasks.likeness import asked_words, content_words, is_form_of

MIN_COVERED = 0.55  # share of what a question is about that a cell's context accounts for
ALIKE = 0.5  # of a row's or a column's name, found again in the question
SINGLE = 0.8  # that a description is meant whose first word alone is in the question
MIN_NAME = 4  # letters of such a word


@dataclass(frozen=True, slots=True)
class _Place:
    """A cell with what it is known by; `heads` are the levels over its column."""

    page: Page
    cell: Cell
    heads: tuple[str, ...]
    name: str
    besides: str  # the heading above its row, the caption


def from_tables(question: str, document: Document) -> Iterator[Answer]:
    """Every cell that the question may mean; of several that it means equally none is likely."""
    asked = content_words(question)
    about = asked_words(question) or asked
    numbers = {id(page): number for number, page in enumerate(document.pages)}
    for table in whole_tables(document.pages):
        scored = [
            (score, one) for one in _places(table) if (score := _score(asked, about, one)) > 0
        ]
        ties = Counter(round(score, 6) for score, _ in scored)
        for score, one in scored:
            text = one.page.text(one.cell.words)
            refs = tuple(WordRef(numbers[id(one.page)], word) for word in one.cell.words)
            # Of cells that the question means equally, one at most is right.
            chance = table.confidence * score / ties[round(score, 6)]
            yield Answer(text, chance, refs)


def _places(table: WholeTable) -> Iterator[_Place]:
    heads: dict[int, dict[int, str]] = defaultdict(dict)
    names: dict[int, tuple[Cell, str]] = {}
    section = ""
    page, first = table.parts[0]
    caption = page.text(first.caption)
    cells = list(table.cells())
    top = max(table.headers, 1)
    for page, cell in cells:
        if cell.row < top:
            for column in range(cell.column, cell.column + cell.column_span):
                heads[column][cell.row] = page.text(cell.words)
    sections: dict[int, str] = {}
    for page, cell in cells:
        if cell.role is Role.SECTION and cell.words:
            section = page.text(cell.words)
        if cell.row >= top and cell.column == 0 and cell.words:
            for row in range(cell.row, cell.row + cell.row_span):
                names[row] = cell, page.text(cell.words)
        sections[cell.row] = section
    for page, cell in cells:
        named = names.get(cell.row)
        if not cell.words or named is None or cell is named[0] or cell.kind is CellKind.HEADER:
            continue
        levels = heads.get(cell.column, {})
        above = tuple(levels[row] for row in sorted(levels))
        yield _Place(page, cell, above, named[1], f"{sections[cell.row]} {caption}")


def _score(asked: Sequence[str], about: Sequence[str], place: _Place) -> float:
    """0..1; 0 where the question does not name both, or is about something else."""
    by_head = max((_headed(content_words(head), asked) for head in place.heads), default=0.0)
    by_name = named_in(content_words(place.name), asked)
    if by_head < ALIKE or by_name < ALIKE:
        return 0.0
    context = content_words(" ".join((*place.heads, place.name, place.besides)))
    covered = sum(any(is_form_of(word, own) for own in context) for word in about) / len(about)
    return covered * by_head * by_name if covered >= MIN_COVERED else 0.0


def _headed(words: Sequence[str], asked: Sequence[str]) -> float:
    """Of columns of dates, the year is what tells one from another."""
    years = [word for word in words if is_year(word)]
    if years and any(map(is_year, asked)):
        return float(any(year in asked for year in years))
    return named_in(words, asked)


def named_in(words: Sequence[str], question: Sequence[str]) -> float:
    """How surely the question names the thing that is described by these words.

    The beginning of a description is the thing, the rest its particulars: of the first one to
    four words the best share counts, a single word for a little less.
    """
    named = [any(is_form_of(word, own) for own in question) for word in words[:4]]
    shares = [sum(named[:n]) / n for n in range(2, len(named) + 1)]
    single = SINGLE if named and named[0] and len(words[0]) >= MIN_NAME else 0.0
    return max([*shares, single, float(len(named) == 1 and named[0])], default=0.0)
