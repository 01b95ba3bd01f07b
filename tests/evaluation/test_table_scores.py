"""The measures of ICDAR 2013's table competition, on tables small enough to count by hand."""

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from drawn_tables import framed, listing

from docai.document import Page, Word
from docai.errors import UsageError
from docai.evaluation.adjacency import Side, TextCell, compared, relations
from docai.evaluation.report import MISSED
from docai.evaluation.rivals import PlacedTable, finds
from docai.evaluation.tables import drawn as worst_drawn
from docai.evaluation.tables import evaluate, leave_one_out, score
from docai.geometry import Box
from docai.pipeline import read


def grid(*rows: str) -> tuple[TextCell, ...]:
    """Cells of texts parted by strokes."""
    return tuple(
        TextCell(r, c, 1, 1, text.strip())
        for r, row in enumerate(rows)
        for c, text in enumerate(row.split("|"))
    )


def test_neighbours_are_to_the_right_and_below():
    found = relations(grid("a | b", "c | d"))
    assert set(found) == {
        ("A", "B", Side.RIGHT), ("C", "D", Side.RIGHT),
        ("A", "C", Side.BELOW), ("B", "D", Side.BELOW),
    }  # fmt: skip


def test_an_inserted_empty_column_changes_nothing():
    assert relations(grid("a || b", "c || d")) == relations(grid("a | b", "c | d"))


def test_a_span_is_the_neighbour_of_all_that_it_stands_beside():
    head = TextCell(0, 0, 1, 2, "head")
    below = (TextCell(1, 0, 1, 1, "x"), TextCell(1, 1, 1, 1, "y"))
    found = relations((head, *below))
    assert {("HEAD", "X", Side.BELOW), ("HEAD", "Y", Side.BELOW)} < set(found)
    assert found.total() == 3


def test_spaces_capitals_and_the_kind_of_sign_do_not_count():
    assert relations(grid("A b | 1.5")) == relations(grid("ab | 1,5"))


def test_two_columns_glued_cost_their_relations():
    true, glued = relations(grid("a|b|c", "d|e|f")), relations(grid("a b|c", "d e|f"))
    counts = compared(true, glued)
    assert (counts.right, counts.claimed, counts.expected) == (1, 4, 7)


def page() -> Page:
    words = [Word(text, Box(x, 10, x + 8, 18)) for text, x in (("a", 10), ("b", 30), ("c", 90))]
    return Page(1, 200, 100, tuple(words))


TRUE = PlacedTable(1, Box(5, 5, 45, 25), grid("a | b"))


def test_a_find_that_holds_more_is_complete_and_not_pure():
    found = PlacedTable(1, Box(5, 5, 105, 25), grid("a | b | c"))
    judged = score("one", [TRUE], [found], [page()])
    assert (judged.complete, judged.pure) == (1, 0)
    assert (judged.structure.right, judged.structure.claimed) == (1, 2)
    assert judged.areas.f1 == pytest.approx(2 * 800 / (800 + 2000))


def test_a_table_that_is_missed_costs_recall_and_an_invented_one_precision():
    elsewhere = PlacedTable(1, Box(85, 5, 105, 25), grid("c | d"))
    judged = score("one", [TRUE], [elsewhere], [page()])
    assert (judged.structure.right, judged.structure.claimed, judged.structure.expected) == (
        0,
        1,
        1,
    )
    assert (judged.complete, judged.pure) == (0, 0)


def test_one_bad_document_shows_when_it_is_left_out():
    good = score("good", [TRUE], [TRUE], [page()])
    bad = score("bad", [TRUE], [], [page()])
    low, high = leave_one_out([good, good, bad])
    assert low < 0.8 < high == 1.0


REGION = """<document><table id="1"><region id="1" page="1">
<bounding-box x1="40" y1="{bottom}" x2="380" y2="{top}"/></region></table></document>"""


def test_a_folder_of_the_competition_is_measured(tmp_path):
    """Ground truth as the competition writes it, for a page made here."""
    (tmp_path / "one.pdf").write_bytes(framed(listing(5)))
    rows = listing(5)
    cells = "".join(
        f'<cell start-row="{r}" start-col="{c}"><content>{text}</content></cell>'
        for r, row in enumerate(rows)
        for c, text in enumerate(row)
    )
    (tmp_path / "one-str.xml").write_text(
        f'<document><table id="1"><region id="1" page="1">{cells}</region></table></document>'
    )
    (tmp_path / "one-reg.xml").write_text(REGION.format(bottom=260 - 6 * 20, top=260))
    report = evaluate(tmp_path)
    figures = report.json()["tables"][0]
    assert "1 documents, 1 tables" in figures["note"]
    end_to_end = figures["rows"][0]
    assert (end_to_end["name"], end_to_end["F1"], end_to_end["complete"]) == ("docai", 1, 1)
    assert report.drawings == ()


def test_a_table_that_is_not_found_is_drawn_where_it_should_be(tmp_path):
    (tmp_path / "one.pdf").write_bytes(framed(listing(5)))
    document = read(tmp_path / "one.pdf")
    drawn = partial(worst_drawn, tmp_path, {"one": document}, {"one": [TRUE]})
    (missed,) = drawn([score("one", [TRUE], [], document.pages)])
    assert missed.title == "one.pdf: structure F1 0.000"
    assert [(mark.kind, mark.box) for mark in missed.marks] == [(MISSED, TRUE.box)]
    assert missed.image is not None
    right = replace(score("one", [TRUE], [TRUE], document.pages), finds=(TRUE,))
    assert list(drawn([right])) == []


def test_an_empty_folder_is_explained(tmp_path):
    with pytest.raises(UsageError, match="icdar2013-eu"):
        evaluate(tmp_path)


def test_another_program_is_run_in_its_own_python(tmp_path):
    path = tmp_path / "one.pdf"
    path.write_bytes(framed(listing(3)))
    (found,) = finds(Path(sys.executable), "pdfplumber", [path])
    (table,) = found.tables
    assert relations(table.cells) == relations(grid(*map("|".join, listing(3))))
    assert (table.page, found.failed) == (1, False)


def test_a_program_that_fails_on_a_file_found_nothing_in_it(tmp_path):
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"%PDF-1.4 and no more")
    (found,) = finds(Path(sys.executable), "pdfplumber", [path])
    assert found.failed
    assert found.tables == ()


def test_a_python_that_is_none_is_named(tmp_path):
    with pytest.raises(UsageError, match="cannot be run"):
        finds(tmp_path / "python", "pdfplumber", [])
