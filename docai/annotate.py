"""A page's picture with what docai believes drawn over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from docai.document import Document, Page
from docai.errors import UsageError
from docai.geometry import Box
from docai.results import Extraction

if TYPE_CHECKING:
    from PIL.Image import Image

    from docai.pipeline import Reading

Mark = tuple[str, Box]  # a field's name and where it was found


def annotated_page(
    reading: Reading, number: int, *, layers: Sequence[str], task: str | None, dpi: float
) -> Image:
    """Page `number` (from 1) with these layers and, where a task is named, its evidence."""
    from docai.layout.show import Layer, draw, layer

    wanted = [layer(name) for name in layers]
    if not 1 <= number <= reading.page_count:
        raise UsageError(f"page {number}: the document has pages 1 to {reading.page_count}")
    if task is None:
        page, marks = reading.page(number), []
    else:
        from docai.tasks import task as task_named

        document = reading.document()
        page = _page(document, number)
        marks = evidence_on(page, task_named(task).extract(document), document)
        wanted.append(Layer.EVIDENCE)
    return draw(page, reading.image(page, dpi=dpi), layers=wanted, evidence=marks)


def evidence_on(page: Page, extraction: Extraction, document: Document) -> list[Mark]:
    """Every field's words on this page, one box a field; items by name and row, from 1."""
    named = [(field.name, field.evidence) for field in extraction.fields]
    for row, item in enumerate(extraction.items, start=1):
        named += [(f"{field.name} {row}", field.evidence) for field in item.fields]
    for pair in extraction.key_values:
        named.append(("key", pair.key.evidence))
        named += [("value", pair.value.evidence)] if pair.value else []
    index = document.pages.index(page)
    marks = []
    for name, refs in named:
        words = [ref.word for ref in refs if ref.page == index]
        if words:
            marks.append((name, page.box(words)))
    return marks


def _page(document: Document, number: int) -> Page:
    for page in document.pages:
        if page.number == number:
            return page
    raise UsageError(f"page {number} could not be read")
