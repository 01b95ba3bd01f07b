"""A table that goes on is one; two tables that look alike are two."""

from drawn import column, level, page, typed, typed_to, upright

from docai.document import BlockKind, Page, Role, Word, whole_tables
from docai.layout import arrange, finished, mark_repeats

XS = (40.0, 200.0, 300.0)
HEAD = ("Name", "Count", "Share")


def sheet(rows, *more: list[Word], number: int = 1, top: float = 100.0, ruled: bool = True) -> Page:
    words = []
    for n, (name, *figures) in enumerate(rows):
        words += typed(name, XS[0], top + 16 * n)
        for figure, x in zip(figures, XS[1:], strict=True):
            words += typed_to(figure, x, top + 16 * n)
    lines = [level(30, 320, top - 4 + 16 * n) for n in range(len(rows) + 1)] if ruled else []
    end = top - 4 + 16 * len(rows)
    lines += [upright(x, top - 4, end) for x in (30, 120, 220, 320)] if ruled else []
    made = page(words, *more, rules=lines)
    return Page(number, made.width, made.height, words=made.words, rules=made.rules)


def body(first: int, count: int) -> list[tuple[str, str, str]]:
    return [(f"Row {n}", str(n * 3), f"{n}.5") for n in range(first, first + count)]


def wholes(*pages: Page):
    return list(whole_tables(finished(mark_repeats(map(arrange, pages)))))


def test_a_repeated_header_is_dropped_and_noted():
    (table,) = wholes(sheet([HEAD, *body(1, 5)]), sheet([HEAD, *body(6, 4)], number=2))
    assert table.rows == 10
    assert [part.repeated for _, part in table.parts] == [0, 1]
    assert [own.text(c.words) for own, c in table.cells() if c.column == 0][-1] == "Row 9"


def test_rows_alone_go_on_as_well_drawn_or_not():
    for ruled in (True, False):
        first = sheet([HEAD, *body(1, 5)], ruled=ruled)
        (table,) = wholes(first, sheet(body(6, 5), number=2, ruled=ruled))
        assert (table.rows, [part.repeated for _, part in table.parts]) == (11, [0, 0])


def test_another_header_begins_another_table():
    other = [("Town", "Beds", "Rate"), *body(6, 4)]
    assert len(wholes(sheet([HEAD, *body(1, 5)]), sheet(other, number=2))) == 2


def test_text_between_them_parts_two_tables():
    text = column(["And now something else.", "It has nothing to do with it."], 40, 300)
    assert len(wholes(sheet([HEAD, *body(1, 5)], text), sheet(body(6, 5), number=2))) == 2


def test_a_line_that_says_so_does_not_part_them():
    note = typed("(continued on the next page)", 40, 300)
    assert len(wholes(sheet([HEAD, *body(1, 5)], note), sheet(body(6, 5), number=2))) == 1


def test_columns_at_other_places_are_another_table():
    moved = sheet(body(6, 5), number=2)
    moved = Page(2, moved.width, moved.height, words=tuple(
        Word(w.text, type(w.box)(w.box.left + 90, w.box.top, w.box.right + 90, w.box.bottom))
        for w in moved.words
    ))  # fmt: skip
    assert len(wholes(sheet([HEAD, *body(1, 5)]), moved)) == 2


def test_captions_notes_and_totals():
    caption = typed("Table 3: Rows and their shares", 40, 78)
    notes = typed("Source: made up for this test", 40, 204)
    rows = [HEAD, *body(1, 4), ("Total", "30", "10.0")]
    (table,) = wholes(sheet(rows, caption, notes))
    own, part = table.parts[0]
    assert own.text(part.caption) == "Table 3: Rows and their shares"
    assert own.text(part.notes) == "Source: made up for this test"
    assert {c.role for c in part.cells if c.row == 5} == {Role.TOTAL}
    assert [block.kind for block in own.blocks].count(BlockKind.TABLE) == 1
