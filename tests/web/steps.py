"""Short words for what tests in a browser do over and over."""

from __future__ import annotations

import io
from pathlib import Path

from playwright.sync_api import Locator, Page
from reportlab.pdfgen.canvas import Canvas

PATIENT_S = 90.0
SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def row(page: Page, id: str) -> Locator:
    """Of the list of fields."""
    return page.locator(f".fields .row[data-id='{id}']")


def mark(page: Page, id: str) -> Locator:
    """On the picture of the page."""
    return page.locator(f".viewer rect[data-id='{id}']").first


def cell(page: Page, row: int, column: int) -> Locator:
    """Of the grid."""
    return page.locator(f".grid td[data-row='{row}'][data-column='{column}']")


def word(page: Page, text: str) -> Locator:
    """On the picture, while words are picked."""
    return page.locator(".viewer rect.pickable").filter(has=page.locator("title", has_text=text))


def small_pdf(*lines: str, pages: int = 1) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(420, 595), invariant=True)
    for number in range(pages):
        for i, line in enumerate((*lines, f"Page {number + 1}")):
            canvas.drawString(50, 540 - 20 * i, line)
        canvas.showPage()
    canvas.save()
    return file.getvalue()
