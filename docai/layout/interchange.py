"""Blocks to and from layoutparser, the exchange format of layout models and tools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import fmean

import layoutparser

from docai.document import Block, BlockKind, Line, Page, Word
from docai.geometry import Box
from docai.layout.detector import KINDS


def to_layout(page: Page) -> layoutparser.Layout:
    """The page's blocks in points, in reading order; ids count from 1, `next` is the next id.

    The score of a table is its confidence, that of other blocks the mean of their words'.
    """
    last = len(page.blocks)
    blocks = [
        layoutparser.TextBlock(
            layoutparser.Rectangle(*_corners(block.box)),
            text="\n".join(page.text(page.lines[n].words) for n in block.lines),
            id=number,
            type=str(block.kind),
            next=number + 1 if number < last else None,
            score=_score(page, block),
        )
        for number, block in enumerate(page.blocks, start=1)
    ]
    data = {"number": page.number, "width": page.width, "height": page.height, "unit": "pt"}
    return layoutparser.Layout(blocks, page_data=data)


def from_layout(layout: layoutparser.Layout, page: Page) -> Page:
    """The page with the blocks of `layout`, which is in points, in the layout's order.

    The order is that of `next` where the blocks have it, else that of the list. A word goes
    to the block around its middle; where several are, to the one it is in already, else to
    the smallest. Words in none of them keep the blocks they have, behind what they followed.
    """
    wanted = list(_in_reading_order(layout))
    boxes = [Box(*(float(x) for x in block.coordinates)) for block in wanted]
    owners = _owners(page, boxes)
    pieces: dict[int, list[tuple[int, list[int]]]] = {-1: []}
    loose: dict[int, list[tuple[int, list[int]]]] = {}
    # Lines keep their order within a block; unowned ones hang behind the owner before them.
    behind = -1
    for number, block in enumerate(page.blocks):
        for n in block.lines:
            for owner, words in _by_owner(page.lines[n].words, owners):
                if owner is None:
                    loose.setdefault(behind, []).append((number, words))
                else:
                    pieces.setdefault(owner, []).append((number, words))
                    behind = owner
    drafts: list[tuple[BlockKind, Box, list[list[int]]]] = list(_loose_blocks(page, loose, -1))
    for k, block in enumerate(wanted):
        kind = KINDS.get(str(block.type).lower(), BlockKind.TEXT)
        drafts.append((kind, boxes[k], [words for _, words in pieces.get(k, ())]))
        drafts.extend(_loose_blocks(page, loose, k))
    return _rebuilt(page, drafts)


def _corners(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.right, box.bottom


def _score(page: Page, block: Block) -> float:
    if block.kind is BlockKind.TABLE:
        for table in page.tables:
            if table.box == block.box:
                return table.confidence
    confidences = [page.words[w].confidence for n in block.lines for w in page.lines[n].words]
    return fmean(confidences) if confidences else 1.0


def _in_reading_order(layout: layoutparser.Layout) -> Iterator[layoutparser.TextBlock]:
    """Along `next` from the block that no other names; the list's order if that is no chain."""
    blocks = list(layout)
    by_id = {block.id: block for block in blocks if block.id is not None}
    named = {block.next for block in blocks if block.next is not None}
    first = [block for block in blocks if block.id not in named]
    if len(by_id) != len(blocks) or len(first) != 1:
        return iter(blocks)
    chain = [first[0]]
    while chain[-1].next in by_id and len(chain) <= len(blocks):
        chain.append(by_id[chain[-1].next])
    return iter(chain if len(chain) == len(blocks) else blocks)


def _owners(page: Page, boxes: Sequence[Box]) -> list[int | None]:
    """For each word the number of its block in `boxes`."""
    own = [Box(0, 0, 0, 0)] * len(page.words)
    for block in page.blocks:
        for n in block.lines:
            for w in page.lines[n].words:
                own[w] = block.box

    def owner(word: Word, present: Box) -> int | None:
        around = [k for k, box in enumerate(boxes) if box.contains_point(*word.box.centre)]
        stay = [k for k in around if boxes[k] == present]
        return min(stay or around, key=lambda k: (boxes[k].area, k), default=None)

    return [owner(word, present) for word, present in zip(page.words, own, strict=True)]


def _by_owner(
    words: Sequence[int], owners: Sequence[int | None]
) -> Iterator[tuple[int | None, list[int]]]:
    """A line's words, cut where the owner changes; each owner's words stay one line."""
    parts: dict[int | None, list[int]] = {}
    for word in words:
        parts.setdefault(owners[word], []).append(word)
    yield from parts.items()


def _loose_blocks(
    page: Page, loose: dict[int, list[tuple[int, list[int]]]], behind: int
) -> Iterator[tuple[BlockKind, Box, list[list[int]]]]:
    by_block: dict[int, list[list[int]]] = {}
    for number, words in loose.get(behind, ()):
        by_block.setdefault(number, []).append(words)
    for number, lines in by_block.items():
        yield page.blocks[number].kind, page.box(w for line in lines for w in line), lines


def _rebuilt(page: Page, drafts: Sequence[tuple[BlockKind, Box, list[list[int]]]]) -> Page:
    words: list[Word] = []
    lines: list[Line] = []
    blocks: list[Block] = []
    moved: dict[int, int] = {}
    for kind, box, members in drafts:
        first = len(lines)
        for line in members:
            for w in line:
                moved[w] = len(words)
                words.append(page.words[w])
            lines.append(Line(tuple(moved[w] for w in line)))
        blocks.append(Block(kind, box, tuple(range(first, len(lines)))))
    tables = tuple(
        replace(
            table,
            cells=tuple(
                replace(cell, words=tuple(sorted(moved[w] for w in cell.words)))
                for cell in table.cells
            ),
        )
        for table in page.tables
    )
    return replace(
        page, words=tuple(words), lines=tuple(lines), blocks=tuple(blocks), tables=tables
    )
