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

import pypdfium2_raw as pdfium

from docai.errors import BrokenDocument, DynamicForm, EncryptedDocument
from docai.geometry import POINTS_PER_INCH
from docai.ingest import wire
from docai.ingest.form import FormReader
from docai.ingest.vectors import Drawing, drawing

Rect = tuple[float, float, float, float]  # left, top, right, bottom in upright page points

_SPACES = re.compile(r"\S+")
_ANGLES_SAMPLED = 30  # words whose direction is looked at to find out which way is up
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

    def page(self, number: int) -> tuple[dict[str, Any], bytes]:
        with self._page(number) as page, _text_page(page) as text:
            frame = Frame(page, _upright_rotation(page, text))
            drawn = drawing(page)
            words = _words(text)
            filled = list(self._form.words(page))
            boxes = [box for _, box in words] + [box for _, box in filled] + drawn.rules
            message = {
                "width": frame.width,
                "height": frame.height,
                "rotation": frame.rotation,
                "words": [text for text, _ in words],
                "filled": [text for text, _ in filled],
                **_picture_facts(drawn, frame),
            }
            return message, wire.pack_boxes(map(frame.upright, boxes))

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
        left, bottom, right, top = box.left, box.bottom, box.right, box.top
        across, up = right - left, top - bottom
        if not (across > 0 and up > 0 and math.isfinite(across) and math.isfinite(up)):
            raise BrokenDocument("the page has no area")
        self.rotation = rotation
        self.width, self.height = (up, across) if rotation in (90, 270) else (across, up)
        # Each upright edge is one of (left, bottom, right, top), with a sign and an offset.
        self._edges = {
            0: ((0, 1, -left), (3, -1, top), (2, 1, -left), (1, -1, top)),
            90: ((1, 1, -bottom), (0, 1, -left), (3, 1, -bottom), (2, 1, -left)),
            180: ((2, -1, right), (1, 1, -bottom), (0, -1, right), (3, 1, -bottom)),
            270: ((3, -1, top), (2, -1, right), (1, -1, top), (0, -1, right)),
        }[rotation]

    def upright(self, rect: Rect) -> Rect:
        """(left, top, right, bottom) of pdfium's (left, bottom, right, top)."""
        (i, a, p), (j, b, q), (k, c, r), (m, d, s) = self._edges
        return a * rect[i] + p, b * rect[j] + q, c * rect[k] + r, d * rect[m] + s

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


def _words(text_page: Any) -> list[tuple[str, Rect]]:
    """Every run without spaces, in content order, with pdfium's (left, bottom, right, top)."""
    first, last = pdfium.FS_RECTF(), pdfium.FS_RECTF()
    first_box, last_box = ctypes.byref(first), ctypes.byref(last)
    char_box = pdfium.FPDFText_GetLooseCharBox
    words = []
    for run in _SPACES.finditer(_text(text_page)):
        start, end = run.span()
        if char_box(text_page, start, first_box) and char_box(text_page, end - 1, last_box):
            box = (
                min(first.left, last.left),
                min(first.bottom, last.bottom),
                max(first.right, last.right),
                max(first.top, last.top),
            )
            words.append((run.group().replace(_HYPHEN, "-"), box))
    return words


def _text(text_page: Any) -> str:
    """The page's text, with exactly one character for each of pdfium's."""
    count = pdfium.FPDFText_CountChars(text_page)
    if count <= 0:
        return ""
    units = (ctypes.c_ushort * (count + 1))()
    written = pdfium.FPDFText_GetText(text_page, 0, count, units)
    text = bytes(units)[: 2 * max(0, written - 1)].decode("utf-16-le", "replace")
    if len(text) == count:
        return text
    # GetText leaves characters without a Unicode value out, and takes two units for those
    # outside the basic plane: then they must be asked for one by one.
    codes = (pdfium.FPDFText_GetUnicode(text_page, i) for i in range(count))
    return "".join(chr(code) if _is_character(code) else "\ufffd" for code in codes)


def _is_character(code: int) -> bool:
    return 0 < code < 0xD800 or 0xE000 <= code < 0x110000


def _upright_rotation(page: Any, text_page: Any) -> int:
    """Degrees clockwise that make the page upright: by its text if it has any, else by /Rotate."""
    own: int = 90 * pdfium.FPDFPage_GetRotation(page)
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
        x0, y0, x1, y1 = frame.upright((left, bottom, right, top))
        width = max(0.0, min(x1, frame.width) - max(x0, 0.0))
        area = width * max(0.0, min(y1, frame.height) - max(y0, 0.0))
        covered += area
        if area > largest and right > left:
            largest, dpi = area, pixel_width * POINTS_PER_INCH / (right - left)
    return {
        "image_coverage": min(1.0, covered / page_area),
        "image_dpi": dpi,
        "outlines": drawn.outlines,
        # Hidden text matters where it may lie over a scan; elsewhere nobody asks.
        "invisible_share": drawn.invisible_share if covered > 0 else 0.0,
    }
