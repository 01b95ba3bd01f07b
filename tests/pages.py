"""What tests draw on pages and pictures."""

from __future__ import annotations

import io
from collections.abc import Callable

from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas

A5 = (420.0, 595.0)  # points

Draw = Callable[[Canvas], None]


def text(*lines: str) -> Draw:
    """A page with these lines, from the top, 20 points apart, starting at x = 50, y = 55."""

    def draw(canvas: Canvas) -> None:
        for i, line in enumerate(lines):
            canvas.drawString(50, A5[1] - 55 - 20 * i, line)

    return draw


def picture(*lines: str, scale: float = 2.0) -> Image.Image:
    """A white A5 picture with these lines in black, at 72 × `scale` dpi."""
    image = Image.new("RGB", (round(A5[0] * scale), round(A5[1] * scale)), "white")
    draw = ImageDraw.Draw(image)
    for i, line in enumerate(lines):
        draw.text((50 * scale, (40 + 20 * i) * scale), line, fill="black", font_size=14 * scale)
    return image


def scan(image: Image.Image) -> Draw:
    """A page that is nothing but this picture."""
    from reportlab.lib.utils import ImageReader

    data = io.BytesIO()
    image.save(data, "PNG")

    def draw(canvas: Canvas) -> None:
        data.seek(0)
        canvas.drawImage(ImageReader(data), 0, 0, *A5)

    return draw
