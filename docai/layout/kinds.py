"""What a block is: title, list, running head or foot, by its letters' size and first signs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from docai.document import BlockKind, Word
from docai.layout.draft import DraftBlock
from docai.layout.region import Region

TITLE_SIZE = 1.2  # of the usual line height
TITLE_LINES = 3
COVERED = 0.7  # of a block's area, for a region's kind to be the block's
HINTED = {BlockKind.TITLE, BlockKind.LIST, BlockKind.HEADER, BlockKind.FOOTER}

_BULLET = re.compile(r"[•◦▪▫●○■□–—*·∙➢➤►✓✔\-\uf0b7\uf0a7]")
_ENUMERATOR = re.compile(r"\(?(\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]")


def with_kinds(
    blocks: Sequence[DraftBlock], words: Sequence[Word], regions: Sequence[Region]
) -> list[DraftBlock]:
    """The blocks; those that are plain text so far with the kind they look like."""
    usual = _usual_height(blocks, words)
    return [
        replace(block, kind=kind)
        if block.kind is BlockKind.TEXT
        and (kind := _hint(block, regions) or _kind(block, words, usual))
        else block
        for block in blocks
    ]


def _kind(block: DraftBlock, words: Sequence[Word], usual: float) -> BlockKind | None:
    if _is_list(block, words):
        return BlockKind.LIST
    if len(block.lines) > TITLE_LINES or block.across:
        return None
    height = median([line.box.height for line in block.lines])
    is_level = block.box.width > block.box.height / len(block.lines)
    has_letters = any(
        c.isalpha() for line in block.lines for i in line.words for c in words[i].text
    )
    return BlockKind.TITLE if is_level and has_letters and height >= TITLE_SIZE * usual else None


def _is_list(block: DraftBlock, words: Sequence[Word]) -> bool:
    """Every bullet makes a list; numbers do from the second on."""
    starts = [words[line.words[0]].text for line in block.lines if len(line.words) > 1]
    if starts and _BULLET.fullmatch(starts[0]):
        return True
    return sum(_ENUMERATOR.fullmatch(start) is not None for start in starts) > 1


def _usual_height(blocks: Sequence[DraftBlock], words: Sequence[Word]) -> float:
    """The height of the line in which the middle one of all letters stands."""
    lengths = [len(word.text) for word in words]
    heights = sorted(
        [
            (line.box.height, sum([lengths[i] for i in line.words]))
            for block in blocks
            for line in block.lines
        ]
    )
    letters = sum(count for _, count in heights)
    seen = 0
    for height, count in heights:
        seen += count
        if 2 * seen >= letters:
            return height
    return 0.0


def _hint(block: DraftBlock, regions: Sequence[Region]) -> BlockKind | None:
    """The kind of the surest region that covers the block."""
    best = None
    for region in regions:
        shared = region.box.intersection(block.box)
        if (
            region.kind in HINTED
            and shared is not None
            and shared.area >= COVERED * block.box.area
            and (best is None or region.confidence > best.confidence)
        ):
            best = region
    return best.kind if best else None
