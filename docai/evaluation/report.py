"""A report as one HTML file: tables of figures, and documents drawn with what went wrong.

The file needs nothing else: pictures are inside it, and nothing is fetched or run.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from statistics import mean, stdev

from docai.document import Page
from docai.evaluation.metrics import Counts
from docai.geometry import Box
from docai.image import PageImage

RIGHT, WRONG, MISSED = "right", "wrong", "missed"
PICTURE_WIDTH = 900  # pixels; enough to read the words
JPEG_QUALITY = 60


@dataclass(frozen=True, slots=True)
class Table:
    """Cells are text already; the first column names the row."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def text(self) -> str:
        """In columns, for a terminal."""
        rows = [self.header, *self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.header))]
        lines = [
            "  ".join(
                cell.ljust(width) if i == 0 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        return "\n".join([self.title, *lines, *([self.note] if self.note else [])])


@dataclass(frozen=True, slots=True)
class Mark:
    """A box drawn over a page; `kind` is one of RIGHT, WRONG and MISSED."""

    box: Box
    kind: str
    note: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A page with marks, and arrows from the middle of one box to another's."""

    title: str
    page: Page
    marks: tuple[Mark, ...]
    arrows: tuple[tuple[Box, Box, str], ...] = ()
    image: PageImage | None = None


def counts_table(title: str, counts: dict[str, Counts], note: str = "") -> Table:
    """A row for each label and one for all of them together."""
    whole = sum(counts.values(), Counts())
    rows = [_counts_row(name, counts[name]) for name in sorted(counts)]
    header = ("", "right", "claimed", "expected", "precision", "recall", "F1")
    return Table(title, header, (*rows, _counts_row("all (micro)", whole)), note)


def _counts_row(name: str, c: Counts) -> tuple[str, ...]:
    numbers = (c.right, c.claimed, c.expected)
    shares = (c.precision, c.recall, c.f1)
    return (name, *map(str, numbers), *(f"{share:.3f}" for share in shares))


def confusion_table(title: str, pairs: Iterable[tuple[str, str]], labels: Sequence[str]) -> Table:
    """Rows are what was true, columns what was said."""
    seen = list(pairs)
    rows = tuple((true, *(str(seen.count((true, said))) for said in labels)) for true in labels)
    return Table(title, ("true \\ said", *labels), rows)


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation over the folds.

    >>> spread([0.8, 0.9])
    '0.850 ± 0.071'
    """
    if len(values) < 2:
        return f"{mean(values):.3f}"
    return f"{mean(values):.3f} ± {stdev(values):.3f}"


def html(title: str, tables: Sequence[Table], drawings: Sequence[Drawing] = ()) -> str:
    """The whole file."""
    parts = [f"<!doctype html><meta charset=utf-8><title>{escape(title)}</title>", STYLE]
    parts.append(f"<h1>{escape(title)}</h1>")
    parts += [_table(table) for table in tables]
    if drawings:
        parts.append(
            "<h2>Worst documents</h2><p><span class=right>right</span> "
            "<span class=wrong>said, but wrong</span> <span class=missed>missed</span></p>"
        )
    parts += [_drawing(drawing) for drawing in drawings]
    return "\n".join(parts) + "\n"


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(cell)}" for cell in table.header)
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}" for cell in row) for row in table.rows)
    note = f"<p>{escape(table.note)}</p>" if table.note else ""
    return f"<h2>{escape(table.title)}</h2><table><tr>{head}{rows}</table>{note}"


def _drawing(drawing: Drawing) -> str:
    page = drawing.page
    parts = [
        f"<h3>{escape(drawing.title)}</h3>",
        f'<svg viewBox="0 0 {page.width:.1f} {page.height:.1f}">',
    ]
    if drawing.image is not None:
        data = base64.b64encode(_jpeg(drawing.image)).decode()
        parts.append(
            f'<image href="data:image/jpeg;base64,{data}" width="{page.width:.1f}" '
            f'height="{page.height:.1f}" preserveAspectRatio="none"/>'
        )
    else:
        parts += [_word(word.text, word.box) for word in page.words]
    parts += [_mark(mark) for mark in drawing.marks]
    for start, end, kind in drawing.arrows:
        (x1, y1), (x2, y2) = start.centre, end.centre
        parts.append(
            f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
        )
    return "".join([*parts, "</svg>"])


def _word(text: str, box: Box) -> str:
    return (
        f'<text x="{box.left:.1f}" y="{box.bottom:.1f}" font-size="{box.height * 0.9:.1f}" '
        f'textLength="{max(box.width, 0.1):.1f}" lengthAdjust="spacingAndGlyphs">'
        f"{escape(text)}</text>"
    )


def _mark(mark: Mark) -> str:
    box = mark.box
    return (
        f'<rect class="{mark.kind}" x="{box.left:.1f}" y="{box.top:.1f}" '
        f'width="{box.width:.1f}" height="{box.height:.1f}"><title>{escape(mark.note)}</title>'
        "</rect>"
    )


def _jpeg(image: PageImage) -> bytes:
    from PIL import Image

    picture = Image.fromarray(image.pixels)
    if picture.width > PICTURE_WIDTH:
        height = round(picture.height * PICTURE_WIDTH / picture.width)
        picture = picture.resize((PICTURE_WIDTH, height))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


STYLE = """<style>
body { font: 15px/1.4 sans-serif; max-width: 60em; margin: 2em auto; color: #222 }
table { border-collapse: collapse } td, th { padding: .15em .8em; text-align: right }
td:first-child, th:first-child { text-align: left } tr:nth-child(even) { background: #f4f4f4 }
svg { width: 100%; border: 1px solid #ccc; background: white }
rect { fill-opacity: .12 } line { stroke-width: 1.2 }
rect.right { fill: #2a2; stroke: #2a2 } rect.wrong { fill: #d22; stroke: #d22 }
rect.missed { fill: #26d; stroke: #26d; stroke-dasharray: 3 }
line.right { stroke: #2a2 } line.wrong { stroke: #d22 }
line.missed { stroke: #26d; stroke-dasharray: 3 }
span.right { color: #2a2 } span.wrong { color: #d22 } span.missed { color: #26d }
</style>"""
