"""AcroForm fields and typed notes as words, inside the sandbox.

What a user typed into a form stands in annotations, which a page's text does not include.
A value's words are laid out in the field's rectangle the way a viewer would; checkboxes
and radio buttons become one word, ☒ or ☐. Coordinates are pdfium's: points, y up.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import pypdfium2_raw as pdfium

Rect = tuple[float, float, float, float]  # left, bottom, right, top

TICKED, EMPTY = "☒", "☐"
MOST_ANNOTATIONS = 5000  # on one page; more is a bomb
LARGEST_TYPE = 12.0  # points; what viewers use where the size is automatic
CHARACTER_WIDTH = 0.5  # of the type size: Helvetica's mean
INDENT = 2.0  # points between a field's border and its text
LEADING = 1.15  # line distance in type sizes

_HIDDEN_FLAGS = 0x02 | 0x20  # hidden, no view: ISO 32000-1 table 165
_PASSWORD_FLAG = 1 << 13  # a password field shows dots, not its value
_MULTILINE_FLAG = 1 << 12
_TEXT_KINDS = (pdfium.FPDF_FORMFIELD_TEXTFIELD,)
_CHOICE_KINDS = (pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX)
_TICK_KINDS = (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON)


class FormReader:
    def __init__(self, document: Any) -> None:
        self._callbacks = pdfium.FPDF_FORMFILLINFO(version=2)  # must outlive the form
        self._form = pdfium.FPDFDOC_InitFormFillEnvironment(document, self._callbacks)

    def words(self, page: Any) -> Iterator[tuple[str, Rect]]:
        for i in range(min(pdfium.FPDFPage_GetAnnotCount(page), MOST_ANNOTATIONS)):
            annotation = pdfium.FPDFPage_GetAnnot(page, i)
            if annotation:
                yield from self._words_of(annotation)
                pdfium.FPDFPage_CloseAnnot(annotation)

    def draw(self, bitmap: Any, page: Any, place: tuple[int, int, int, int, int, int]) -> None:
        if self._form:
            pdfium.FPDF_FFLDraw(self._form, bitmap, page, *place)

    def _words_of(self, annotation: Any) -> Iterator[tuple[str, Rect]]:
        box = _rect(annotation)
        if box is None or box[0] == box[2] or box[1] == box[3]:  # hidden fields have no area
            return
        if pdfium.FPDFAnnot_GetFlags(annotation) & _HIDDEN_FLAGS:
            return
        subtype = pdfium.FPDFAnnot_GetSubtype(annotation)
        if subtype == pdfium.FPDF_ANNOT_FREETEXT:
            note = _string(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents")
            yield from lay_out(note, box, size=0.0, several_lines=True)
        elif subtype == pdfium.FPDF_ANNOT_WIDGET and self._form:
            yield from self._field(annotation, box)

    def _field(self, annotation: Any, box: Rect) -> Iterator[tuple[str, Rect]]:
        kind = pdfium.FPDFAnnot_GetFormFieldType(self._form, annotation)
        flags = pdfium.FPDFAnnot_GetFormFieldFlags(self._form, annotation)
        if kind in _TICK_KINDS:
            state = _string(pdfium.FPDFAnnot_GetStringValue, annotation, b"AS")
            yield (EMPTY if state in ("", "Off") else TICKED), box
        elif kind in _CHOICE_KINDS:
            yield from lay_out(self._chosen(annotation), box, self._size(annotation), False)
        elif kind in _TEXT_KINDS and not flags & _PASSWORD_FLAG:
            value = _string(pdfium.FPDFAnnot_GetFormFieldValue, self._form, annotation)
            several_lines = bool(flags & _MULTILINE_FLAG)
            yield from lay_out(value, box, self._size(annotation), several_lines)

    def _chosen(self, annotation: Any) -> str:
        """The labels of the chosen options, which are what the page shows."""
        count = pdfium.FPDFAnnot_GetOptionCount(self._form, annotation)
        chosen = [
            _string(pdfium.FPDFAnnot_GetOptionLabel, self._form, annotation, i)
            for i in range(min(count, MOST_ANNOTATIONS))
            if pdfium.FPDFAnnot_IsOptionSelected(self._form, annotation, i)
        ]
        typed = _string(pdfium.FPDFAnnot_GetFormFieldValue, self._form, annotation)
        return " ".join(chosen) or typed

    def _size(self, annotation: Any) -> float:
        size = ctypes.c_float()
        pdfium.FPDFAnnot_GetFontSize(self._form, annotation, size)
        return size.value


def lay_out(value: str, box: Rect, size: float, several_lines: bool) -> list[tuple[str, Rect]]:
    """The words of `value` with their places in `box`; size 0 means automatic."""
    left, bottom, right, top = box
    room = max(1.0, right - left - 2 * INDENT)
    size = size if size > 0 else min(LARGEST_TYPE, 0.8 * (top - bottom))
    lines = _wrapped(value, room / (CHARACTER_WIDTH * size)) if several_lines else [value.split()]
    leading = min(LEADING * size, (top - bottom) / max(1, len(lines)))
    upper = top - INDENT if several_lines else (top + bottom + leading) / 2
    words = []
    for line in lines:
        # A line that would overflow is squeezed, so that every word stays inside its field.
        step = min(CHARACTER_WIDTH * size, room / max(1, len(" ".join(line))))
        x = left + INDENT
        for word in line:
            end = x + step * len(word)
            words.append((word, (x, upper - leading, end, upper)))
            x = end + step
        upper -= leading
    return words


def _wrapped(value: str, characters: float) -> list[list[str]]:
    lines: list[list[str]] = []
    for paragraph in value.splitlines():
        line: list[str] = []
        for word in paragraph.split():
            if line and len(" ".join([*line, word])) > characters:
                lines.append(line)
                line = []
            line.append(word)
        lines.append(line)
    return lines


def _rect(annotation: Any) -> Rect | None:
    rect = pdfium.FS_RECTF()
    if not pdfium.FPDFAnnot_GetRect(annotation, rect):
        return None
    left, right = sorted((rect.left, rect.right))
    bottom, top = sorted((rect.bottom, rect.top))
    return left, bottom, right, top


def _string(getter: Any, *arguments: Any) -> str:
    """A UTF-16 string by pdfium's convention: once for its length in bytes, once for itself."""
    length = getter(*arguments, None, 0)
    if length <= 2:
        return ""
    units = (ctypes.c_ushort * (length // 2))()
    getter(*arguments, units, length)
    return bytes(units)[: length - 2].decode("utf-16-le", "replace")
