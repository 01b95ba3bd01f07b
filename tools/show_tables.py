"""Draws docs/tables.png: six hard tables with what docai sees in them.

    python tools/show_tables.py docs/tables.png

Every name and number is invented. The tables are made here as PDFs (one of them is read as a
scan), read the way `docai read` reads them, and drawn the way `docai show` draws them.
"""

from __future__ import annotations

import importlib.util
import io
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import pypdfium2
from PIL import Image
from reportlab.lib.colors import HexColor, black
from reportlab.pdfgen.canvas import Canvas

from docai.document import Page
from docai.geometry import Box, to_pixels
from docai.layout.show import Layer, draw
from docai.pipeline import ReadOptions, reading

WIDE, HIGH = 420, 300  # points, of each page
DPI = 110
COLOURS = 64  # of the picture's palette: enough for strokes and tints, a third of the bytes

Draw = Callable[[Canvas], None]


def spans(canvas: Canvas) -> None:
    """A drawn table with cells over several rows and columns, one of them empty."""
    columns, rows = (40, 120, 210, 300, 380), (40, 64, 88, 112, 136, 160, 184)
    walls = {(1, 1, 4), (3, 1, 4), (5, 1, 3)}  # (row line, from, to) drawn in part
    for n, y in enumerate(rows):
        partial = [(a, b) for line, a, b in walls if line == n]
        for first, last in partial or [(0, 4)]:
            _line(canvas, columns[first], y, columns[last], y)
    for n, x in enumerate(columns):
        _line(canvas, x, rows[0] if n in (0, 1, 4) else rows[1], x, rows[-1])
    for x, y, text in (
        (44, 68, "Season"), (190, 56, "Guests by kind of stay"),
        (124, 80, "Town"), (214, 80, "Hotel"), (304, 80, "Camping"),
        (44, 116, "Summer"), (124, 104, "Lund"), (214, 104, "12,480"), (304, 104, "8,115"),
        (124, 128, "Ystad"), (214, 128, "6,020"), (304, 128, "9,640"),
        (44, 164, "Winter"), (124, 152, "Lund"), (214, 152, "7,905"),
        (124, 176, "Ystad"), (214, 176, "2,310"), (304, 164, "145"),
    ):  # fmt: skip
        _text(canvas, x, y, text)


def borderless(canvas: Canvas) -> None:
    """No rule at all: a wrapped label, a heading among the rows, empty cells, a total."""
    _text(canvas, 40, 34, "Table 2: Rooms and beds by district")
    for x, head in ((250, "Rooms"), (310, "Beds"), (380, "Change")):
        _right(canvas, x, 56, head)
    y = 76
    for label, *figures in (
        ("Coast", "", "", ""),
        ("  North bank", "1,204", "2,480", "+3.1 %"),
        ("  South bank and the", "", "", ""),
        ("  islands before it", "860", "1,655", "-0.4 %"),
        ("Inland", "", "", ""),
        ("  Hill villages", "412", "", "+7.9 %"),
        ("  River towns", "97", "210", ""),
        ("Total", "2,573", "4,345", "+2.6 %"),
    ):
        _text(canvas, 40 + 6 * (len(label) - len(label.lstrip())), y, label.strip())
        for x, figure in zip((250, 310, 380), figures, strict=True):
            _right(canvas, x, y, figure)
        y += 14
    _text(canvas, 40, y + 8, "Source: survey of hosts, spring.", size=7)


def first_page(canvas: Canvas) -> None:
    """A ledger that fills the page and goes on."""
    _ledger(canvas, 1, 14)


def second_page(canvas: Canvas) -> None:
    """The same ledger, with its header once more."""
    _ledger(canvas, 15, 6)


def _ledger(canvas: Canvas, first: int, count: int) -> None:
    columns, height = (40, 100, 270, 330, 380), 17
    names = ("Rope, hemp", "Oar, ash", "Lamp oil", "Sail cloth", "Pitch")
    rows = [("Date", "Article", "Quantity", "Value")] + [
        (f"{n:02d} June", names[n % 5], str(n % 7 + 1), f"{n * 13.25:.2f}")
        for n in range(first, first + count)
    ]
    for n, row in enumerate(rows):
        y = 24 + n * height
        _line(canvas, 40, y, 380, y)
        for x, right, text in zip(columns, columns[1:], row, strict=False):
            if text[-1].isdigit() and x > 200:
                _right(canvas, right - 4, y + 12, text)
            else:
                _text(canvas, x + 4, y + 12, text)
    bottom = 24 + len(rows) * height
    _line(canvas, 40, bottom, 380, bottom)
    for x in columns:
        _line(canvas, x, 24, x, bottom)


def half_ruled(canvas: Canvas) -> None:
    """Rules above and below only; a header of two lines; sums below the closing rule."""
    for y in (40, 74, 170):
        _line(canvas, 40, y, 380, y)
    _text(canvas, 44, 66, "Instrument")
    for x, upper, lower in (
        (230, "Range", "(Hz)"),
        (300, "Weight", "(kg)"),
        (376, "Price", "(EUR)"),
    ):
        _right(canvas, x, 54, upper)
        _right(canvas, x, 66, lower)
    for n, row in enumerate(
        (
            ("Organ, small", "65-4186", "118.0", "14 900,00"),
            ("Viola", "131-1175", "0.7", "3 250,00"),
            ("Bass flute", "131-2093", "1.1", "5 480,00"),
            ("Tenor drum", "", "4.9", "690,00"),
            ("Harp", "32-3136", "36.5", "21 000,00"),
        )
    ):
        _text(canvas, 44, 90 + 17 * n, row[0])
        for x, text in zip((230, 300, 376), row[1:], strict=True):
            _right(canvas, x, 90 + 17 * n, text)
    for n, (label, amount) in enumerate((("Sum", "45 320,00"), ("of which hired", "5 480,00"))):
        _right(canvas, 300, 190 + 16 * n, label)
        _right(canvas, 376, 190 + 16 * n, amount)


def rotated(canvas: Canvas) -> None:
    """Heads that run up the page, over narrow columns of marks."""
    columns, top, head = (40, 180, 220, 260, 300, 340), 30, 110
    names = ("Lounge", "Lift", "Library", "Parking")
    rows = (("Alder House", "yes", "no", "yes", "12"), ("Birch Court", "no", "no", "yes", "4"),
            ("Cedar Hall", "yes", "yes", "no", "30"))  # fmt: skip
    for y in (top, head, *(head + 20 * n for n in range(1, 4))):
        _line(canvas, 40, y, 340, y)
    for x in columns:
        _line(canvas, x, top, x, head + 60)
    _text(canvas, 44, head - 8, "House")
    for x, name in zip(columns[1:], names, strict=False):
        canvas.saveState()
        canvas.translate(x + 24, HIGH - head + 6)
        canvas.rotate(90)
        canvas.drawString(0, 0, name)
        canvas.restoreState()
    for n, row in enumerate(rows):
        for x, text in zip(columns, row, strict=False):
            _text(canvas, x + 4, head + 14 + 20 * n, text)


def nested(canvas: Canvas) -> None:
    """A header of three levels over bands of colour, without upright rules."""
    canvas.setFillColor(HexColor("#dfe7f1"))
    canvas.rect(36, HIGH - 86, 350, 56, stroke=0, fill=1)
    canvas.setFillColor(black)
    for y in (30, 86, 168):
        _line(canvas, 36, y, 386, y)
    _centred(canvas, 268, 42, "Members")
    _line(canvas, 155, 48, 382, 48)
    _centred(canvas, 210, 60, "2024")
    _centred(canvas, 325, 60, "2025")
    _line(canvas, 155, 65, 265, 65)
    _line(canvas, 275, 65, 382, 65)
    _text(canvas, 40, 80, "Club")
    ends = (190, 262, 310, 380)
    for x, name in zip(ends, ("Adults", "Juniors", "Adults", "Juniors"), strict=True):
        _right(canvas, x, 80, name)
    for n, row in enumerate(
        (("Rowing", "214", "88", "220", "95"), ("Sailing", "97", "41", "102", "39"),
         ("Diving", "56", "12", "61", "17"), ("Swimming", "340", "402", "333", "415"))
    ):  # fmt: skip
        _text(canvas, 40, 102 + 18 * n, row[0])
        for x, text in zip(ends, row[1:], strict=True):
            _right(canvas, x, 102 + 18 * n, text)


# The title of each picture, its pages, and whether it is read from its pixels.
TABLES: tuple[tuple[str, tuple[Draw, ...], bool], ...] = (
    ("spans", (spans,), False),
    ("borderless", (borderless,), False),
    ("two pages", (first_page, second_page), False),
    ("scanned, half-ruled", (half_ruled,), True),
    ("rotated heads", (rotated,), False),
    ("nested heads", (nested,), False),
)


def pdf(pages: Sequence[Draw]) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(WIDE, HIGH), invariant=True)
    for page in pages:
        canvas.setFont("Helvetica", 9)
        page(canvas)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def scan(document: bytes) -> bytes:
    """The first page as a scanner would give it."""
    samples = _samples()
    pixels = pypdfium2.PdfDocument(document)[0].render(scale=200 / 72).to_numpy()[:, :, :3]
    file = io.BytesIO()
    picture = Image.fromarray(samples.scanned(pixels, skew=0.8, seed=3))
    picture.save(file, format="JPEG", quality=70, dpi=(200, 200))
    return file.getvalue()


def main(target: Path) -> None:
    pictures = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (_, pages, scanned) in enumerate(TABLES):
            made = pdf(pages)
            path = Path(folder) / f"{number}.{'jpg' if scanned else 'pdf'}"
            path.write_bytes(scan(made) if scanned else made)
            with reading(path, ReadOptions()) as document:
                seen = document.document()
                pictures += [
                    _cropped(page, draw(page, document.image(page, dpi=DPI), layers=[Layer.TABLES]))
                    for page in seen.pages
                ]
    _sheet(pictures).quantize(COLOURS).save(target, optimize=True)


def _cropped(page: Page, picture: Image.Image) -> Image.Image:
    """The picture of the page as far as it has text."""
    box = Box.enclosing([*(w.box for w in page.words), *(t.box for t in page.tables)])
    grown = Box(max(0, box.left - 12), max(0, box.top - 16), box.right + 44, box.bottom + 12)
    left, top, right, bottom = map(round, to_pixels(grown, dpi=DPI))
    return picture.crop((left, top, min(right, picture.width), min(bottom, picture.height)))


def _sheet(pictures: Sequence[Image.Image]) -> Image.Image:
    """Two columns of pictures, each as high as it needs."""
    columns: list[list[Image.Image]] = [[], []]
    for picture in pictures:
        min(columns, key=lambda column: sum(p.height for p in column)).append(picture)
    widths = [max(p.width for p in column) for column in columns]
    height = max(sum(p.height + 12 for p in column) for column in columns)
    sheet = Image.new("RGB", (sum(widths) + 12, height), "white")
    for column, x in zip(columns, (0, widths[0] + 12), strict=True):
        y = 0
        for picture in column:
            sheet.paste(picture, (x, y))
            y += picture.height + 12
    return sheet


def _samples() -> ModuleType:
    path = Path(__file__).with_name("make_samples.py")
    spec = importlib.util.spec_from_file_location("make_samples", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _text(canvas: Canvas, x: float, y: float, text: str, size: float = 9) -> None:
    canvas.setFont("Helvetica", size)
    canvas.drawString(x, HIGH - y, text)


def _right(canvas: Canvas, x: float, y: float, text: str) -> None:
    canvas.drawRightString(x, HIGH - y, text)


def _centred(canvas: Canvas, x: float, y: float, text: str) -> None:
    canvas.drawCentredString(x, HIGH - y, text)


def _line(canvas: Canvas, x0: float, y0: float, x1: float, y1: float) -> None:
    canvas.line(x0, HIGH - y0, x1, HIGH - y1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
