"""Typefaces: real metrics from font files, and the outlines of the letters that are used.

A list of families says which files are wanted and which Debian package brings them; whichever
are on the machine are used. One font, NotoSerifCJK, travels with the Python package
layoutparser: it has Latin and Chinese letters and steps in for everything that is missing.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from docai.errors import EngineMissing

FALLBACK = "NotoSerifCJKjp-Regular.otf"


class Face:
    """One font file (or one font of a collection); metrics are in ems."""

    def __init__(self, path: Path, index: int = 0) -> None:
        self.path, self.index = path, index
        self._advances: dict[str, float] = {}
        self._glyphs: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"Face({self.name})"

    @property
    def name(self) -> str:
        return f"{self.path.stem}-{self.index}" if self.index else self.path.stem

    def width(self, text: str) -> float:
        """Of the text set in size 1, without kerning."""
        advances = self._advances
        total = 0.0
        for letter in text:
            advance = advances.get(letter)
            if advance is None:
                advance = advances[letter] = self._advance(letter)
            total += advance
        return total

    def can_set(self, text: str) -> bool:
        return all(ord(letter) in self._characters for letter in text)

    @cached_property
    def ascent(self) -> float:
        return float(self._font["hhea"].ascent / self._units)

    @cached_property
    def descent(self) -> float:
        """Below the baseline, so negative."""
        return float(self._font["hhea"].descent / self._units)

    def glyph(self, letter: str) -> Any:
        """The outline as a TrueType glyph on this font's own grid of units."""
        if letter not in self._glyphs:
            from fontTools.pens.cu2quPen import Cu2QuPen
            from fontTools.pens.recordingPen import DecomposingRecordingPen
            from fontTools.pens.ttGlyphPen import TTGlyphPen

            outline = DecomposingRecordingPen(self._outlines)
            self._outlines[self._characters[ord(letter)]].draw(outline)
            pen = TTGlyphPen(None)
            cubic = "CFF " in self._font
            # A thousandth of an em from the true curve; PostScript outlines turn the other way.
            outline.replay(
                Cu2QuPen(pen, self._units / 1000, reverse_direction=True) if cubic else pen
            )
            self._glyphs[letter] = pen.glyph()
        return self._glyphs[letter]

    def outline(self, letter: str) -> list[tuple[str, tuple[tuple[float, float], ...]]]:
        """The letter's path in ems, y upwards: moveTo, lineTo, qCurveTo, curveTo, closePath."""
        from fontTools.pens.recordingPen import DecomposingRecordingPen

        pen = DecomposingRecordingPen(self._outlines)
        self._outlines[self._characters[ord(letter)]].draw(pen)
        scale = 1 / self._units
        return [
            (verb, tuple((x * scale, y * scale) for x, y in points)) for verb, points in pen.value
        ]

    @property
    def units_per_em(self) -> int:
        return self._units

    def _advance(self, letter: str) -> float:
        name = self._characters.get(ord(letter), ".notdef")
        return float(self._font["hmtx"][name][0] / self._units)

    @cached_property
    def _font(self) -> Any:
        from fontTools.ttLib import TTFont

        # From memory: a lazy font would keep its file open for good.
        return TTFont(io.BytesIO(self.path.read_bytes()), fontNumber=self.index, lazy=True)

    @cached_property
    def _units(self) -> int:
        return int(self._font["head"].unitsPerEm)

    @cached_property
    def _characters(self) -> dict[int, str]:
        characters: dict[int, str] = self._font.getBestCmap()
        return characters

    @cached_property
    def _outlines(self) -> Any:
        return self._font.getGlyphSet()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A family of the list: up to four files (regular, bold, italic, bold italic)."""

    name: str
    kind: str  # sans, serif, mono, hand, ocr, art, chinese
    package: str
    files: tuple[str, ...]
    index: int = 0  # within a collection


def _styles(stem: str, extension: str, names: str = "Regular Bold Italic BoldItalic") -> Any:
    return tuple(f"{stem}{name}.{extension}" for name in names.split())


_GYRE = "regular bold italic bolditalic"
WANTED = (
    Wanted("Liberation Sans", "sans", "fonts-liberation2", _styles("LiberationSans-", "ttf")),
    Wanted("Liberation Serif", "serif", "fonts-liberation2", _styles("LiberationSerif-", "ttf")),
    Wanted("Liberation Mono", "mono", "fonts-liberation2", _styles("LiberationMono-", "ttf")),
    Wanted(
        "DejaVu Sans",
        "sans",
        "fonts-dejavu-core",
        ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ),
    Wanted(
        "DejaVu Mono",
        "mono",
        "fonts-dejavu-core",
        ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"),
    ),
    Wanted(
        "DejaVu Serif",
        "serif",
        "fonts-dejavu-core",
        ("DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf"),
    ),
    Wanted("Noto Sans", "sans", "fonts-noto-core", _styles("NotoSans-", "ttf")),
    Wanted("Noto Serif", "serif", "fonts-noto-core", _styles("NotoSerif-", "ttf")),
    Wanted("Noto Display", "sans", "fonts-noto-core", _styles("NotoSansDisplay-", "ttf")),
    Wanted("Nimbus Sans", "sans", "fonts-urw-base35", _styles("NimbusSans-", "otf")),
    Wanted(
        "Nimbus Narrow",
        "sans",
        "fonts-urw-base35",
        _styles("NimbusSansNarrow-", "otf", "Regular Bold Oblique BoldOblique"),
    ),
    Wanted("Nimbus Roman", "serif", "fonts-urw-base35", _styles("NimbusRoman-", "otf")),
    Wanted("Nimbus Mono", "mono", "fonts-urw-base35", _styles("NimbusMonoPS-", "otf")),
    Wanted("Palladio", "serif", "fonts-urw-base35", _styles("P052-", "otf", "Roman Bold Italic")),
    Wanted("Century", "serif", "fonts-urw-base35", _styles("C059-", "otf", "Roman Bold Italic")),
    Wanted(
        "Gothic", "sans", "fonts-urw-base35", _styles("URWGothic-", "otf", "Book Demi BookOblique")
    ),
    Wanted("Bookman", "serif", "fonts-urw-base35", _styles("URWBookman-", "otf", "Light Demi")),
    Wanted("Heros", "sans", "fonts-texgyre", _styles("texgyreheros-", "otf", _GYRE)),
    Wanted("Heros Condensed", "sans", "fonts-texgyre", _styles("texgyreheroscn-", "otf", _GYRE)),
    Wanted("Pagella", "serif", "fonts-texgyre", _styles("texgyrepagella-", "otf", _GYRE)),
    Wanted("Termes", "serif", "fonts-texgyre", _styles("texgyretermes-", "otf", _GYRE)),
    Wanted("Schola", "serif", "fonts-texgyre", _styles("texgyreschola-", "otf", _GYRE)),
    Wanted("Adventor", "sans", "fonts-texgyre", _styles("texgyreadventor-", "otf", _GYRE)),
    Wanted("Cursor", "mono", "fonts-texgyre", _styles("texgyrecursor-", "otf", _GYRE)),
    Wanted(
        "Courier Prime",
        "mono",
        "fonts-courier-prime",
        ("Courier Prime.otf", "Courier Prime Bold.otf", "Courier Prime Italic.otf"),
    ),
    Wanted("OCR-A", "ocr", "fonts-ocr-a", ("OCRA.ttf",)),
    Wanted("OCR-B", "ocr", "fonts-ocr-b", ("OCRB.otf",)),
    Wanted("DKG", "hand", "fonts-dkg-handwriting", ("dkg.ttf", "dkgBd.ttf")),
    Wanted("Breip", "hand", "fonts-breip", ("Breip.ttf",)),
    Wanted("Build", "hand", "fonts-bwht", ("BecauseWeBuild-Regular.otf",)),
    Wanted("Connect", "hand", "fonts-bwht", ("BecauseWeConnect-Regular.otf",)),
    Wanted("Create", "hand", "fonts-bwht", ("BecauseWeCreate-Regular.otf",)),
    Wanted("Learn", "hand", "fonts-bwht", ("BecauseWeLearn-Regular.otf",)),
    Wanted("Mentor", "hand", "fonts-bwht", ("BecauseWeMentor-Regular.otf",)),
    Wanted("Organize", "hand", "fonts-bwht", ("BecauseWeOrganize-Regular.otf",)),
    Wanted("Chancery", "art", "fonts-urw-base35", ("Z003-MediumItalic.otf",)),
    Wanted(
        "Noto Sans CJK SC",
        "chinese",
        "fonts-noto-cjk",
        ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"),
        index=2,
    ),
    Wanted(
        "Noto Serif CJK SC",
        "chinese",
        "fonts-noto-cjk",
        ("NotoSerifCJK-Regular.ttc", "NotoSerifCJK-Bold.ttc"),
        index=2,
    ),
)


@dataclass(frozen=True, slots=True)
class Family:
    """A face and its heavier and slanted sisters; a missing sister is the regular face."""

    name: str
    regular: Face
    bold: Face
    italic: Face


@dataclass(frozen=True)
class Faces:
    """The families on this machine. Documents depend on the seed and on this set."""

    families: tuple[tuple[str, Family], ...]  # (kind, family)
    fallback: Face
    missing: tuple[str, ...] = field(default=())  # Debian packages whose fonts were not found

    def of(self, *kinds: str) -> Sequence[Family]:
        """The families of these kinds, or the one that is always there."""
        found = [family for kind, family in self.families if kind in kinds]
        return found or [Family("fallback", self.fallback, self.fallback, self.fallback)]

    def able(self, face: Face, text: str) -> Face:
        """`face`, or the fallback where `face` lacks a letter of the text."""
        return face if face.can_set(text) else self.fallback


@cache
def faces() -> Faces:
    """What is installed. Raises EngineMissing where even the travelling font is not."""
    files = _font_files(_folders())
    families, missing = [], []
    for wanted in WANTED:
        paths = [files.get(name) for name in wanted.files]
        if paths[0] is None:
            missing.append(wanted.package)
            continue
        regular, bold, italic = (
            Face(path, wanted.index) if path else None for path in (*paths, None, None)[:3]
        )
        assert regular is not None
        families.append(
            (wanted.kind, Family(wanted.name, regular, bold or regular, italic or regular))
        )
    return Faces(tuple(families), Face(_travelling()), tuple(dict.fromkeys(missing)))


def _travelling() -> Path:
    found = find_spec("layoutparser")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / "misc" / FALLBACK
        if path.is_file():
            return path
    raise EngineMissing(f"the font {FALLBACK} of the package layoutparser is not installed")


def _folders() -> list[Path]:
    folders = ["/usr/share/fonts", "/usr/share/texmf/fonts", "/usr/local/share/fonts"]
    own = [Path.home() / ".fonts", Path.home() / ".local/share/fonts"]
    if sys.platform == "darwin":
        own += [Path("/Library/Fonts"), Path.home() / "Library/Fonts"]
    return [Path(folder) for folder in folders] + own


def _font_files(folders: Iterable[Path]) -> dict[str, Path]:
    """Every font file by its name; the first folder wins."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*.[ot]t[fc]")):
            found.setdefault(path.name, path)
    return found
