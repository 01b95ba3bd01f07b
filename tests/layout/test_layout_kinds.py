"""Titles, lists, running heads and feet."""

from collections.abc import Iterator
from dataclasses import replace

from drawn import column, page, prose, typed, typed_to

from docai.document import BlockKind, Page
from docai.layout import arrange, mark_repeats
from docai.layout.margins import is_page_number


def kinds(arranged: Page) -> list[str]:
    return [str(block.kind) for block in arranged.blocks]


def test_large_letters_make_a_title() -> None:
    drawn = page(typed("Invoice", 40, 60, size=1.8), prose(80, 40, 100, name="a"))
    assert kinds(arrange(drawn)) == ["title", "text"]


def test_a_large_figure_is_no_title() -> None:
    drawn = page(prose(80, 40, 100, name="a"), typed("1,250.00", 40, 260, size=1.8))
    assert "title" not in kinds(arrange(drawn))


def test_bullets_and_numbers_make_lists() -> None:
    bullets = page(column(["• one of them", "• two of them"], 40, 100))
    numbers = page(column(["1. one of them", "2. two of them"], 40, 100))
    assert kinds(arrange(bullets)) == kinds(arrange(numbers)) == ["list"]


def test_one_number_makes_no_list() -> None:
    assert kinds(arrange(page(column(["1. Introduction", "and more"], 40, 100)))) == ["text"]


def test_a_page_number_is_a_footer() -> None:
    drawn = page(prose(80, 40, 100, name="a"), typed("Page 3 of 12", 280, 770))
    assert kinds(arrange(drawn)) == ["text", "footer"]


def test_page_numbers_in_several_languages() -> None:
    for number in ("3", "Seite 3", "3/12", "Page 3 of 12", "página 3 de 12", "xiv", "- 3 -"):
        assert is_page_number(number)
    for other in ("3.50", "Page", "Rechnung 3", "12345678"):
        assert not is_page_number(other)


def numbered(number: int, *parts: list) -> Page:
    return replace(arrange(page(*parts)), number=number)


def with_head(number: int, head: str = "Quarterly report") -> Page:
    body = prose(80, 40, 120, name=chr(ord("a") + number))
    return numbered(number, typed(head, 250, 40), body, typed("Mill & Sons, Leeds", 250, 760))


def test_what_repeats_is_head_and_foot() -> None:
    for marked in mark_repeats(with_head(n) for n in range(1, 4)):
        assert kinds(marked) == ["header", "text", "footer"]


def test_numbers_in_a_head_may_count() -> None:
    documents = [with_head(n, f"Report 2026, part {n}") for n in (9, 10)]
    assert [kinds(p)[0] for p in mark_repeats(documents)] == ["header", "header"]


def test_left_and_right_pages_may_have_heads_of_their_own() -> None:
    heads = ["Quarterly report", "Mill & Sons"] * 2
    documents = [with_head(n, head) for n, head in enumerate(heads, start=1)]
    assert [kinds(p)[0] for p in mark_repeats(documents)] == ["header"] * 4


def test_what_stands_once_is_text() -> None:
    documents = [with_head(1, "A letter"), with_head(2, "Another thing")]
    assert [kinds(p)[0] for p in mark_repeats(documents)] == ["text", "text"]


def test_the_body_may_repeat() -> None:
    body = prose(80, 40, 300, name="a")
    documents = [numbered(n, body) for n in (1, 2)]
    assert [kinds(p) for p in mark_repeats(documents)] == [["text"], ["text"]]


def test_a_long_document_is_streamed() -> None:
    """Pages come out while later ones are still to be read."""
    asked = []

    def pages() -> Iterator[Page]:
        for n in range(1, 1_001):
            asked.append(n)
            yield with_head(1)

    stream = mark_repeats(pages())
    first = next(stream)
    assert first.blocks[0].kind is BlockKind.HEADER
    assert len(asked) <= 3
    assert sum(1 for _ in stream) == 999


def test_a_document_of_one_page_and_of_none() -> None:
    only = with_head(1)
    assert list(mark_repeats([only])) == [only]
    assert list(mark_repeats([])) == []


def test_right_aligned_page_numbers_grow_to_the_left() -> None:
    documents = [
        numbered(n, prose(80, 40, 120, name="a"), typed_to(f"Mill & Sons {n}", 560, 760))
        for n in (9, 10)
    ]
    assert [kinds(p)[-1] for p in mark_repeats(documents)] == ["footer", "footer"]
