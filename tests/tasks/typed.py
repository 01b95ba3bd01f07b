"""Pages typed as on a typewriter, so that a test shows its document as it looks.

Each character is 6 points wide and each line 14 points high, on a page that is as large as
the text. Two spaces part what belongs to different columns.
"""

from docai.document import Document, Page, Source, TextSource, Word
from docai.geometry import Box

WIDTH, HEIGHT, LINE = 6.0, 10.0, 14.0


def words(text):
    for row, line in enumerate(text.strip("\n").split("\n")):
        column = 0
        for part in line.split(" "):
            if part:
                left, top = column * WIDTH, row * LINE
                yield Word(part, Box(left, top, left + len(part) * WIDTH, top + HEIGHT))
            column += len(part) + 1


def page(text, number=1, *, rules=(), tables=(), source=TextSource.EMBEDDED):
    lines = text.strip("\n").split("\n")
    return Page(
        number=number,
        width=max(WIDTH * max(map(len, lines)), 400.0),
        height=max(LINE * len(lines), 560.0),
        words=tuple(words(text)),
        rules=tuple(rules),
        tables=tuple(tables),
        text_source=source,
    )


def document(*texts, **options):
    pages = tuple(page(text, n, **options) for n, text in enumerate(texts, start=1))
    return Document(Source("typed.pdf", "0" * 64, "application/pdf", 1), pages)


def rule_below(row, width):
    """A line drawn under the given row, counted from 0."""
    y = row * LINE + HEIGHT + 2
    return Box(0.0, y, width * WIDTH, y + 0.5)
