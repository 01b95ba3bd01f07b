"""Blocks to layoutparser and back."""

import layoutparser
import pytest
from drawn import column, page, prose, text, typed, typed_to
from hypothesis import given, settings
from hypothesis import strategies as st
from test_every_word_once import check_indices, pages
from test_layout_hints import boxes
from test_layout_tables import PAPER, PENS, invoice

from docai.document import BlockKind, Page
from docai.layout import arrange
from docai.layout.interchange import from_layout, to_layout


@pytest.fixture
def report() -> Page:
    return arrange(
        page(
            typed("Report", 40, 40, size=1.8),
            prose(48, 40, 80, name="a"),
            prose(48, 320, 80, name="b"),
            typed_to("Page 3", 560, 780),
        )
    )


def test_blocks_have_ids_types_scores_and_the_next_block(report: Page) -> None:
    layout = to_layout(report)
    assert [block.id for block in layout] == [1, 2, 3, 4]
    assert [block.next for block in layout] == [2, 3, 4, None]
    assert [block.type for block in layout] == ["title", "text", "text", "footer"]
    assert {block.score for block in layout} == {1.0}
    assert layout[0].text == "Report"
    assert layout.page_data["width"] == report.width


def test_the_score_of_a_table_is_its_confidence() -> None:
    arranged = arrange(page(invoice(PENS, PAPER)))
    assert to_layout(arranged)[0].score == arranged.tables[0].confidence


def test_there_and_back(report: Page) -> None:
    assert from_layout(to_layout(report), report) == report


def test_there_and_back_with_a_table() -> None:
    arranged = arrange(page(invoice(PENS, PAPER), prose(40, 40, 200, name="a")))
    assert from_layout(to_layout(arranged), arranged) == arranged


def test_there_and_back_through_layoutparsers_dictionaries(report: Page) -> None:
    kept = layoutparser.load_dict(to_layout(report).to_dict())
    assert from_layout(kept, report) == report


def test_the_order_of_another_tool_is_taken_over(report: Page) -> None:
    layout = to_layout(report)
    for block in layout:
        block.next = None
    turned = layoutparser.Layout(list(layout)[::-1])
    read = text(from_layout(turned, report)).split()
    assert read[:3] == ["Page", "3", "b000"]
    assert read[-1] == "Report"


def test_next_is_stronger_than_the_list(report: Page) -> None:
    turned = layoutparser.Layout(list(to_layout(report))[::-1])
    assert from_layout(turned, report) == report


def test_words_outside_all_blocks_stay_where_they_were() -> None:
    arranged = arrange(page(column(["first"], 40, 100), column(["second"], 40, 200)))
    second = layoutparser.Layout([to_layout(arranged)[1]])
    changed = from_layout(second, arranged)
    assert text(changed) == "first second"
    assert len(changed.blocks) == 2


def test_unknown_types_are_text(report: Page) -> None:
    layout = to_layout(report)
    layout[0].type = "Stamp"
    assert from_layout(layout, report).blocks[0].kind is BlockKind.TEXT


@given(pages, st.lists(boxes, max_size=5))
@settings(deadline=None, max_examples=50)
def test_no_word_is_lost_or_doubled(drawn: Page, found: list) -> None:
    arranged = arrange(drawn)
    blocks = [
        layoutparser.TextBlock(
            layoutparser.Rectangle(b.left, b.top, b.right, b.bottom), type="text"
        )
        for b in found
    ]
    changed = from_layout(layoutparser.Layout(blocks), arranged)
    assert sorted(changed.words, key=repr) == sorted(arranged.words, key=repr)
    assert [w for line in changed.lines for w in line.words] == list(range(len(changed.words)))
    assert [n for block in changed.blocks for n in block.lines] == list(range(len(changed.lines)))


@given(pages)
@settings(deadline=None, max_examples=50)
def test_any_page_there_and_back(drawn: Page) -> None:
    arranged = arrange(drawn)
    back = from_layout(to_layout(arranged), arranged)
    assert sorted(back.words, key=repr) == sorted(arranged.words, key=repr)
    check_indices(back)
