"""Bytes in, document out: the road on one screen.

with open_document(path) as raw:       # sandboxed, limited
    for each page:                     # one at a time, so memory stays flat
        embedded text, or pixels → upright → OCR
        words → lines → blocks → order, tables
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docai.document import Caveat, Document, Page, Source, TextSource, Word
from docai.errors import InputError, ParserCrashed, ParserMemory, ParserTimeout
from docai.ingest.limits import Limits
from docai.ingest.raw import RawDocument, RawPage, open_document
from docai.layout import arrange, mark_repeats
from docai.ocr import AUTO, DEFAULT_PROFILE, PROFILES
from docai.ocr.choose import TextChoice, TextLayer, choose
from docai.options import option

if TYPE_CHECKING:
    from docai.image import PageImage
    from docai.layout import Region
    from docai.ocr.base import Reader

TEXT_LAYER_IGNORED = "text_layer_ignored"
MOST_FATAL_PAGES = 3  # pages that may each cost their whole time limit before the file is given up


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How pages are read."""

    text: str = option(
        "auto",
        "where words come from: decided page by page, the PDF's text layer, or OCR",
        choices=("auto", "embedded", "ocr"),
    )
    ocr: str = option(AUTO, "OCR engine; `docai doctor` lists them")
    profile: str = option(DEFAULT_PROFILE, "OCR models", choices=PROFILES)
    languages: str = option("", "ISO 639-1 codes, comma-separated, for engines that want them")
    layout: str = option(
        "geometry",
        "what finds blocks: geometry alone, or with hints of a layout model",
        choices=("geometry", "model"),
    )
    dpi: float = option(
        200.0, "resolution at which pages are rendered for OCR", at_least=50, at_most=1200
    )
    threads: int = option(0, "threads of an OCR engine; 0 lets the engine decide")
    password: str | None = option(None, "password of encrypted PDFs")


class Reading:
    """A document being read, page by page. `caveats` is complete once `pages` is exhausted."""

    def __init__(self, raw: RawDocument, options: ReadOptions, reader: Reader | None) -> None:
        self._raw, self._options, self._reader = raw, options, reader
        self.caveats: list[Caveat] = []
        self.source: Source = raw.source
        self.page_count = raw.page_count

    def pages(self) -> Iterator[Page]:
        """Every page that can be read, in order; the others are named in `caveats`.

        Raises InputError where no page can be read, or too many kill their parser.
        """
        return mark_repeats(self._each_page())

    def page(self, number: int) -> Page:
        """One page by itself, numbered from 1. Raises InputError where it cannot be read."""
        return self._page(self._raw.page(number))

    def document(self) -> Document:
        """All of it at once."""
        pages = tuple(self.pages())
        return Document(self.source, pages, tuple(self.caveats))

    def searchable_pdf(self) -> bytes:
        """The file as a PDF whose scanned pages have an invisible text layer."""
        return self._raw.searchable(self.pages())

    def image(self, page: Page, *, dpi: float) -> PageImage:
        """The pixels under a page of this reading, upright and straight as its boxes are."""
        from docai.ocr.upright import turned

        raw_rotation = self._raw.page(page.number).rotation
        image = self._raw.image(page.number, dpi=dpi)
        return turned(image, rotation=(page.rotation - raw_rotation) % 360, skew=page.skew)

    def _each_page(self) -> Iterator[Page]:
        failures: list[InputError] = []
        for number in range(1, self.page_count + 1):
            try:
                page = self._page(self._raw.page(number))
            except InputError as error:
                failures.append(error)
                self._warn(error.code, f"the page could not be read: {error}", number)
                fatal = sum(
                    isinstance(e, ParserTimeout | ParserCrashed | ParserMemory) for e in failures
                )
                if len(failures) == self.page_count or fatal > MOST_FATAL_PAGES:
                    raise type(error)(f"{self.source.filename}, page {number}: {error}") from error
                continue
            yield page

    def _page(self, raw: RawPage) -> Page:
        choice = self._choose(raw)
        if choice.source is TextSource.OCR:
            page, regions = self._recognised(raw)
        else:
            page, regions = _embedded(raw), self._regions(raw)
        return arrange(page, regions)

    def _choose(self, raw: RawPage) -> TextChoice:
        if self._options.text != "auto":
            return TextChoice(TextSource(self._options.text), "as asked")
        layer = TextLayer(
            words=raw.words + raw.filled,
            image_coverage=raw.image_coverage,
            invisible_share=raw.invisible_share,
            width=raw.width,
            height=raw.height,
            paths=raw.outlines,
        )
        choice = choose(layer)
        if choice.source is TextSource.OCR and raw.words:
            self._warn(TEXT_LAYER_IGNORED, f"read by OCR: {choice.reason}", raw.number)
        return choice

    def _recognised(self, raw: RawPage) -> tuple[Page, tuple[Region, ...]]:
        from docai.ocr.drawn import drawn, with_checkboxes
        from docai.ocr.upright import upright

        image = self._raw.image(raw.number, dpi=self._options.dpi)
        up = upright(image)
        words = self._ocr().read(up.image, languages=_codes(self._options.languages))
        if up.rotation == 0 and up.skew == 0:
            words = _filled_in(words, raw.filled)
        shapes = drawn(up.image)
        page = Page(
            number=raw.number,
            width=up.image.width,
            height=up.image.height,
            words=with_checkboxes(words, shapes.squares),
            rules=shapes.rules,
            text_source=TextSource.OCR,
            dpi=up.image.dpi,
            rotation=(raw.rotation + up.rotation) % 360,
            skew=up.skew,
        )
        return page, self._detected(up.image)

    def _ocr(self) -> Reader:
        if self._reader is None:
            from docai.ocr import reader

            self._reader = reader(self._options.ocr, self._options.profile, self._options.threads)
        return self._reader

    def _regions(self, raw: RawPage) -> tuple[Region, ...]:
        if self._options.layout != "model":
            return ()
        return self._detected(self._raw.image(raw.number, dpi=self._options.dpi))

    def _detected(self, image: PageImage) -> tuple[Region, ...]:
        if self._options.layout != "model":
            return ()
        from docai.layout.detector import detect

        return detect(image)

    def _warn(self, code: str, message: str, page: int) -> None:
        self.caveats.append(Caveat(code, message, page))


@contextlib.contextmanager
def reading(
    path: Path | str,
    options: ReadOptions | None = None,
    *,
    limits: Limits | None = None,
    reader: Reader | None = None,
) -> Iterator[Reading]:
    """A document opened for reading page by page; for large ones, and for their pictures.

    `reader` replaces the OCR engine that the options name. Raises InputError.
    """
    options = options or ReadOptions()
    with open_document(path, password=options.password, limits=limits) as raw:
        yield Reading(raw, options, reader)


def read(
    path: Path | str,
    options: ReadOptions | None = None,
    *,
    limits: Limits | None = None,
    reader: Reader | None = None,
) -> Document:
    """The whole document. Raises InputError, or EngineError from OCR."""
    with reading(path, options, limits=limits, reader=reader) as document:
        return document.document()


def is_loss(caveat: Caveat) -> bool:
    """Whether it says that a page is missing from the document."""
    return caveat.code != TEXT_LAYER_IGNORED


def _embedded(raw: RawPage) -> Page:
    return Page(
        number=raw.number,
        width=raw.width,
        height=raw.height,
        words=_filled_in(raw.words, raw.filled),
        rules=raw.rules,
        rotation=raw.rotation,
    )


def _filled_in(words: tuple[Word, ...], filled: tuple[Word, ...]) -> tuple[Word, ...]:
    """The page's words with the form fields' values, which replace what was read under them."""
    if not filled:
        return words
    covered = [word.box for word in filled]
    kept = [w for w in words if not any(box.contains_point(*w.box.centre) for box in covered)]
    return (*kept, *filled)


def _codes(languages: str) -> tuple[str, ...]:
    return tuple(code.strip() for code in languages.split(",") if code.strip())
