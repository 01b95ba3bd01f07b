"""Questions whose answer is a cell, known by its heads, its row's name and what is around them."""

from docai.document import Cell, CellKind, Document, Page, Role, Source, Table, Word
from docai.geometry import Box
from docai.tasks import answer

SECTION = Role.SECTION


def document(*rows: list[tuple[str, int]], headers: int = 1, sections: tuple[int, ...] = ()):
    """One page with a table; each cell is a text and the columns it takes."""
    words, cells = [], []
    for r, row in enumerate(rows):
        column = 0
        for text, span in row:
            box = Box(column * 80.0, r * 20.0, (column + span) * 80.0 - 5, r * 20.0 + 10)
            own = tuple(range(len(words), len(words) + len(text.split())))
            words += [Word(part, box) for part in text.split()]
            kind = CellKind.HEADER if r < headers else CellKind.CONTENT
            role = SECTION if r in sections else None
            cells.append(Cell(r, column, own, box, 1, span, kind, role))
            column += span
    table = Table(Box(0, 0, 80.0 * 5, 20.0 * len(rows)), tuple(cells), 0.9)
    page = Page(1, 500, 400, tuple(words), tables=(table,))
    return Document(Source("t.pdf", "0" * 64, "application/pdf", 1), (page,))


def plain(*texts: str) -> list[tuple[str, int]]:
    return [(text, 1) for text in texts]


MEMBERS = document(
    [("", 1), ("2024", 2), ("2025", 2)],
    plain("Club", "Adults", "Juniors", "Adults", "Juniors"),
    plain("Rowing", "214", "88", "220", "95"),
    plain("Sailing", "97", "41", "102", "39"),
    headers=2,
)


def texts(made: Document, question: str) -> list[str]:
    return [found.text for found in answer(made, question, top=5)]


def test_heads_of_two_levels_tell_the_column():
    assert texts(MEMBERS, "How many juniors had Rowing in 2025?")[0] == "95"
    assert texts(MEMBERS, "How many adults had Sailing in 2024?")[0] == "97"


def test_of_columns_of_dates_the_year_tells_which():
    made = document(
        plain("", "Year ended 31 December 2025", "Year ended 31 December 2024"),
        plain("License revenue", "3,181", "3,042"),
        plain("Other revenue", "12", "17"),
    )
    assert texts(made, "What was the license revenue in 2024?")[0] == "3,042"
    other = "What was the license revenue for the year ended 31 December 2025?"
    assert texts(made, other)[0] == "3,181"
    assert texts(made, "What was the license revenue in 2023?") == []


def test_what_is_asked_too_broadly_is_answered_with_less_confidence():
    sure, *_ = answer(MEMBERS, "juniors Rowing 2025", top=5)
    unsure, other, *_ = answer(MEMBERS, "juniors Rowing", top=5)
    assert {unsure.text, other.text} == {"88", "95"}
    assert unsure.confidence < 0.6 * sure.confidence


def test_the_heading_among_the_rows_tells_which_of_two_is_meant():
    made = document(
        plain("Kind", "Rooms", "Beds"),
        plain("Coast", "", ""),
        plain("Hotel", "12", "24"),
        plain("Inland", "", ""),
        plain("Hotel", "5", "11"),
        sections=(1, 3),
    )
    assert texts(made, "How many beds have hotels inland?")[0] == "11"
    assert texts(made, "How many beds have hotels on the coast?")[0] == "24"


def test_a_row_that_is_not_there_has_no_answer():
    assert texts(MEMBERS, "How many juniors had Chess in 2025?") == []
