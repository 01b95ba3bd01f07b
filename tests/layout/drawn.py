"""Pages drawn for tests: text set in letters of one width, 10 points high."""

from collections.abc import Sequence

from docai.document import Page, Word
from docai.geometry import Box

LETTER = 5.0  # points, of one letter and of a space
HEIGHT = 10.0
PITCH = 12.0
WIDE, HIGH = 600.0, 800.0


def typed(text: str, x: float, y: float, *, space: float = LETTER, size: float = 1.0) -> list[Word]:
    """The words of one line that begins at (x, y)."""
    words = []
    for word in text.split():
        right = x + LETTER * size * len(word)
        words.append(Word(word, Box(x, y, right, y + HEIGHT * size)))
        x = right + space * size
    return words


def column(lines: Sequence[str], x: float, y: float, *, pitch: float = PITCH) -> list[Word]:
    return [word for n, line in enumerate(lines) for word in typed(line, x, y + n * pitch)]


def typed_to(text: str, right: float, y: float) -> list[Word]:
    """One line that ends at `right`."""
    return typed(text, right - LETTER * len(text), y)


def page(*parts: Sequence[Word], rules: Sequence[Box] = ()) -> Page:
    words = tuple(word for part in parts for word in part)
    return Page(1, WIDE, HIGH, words=words, rules=tuple(rules))


def level(x0: float, x1: float, y: float) -> Box:
    return Box(x0, y, x1, y + 0.5)


def upright(x: float, y0: float, y1: float) -> Box:
    return Box(x, y0, x + 0.5, y1)


def prose(words: int, x: float, y: float, *, name: str, per_line: int = 8) -> list[Word]:
    """Lines of words such as a1 a2 a3: their order can be read from their names."""
    texts = [f"{name}{n:03d}" for n in range(words)]
    lines = [" ".join(texts[n : n + per_line]) for n in range(0, words, per_line)]
    return column(lines, x, y)


def text(arranged: Page) -> str:
    return " ".join(word.text for word in arranged.words)


def lines(arranged: Page) -> list[str]:
    return [arranged.text(line.words) for line in arranged.lines]


def blocks(arranged: Page) -> list[list[str]]:
    return [[arranged.text(arranged.lines[n].words) for n in b.lines] for b in arranged.blocks]


def cells(arranged: Page, table: int = 0) -> list[list[str]]:
    """The texts of a table, row by row; cells below and right of a span's corner are missing."""
    rows: list[list[str]] = [[] for _ in range(arranged.tables[table].rows)]
    for cell in arranged.tables[table].cells:
        rows[cell.row].append(arranged.text(cell.words))
    return rows
