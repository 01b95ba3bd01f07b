"""Makes the documents in samples/: an invoice as PDF, a receipt and a form as scans.

    python tools/make_samples.py samples

Every name and number in them is invented. The scans are renders with what a scanner adds:
a little skew, blur, uneven light, noise and JPEG. The same files come out every time.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
from numpy.typing import NDArray
from reportlab.lib.colors import HexColor, black
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

Pixels = NDArray[np.uint8]

ITEMS = (
    ("1", "Oak desk, 160 × 80 cm", "2", "420.00", "840.00"),
    ("2", "Office chair Nordlys, grey", "4", "189.50", "758.00"),
    ("3", "Desk lamp with dimmer and", "6", "39.90", "239.40"),
    ("4", "Delivery and assembly", "1", "95.00", "95.00"),
)
SUMS = (("Subtotal", "1,932.40"), ("VAT 20 %", "386.48"), ("Total due", "£2,318.88"))


def invoice(canvas: Canvas) -> None:
    ink, pale = HexColor("#1f2a44"), HexColor("#e8ecf4")
    canvas.setFillColor(ink)
    canvas.setFont("Helvetica-Bold", 20)
    canvas.drawString(56, 770, "Harrow & Finch Ltd")
    canvas.setFont("Helvetica", 9)
    for y, text in (
        (754, "14 Mill Lane, Cambridge CB1 2AD, United Kingdom"),
        (742, "VAT no. GB 731 3310 81 · accounts@harrowfinch.example · +44 1223 555 0147"),
    ):
        canvas.drawString(56, y, text)
    canvas.setFillColor(black)
    _lines(
        canvas,
        56,
        690,
        13,
        ("Bill to", "Brightwater Studio", "Ms Ana Okafor", "3 Quay Street", "Bristol BS1 4QE"),
    )
    labels = (
        ("Invoice number", "INV-2026-0417"),
        ("Invoice date", "12 March 2026"),
        ("Due date", "11 April 2026"),
        ("Purchase order", "PO-88213"),
    )
    for i, (label, value) in enumerate(labels):
        canvas.setFont("Helvetica", 10)
        canvas.drawString(350, 690 - 15 * i, label)
        canvas.setFont("Helvetica-Bold", 10)
        canvas.drawRightString(539, 690 - 15 * i, value)
    columns = (60, 88, 360, 460, 535)
    canvas.setFillColor(pale)
    canvas.rect(56, 570, 483, 20, stroke=0, fill=1)
    canvas.setFillColor(black)
    canvas.setFont("Helvetica-Bold", 9)
    _row(canvas, columns, 577, ("Pos", "Description", "Qty", "Unit price", "Amount"))
    canvas.setFont("Helvetica", 9)
    y = 553
    for row in ITEMS:
        _row(canvas, columns, y, row)
        if row[0] == "3":
            y -= 12
            canvas.drawString(columns[1], y, "USB charging port, brass")
        y -= 20
    canvas.line(56, y + 8, 539, y + 8)
    for i, (label, value) in enumerate(SUMS):
        canvas.setFont("Helvetica-Bold" if i == 2 else "Helvetica", 10)
        canvas.drawString(390, y - 10 - 16 * i, label)
        canvas.drawRightString(535, y - 10 - 16 * i, value)
    canvas.setFont("Helvetica", 9)
    _lines(
        canvas,
        56,
        330,
        13,
        (
            "Payment terms: 30 days net. Please quote the invoice number.",
            "Bank: Fenland Bank · IBAN GB33 BUKB 2020 1555 5555 55 · BIC BUKBGB22",
        ),
    )


def receipt(canvas: Canvas) -> None:
    canvas.setPageSize((226, 430))
    canvas.setFont("Courier-Bold", 13)
    canvas.drawCentredString(113, 400, "CORNER GREEN MARKET")
    canvas.setFont("Courier", 9)
    for y, text in ((386, "27 Station Road"), (375, "York YO1 7HH"), (364, "Tel 01904 555 0182")):
        canvas.drawCentredString(113, y, text)
    canvas.drawString(16, 340, "Receipt 004518")
    canvas.drawString(16, 328, "Date 21/02/2026  Time 17:42")
    rows = (
        ("2 x Oat milk 1 l", "3.80"),
        ("1 x Rye bread", "2.95"),
        ("3 x Apples 500 g", "4.20"),
        ("1 x Coffee beans 1 kg", "14.50"),
    )
    for i, (name, price) in enumerate(rows):
        canvas.drawString(16, 300 - 14 * i, name)
        canvas.drawRightString(210, 300 - 14 * i, price)
    canvas.line(16, 246, 210, 246)
    for y, label, value in ((230, "SUBTOTAL", "25.45"), (216, "VAT 20%", "5.09")):
        canvas.drawString(16, y, label)
        canvas.drawRightString(210, y, value)
    canvas.setFont("Courier-Bold", 12)
    canvas.drawString(16, 196, "TOTAL")
    canvas.drawRightString(210, 196, "GBP 30.54")
    canvas.setFont("Courier", 9)
    canvas.drawString(16, 174, "Paid by VISA card")
    canvas.drawString(16, 162, "VAT no. GB 902 4417 57")
    canvas.drawCentredString(113, 130, "Thank you for shopping with us")


def form(canvas: Canvas) -> None:
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(56, 770, "Membership application")
    canvas.setFont("Helvetica", 9)
    canvas.drawString(56, 754, "Riverside Rowing Club · please fill in block letters")
    entries = (
        ("Full name:", "MARTA LINDQVIST"),
        ("Date of birth:", "04.09.1988"),
        ("Street:", "WEIR STREET 12"),
        ("Town:", "OXFORD OX1 2JD"),
        ("Telephone:", "07700 900 461"),
        ("E-mail:", "marta.lindqvist@mail.example"),
    )
    for i, (label, value) in enumerate(entries):
        y = 710 - 34 * i
        canvas.setFont("Helvetica", 10)
        canvas.drawString(56, y, label)
        canvas.setFont("Courier", 12)
        canvas.drawString(170, y + 1, value)
        canvas.line(165, y - 4, 520, y - 4)
    canvas.setFont("Helvetica", 10)
    canvas.drawString(56, 480, "Membership:")
    for x, label, ticked in ((170, "Adult", True), (270, "Family", False), (370, "Student", False)):
        canvas.rect(x, 478, 11, 11)
        if ticked:
            canvas.setLineWidth(1.6)
            canvas.line(x + 2, 480, x + 9, 487)
            canvas.line(x + 2, 487, x + 9, 480)
            canvas.setLineWidth(1)
        canvas.drawString(x + 18, 480, label)
    canvas.drawString(56, 440, "Start date:")
    canvas.setFont("Courier", 12)
    canvas.drawString(170, 441, "01.05.2026")
    canvas.line(165, 436, 520, 436)


def scanned(pixels: Pixels, *, skew: float, seed: int) -> Pixels:
    """What a desk scanner makes of a clean page: skew (degrees clockwise), light, blur, noise."""
    random = np.random.default_rng(seed)
    height, width = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -skew, 1.0)
    page = cv2.warpAffine(pixels, turn, (width, height), borderValue=(255, 255, 255))
    page = cv2.GaussianBlur(page, (0, 0), 0.7)
    light = (
        np.linspace(1.0, 0.9, width)[None, :, None] * np.linspace(0.97, 1.0, height)[:, None, None]
    )
    noise = random.normal(0, 6, (height, width, 1))
    return np.clip(page * light + noise, 0, 255).astype(np.uint8)


def _row(canvas: Canvas, columns: tuple[int, ...], y: float, texts: tuple[str, ...]) -> None:
    """Two columns from their left edge, the rest from their right edge."""
    for i, (x, text) in enumerate(zip(columns, texts, strict=True)):
        (canvas.drawString if i < 2 else canvas.drawRightString)(x, y, text)


def _lines(canvas: Canvas, x: float, y: float, leading: float, texts: tuple[str, ...]) -> None:
    for i, text in enumerate(texts):
        canvas.drawString(x, y - leading * i, text)


def _pdf(draw: Callable[[Canvas], None]) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=True)
    draw(canvas)
    canvas.save()
    return file.getvalue()


def _render(pdf: bytes, dpi: int) -> Pixels:
    bitmap = pypdfium2.PdfDocument(pdf)[0].render(scale=dpi / 72, rev_byteorder=False)
    return np.asarray(bitmap.to_numpy()[:, :, :3])


def _jpeg(pixels: Pixels, quality: int) -> bytes:
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "invoice.pdf").write_bytes(_pdf(invoice))
    receipt_scan = scanned(_render(_pdf(receipt), 200), skew=1.4, seed=1)
    (folder / "receipt.jpg").write_bytes(_jpeg(receipt_scan, 70))
    form_scan = scanned(_render(_pdf(form), 150), skew=-0.9, seed=2)
    (folder / "form.jpg").write_bytes(_jpeg(form_scan, 60))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
