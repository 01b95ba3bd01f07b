"""The page's picture with what the layout believes drawn over it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from docai.document import BlockKind, CellKind, Page, Role
from docai.errors import UsageError
from docai.geometry import Box, to_pixels

if TYPE_CHECKING:
    from docai.image import PageImage


class Layer(StrEnum):
    """What can be drawn, bottom to top."""

    WORDS = "words"
    LINES = "lines"
    TABLES = "tables"
    BLOCKS = "blocks"
    ORDER = "order"
    EVIDENCE = "evidence"


Evidence = tuple[str, Box]  # a field's name and where it was found
_Colour = tuple[int, int, int]

# Okabe and Ito's palette: told apart with any colour vision, on paper white.
_WORD: _Colour = (150, 160, 175)
_LINE: _Colour = (86, 180, 233)
_TABLE: _Colour = (213, 94, 0)
_EVIDENCE: _Colour = (0, 130, 95)
_ORDER: _Colour = (170, 70, 130)
_KINDS: dict[BlockKind, _Colour] = {
    BlockKind.TEXT: (0, 95, 170),
    BlockKind.TITLE: (170, 70, 130),
    BlockKind.LIST: (0, 130, 95),
    BlockKind.TABLE: _TABLE,
    BlockKind.FIGURE: (120, 100, 20),
    BlockKind.HEADER: (110, 115, 125),
    BlockKind.FOOTER: (110, 115, 125),
}
_ROLES: dict[Role | None, _Colour] = {
    Role.SECTION: (0, 95, 170),
    Role.TOTAL: (0, 130, 95),
}
_STROKE_POINTS = 0.8
_LABEL_POINTS = 7.0
_SMALLEST_LABEL_PIXELS = 9.0  # below it letters cannot be read
_TINT = 38  # of 255, opacity of filled areas: the text below stays black on white
_HIGHLIGHT = 70


def layer(name: str) -> Layer:
    """The layer of this name. Raises UsageError."""
    try:
        return Layer(name)
    except ValueError:
        known = ", ".join(Layer)
        raise UsageError(f"no layer is called {name!r}; there are {known}") from None


def draw(
    page: Page,
    image: PageImage,
    *,
    layers: Collection[Layer] = tuple(Layer),
    evidence: Sequence[Evidence] = (),
) -> Image.Image:
    """A new RGB picture of the size of `image`, with the layers and a legend drawn over it."""
    canvas = _Canvas(image)
    drawers = {
        Layer.WORDS: lambda: _draw_words(canvas, page),
        Layer.LINES: lambda: _draw_lines(canvas, page),
        Layer.TABLES: lambda: _draw_tables(canvas, page),
        Layer.BLOCKS: lambda: _draw_blocks(canvas, page),
        Layer.ORDER: lambda: _draw_order(canvas, page),
        Layer.EVIDENCE: lambda: _draw_evidence(canvas, evidence),
    }
    for wanted in Layer:
        if wanted in layers:
            drawers[wanted]()
    canvas.legend(list(_legend(page, layers, evidence)))
    return canvas.picture()


class _Canvas:
    """Draws in points over a picture of pixels; strokes and letters grow with its dpi."""

    def __init__(self, image: PageImage) -> None:
        self._below = Image.fromarray(image.pixels).convert("RGBA")
        # Areas lie under all strokes and letters, whichever is drawn first.
        self._areas, self._over = (
            Image.new("RGBA", self._below.size, (255, 255, 255, 0)) for _ in range(2)
        )
        self._brush, self._pen = ImageDraw.Draw(self._areas), ImageDraw.Draw(self._over)
        self._dpi = image.dpi
        self._stroke = max(1, round(_STROKE_POINTS * image.dpi / 72))
        self._letters = max(_SMALLEST_LABEL_PIXELS, _LABEL_POINTS * image.dpi / 72)
        self._font = ImageFont.load_default(self._letters)

    def picture(self) -> Image.Image:
        tinted = Image.alpha_composite(self._below, self._areas)
        return Image.alpha_composite(tinted, self._over).convert("RGB")

    def outline(self, box: Box, colour: _Colour, *, thin: bool = False) -> None:
        width = max(1, self._stroke // 2) if thin else self._stroke
        opacity = 150 if thin else 230
        self._pen.rectangle(to_pixels(box, dpi=self._dpi), outline=(*colour, opacity), width=width)

    def fill(self, box: Box, colour: _Colour, opacity: int = _TINT) -> None:
        self._brush.rectangle(to_pixels(box, dpi=self._dpi), fill=(*colour, opacity))

    def path(self, start: tuple[float, float], end: tuple[float, float], colour: _Colour) -> None:
        scale = self._dpi / 72
        points = [(x * scale, y * scale) for x, y in (start, end)]
        self._pen.line(points, fill=(*colour, 170), width=self._stroke)
        x, y = points[1]
        dot = 2 * self._stroke
        self._pen.ellipse((x - dot, y - dot, x + dot, y + dot), fill=(*colour, 200))

    def label(self, box: Box, text: str, colour: _Colour, *, beside: bool = False) -> None:
        """White on colour, on the box's top edge or at its left, inside the picture."""
        left, top, _, _ = to_pixels(box, dpi=self._dpi)
        width, height = self._text_size(text)
        if beside and left >= width:
            self._tag(left - width, top, text, colour)
        else:
            left = max(0.0, min(left, self._over.width - width))
            self._tag(left, max(0.0, top - height), text, colour)

    def legend(self, entries: Sequence[tuple[str, _Colour]]) -> None:
        """In the lower left corner, one line."""
        left = 0.0
        for text, colour in entries:
            width, height = self._text_size(text)
            self._tag(left, self._over.height - height, text, colour)
            left += width + self._stroke

    def _tag(self, left: float, top: float, text: str, colour: _Colour) -> None:
        width, height = self._text_size(text)
        pad = self._padding()
        self._pen.rectangle((left, top, left + width - 1, top + height - 1), fill=(*colour, 225))
        self._pen.text((left + pad, top + height / 2), text, "white", self._font, anchor="lm")

    def _text_size(self, text: str) -> tuple[float, float]:
        pad = self._padding()
        return self._font.getlength(text) + 2 * pad, self._letters + 2 * pad

    def _padding(self) -> float:
        return max(1.0, self._letters / 6)


def _draw_words(canvas: _Canvas, page: Page) -> None:
    for word in page.words:
        canvas.outline(word.box, _WORD, thin=True)


def _draw_lines(canvas: _Canvas, page: Page) -> None:
    for line in page.lines:
        canvas.outline(page.box(line.words), _LINE, thin=True)


def _draw_tables(canvas: _Canvas, page: Page) -> None:
    for table in page.tables:
        for cell in table.cells:
            if cell.kind is CellKind.HEADER:
                canvas.fill(cell.box, _TABLE)
            elif cell.role in _ROLES:
                canvas.fill(cell.box, _ROLES[cell.role])
            canvas.outline(cell.box, _TABLE, thin=True)
        canvas.outline(table.box, _TABLE)
        for words in filter(None, (table.caption, table.notes)):
            canvas.outline(page.box(words), _TABLE, thin=True)
        corner = Box(table.box.right, table.box.top, table.box.right, table.box.bottom)
        size = f"{table.rows} x {table.columns}  {table.confidence:.2f}"
        canvas.label(corner, size + (" goes on" if table.continues else ""), _TABLE)


def _draw_blocks(canvas: _Canvas, page: Page) -> None:
    for number, block in enumerate(page.blocks, start=1):
        colour = _KINDS[block.kind]
        canvas.outline(block.box, colour)
        kind = "" if block.kind is BlockKind.TEXT else f" {block.kind}"
        canvas.label(block.box, f"{number}{kind}", colour, beside=True)


def _draw_order(canvas: _Canvas, page: Page) -> None:
    for before, after in pairwise(page.blocks):
        canvas.path(before.box.centre, after.box.centre, _ORDER)


def _draw_evidence(canvas: _Canvas, evidence: Sequence[Evidence]) -> None:
    for _, box in evidence:
        canvas.fill(box, _EVIDENCE, _HIGHLIGHT)
        canvas.outline(box, _EVIDENCE)
    for name, box in evidence:
        canvas.label(box, name, _EVIDENCE)


def _legend(
    page: Page, layers: Collection[Layer], evidence: Sequence[Evidence]
) -> Iterator[tuple[str, _Colour]]:
    """What of the layers is on this page, with its colour."""
    if Layer.WORDS in layers and page.words:
        yield "words", _WORD
    if Layer.LINES in layers and page.lines:
        yield "lines", _LINE
    if Layer.BLOCKS in layers:
        present = {block.kind for block in page.blocks}
        yield from ((str(kind), _KINDS[kind]) for kind in _KINDS if kind in present)
    elif Layer.TABLES in layers and page.tables:
        yield "table", _TABLE
    if Layer.ORDER in layers and len(page.blocks) > 1:
        yield "order", _ORDER
    if Layer.EVIDENCE in layers and evidence:
        yield "evidence", _EVIDENCE
