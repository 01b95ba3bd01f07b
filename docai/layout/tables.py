"""Three ways to structure a table behind one interface, and the best by a stated score.

A way takes an area and gives all of its text in cells: by the drawn lines (docai.layout.
gridded), by a model that looks at the picture (docai.layout.slanet), or by the alignment of the
words (docai.layout.aligned). The score is `fit`, the share of the text that sits well. In this
order they are trusted: lines are what the author drew, and alignment sees the least; a way is
overruled only by one that fits clearly better.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from docai.document import Cell, Page, Table, Word
from docai.geometry import Box
from docai.layout.aligned import by_alignment
from docai.layout.area import Area, Way
from docai.layout.certainty import confidence
from docai.layout.draft import DraftTable
from docai.layout.fit import fit
from docai.layout.gridded import by_lines
from docai.layout.lines import Fragment, fragments

SURE = 0.95  # fit from which no other way is asked
CLEARLY = 0.02  # by which a less trusted way must fit better


def best_drawn(
    table: DraftTable, words: Sequence[Word], rules: Sequence[Box], model: Way | None
) -> DraftTable:
    """The table that lines show, or its text structured in a way that fits better."""
    table = replace(table, fit=fit(table, words, rules))
    if table.fit >= SURE:
        return table
    others = (by_alignment,) if model is None else (model, by_alignment)
    return _best_of((_as_it_is(table), *others), table, words, rules)


def best_aligned(
    table: DraftTable, words: Sequence[Word], rules: Sequence[Box], model: Way | None
) -> DraftTable:
    """What the model sees where an aligned table stands, or that table where it fits better."""
    if model is None:
        return replace(table, fit=fit(table, words, rules))
    return _best_of((model, _as_it_is(table)), table, words, rules)


def best(area: Area, ways: Iterable[Way]) -> DraftTable | None:
    """The structure that fits best, of ways in the order of trust; None where none sees one."""
    found: DraftTable | None = None
    for way in ways:
        table = way(area)
        if table is None:
            continue
        table = replace(table, fit=fit(table, area.words, area.rules))
        if found is None or table.fit > found.fit + CLEARLY:
            found = table
        if found.fit >= SURE:
            break
    return found


def _as_it_is(table: DraftTable) -> Way:
    return lambda area: table


def _best_of(
    ways: Iterable[Way], table: DraftTable, words: Sequence[Word], rules: Sequence[Box]
) -> DraftTable:
    text = [Fragment(line.box, line.words) for cell in table.cells for line in cell.lines]
    found = best(Area(table.box, text, words, _inside(rules, table.box)), ways)
    return table if found is None else replace(found, likeness=table.likeness)


def table_in(page: Page, box: Box, model: Way | None = None) -> Table | None:
    """The text in this box as a table, for a box that is known to hold one.

    None where no way sees two columns. Without a `model` there are two ways.
    """
    ways = (by_lines, by_alignment) if model is None else (by_lines, model, by_alignment)
    table = best(_area(page, box), ways)
    return None if table is None else with_word_numbers(table, page.words)


def with_word_numbers(table: DraftTable, words: Sequence[Word]) -> Table:
    """The draft as a table of a page whose words keep their numbers."""
    cells = []
    for row, column, lines, box, row_span, column_span, kind in table.cells:
        own = tuple(word for line in lines for word in line.words)
        cells.append(Cell(row, column, own, box, row_span, column_span, kind))
    return Table(table.box, tuple(cells), confidence(table, words))


def _area(page: Page, box: Box) -> Area:
    """The words whose middles stand in the box, and the rules that reach into it."""
    rules = _inside(page.rules, box)
    inside = [n for n, word in enumerate(page.words) if box.contains_point(*word.box.centre)]
    inside.sort(key=lambda n: (page.words[n].box.left, page.words[n].box.top))
    walls = [rule for rule in rules if rule.height > 2 * rule.width]
    level, steep = fragments([page.words[n] for n in inside], walls)
    text = [Fragment(f.box, tuple(inside[i] for i in f.words)) for f in level]
    text += [Fragment(page.words[inside[i]].box, (inside[i],)) for i in steep]
    return Area(box, text, page.words, rules)


def _inside(rules: Sequence[Box], box: Box) -> list[Box]:
    return [r for r in rules if r.overlap_x(box) >= 0 and r.overlap_y(box) >= 0]
