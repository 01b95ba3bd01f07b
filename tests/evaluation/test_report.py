"""A report is one file that needs nothing else."""

from html.parser import HTMLParser

import numpy as np
import pytest

from docai.document import Page, Word
from docai.evaluation.metrics import Counts
from docai.evaluation.report import (
    MISSED,
    RIGHT,
    Drawing,
    Mark,
    Report,
    Table,
    confidence_tables,
    confusion_table,
    counts_table,
)
from docai.geometry import Box
from docai.image import PageImage

PAGE = Page(1, 200, 100, (Word("<b>A & B", Box(10, 10, 60, 20)), Word("7", Box(80, 10, 90, 20))))
MARKS = (Mark(PAGE.words[0].box, RIGHT, "question"), Mark(PAGE.words[1].box, MISSED, "answer: 7"))


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.seen = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))

    def named(self, name):
        return [attributes for tag, attributes in self.seen if tag == name]


def test_marks_stand_where_their_words_do():
    drawing = Drawing("form", PAGE, MARKS, ((MARKS[0].box, MARKS[1].box, RIGHT),))
    tags = Tags(Report("Forms", (), (drawing,)).html())
    boxes = [(r["class"], r["x"], r["y"], r["width"]) for r in tags.named("rect")]
    assert boxes == [("right", "10.0", "10.0", "50.0"), ("missed", "80.0", "10.0", "10.0")]
    assert [(line["x1"], line["x2"]) for line in tags.named("line")] == [("35.0", "85.0")]


def test_text_of_a_page_is_text_and_never_markup():
    drawing = Drawing("d", PAGE, MARKS, notes=("<u>",))
    report = Report("<script>", (Table("t", ("a",), (("<i>",),)),), (drawing,), ("<s>",)).html()
    assert not {tag for tag, _ in Tags(report).seen} & {"script", "b", "i", "s", "u"}
    assert "&lt;b&gt;A &amp; B" in report


def test_a_picture_is_inside_the_file_and_nothing_is_fetched():
    pixels = np.full((50, 100, 3), 255, np.uint8)
    drawing = Drawing("form", PAGE, MARKS, image=PageImage(pixels, 36))
    report = Report("Forms", (), (drawing,)).html()
    (picture,) = Tags(report).named("image")
    assert picture["href"].startswith("data:image/jpeg;base64,")
    assert "http" not in report


def test_a_table_of_counts_ends_with_the_micro_average():
    table = counts_table("Labels", {"b": Counts(1, 1, 2), "a": Counts(1, 3, 2)})
    assert [row[0] for row in table.rows] == ["a", "b", "all (micro)"]
    assert table.rows[-1][1:] == (2, 4, 4, 0.5, 0.5, 0.5)


def test_rows_of_a_confusion_are_the_truth():
    table = confusion_table("c", [("a", "b"), ("a", "b"), ("b", "b")], ["a", "b"])
    assert table.rows == (("a", 0, 2), ("b", 0, 1))


def test_a_table_is_in_columns_on_a_terminal():
    table = Table("F1", ("", "fold 1"), (("labels", 0.9), ("x", 0.854)), "a note", digits=2)
    assert table.text().splitlines() == [
        "F1",
        "        fold 1",
        "labels    0.90",
        "x         0.85",
        "a note",
    ]


def test_what_is_not_there_is_blank_and_what_is_tiny_is_not_shown_as_nothing():
    table = Table("t", ("", "a", "b", "c"), (("row", None, 0.0, 5.3e-7),))
    assert table.shown() == [("row", "", "0.000", "5.3e-07")]


def test_json_has_numbers_by_name_and_the_worst_documents():
    table = Table("Scores", ("", "F1"), (("total", 0.123456), ("date", None)))
    report = Report("Receipts", (table,), (Drawing("a.jpg", PAGE, MARKS[1:], notes=("late",)),))
    assert report.json() == {
        "title": "Receipts",
        "tables": [
            {
                "title": "Scores",
                "rows": [{"name": "total", "F1": 0.123456}, {"name": "date", "F1": None}],
                "note": "",
            }
        ],
        "worst": [
            {
                "title": "a.jpg",
                "page": 1,
                "marks": [{"kind": "missed", "note": "answer: 7", "box": [80, 10, 90, 20]}],
                "notes": ["late"],
            }
        ],
        "notes": [],
    }


def test_the_text_has_the_tables_and_the_notes():
    table = Table("Scores", ("", "F1"), (("total", 0.5),))
    assert Report("Receipts", (table,), notes=("done",)).text() == (
        "Receipts\n\nScores\n          F1\ntotal  0.500\n\ndone\n"
    )


def test_confidences_are_summed_up_and_shown_by_what_was_said():
    whole, bins = confidence_tables("Confidence", [(0.9, True), (0.2, False)])
    (row,) = whole.json()["rows"]
    assert row == {
        "name": "all claims",
        "claims": 2,
        "calibration error": pytest.approx(0.15),
        "AUROC": 1.0,
    }
    assert [row[:2] for row in bins.rows] == [("0.2 to 0.3", 1), ("0.9 to 1", 1)]


def test_where_all_is_right_no_area_is_claimed():
    whole, _ = confidence_tables("Confidence", [(0.9, True), (0.2, True)])
    assert whole.json()["rows"][0]["AUROC"] is None
