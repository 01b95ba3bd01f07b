"""The file again as a PDF, with an invisible text layer over it; inside the sandbox.

The pages' own content is not touched: a PDF's pages keep their streams and a JPEG its bytes.
The layer's font has no glyphs, only widths and a mapping to Unicode, the way Tesseract's and
OCRmyPDF's layers do it: text in render mode 3 is never drawn (ISO 32000-1, 9.3.6).
"""

from __future__ import annotations

import io
import math
import os
import zlib
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile

from docai.ingest.picture import PictureParser, on_white
from docai.ingest.sniff import PDF

CHARACTER_WIDTH = 500  # thousandths of the type size, for every character
ASCENT, DESCENT = 800, -200  # thousandths; a word's box is one type size high
FONT_NAME = "/DocaiText"


class SearchablePdf:
    """Pages get their words one by one, then `save`."""

    def __init__(
        self, file_descriptor: int, media_type: str, password: str | None, max_pixels: int
    ) -> None:
        if media_type == PDF:
            self._pictures = None
            file = os.fdopen(os.dup(file_descriptor), "rb")
            file.seek(0)
            self._pdf = pikepdf.open(file, password=password or "")
        else:
            self._pictures = PictureParser(file_descriptor, max_pixels)
            self._pdf = pikepdf.new()
            for number in range(1, self._pictures.page_count + 1):
                self._add_picture(number)
        self._font = self._pdf.make_indirect(_font(self._pdf))

    def add_words(self, number: int, rotation: int, skew: float, words: list[list[Any]]) -> None:
        """Lays [text, left, top, right, bottom], in upright page points, over page `number`.

        `rotation` and `skew` are what made the page upright (docai.document.Page).
        """
        page = self._pdf.pages[number - 1]
        frame = _Placement(page, rotation, skew)
        operators = ["q BT 3 Tr"]
        operators += [_show(text, *frame.place(box), frame.direction) for text, *box in words]
        operators.append("ET Q")
        page.rotate(rotation, relative=False)
        page.contents_add(b"q", prepend=True)  # the page's own state must not reach the layer
        page.contents_add(b"Q")
        page.contents_add(_compressed(self._pdf, "\n".join(operators).encode()))
        page.obj.Resources = _copied(page.obj, "/Resources")  # pages may share one dictionary
        page.obj.Resources.Font = _copied(page.obj.Resources, "/Font")
        page.obj.Resources.Font[FONT_NAME] = self._font

    def save(self) -> bytes:
        file = io.BytesIO()
        # Neither option may change: the file's own streams are to stay as they are.
        untouched = pikepdf.StreamDecodeLevel.none
        self._pdf.save(file, stream_decode_level=untouched, compress_streams=False)
        return file.getvalue()

    def _add_picture(self, number: int) -> None:
        assert self._pictures is not None
        size = self._pictures.size(number)
        width, height = size["width"], size["height"]
        page = self._pdf.add_blank_page(page_size=(width, height))
        stream = _picture_stream(self._pdf, self._pictures.frame(number))
        page.obj.Resources = Dictionary(XObject=Dictionary(Scan=stream))
        page.contents_add(f"q {width:.3f} 0 0 {height:.3f} 0 0 cm /Scan Do Q".encode())


def _compressed(pdf: pikepdf.Pdf, data: bytes) -> pikepdf.Stream:
    return pikepdf.Stream(pdf, zlib.compress(data), Filter=Name.FlateDecode)


def _copied(holder: Any, name: str) -> Dictionary:
    return Dictionary(holder[name]) if name in holder else Dictionary()


class _Placement:
    """Where an upright box lies in the page's own coordinates, y up, before any rotation."""

    def __init__(self, page: pikepdf.Page, rotation: int, skew: float) -> None:
        left, bottom, right, top = (float(edge) for edge in page.cropbox)
        self._corner = {0: (left, top), 90: (left, bottom), 180: (right, bottom), 270: (right, top)}
        self._rotation = rotation
        across, up = right - left, top - bottom
        self._size = (up, across) if rotation in (90, 270) else (across, up)
        self._skew = math.radians(skew)
        turn = math.radians(rotation) + self._skew
        self.direction = (math.cos(turn), math.sin(turn))

    def place(self, box: list[float]) -> tuple[float, float, float, float]:
        """(x, y) of the word's lower left corner, its length and its height."""
        left, top, right, bottom = box
        x, y = self._unskewed(left, bottom)
        corner_x, corner_y = self._corner[self._rotation]
        if self._rotation == 0:
            x, y = corner_x + x, corner_y - y
        elif self._rotation == 90:
            x, y = corner_x + y, corner_y + x
        elif self._rotation == 180:
            x, y = corner_x - x, corner_y + y
        else:
            x, y = corner_x - y, corner_y - x
        return x, y, right - left, bottom - top

    def _unskewed(self, x: float, y: float) -> tuple[float, float]:
        """Deskewing turned the page about its centre; this turns a point back."""
        centre_x, centre_y = self._size[0] / 2, self._size[1] / 2
        dx, dy = x - centre_x, y - centre_y
        cos, sin = math.cos(self._skew), math.sin(self._skew)
        return centre_x + cos * dx + sin * dy, centre_y - sin * dx + cos * dy


def _show(
    text: str, x: float, y: float, length: float, height: float, direction: tuple[float, float]
) -> str:
    size = max(0.1, height)
    natural = CHARACTER_WIDTH / 1000 * size * len(text)
    cos, sin = direction
    rise = -DESCENT / 1000 * size  # from the box's bottom to the baseline
    x, y = x - sin * rise, y + cos * rise
    code = text.encode("utf-16-be", "replace").hex()
    return (
        f"{FONT_NAME} {size:.2f} Tf {100 * length / natural:.2f} Tz"
        f" {cos:.5f} {sin:.5f} {-sin:.5f} {cos:.5f} {x:.2f} {y:.2f} Tm <{code}> Tj"
    )


def _font(pdf: pikepdf.Pdf) -> Dictionary:
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name(FONT_NAME),
        Flags=4,
        FontBBox=Array([0, DESCENT, CHARACTER_WIDTH, ASCENT]),
        ItalicAngle=0,
        Ascent=ASCENT,
        Descent=DESCENT,
        CapHeight=ASCENT,
        StemV=80,
    )
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=Name(FONT_NAME),
        CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor),
        DW=CHARACTER_WIDTH,
    )
    return Dictionary(
        Type=Name.Font,
        Subtype=Name.Type0,
        BaseFont=Name(FONT_NAME),
        Encoding=Name("/Identity-H"),
        DescendantFonts=Array([pdf.make_indirect(descendant)]),
        ToUnicode=_compressed(pdf, _identity_cmap()),
    )


def _identity_cmap() -> bytes:
    """Character codes are UTF-16 units: each means itself. At most 100 ranges go in a block."""
    rows = [f"<{high:02x}00> <{high:02x}ff> <{high:02x}00>" for high in range(256)]
    blocks = [rows[i : i + 100] for i in range(0, 256, 100)]
    ranges = "\n".join(
        f"{len(block)} beginbfrange\n" + "\n".join(block) + "\nendbfrange" for block in blocks
    )
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{ranges}\nendcmap end end\n"
    ).encode()


def _picture_stream(pdf: pikepdf.Pdf, frame: Image.Image) -> pikepdf.Stream:
    """The image as an XObject: a plain JPEG keeps its bytes, everything else its pixels."""
    upright = frame.getexif().get(0x0112, 1) == 1
    if isinstance(frame, JpegImageFile) and frame.fp and upright and frame.mode in ("L", "RGB"):
        frame.fp.seek(0)
        stream = pikepdf.Stream(pdf, frame.fp.read())
        stream.Filter = Name.DCTDecode
        colours = Name.DeviceGray if frame.mode == "L" else Name.DeviceRGB
        bits = 8
    else:
        image = ImageOps.exif_transpose(frame)
        image = image if image.mode in ("1", "L") else on_white(image)
        stream = _compressed(pdf, image.tobytes())
        colours = Name.DeviceRGB if image.mode == "RGB" else Name.DeviceGray
        bits = 1 if image.mode == "1" else 8
    stream.Type, stream.Subtype = Name.XObject, Name.Image
    stream.Width, stream.Height = frame.size if upright else image.size
    stream.ColorSpace, stream.BitsPerComponent = colours, bits
    return stream
