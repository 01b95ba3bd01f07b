"""Running heads and feet: what stands at the same place of pages near each other."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from docai.document import Block, BlockKind, Page
from docai.geometry import Box

NEAR = 2  # pages; left and right pages may have heads of their own
MARGIN = 0.15  # of the page's height, at its top and at its bottom, where repeats are looked for
SAME_PLACE = 3.0  # points that a repeated block may move from page to page

_NUMBERS = re.compile(r"\d+")


def mark_repeats(pages: Iterable[Page]) -> Iterator[Page]:
    """The pages, with blocks that repeat nearby marked as headers and footers.

    Only the pages NEAR the one at hand are kept, however long the document is.
    """
    window: deque[tuple[Page, list[_Margin]]] = deque()
    waiting = 0  # pages at the window's end that are not yielded yet
    for page in pages:
        window.append((page, _margins(page)))
        waiting += 1
        if waiting > NEAR:
            yield _marked(window, len(window) - waiting)
            waiting -= 1
        if len(window) > 2 * NEAR:
            window.popleft()
    while waiting:
        yield _marked(window, len(window) - waiting)
        waiting -= 1


@dataclass(frozen=True, slots=True)
class _Margin:
    """A block near the top or bottom of its page. `text` has # for every number."""

    block: int
    kind: BlockKind
    text: str
    box: Box

    def repeats(self, other: _Margin) -> bool:
        """The same text at the same place; page numbers may grow to either side."""
        a, b = self.box, other.box
        return (
            self.kind is other.kind
            and self.text == other.text
            and abs(a.top - b.top) < SAME_PLACE
            and min(abs(a.left - b.left), abs(a.right - b.right)) < SAME_PLACE
        )


def _margins(page: Page) -> list[_Margin]:
    return [
        _Margin(number, kind, _pattern(page, block), block.box)
        for number, block in enumerate(page.blocks)
        if block.lines
        and block.kind not in (BlockKind.TABLE, BlockKind.FIGURE)
        and (kind := _kind(block.box, page.height))
    ]


def _kind(box: Box, height: float) -> BlockKind | None:
    if box.bottom < MARGIN * height:
        return BlockKind.HEADER
    if box.top > (1 - MARGIN) * height:
        return BlockKind.FOOTER
    return None


def _pattern(page: Page, block: Block) -> str:
    words = (w for line in block.lines for w in page.lines[line].words)
    return _NUMBERS.sub("#", page.text(words))


def _marked(window: deque[tuple[Page, list[_Margin]]], at: int) -> Page:
    page, margins = window[at]
    nearby = [m for i, (_, others) in enumerate(window) if i != at for m in others]
    kinds = {m.block: m.kind for m in margins if any(map(m.repeats, nearby))}
    if not kinds:
        return page
    blocks = tuple(
        replace(block, kind=kinds.get(number, block.kind))
        for number, block in enumerate(page.blocks)
    )
    return replace(page, blocks=blocks)
