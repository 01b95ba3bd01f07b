"""Draws a contact sheet of synthetic documents: docs/synthetic.png.

    python tools/contact_sheet.py docs/synthetic.png --count 24 --seed 11

The first two thirds are PDFs as they are, the others as scanners and phones see them.
"""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path

from PIL import Image

from docai.training.synth import KINDS, LANGUAGES
from docai.training.synth.degrade import degraded, pictures_of
from docai.training.synth.pdf import to_pdf
from docai.training.synth.stream import draft

COLUMNS = 6
TILE = (300, 420)  # pixels
GROUND = (150, 150, 150)
# Invoices, receipts and forms are what most users have.
MIX = ("invoice", "form", "invoice", "receipt", "invoice", "letter", "form", "table", "invoice",
       "report", "receipt", "form", "invoice", "paper", "invoice", "form")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", type=Path)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--kind", choices=KINDS, help="only this kind")
    parser.add_argument("--language", choices=LANGUAGES, help="only this language")
    parser.add_argument("--clean", action="store_true", help="no scans and photos")
    given = parser.parse_args()
    tiles = [
        _tile(
            given.kind or MIX[number % len(MIX)],
            given.language or LANGUAGES[number % len(LANGUAGES)],
            given.seed,
            number,
            scan=not given.clean and number % 3 == 2,
        )
        for number in range(given.count)
    ]
    _sheet(tiles).save(given.target, optimize=True)


def _tile(kind: str, language: str, seed: int, number: int, *, scan: bool) -> Image.Image:
    one = draft(kind, language, seed, number)
    pdf = to_pdf(one.sheets)
    if scan:
        pixels = degraded(one.labelled, pdf, seed + number).images[0].pixels
    else:
        pixels = next(islice(pictures_of(pdf), 1))
    picture = Image.fromarray(pixels)
    picture.thumbnail(TILE, Image.Resampling.LANCZOS)
    return picture


def _sheet(tiles: list[Image.Image]) -> Image.Image:
    gap, rows = 10, -(-len(tiles) // COLUMNS)
    width, height = TILE[0] + gap, TILE[1] + gap
    sheet = Image.new("RGB", (COLUMNS * width + gap, rows * height + gap), GROUND)
    for number, tile in enumerate(tiles):
        left = gap + number % COLUMNS * width + (TILE[0] - tile.width) // 2
        top = gap + number // COLUMNS * height + (TILE[1] - tile.height) // 2
        sheet.paste(tile, (left, top))
    # Few colours keep the file small; letters stay legible.
    return sheet.quantize(160, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main()
