"""PDF pages, inside the sandbox, through pdfium's own functions.

Words come from two calls a word instead of two a character: a word's box is the union of
its first and last character's. Form fields and typed notes are words as well. Straight
drawn lines and the edges of rectangles come back as thin boxes, since tables need them.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

import pypdfium2.raw as pdfium

from docai.errors import BrokenDocument, DynamicForm, EncryptedDocument
from docai.geometry import POINTS_PER_INCH
from docai.ingest.form import FormReader
from docai.ingest.vectors import Drawing, drawing

Rect = tuple[float, float, float, float]  # left, top, right, bottom in upright page points

_SPACES = re.compile(r"\S+")
_ANGLES_SAMPLED = 60  # words whose direction is looked at to find out which way is up
_HYPHEN = "\ufffe"  # pdfium's mark for a hyphen at a line's end


class PdfParser:
    def __init__(self, path: str, password: str | None, max_pixels: int) -> None:
        pdfium.FPDF_InitLibraryWithConfig(pdfium.FPDF_LIBRARY_CONFIG(version=2))
        self._max_pixels = max_pixels
        self._document = _load(path, password)
        self._form = FormReader(self._document)
        self.page_count = pdfium.FPDF_GetPageCount(self._document)
        kind = pdfium.FPDF_GetFormType(self._document)
        if kind == pdfium.FORMTYPE_XFA_FULL and self.page_count <= 1:
            raise DynamicForm(
                "it is a dynamic XFA form, whose pages only Adobe Reader can make;"
                " print it to a PDF there"
            )

    def page(self, number: int) -> dict[str, Any]:
        with self._page(number) as page, _text_page(page) as text:
            frame = Frame(page, _upright_rotation(page, text))
            drawn = drawing(page)
            return {
                "width": round(frame.width, 3),
                "height": round(frame.height, 3),
                "rotation": frame.rotation,
                "words": _words(text, frame),
                "filled": [[t, *frame.upright(*box)] for t, box in self._form.words(page)],
                "rules": [frame.upright(*rule) for rule in drawn.rules],
                **_picture_facts(drawn, frame),
            }

    def pixels(self, number: int, dpi: float) -> tuple[dict[str, Any], bytes]:
        with self._page(number) as page:
            with _text_page(page) as text:
                frame = Frame(page, _upright_rotation(page, text))
            dpi = min(dpi, frame.largest_dpi(self._max_pixels))
            width = max(1, round(frame.width * dpi / POINTS_PER_INCH))
            height = max(1, round(frame.height * dpi / POINTS_PER_INCH))
            bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_BGR, None, 0)
            if not bitmap:
                raise MemoryError
            turns = (frame.rotation // 90 - pdfium.FPDFPage_GetRotation(page)) % 4
            flags = pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER
            place = (0, 0, width, height, turns, flags)
            pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
            pdfium.FPDF_RenderPageBitmap(bitmap, page, *place)
            self._form.draw(bitmap, page, place)
            stride = pdfium.FPDFBitmap_GetStride(bitmap)
            rows = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * height)
            pdfium.FPDFBitmap_Destroy(bitmap)
            return {"width": width, "height": height, "stride": stride, "dpi": dpi}, rows

    @contextlib.contextmanager
    def _page(self, number: int) -> Iterator[Any]:
        page = pdfium.FPDF_LoadPage(self._document, number - 1)
        if not page:
            raise BrokenDocument(f"page {number} is damaged and cannot be opened")
        try:
            yield page
        finally:
            pdfium.FPDF_ClosePage(page)


class Frame:
    """From pdfium's coordinates (y up, as drawn) to the upright page (y down, origin top left).

    `rotation` is clockwise, in degrees, and includes the page's own /Rotate.
    """

    def __init__(self, page: Any, rotation: int) -> None:
        box = pdfium.FS_RECTF()
        pdfium.FPDF_GetPageBoundingBox(page, box)
        self._left, self._bottom, self._right, self._top = box.left, box.bottom, box.right, box.top
        self.rotation = rotation
        across, up = box.right - box.left, box.top - box.bottom
        if not (across > 0 and up > 0 and math.isfinite(across) and math.isfinite(up)):
            raise BrokenDocument("the page has no area")
        self.width, self.height = (up, across) if rotation in (90, 270) else (across, up)

    def upright(self, left: float, bottom: float, right: float, top: float) -> Rect:
        if self.rotation == 0:
            x0, y0, x1, y1 = (
                left - self._left,
                self._top - top,
                right - self._left,
                self._top - bottom,
            )
        elif self.rotation == 90:
            x0, y0, x1, y1 = (
                bottom - self._bottom,
                left - self._left,
                top - self._bottom,
                right - self._left,
            )
        elif self.rotation == 180:
            x0, y0, x1, y1 = (
                self._right - right,
                bottom - self._bottom,
                self._right - left,
                top - self._bottom,
            )
        else:
            x0, y0, x1, y1 = (
                self._top - top,
                self._right - right,
                self._top - bottom,
                self._right - left,
            )
        return round(x0, 2), round(y0, 2), round(x1, 2), round(y1, 2)

    def largest_dpi(self, max_pixels: int) -> float:
        return POINTS_PER_INCH * math.sqrt(max_pixels / (self.width * self.height))


def _load(path: str, password: str | None) -> Any:
    secret = password.encode() if password else None
    document = pdfium.FPDF_LoadDocument(path.encode(), secret)
    if document and _has_a_page(document):
        return document
    if not document and pdfium.FPDF_GetLastError() == pdfium.FPDF_ERR_PASSWORD:
        if password is None:
            raise EncryptedDocument("it needs a password: give it with --password")
        raise EncryptedDocument("the password does not open it")
    return _load_mended(path, password) or document or _refuse()


def _has_a_page(document: Any) -> bool:
    page = pdfium.FPDF_LoadPage(document, 0)
    if page:
        pdfium.FPDF_ClosePage(page)
    return bool(page)


def _load_mended(path: str, password: str | None) -> Any:
    """The document as qpdf rebuilds it, or None; qpdf finds pages that pdfium does not."""
    import pikepdf

    mended = io.BytesIO()
    try:
        with pikepdf.open(path, password=password or "") as pdf:
            pdf.save(mended, encryption=False)
    except pikepdf.PdfError:
        return None
    # The buffer must live as long as the document: for the life of this process.
    _kept.append(mended.getvalue())
    return pdfium.FPDF_LoadMemDocument64(_kept[-1], len(_kept[-1]), None)


_kept: list[bytes] = []


def _refuse() -> NoReturn:
    raise BrokenDocument("it is damaged beyond repair; try to print or save it again")


@contextlib.contextmanager
def _text_page(page: Any) -> Iterator[Any]:
    text = pdfium.FPDFText_LoadPage(page)
    if not text:
        raise BrokenDocument("its text cannot be parsed")
    try:
        yield text
    finally:
        pdfium.FPDFText_ClosePage(text)


def _words(text_page: Any, frame: Frame) -> list[list[Any]]:
    """[text, left, top, right, bottom] of every run without spaces, in content order."""
    first, last = pdfium.FS_RECTF(), pdfium.FS_RECTF()
    first_box, last_box = ctypes.byref(first), ctypes.byref(last)
    char_box = pdfium.FPDFText_GetLooseCharBox
    words = []
    for text, start, end in _runs(text_page):
        if not (char_box(text_page, start, first_box) and char_box(text_page, end - 1, last_box)):
            continue
        box = frame.upright(
            min(first.left, last.left),
            min(first.bottom, last.bottom),
            max(first.right, last.right),
            max(first.top, last.top),
        )
        words.append([text.replace(_HYPHEN, "-"), *box])
    return words


def _runs(text_page: Any) -> list[tuple[str, int, int]]:
    """(text, first character, one past the last) of every run without spaces."""
    text, character_of = _text(text_page)
    return [
        (match.group(), character_of(match.start()), character_of(match.end() - 1) + 1)
        for match in _SPACES.finditer(text)
    ]


def _text(text_page: Any) -> tuple[str, Any]:
    """The page's text, and a function from an index in it to pdfium's character index."""
    count = pdfium.FPDFText_CountChars(text_page)
    if count <= 0:
        return "", int
    units = (ctypes.c_ushort * (count + 1))()
    written = pdfium.FPDFText_GetText(text_page, 0, count, units)
    text = bytes(units)[: 2 * max(0, written - 1)].decode("utf-16-le", "replace")
    if len(text) == count:
        return text, int
    # Characters without a Unicode value are left out of GetText, and those outside the basic
    # plane take two units: the indices differ, so the text is put together one by one.
    characters = [pdfium.FPDFText_GetUnicode(text_page, i) for i in range(count)]
    return "".join(
        chr(c) if 0 < c < 0x110000 and not 0xD800 <= c < 0xE000 else "\ufffd" for c in characters
    ), int


def _upright_rotation(page: Any, text_page: Any) -> int:
    """Degrees clockwise that make the page upright: by its text if it has any, else by /Rotate."""
    own = 90 * pdfium.FPDFPage_GetRotation(page)
    count = pdfium.FPDFText_CountChars(text_page)
    step = max(1, count // _ANGLES_SAMPLED)
    angles: Counter[int] = Counter()
    for i in range(0, count, step):
        if pdfium.FPDFText_GetUnicode(text_page, i) > ord(" "):
            clockwise = math.degrees(pdfium.FPDFText_GetCharAngle(text_page, i))
            angles[-round(clockwise / 90) * 90 % 360] += 1
    if not angles:
        return own
    rotation, votes = angles.most_common(1)[0]
    # Half of the text standing on its side is a table's header or a margin note, not the page.
    return rotation if votes > 0.6 * angles.total() else own


def _picture_facts(drawn: Drawing, frame: Frame) -> dict[str, Any]:
    page_area = frame.width * frame.height
    covered, dpi = 0.0, None
    largest = 0.0
    for (left, bottom, right, top), pixel_width in drawn.images:
        x0, y0, x1, y1 = frame.upright(left, bottom, right, top)
        width = max(0.0, min(x1, frame.width) - max(x0, 0.0))
        area = width * max(0.0, min(y1, frame.height) - max(y0, 0.0))
        covered += area
        if area > largest and right > left:
            largest, dpi = area, pixel_width * POINTS_PER_INCH / (right - left)
    return {
        "image_coverage": min(1.0, covered / page_area),
        "image_dpi": dpi,
        "invisible_share": drawn.invisible_text / drawn.text if drawn.text else 0.0,
    }
