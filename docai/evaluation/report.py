"""What an evaluation or a training says: as text, as JSON, or as one HTML file.

The HTML needs nothing else: pictures are inside it, and nothing is fetched or run.
"""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from statistics import mean, stdev

from docai.document import Page
from docai.evaluation.metrics import (
    TENTHS,
    Claim,
    Counts,
    auroc,
    calibration_error,
    reliability,
)
from docai.geometry import Box
from docai.image import PageImage
from docai.serialize import Json, box_to_json

RIGHT, WRONG, MISSED = "right", "wrong", "missed"
PICTURE_WIDTH = 900  # pixels; enough to read the words
JPEG_QUALITY = 60

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """The first column names the row. `digits` are what people see of a fraction."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    digits: int = 3

    def text(self) -> str:
        """In columns, for a terminal."""
        rows = [self.header, *self.shown()]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.header))]
        lines = [
            "  ".join(
                cell.ljust(width) if i == 0 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        return "\n".join([self.title, *lines, *([self.note] if self.note else [])])

    def json(self) -> Json:
        """Each row by the columns' names; the first column is the row's name."""
        names = [column or "name" for column in self.header]
        rows = [dict(zip(names, row, strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "note": self.note}

    def html(self) -> str:
        head = "".join(f"<th>{escape(cell)}" for cell in self.header)
        rows = "".join("<tr>" + "".join(f"<td>{escape(c)}" for c in row) for row in self.shown())
        note = f"<p>{escape(self.note)}</p>" if self.note else ""
        return f"<h2>{escape(self.title)}</h2><table><tr>{head}{rows}</table>{note}"

    def shown(self) -> list[tuple[str, ...]]:
        """The rows as people read them."""
        return [tuple(map(self._shown, row)) for row in self.rows]

    def _shown(self, cell: Cell) -> str:
        if cell is None:
            return ""
        if not isinstance(cell, float):
            return str(cell)
        too_small = 0 < abs(cell) < 0.5 * 10**-self.digits  # and would be shown as nothing
        return f"{cell:.1e}" if too_small else f"{cell:.{self.digits}f}"


@dataclass(frozen=True, slots=True)
class Mark:
    """A box drawn over a page; `kind` is one of RIGHT, WRONG and MISSED."""

    box: Box
    kind: str
    note: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A page with marks, and arrows from the middle of one box to another's.

    `notes` say in words what is wrong, places or none.
    """

    title: str
    page: Page
    marks: tuple[Mark, ...]
    arrows: tuple[tuple[Box, Box, str], ...] = ()
    image: PageImage | None = None
    notes: tuple[str, ...] = ()

    def json(self) -> Json:
        marks = [
            {"kind": mark.kind, "note": mark.note, "box": box_to_json(mark.box)}
            for mark in self.marks
        ]
        page = self.page.number
        return {"title": self.title, "page": page, "marks": marks, "notes": list(self.notes)}

    def html(self) -> str:
        page = self.page
        parts = [f"<h3>{escape(self.title)}</h3>"]
        if self.notes:
            parts.append("<ul>" + "".join(f"<li>{escape(note)}" for note in self.notes) + "</ul>")
        parts.append(f'<svg viewBox="0 0 {page.width:.1f} {page.height:.1f}">')
        if self.image is not None:
            data = base64.b64encode(_jpeg(self.image)).decode()
            parts.append(
                f'<image href="data:image/jpeg;base64,{data}" width="{page.width:.1f}" '
                f'height="{page.height:.1f}" preserveAspectRatio="none"/>'
            )
        else:
            parts += [_word(word.text, word.box) for word in page.words]
        parts += [_mark(mark) for mark in self.marks]
        for start, end, kind in self.arrows:
            (x1, y1), (x2, y2) = start.centre, end.centre
            parts.append(
                f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
            )
        return "".join([*parts, "</svg>"])


@dataclass(frozen=True, slots=True)
class Report:
    """Figures, and the worst documents drawn."""

    title: str
    tables: tuple[Table, ...]
    drawings: tuple[Drawing, ...] = ()
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """For a terminal, without the drawings."""
        parts = [self.title, *(table.text() for table in self.tables), *self.notes]
        return "\n\n".join(parts) + "\n"

    def json(self) -> Json:
        return {
            "title": self.title,
            "tables": [table.json() for table in self.tables],
            "worst": [drawing.json() for drawing in self.drawings],
            "notes": list(self.notes),
        }

    def html(self) -> str:
        """The whole file."""
        parts = [f"<!doctype html><meta charset=utf-8><title>{escape(self.title)}</title>", STYLE]
        parts.append(f"<h1>{escape(self.title)}</h1>")
        parts += [table.html() for table in self.tables]
        parts += [f"<p>{escape(note)}</p>" for note in self.notes]
        if self.drawings:
            parts.append(WORST_DOCUMENTS)
        parts += [drawing.html() for drawing in self.drawings]
        return "\n".join(parts) + "\n"


def between(low: float, high: float) -> str:
    """An interval, as people read it.

    >>> between(0.9, 0.9514)
    '0.900–0.951'
    """
    return f"{low:.3f}–{high:.3f}"


COUNTS = ("right", "claimed", "expected", "precision", "recall", "F1")


def counts_table(title: str, counts: Mapping[str, Counts], note: str = "") -> Table:
    """A row for each label and one for all of them together."""
    parts = {name: counts[name] for name in sorted(counts)}
    return rows_table(title, {**parts, "all (micro)": sum(counts.values(), Counts())}, note)


def rows_table(title: str, counts: Mapping[str, Counts], note: str = "") -> Table:
    """Counts that are no parts of a whole, in the order given."""
    rows = (
        (name, c.right, c.claimed, c.expected, c.precision, c.recall, c.f1)
        for name, c in counts.items()
    )
    return Table(title, ("", *COUNTS), tuple(rows), note)


def confusion_table(title: str, pairs: Iterable[tuple[str, str]], labels: Sequence[str]) -> Table:
    """Rows are what was true, columns what was said."""
    seen = Counter(pairs)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (true, *(seen[true, said] for said in labels)) for true in labels
    )
    return Table(title, ("true \\ said", *labels), rows)


def confidence_tables(
    title: str, claims: Sequence[Claim], edges: Sequence[float] = TENTHS
) -> tuple[Table, Table]:
    """How good the confidences are: as a whole, and bin by bin."""
    both = len({right for _, right in claims}) == 2  # else there is no area under a curve
    area = auroc(claims) if both else None
    whole = ("all claims", len(claims), calibration_error(claims, edges), area)
    bins = tuple(
        (f"{row.low:g} to {row.high:g}", row.count, row.confidence, row.accuracy)
        for row in reliability(claims, edges)
    )
    return (
        Table(title, ("", "claims", "calibration error", "AUROC"), (whole,)),
        Table(f"{title}, by what was said", ("said", "claims", "mean", "right"), bins),
    )


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation over the folds.

    >>> spread([0.8, 0.9])
    '0.850 ± 0.071'
    """
    if len(values) < 2:
        return f"{mean(values):.3f}"
    return f"{mean(values):.3f} ± {stdev(values):.3f}"


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


TIPS = "".join(
    f'<marker id="tip-{kind}" class="{kind}" viewBox="0 0 6 6" refX="6" refY="3" markerWidth="6" '
    'markerHeight="6" orient="auto"><path d="M0 0 6 3 0 6z"/></marker>'
    for kind in (RIGHT, WRONG, MISSED)
)
WORST_DOCUMENTS = (
    "<h2>Worst documents</h2><p><span class=right>right</span> "
    "<span class=wrong>said, but wrong</span> <span class=missed>missed</span></p>"
    f"<svg class=tips>{TIPS}</svg>"
)
STYLE = """<style>
body { font: 15px/1.4 sans-serif; max-width: 60em; margin: 2em auto; color: #222 }
table { border-collapse: collapse } td, th { padding: .15em .8em; text-align: right }
td:first-child, th:first-child { text-align: left } tr:nth-child(even) { background: #f4f4f4 }
svg { width: 100%; border: 1px solid #ccc; background: white }
svg.tips { position: absolute; width: 0; height: 0; border: 0 }
rect { fill-opacity: .12 } line { stroke-width: 1.2 }
.right { color: #2a2 } .wrong { color: #d22 } .missed { color: #26d }
rect { fill: currentColor; stroke: currentColor } line { stroke: currentColor }
marker { fill: currentColor } rect.missed, line.missed { stroke-dasharray: 3 }
line.right { marker-end: url(#tip-right) } line.wrong { marker-end: url(#tip-wrong) }
line.missed { marker-end: url(#tip-missed) }
</style>"""
