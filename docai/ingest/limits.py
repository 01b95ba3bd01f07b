"""How much one file may cost before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

from docai.options import option


@dataclass(frozen=True, slots=True)
class Limits:
    """Each limit holds for one document; a file beyond one is refused, never cut short."""

    max_mb: int = option(256, "largest file, in megabytes")
    max_pages: int = option(5000, "most pages in one document")
    max_megapixels: int = option(120, "largest page image, in millions of pixels")
    memory_mb: int = option(2048, "address space of the parser process, in megabytes")
    open_timeout_s: float = option(20.0, "seconds to open a document")
    page_timeout_s: float = option(20.0, "seconds to parse or render one page")
    document_timeout_s: float = option(1800.0, "seconds of parsing for one document, all pages")

    @property
    def max_bytes(self) -> int:
        return self.max_mb * 1_000_000

    @property
    def max_pixels(self) -> int:
        return self.max_megapixels * 1_000_000
