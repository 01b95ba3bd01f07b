"""An opened file: its pages as the file has them, and their pixels, one at a time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from docai.document import Page, Source, TextSource, Word
from docai.errors import (
    BrokenDocument,
    EmptyFile,
    InputError,
    LimitExceeded,
    ParserTimeout,
    UnreadableFile,
)
from docai.geometry import Box
from docai.ingest import wire
from docai.ingest.limits import Limits
from docai.ingest.sandbox import Sandbox
from docai.ingest.sniff import SNIFF_BYTES, media_type

if TYPE_CHECKING:
    from docai.image import PageImage

STANDARD_INPUT = "-"
CHUNK = 1 << 20  # bytes read at a time


@dataclass(frozen=True, slots=True)
class RawPage:
    """A page before layout and OCR. Sizes in points, upright; `number` counts from 1.

    `words` are the text layer in content order; `filled` are form fields' values and typed
    notes, which lie over it. `rotation` (degrees clockwise) made the page upright.
    `image_coverage` and `invisible_share` are 0..1: of the page's area under pictures, of the
    text in a render mode that nobody sees. `image_dpi` is the largest picture's resolution;
    `outlines` counts small drawn shapes, which may be letters.
    """

    number: int
    width: float
    height: float
    rotation: int
    words: tuple[Word, ...]
    filled: tuple[Word, ...]
    rules: tuple[Box, ...]
    image_coverage: float
    image_dpi: float | None
    invisible_share: float
    outlines: int


class RawDocument:
    """An opened file. A page that kills its parser raises; the next page gets a new parser."""

    def __init__(
        self, file: BinaryIO, source: Source, password: str | None, limits: Limits
    ) -> None:
        self.source = source
        self._file, self._password, self._limits = file, password, limits
        self._sandbox: Sandbox | None = None
        self._spent_s = 0.0
        self.page_count = 0

    def open(self) -> None:
        """Starts the parser, which finds out how many pages there are. Raises InputError."""
        self.close()
        self._sandbox = Sandbox(self._file.fileno(), self._limits)
        request = {
            "do": "open",
            "media_type": self.source.media_type,
            "password": self._password,
            "max_pixels": self._limits.max_pixels,
        }
        answer, _ = self._sandbox.call(request, self._limits.open_timeout_s)
        with _untrusted_answer():
            self.page_count = int(answer["pages"])

    def page(self, number: int) -> RawPage:
        """Raises InputError where this page cannot be parsed."""
        answer, blob = self._call({"do": "page", "page": number})
        with _untrusted_answer():
            page = _raw_page(number, answer, blob)
        if len(page.words) + len(page.filled) > self._limits.max_page_words:
            raise LimitExceeded(
                f"page {number} has {len(page.words)} words; the limit is"
                f" {self._limits.max_page_words} (DOCAI_MAX_PAGE_WORDS)"
            )
        return page

    def image(self, number: int, *, dpi: float) -> PageImage:
        """The upright page's pixels, at `dpi` or as near below it as file and limits allow.

        Raises InputError where this page cannot be rendered.
        """
        import numpy as np

        from docai.image import PageImage

        answer, rows = self._call({"do": "pixels", "page": number, "dpi": dpi})
        with _untrusted_answer():
            width, height, stride = answer["width"], answer["height"], answer["stride"]
            padded = np.frombuffer(rows, dtype=np.uint8).reshape(height, stride)
            pixels = padded[:, : width * 3].reshape(height, width, 3)
            return PageImage(np.ascontiguousarray(pixels), float(answer["dpi"]))

    def searchable(self, pages: Iterable[Page]) -> bytes:
        """The file as a PDF with an invisible text layer; pages with a text layer keep theirs.

        Raises InputError where a page does not parse or the file cannot be rewritten.
        """
        # All pages are read first: one that kills the parser takes the layers so far with it.
        scanned = [page for page in pages if page.text_source is TextSource.OCR]
        for request in ({"do": "rewrite"}, *map(_layer, scanned), {"do": "searchable"}):
            # Opening and writing are work on all pages at once. A parser that dies under way
            # raises here; a new one would refuse the next layer.
            _, pdf = self._call(request, timeout_s=self._limits.document_timeout_s)
        return pdf

    def close(self) -> None:
        """Ends the parser; the file is its opener's to close."""
        if self._sandbox is not None:
            self._sandbox.close()

    def _call(
        self, request: dict[str, Any], timeout_s: float | None = None
    ) -> tuple[dict[str, Any], bytes]:
        if self._sandbox is None or not self._sandbox.alive:
            self.open()
        assert self._sandbox is not None
        left_s = self._limits.document_timeout_s - self._spent_s
        if left_s <= 0:
            raise ParserTimeout(
                f"its pages took more than {self._limits.document_timeout_s:g} s to parse;"
                " raise DOCAI_DOCUMENT_TIMEOUT_S if the file is merely large"
            )
        before_s = self._sandbox.spent_s
        try:
            return self._sandbox.call(
                request, min(left_s, timeout_s or self._limits.page_timeout_s)
            )
        finally:
            self._spent_s += self._sandbox.spent_s - before_s


@contextlib.contextmanager
def open_document(
    path: Path | str, *, password: str | None = None, limits: Limits | None = None
) -> Iterator[RawDocument]:
    """The file at `path` ("-" is standard input), opened; its parser is gone afterwards.

    Raises InputError: what is wrong with the file, and what to do.
    """
    limits = limits or Limits()
    name = "standard input" if str(path) == STANDARD_INPUT else Path(path).name
    with contextlib.ExitStack() as cleanup:
        file = cleanup.enter_context(_opened(path, name, limits))
        source = _identified(file, name, limits)
        document = RawDocument(file, source, password, limits)
        cleanup.callback(document.close)
        try:
            document.open()
        except InputError as error:
            raise type(error)(f"{name}: {error}") from error
        if document.page_count < 1:
            raise EmptyFile(f"{name} has no pages")
        if document.page_count > limits.max_pages:
            raise LimitExceeded(
                f"{name} has {document.page_count} pages; the limit is {limits.max_pages}"
                " (DOCAI_MAX_PAGES)"
            )
        yield document


def _opened(path: Path | str, name: str, limits: Limits) -> BinaryIO:
    if str(path) == STANDARD_INPUT:
        return _spooled(sys.stdin.buffer, name, limits)
    try:
        # Not blocking: a named pipe without a writer would hang here for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableFile(f"{path} is a folder or a device, not a file")
    return os.fdopen(descriptor, "rb")


def _spooled(stream: BinaryIO, name: str, limits: Limits) -> BinaryIO:
    """A stream's bytes in a nameless temporary file, since pages are read in any order."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    while chunk := stream.read(CHUNK):
        file.write(chunk)
        if file.tell() > limits.max_bytes:
            file.close()
            raise LimitExceeded(f"{name} is larger than {limits.max_mb} MB (DOCAI_MAX_MB)")
    file.flush()
    return file


def _identified(file: BinaryIO, name: str, limits: Limits) -> Source:
    size = os.fstat(file.fileno()).st_size
    if size > limits.max_bytes:
        raise LimitExceeded(
            f"{name} has {size / 1e6:.0f} MB; the limit is {limits.max_mb} MB (DOCAI_MAX_MB)"
        )
    file.seek(0)
    kind = media_type(file.read(SNIFF_BYTES), name)
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return Source(filename=name, sha256=digest.hexdigest(), media_type=kind, bytes=size)


def _raw_page(number: int, answer: dict[str, Any], blob: bytes) -> RawPage:
    words, filled = answer.get("words", ()), answer.get("filled", ())
    boxes = [Box(*edges) for edges in wire.unpack_boxes(blob)]
    first_rule = len(words) + len(filled)
    return RawPage(
        number=number,
        width=float(answer["width"]),
        height=float(answer["height"]),
        rotation=answer.get("rotation", 0),
        words=tuple(map(Word, words, boxes)),
        filled=tuple(map(Word, filled, boxes[len(words) :])),
        rules=tuple(boxes[first_rule:]),
        image_coverage=answer.get("image_coverage", 1.0),
        image_dpi=answer["image_dpi"],
        invisible_share=answer.get("invisible_share", 0.0),
        outlines=answer.get("outlines", 0),
    )


def _layer(page: Page) -> dict[str, Any]:
    words = [[w.text, w.box.left, w.box.top, w.box.right, w.box.bottom] for w in page.words]
    turned = {"rotation": page.rotation, "skew": page.skew}
    return {"do": "layer", "page": page.number, **turned, "words": words}


@contextlib.contextmanager
def _untrusted_answer() -> Iterator[None]:
    """The parser may have been taken over: an answer that makes no sense is the file's fault."""
    try:
        yield
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BrokenDocument("the parser gave an answer that makes no sense") from error
