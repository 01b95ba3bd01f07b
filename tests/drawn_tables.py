"""PDFs with tables in them, drawn with reportlab: 420 by 300 points."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from reportlab.pdfgen.canvas import Canvas

HIGH = 300


def listing(rows: int) -> list[list[str]]:
    """A header, then `rows` rows of a name and two numbers."""
    body = [[f"Item {n}", f"{n * 7}", f"{n * 1.25:.2f}"] for n in range(1, rows + 1)]
    return [["Name", "Count", "Price"], *body]


def framed(rows: Sequence[Sequence[str]]) -> bytes:
    """The rows in a drawn grid whose top is 40 points below the page's."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(420, HIGH), invariant=True)
    canvas.setFont("Helvetica", 9)
    bottom = 260 - 20 * len(rows)
    for n in range(len(rows) + 1):
        canvas.line(40, 260 - 20 * n, 380, 260 - 20 * n)
    for x in (40, 180, 280, 380):
        canvas.line(x, bottom, x, 260)
    for n, row in enumerate(rows):
        for x, text in zip((44, 184, 284), row, strict=True):
            canvas.drawString(x, 260 - 20 * n - 14, text)
    canvas.save()
    return file.getvalue()


def hard_tables() -> ModuleType:
    """tools/show_tables.py, whose tables are those of docs/tables.md."""
    path = Path(__file__).parents[1] / "tools" / "show_tables.py"
    spec = importlib.util.spec_from_file_location("show_tables", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
