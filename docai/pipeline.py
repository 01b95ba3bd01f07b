"""Bytes in, document out: the road on one screen.

with open_document(path) as raw:       # sandboxed, limited
    for each page:                     # one at a time, so memory stays flat
        embedded text, or pixels → upright → OCR
        words → lines → blocks → order, tables
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from docai.document import Caveat, Document, Page, Source, TextSource, Word
from docai.errors import InputError, ParserCrashed, ParserMemory, ParserTimeout
from docai.ingest.limits import Limits
from docai.ingest.raw import RawDocument, RawPage, open_document
from docai.layout import arrange, finished, mark_repeats
from docai.ocr import AUTO, DEFAULT_PROFILE, PROFILES
from docai.ocr.choose import TextChoice, TextLayer, choose
from docai.options import option
from docai.stages import Stage, stage

if TYPE_CHECKING:
    from docai.image import PageImage
    from docai.layout import Region
    from docai.layout.slanet import TableModel
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


ReadPage = tuple[Page, tuple[Caveat, ...]]  # a page, and what was noted while it was read


class PageMemory(Protocol):
    """Pages of the same file under the same options that an earlier reading got to."""

    def recall(self, number: int) -> ReadPage | None: ...

    def keep(self, read: ReadPage) -> None:
        """Called once for every page that was not recalled; what it raises ends the reading."""


class Reading:
    """A document being read, page by page. `caveats` is complete once `pages` is exhausted."""

    def __init__(
        self,
        raw: RawDocument,
        options: ReadOptions,
        reader: Reader | None,
        memory: PageMemory | None = None,
        table_model: TableModel | None = None,
    ) -> None:
        self._raw, self._options, self._reader, self._memory = raw, options, reader, memory
        self._table_model = table_model
        self.caveats: list[Caveat] = []
        self.source: Source = raw.source
        self.page_count = raw.page_count

    def pages(self) -> Iterator[Page]:
        """Every page that can be read, in order; the others are named in `caveats`.

        Raises InputError where no page can be read, or too many kill their parser.
        """
        return seen_together(self._each_page())

    def page(self, number: int) -> Page:
        """One page by itself, numbered from 1. Raises InputError where it cannot be read."""
        return next(finished([self._page(self._raw.page(number))]))

    def document(self) -> Document:
        """All of it at once."""
        with stage(Stage.LAYOUT):  # whatever is not one of the stages within it
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
            if self._memory and (recalled := self._memory.recall(number)):
                page, caveats = recalled
                self.caveats += caveats
                yield page
                continue
            noted = len(self.caveats)
            try:
                page = self._page(self._parsed(number))
            except InputError as error:
                failures.append(error)
                self._warn(error.code, f"the page could not be read: {error}", number)
                fatal = sum(
                    isinstance(e, ParserTimeout | ParserCrashed | ParserMemory) for e in failures
                )
                if len(failures) == self.page_count or fatal > MOST_FATAL_PAGES:
                    raise type(error)(f"{self.source.filename}, page {number}: {error}") from error
                continue
            if self._memory:
                self._memory.keep((page, tuple(self.caveats[noted:])))
            yield page

    def _parsed(self, number: int) -> RawPage:
        with stage(Stage.PARSE):
            return self._raw.page(number)

    def _rendered(self, number: int) -> PageImage:
        with stage(Stage.RENDER):
            return self._raw.image(number, dpi=self._options.dpi)

    def _page(self, raw: RawPage) -> Page:
        choice = self._choose(raw)
        image: PageImage | None
        if choice.source is TextSource.OCR:
            with stage(Stage.OCR):
                page, image = self._recognised(raw)
        else:
            page, image = _embedded(raw), self._picture(raw)
        if image is None:
            return arrange(page)
        from docai.layout.slanet import by_model

        return arrange(page, self._detected(image), by_model(image, self._table_model))

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

    def _recognised(self, raw: RawPage) -> tuple[Page, PageImage]:
        """The page as OCR reads it, and its upright picture."""
        from docai.ocr.drawn import drawn, with_checkboxes
        from docai.ocr.upright import upright

        up = upright(self._rendered(raw.number))
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
        return page, up.image

    def _ocr(self) -> Reader:
        if self._reader is None:
            from docai.ocr import reader

            self._reader = reader(self._options.ocr, self._options.profile, self._options.threads)
        return self._reader

    def _picture(self, raw: RawPage) -> PageImage | None:
        """The pixels of a digital page, which only models need."""
        if self._options.layout != "model":
            return None
        return self._rendered(raw.number)

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
    memory: PageMemory | None = None,
    table_model: TableModel | None = None,
) -> Iterator[Reading]:
    """A document opened for reading page by page; for large ones, and for their pictures.

    `reader` replaces the OCR engine that the options name, `table_model` the model that sees the
    structure of tables; with a `memory` a reading that broke off goes on where it was. Raises
    InputError.
    """
    options = options or ReadOptions()
    with open_document(path, password=options.password, limits=limits) as raw:
        yield Reading(raw, options, reader, memory, table_model)


def read(
    path: Path | str,
    options: ReadOptions | None = None,
    *,
    limits: Limits | None = None,
    reader: Reader | None = None,
    table_model: TableModel | None = None,
) -> Document:
    """The whole document; see `reading`. Raises InputError, or EngineError from OCR."""
    with reading(path, options, limits=limits, reader=reader, table_model=table_model) as document:
        return document.document()


def seen_together(pages: Iterable[Page]) -> Iterator[Page]:
    """Pages read one by one, with what shows only beside their neighbours."""
    return finished(mark_repeats(pages))


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
