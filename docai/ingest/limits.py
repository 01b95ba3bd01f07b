"""How much one file may cost before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

from docai.options import option


@dataclass(frozen=True, slots=True)
class Limits:
    """Each limit holds for one document; a file beyond one is refused, never cut short."""

    max_mb: int = option(256, "largest file, in megabytes", at_least=1)
    max_pages: int = option(5000, "most pages in one document", at_least=1)
    max_page_words: int = option(30_000, "most words on one page", at_least=1)
    max_megapixels: int = option(120, "largest page image, in millions of pixels", at_least=1)
    memory_mb: int = option(2048, "address space of the parser process, in megabytes", at_least=256)
    open_timeout_s: float = option(20.0, "seconds to open a document", at_least=0.1)
    page_timeout_s: float = option(20.0, "seconds to parse or render one page", at_least=0.1)
    document_timeout_s: float = option(
        1800.0, "seconds of parsing for one document, all pages", at_least=0.1
    )

    @property
    def max_bytes(self) -> int:
        return self.max_mb * 1_000_000

    @property
    def max_pixels(self) -> int:
        return self.max_megapixels * 1_000_000
