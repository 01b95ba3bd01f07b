"""The order in which a page is read, on pages one could draw."""

import random
from dataclasses import replace

from drawn import blocks, column, lines, page, prose, text, typed, typed_to
from hypothesis import given, settings
from hypothesis import strategies as st

from docai.document import Page, Word
from docai.layout import arrange
from docai.layout.direction import mirrored


def numbered(name: str, count: int) -> str:
    return " ".join(f"{name}{n:03d}" for n in range(count))


def test_two_columns_are_read_left_then_right() -> None:
    arranged = arrange(page(prose(80, 40, 100, name="a"), prose(80, 320, 100, name="b")))
    assert text(arranged) == f"{numbered('a', 80)} {numbered('b', 80)}"


def test_columns_need_not_share_baselines() -> None:
    arranged = arrange(page(prose(80, 40, 100, name="a"), prose(80, 320, 107, name="b")))
    assert text(arranged) == f"{numbered('a', 80)} {numbered('b', 80)}"


def test_a_gutter_may_be_as_narrow_as_two_spaces() -> None:
    wide = max(word.box.right for word in prose(80, 40, 100, name="a"))
    arranged = arrange(page(prose(80, 40, 100, name="a"), prose(80, wide + 9, 100, name="b")))
    assert text(arranged) == f"{numbered('a', 80)} {numbered('b', 80)}"


def test_headings_across_both_columns_part_them() -> None:
    parts = [
        typed("A heading that goes across both of the columns on this page", 100, 60),
        prose(48, 40, 100, name="a"),
        prose(48, 320, 100, name="b"),
        typed("Another heading across both of the columns on this page", 100, 200),
        prose(48, 40, 240, name="c"),
        prose(48, 320, 240, name="d"),
    ]
    order = [word.text for part in parts for word in part]
    assert text(arrange(page(*parts))).split() == order


def test_a_gap_that_both_columns_share_does_not_part_them() -> None:
    left = prose(40, 40, 100, name="a") + prose(40, 40, 200, name="b")
    right = prose(40, 320, 100, name="c") + prose(40, 320, 200, name="d")
    names = ["a", "b", "c", "d"]
    assert text(arrange(page(left, right))) == " ".join(numbered(name, 40) for name in names)


def test_the_longer_column_begins_above_the_other() -> None:
    """A picture without words stands above the left column."""
    arranged = arrange(page(prose(40, 40, 220, name="a"), prose(120, 320, 100, name="b")))
    assert text(arranged) == f"{numbered('a', 40)} {numbered('b', 120)}"


def test_address_blocks_side_by_side_are_read_whole() -> None:
    arranged = arrange(
        page(
            column(["Mill & Sons", "1 High Street", "Leeds"], 40, 100),
            column(["Anna Berg", "Am Markt 3", "10115 Berlin"], 320, 100),
        )
    )
    assert blocks(arranged) == [
        ["Mill & Sons", "1 High Street", "Leeds"],
        ["Anna Berg", "Am Markt 3", "10115 Berlin"],
    ]


def test_labels_are_read_with_their_values() -> None:
    arranged = arrange(
        page(
            column(["Invoice:", "Date:", "Customer:"], 40, 100),
            column(["R-17", "3 May 2026", "Berg"], 200, 100),
        )
    )
    assert lines(arranged) == ["Invoice:", "R-17", "Date:", "3 May 2026", "Customer:", "Berg"]
    assert len(arranged.blocks) == 1


def test_sums_are_read_with_their_amounts() -> None:
    arranged = arrange(
        page(
            column(["Subtotal", "19% VAT", "Total"], 300, 100),
            typed_to("100,00", 500, 100),
            typed_to("19,00", 500, 112),
            typed_to("119,00", 500, 124),
        )
    )
    assert text(arranged) == "Subtotal 100,00 19% VAT 19,00 Total 119,00"


def test_an_address_beside_labels_and_values() -> None:
    arranged = arrange(
        page(
            column(["Anna Berg", "Am Markt 3", "10115 Berlin", "Germany"], 40, 100),
            column(["Number:", "Date:", "Due:", "Terms:"], 300, 100),
            column(["R-17", "3 May", "2 June", "30 days"], 400, 100),
        )
    )
    assert lines(arranged)[:4] == ["Anna Berg", "Am Markt 3", "10115 Berlin", "Germany"]
    assert lines(arranged)[4:8] == ["Number:", "R-17", "Date:", "3 May"]


def test_bullets_are_read_with_their_items() -> None:
    items = ["first of the items", "second of the items", "third of the items"]
    arranged = arrange(page(column(["•"] * 3, 40, 100), column(items, 65, 100)))
    assert lines(arranged) == [f"• {item}" for item in items]


def test_a_justified_line_is_one_line() -> None:
    body = [
        *prose(64, 40, 124, name="b"),
        *typed("few long words here", 40, 112, space=(195 - 80) / 3),
        *prose(24, 40, 76, name="a"),
    ]
    arranged = arrange(page(body))
    assert len(arranged.blocks) == 1
    assert "few long words here" in lines(arranged)


def test_a_superscript_stays_in_its_line() -> None:
    words = typed("area of 12 m", 40, 100)
    small = typed("2", words[-1].box.right, 98, size=0.6)
    rest = typed("and more", small[-1].box.right + 5, 100)
    assert lines(arrange(page(words, small, rest))) == ["area of 12 m 2 and more"]


def test_a_running_head_is_read_before_the_columns() -> None:
    arranged = arrange(
        page(
            typed("314", 40, 30),
            typed_to("YARROW", 560, 30),
            prose(80, 40, 60, name="a"),
            prose(80, 320, 60, name="b"),
        )
    )
    assert text(arranged).startswith("314 YARROW a000")
    assert arranged.blocks[0].kind == "header"


def test_text_that_runs_up_the_page_is_read_last() -> None:
    body = prose(40, 60, 100, name="a")
    side = [replace(Word("arXiv:1234", body[0].box), box=replace(body[0].box, bottom=300))]
    side = [replace(side[0], box=type(side[0].box)(20, 100, 30, 300))]
    assert text(arrange(page(side, body))).split()[-1] == "arXiv:1234"


HEBREW = "אבגדהוזחטי"


def hebrew(n: int) -> str:
    return "".join(HEBREW[int(digit)] for digit in f"{n:03d}")


def test_hebrew_lines_are_read_from_the_right() -> None:
    # On the page, from left to right: the last word comes first.
    arranged = arrange(page(typed("עולם שלום", 40, 100)))
    assert text(arranged) == "שלום עולם"


def test_latin_words_in_a_hebrew_line_keep_their_order() -> None:
    arranged = arrange(page(typed("סוף של Acme Trading 2000 Ltd מאת התחלה הנה", 40, 100)))
    assert text(arranged) == "הנה התחלה מאת Acme Trading 2000 Ltd של סוף"


def test_a_hebrew_name_in_an_english_line() -> None:
    arranged = arrange(page(typed("written by כהן דוד in 1999", 40, 100)))
    assert text(arranged) == "written by דוד כהן in 1999"


@given(st.integers(2, 60), st.integers(2, 60), st.booleans())
@settings(deadline=None, max_examples=30)
def test_a_hebrew_page_is_an_english_page_in_a_mirror(a: int, b: int, headed: bool) -> None:
    english = page(
        typed("A heading that goes across both of the columns on this page", 100, 60)
        if headed
        else [],
        prose(a, 40, 100, name="a"),
        prose(b, 320, 100, name="b"),
    )
    read = [word.text for word in arrange(english).words]
    names = {text: hebrew(n) for n, text in enumerate(read)}
    turned = tuple(
        Word(names[word.text], mirrored(word.box, english.width)) for word in english.words
    )
    arranged = arrange(replace(english, words=turned))
    assert [word.text for word in arranged.words] == [names[text] for text in read]


@given(st.randoms(), st.integers(4, 90), st.integers(4, 90), st.floats(0, 12))
@settings(deadline=None, max_examples=30)
def test_shuffled_columns_are_read_alike(
    chance: random.Random, a: int, b: int, offset: float
) -> None:
    left, right = prose(a, 40, 100, name="a"), prose(b, 320, 100 + offset, name="b")
    words = left + right
    chance.shuffle(words)
    arranged: Page = arrange(page(words))
    if min(a, b) > 24:  # fewer lines may as well be remarks
        assert text(arranged) == f"{numbered('a', a)} {numbered('b', b)}"
    assert arranged == arrange(page(left, right))
