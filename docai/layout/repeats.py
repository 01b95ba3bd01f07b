"""Running headers and footers: what stands at the same place of neighbouring pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from docai.document import Block, BlockKind, Page
from docai.geometry import Box

MARGIN = 0.15  # of the page's height, at its top and at its bottom, where repeats are looked for
SAME_PLACE = 3.0  # points that a repeated block may move from page to page


def mark_repeats(pages: Iterable[Page]) -> Iterator[Page]:
    """The pages, with blocks that repeat on a neighbour marked as headers and footers.

    Holds one page back, so that the first page of a repeat is marked as well.
    """
    before: set[_Place] = set()
    held: Page | None = None
    for page in pages:
        here = set(_places(page))
        if held is not None:
            yield _marked(held, before | here)
            before = set(_places(held))
        held = page
    if held is not None:
        yield _marked(held, before)


_Place = tuple[str, int, int]


def _places(page: Page) -> Iterator[_Place]:
    for block in page.blocks:
        if _margin(block.box, page) is not None:
            yield _place(block, page)


def _place(block: Block, page: Page) -> _Place:
    """Text without its figures (page numbers count up) and the rounded place."""
    words = (w for line in block.lines for w in page.lines[line].words)
    text = "".join("#" if c.isdigit() else c for c in page.text(words))
    return text, round(block.box.left / SAME_PLACE), round(block.box.top / SAME_PLACE)


def _margin(box: Box, page: Page) -> BlockKind | None:
    if box.bottom < MARGIN * page.height:
        return BlockKind.HEADER
    if box.top > (1 - MARGIN) * page.height:
        return BlockKind.FOOTER
    return None


def _marked(page: Page, repeated: set[_Place]) -> Page:
    blocks = tuple(
        replace(block, kind=kind)
        if (kind := _margin(block.box, page)) and _place(block, page) in repeated
        else block
        for block in page.blocks
    )
    return replace(page, blocks=blocks)
