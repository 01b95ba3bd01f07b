"""A reader that reads nothing: it says what it was given. For tests of what stands around OCR."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from docai.document import Word
from docai.errors import EngineError
from docai.image import PageImage


class FakeReader:
    """Meets docai.ocr.base.Reader. Each read gives the words of the next page.

    `images` are the pages it was handed, in the order of the calls.
    """

    name = "fake"
    version = "1"

    def __init__(self, *pages: Sequence[Word]) -> None:
        self.images: list[PageImage] = []
        self._pages = pages
        self._one_at_a_time = Lock()

    def read(self, image: PageImage, *, languages: Sequence[str] = ()) -> tuple[Word, ...]:
        """Raises EngineError when there are more pages than it was given words for."""
        with self._one_at_a_time:
            self.images.append(image)
            number = len(self.images)
        if number > len(self._pages):
            raise EngineError(f"the fake reader has no words for page {number}; give it some")
        return tuple(self._pages[number - 1])
