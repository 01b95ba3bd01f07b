"""The benchmark of reading order, on truth made here."""

import json
from pathlib import Path

import pytest
from drawn import prose

from docai.errors import UsageError
from docai.evaluation.reading_order import (
    OPENDATALOADER,
    TrueBlock,
    TruePage,
    by_layout,
    by_rows,
    by_xy_cut,
    drawing,
    edit_similarity,
    evaluate,
    opendataloader_pages,
    pair_accuracy,
    words_in,
    worst,
)
from docai.evaluation.report import RIGHT, WRONG
from docai.geometry import Box


def test_scores_of_orders() -> None:
    assert pair_accuracy([0, 1, 2]) == 1
    assert pair_accuracy([2, 1, 0]) == 0
    assert pair_accuracy([1, 0, 2]) == pytest.approx(2 / 3)
    assert edit_similarity([0, 1, 2, 3]) == 1
    assert edit_similarity([3, 0, 1, 2]) == 0.5  # one out, one in


def block(name: str, x: float, y: float) -> TrueBlock:
    words = tuple(prose(48, x, y, name=name))
    return TrueBlock(Box.enclosing(word.box for word in words), words)


def test_two_columns_tell_the_methods_apart() -> None:
    places = [("a", 40, 100), ("b", 40, 200), ("c", 320, 100), ("d", 320, 200)]
    page = TruePage("two columns", 612, 792, tuple(block(*place) for place in places))
    assert by_rows(page) == [0, 2, 1, 3]
    assert by_xy_cut(page) == [0, 1, 2, 3]
    assert by_layout(page) == [0, 1, 2, 3]


def test_text_fills_its_box() -> None:
    box = Box(100, 100, 300, 124)
    words = words_in("two lines\nof text", box)
    assert [word.text for word in words] == ["two", "lines", "of", "text"]
    assert Box.enclosing(w.box for w in words).width == pytest.approx(200)
    assert words[2].box.top == 112


def element(text: str, x0: float, y0: float, x1: float, y1: float) -> dict:
    corners = [{"x": x, "y": y} for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
    return {"coordinates": corners, "content": {"text": text, "html": ""}}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    page = {
        "elements": [
            element("a heading", 0.1, 0.1, 0.9, 0.12),
            element("its text", 0.1, 0.2, 0.9, 0.22),
            element("", 0.1, 0.4, 0.9, 0.6),
        ]
    }
    path = tmp_path / OPENDATALOADER
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"1.pdf": page, "2.pdf": page}))
    return tmp_path


def test_pictures_without_text_are_left_out(data: Path) -> None:
    assert [len(p.blocks) for p in opendataloader_pages(data / OPENDATALOADER)] == [2, 2]


def test_halves_and_methods_are_reported(data: Path) -> None:
    (table,) = evaluate(data).json()["tables"]
    assert [(row["half"], row["method"], row["pages"]) for row in table["rows"]] == [
        (half, method, 1)
        for half in ("tuning", "held out")
        for method in ("rows", "XY-cut", "docai")
    ]
    assert all(row["pairs"] == row["edits"] == row["whole"] == 1 for row in table["rows"])


def test_a_wrong_turn_is_drawn_from_block_to_block(data: Path) -> None:
    page = opendataloader_pages(data / OPENDATALOADER)[0]
    drawn = drawing(page, [1, 0])
    assert [(mark.kind, mark.note) for mark in drawn.marks] == [
        (WRONG, "read as 1, truly 2"),
        (RIGHT, "read as 2, truly 1"),
    ]
    assert drawn.arrows == ((page.blocks[1].box, page.blocks[0].box, WRONG),)


def test_only_pages_with_a_mistake_are_drawn(data: Path) -> None:
    assert worst(opendataloader_pages(data / OPENDATALOADER)) == ()


def test_a_folder_without_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"reference\.json"):
        evaluate(tmp_path)
