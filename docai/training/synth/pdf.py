"""Placed sheets as a PDF with real text: fonts embedded with just the letters in use."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import pikepdf
from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib.tables._g_l_y_f import Glyph
from pikepdf import Array, Dictionary, Name

from docai.training.synth.faces import Face
from docai.training.synth.typeset import Colour, Path, SetWord, Shape, Sheet, Stroke

NEAR = 1.6  # spaces; words of one line up to this far apart are one piece of text


def to_pdf(sheets: Sequence[Sheet], title: str = "") -> bytes:
    """The document; the same sheets give the same bytes."""
    pdf = pikepdf.new()
    fonts = _Fonts(word for sheet in sheets for word in sheet.words if not word.drawn)
    embedded = {face: font.embed(pdf) for face, font in fonts.fonts.items()}
    for sheet in sheets:
        names = {face: f"F{number}" for number, face in enumerate(embedded)}
        content = "\n".join(_content(sheet, names, fonts)).encode("ascii")
        page = Dictionary(
            Type=Name.Page,
            MediaBox=[0, 0, round(sheet.width, 2), round(sheet.height, 2)],
            Resources=Dictionary(
                Font=Dictionary({f"/{names[face]}": font for face, font in embedded.items()})
            ),
            Contents=pdf.make_stream(content),
        )
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    if title:
        pdf.docinfo["/Title"] = title
    file = io.BytesIO()
    pdf.save(file, deterministic_id=True, compress_streams=True)
    return file.getvalue()


class _Font:
    """The letters of one face that a document uses; 0 is the empty glyph."""

    def __init__(self, face: Face) -> None:
        self.face = face
        self.numbers: dict[str, int] = {}

    def number(self, letter: str) -> int:
        return self.numbers.setdefault(letter, len(self.numbers) + 1)

    def embed(self, pdf: pikepdf.Pdf) -> Any:
        face = self.face
        widths = [round(1000 * face.width(letter), 2) for letter in self.numbers]
        base = Name("/DOCSYN+" + "".join(c for c in face.name if c.isalnum()))
        box = [-200, round(1000 * face.descent), 1200, round(1000 * face.ascent)]
        descriptor = Dictionary(
            Type=Name.FontDescriptor,
            FontName=base,
            Flags=4,
            FontBBox=box,
            ItalicAngle=0,
            Ascent=round(1000 * face.ascent),
            Descent=round(1000 * face.descent),
            CapHeight=700,
            StemV=80,
            FontFile2=pdf.make_stream(self._file()),
        )
        descendant = Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=base,
            CIDSystemInfo=Dictionary(Registry="Adobe", Ordering="Identity", Supplement=0),
            FontDescriptor=pdf.make_indirect(descriptor),
            CIDToGIDMap=Name.Identity,
            W=Array([1, Array(widths)]),
        )
        return pdf.make_indirect(
            Dictionary(
                Type=Name.Font,
                Subtype=Name.Type0,
                BaseFont=base,
                Encoding=Name("/Identity-H"),
                DescendantFonts=Array([pdf.make_indirect(descendant)]),
                ToUnicode=pdf.make_stream(self._to_unicode()),
            )
        )

    def _file(self) -> bytes:
        face, units = self.face, self.face.units_per_em
        names = [".notdef", *(f"g{number}" for number in self.numbers.values())]
        builder = FontBuilder(units, isTTF=True)
        builder.setupGlyphOrder(names)
        builder.setupCharacterMap({})
        glyphs = {f"g{n}": face.glyph(letter) for letter, n in self.numbers.items()}
        builder.setupGlyf({".notdef": Glyph(), **glyphs})
        table = builder.font["glyf"]
        builder.setupHorizontalMetrics(
            {".notdef": (0, 0)}
            | {
                f"g{n}": (round(face.width(letter) * units), getattr(table[f"g{n}"], "xMin", 0))
                for letter, n in self.numbers.items()
            }
        )
        builder.setupHorizontalHeader(
            ascent=round(face.ascent * units), descent=round(face.descent * units)
        )
        builder.setupPost(keepGlyphNames=False)
        head = builder.font["head"]
        head.created = head.modified = 0  # the same bytes tomorrow
        builder.font.recalcTimestamp = False
        file = io.BytesIO()
        builder.save(file)
        return file.getvalue()

    def _to_unicode(self) -> bytes:
        rows = [
            f"<{number:04X}> <{letter.encode('utf-16-be').hex().upper()}>"
            for letter, number in self.numbers.items()
        ]
        parts = [rows[i : i + 100] for i in range(0, len(rows), 100)]
        maps = "\n".join(f"{len(p)} beginbfchar\n" + "\n".join(p) + "\nendbfchar" for p in parts)
        return (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap "
            "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
            "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
            f"{maps}\nendcmap CMapName currentdict /CMap defineresource pop end end"
        ).encode("ascii")


class _Fonts:
    def __init__(self, words: Iterable[SetWord]) -> None:
        self.fonts: dict[Face, _Font] = {}
        for word in words:
            font = self.fonts.setdefault(word.ink.face, _Font(word.ink.face))
            for letter in word.text + " ":
                font.number(letter)

    def hex(self, face: Face, text: str) -> str:
        font = self.fonts[face]
        return "".join(f"{font.number(letter):04X}" for letter in text)


def _content(sheet: Sheet, names: dict[Face, str], fonts: _Fonts) -> Iterable[str]:
    yield f"1 0 0 -1 0 {sheet.height:.2f} cm"  # y downwards, as everywhere else in docai
    yield from (_shape(shape) for shape in sheet.shapes if not shape.over)
    yield from (_stroke(stroke) for stroke in sheet.strokes)
    yield "BT"
    words = [word for word in sheet.words if not word.drawn]
    for word, following in pairwise([*words, None]):
        assert word is not None
        text = word.text + (" " if following is not None and _follows(word, following) else "")
        ink = word.ink
        yield (
            f"{_colour(ink.colour)} rg /{names[ink.face]} {ink.size:.2f} Tf "
            f"1 0 0 -1 {word.x:.2f} {word.y:.2f} Tm <{fonts.hex(ink.face, text)}> Tj"
        )
    yield "ET"
    yield from (_shape(shape) for shape in sheet.shapes if shape.over)


def _follows(word: SetWord, following: SetWord) -> bool:
    """Whether a space is between them, as a program that sets text would write it."""
    if word.line != following.line or word.y != following.y:
        return False
    gap = following.x - word.x - word.width
    return 0 < gap < NEAR * word.ink.face.width(" ") * word.ink.size


def _colour(colour: Colour) -> str:
    return " ".join(f"{part:.3f}" for part in colour)


def _stroke(stroke: Stroke) -> str:
    dash = f"[{stroke.dash:.1f}] 0 d" if stroke.dash else "[] 0 d"
    return (
        f"{_colour(stroke.colour)} RG {stroke.width:.2f} w {dash} "
        f"{stroke.x0:.2f} {stroke.y0:.2f} m {stroke.x1:.2f} {stroke.y1:.2f} l S"
    )


def _shape(shape: Shape) -> str:
    paint = {(True, True): "B", (True, False): "f", (False, True): "S"}[
        (shape.fill is not None, shape.line is not None)
    ]
    parts = ["[] 0 d 1 J 1 j"]
    if shape.fill is not None:
        parts.append(f"{_colour(shape.fill)} rg")
    if shape.line is not None:
        parts.append(f"{_colour(shape.line)} RG {shape.line_width:.2f} w")
    return " ".join([*parts, _path(shape.path), paint])


def _path(path: Path) -> str:
    """TrueType's quadratic curves become cubic ones."""
    parts: list[str] = []
    at = (0.0, 0.0)
    for verb, points in path:
        if verb == "closePath":
            parts.append("h")
        elif verb == "qCurveTo":
            for control, end in _quadratic(points):
                first = tuple(a + 2 / 3 * (c - a) for a, c in zip(at, control, strict=True))
                second = tuple(e + 2 / 3 * (c - e) for e, c in zip(end, control, strict=True))
                parts.append(_numbers(first, second, end) + " c")
                at = end
            continue
        elif points:
            parts.append(f"{_numbers(*points)} {_OPERATORS[verb]}")
        at = points[-1] if points else at
    return " ".join(parts)


_OPERATORS = {"moveTo": "m", "lineTo": "l", "curveTo": "c"}


def _numbers(*points: Sequence[float]) -> str:
    return " ".join(f"{value:.2f}" for point in points for value in point)


def _quadratic(
    points: Sequence[tuple[float, float]],
) -> Iterable[tuple[tuple[float, float], tuple[float, float]]]:
    """(control, end) of each curve; between two controls the end is implied halfway."""
    *controls, last = points
    for control, following in pairwise(controls):
        middle = ((control[0] + following[0]) / 2, (control[1] + following[1]) / 2)
        yield control, middle
    yield controls[-1] if controls else last, last
