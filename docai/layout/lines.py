"""Words → fragments: stretches of one baseline with no wide gap inside.

The words are visited from left to right. Each joins the open chain whose last words lie
at its height and end just before it, or opens a chain of its own. Chains are found
through bands of the page, so the cost is that of sorting. How wide a gap must be to
split is measured on the page itself, since typewriters and justified columns differ.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from statistics import median
from typing import TYPE_CHECKING

from docai.document import Word
from docai.geometry import Box

if TYPE_CHECKING:
    from docai.layout.draft import DraftBlock

# Lengths below are in heights of the words concerned.
REACH = 2.0  # gaps wider than this never lie inside a fragment
OVERLAP = 0.5  # of the smaller height; below it two words do not share a baseline
BACKSTEP = 0.5  # how far a word may begin before its predecessor's end: kerning, loose OCR boxes
BASELINE_KEEPER = 0.75  # smaller words are super- or subscripts and do not move the baseline
USUAL_SPACE = 0.25  # where a page has no two words on a line to measure it on
LARGEST_SPACE = 0.8  # typewriters have 0.5
SPACE_FACTOR = 3.2  # a gap this many times the usual space is a wide one ...
WIDE_GAP = (0.7, 1.6)  # ... but within these bounds
DOUBTFUL_FACTOR = 1.3  # gaps from this many times the usual space split where others lie below
CORRIDOR_LINES = 3  # lines with text on either side that make such gaps a corridor ...
CORRIDOR_REACH = 6.0  # ... within this distance above and below
NARROWEST = 0.3  # that corridor's width
MOST_BANDS = 2000
MOST_OUTLIVED = 8  # chains that ended far to the left, before a band is cleared of them
UPRIGHT_ASPECT = 2.5  # a word of several letters this many times higher than wide runs up the page


@dataclass(frozen=True, slots=True)
class Fragment:
    """Words of one baseline, left to right as they stand on the page.

    Where it has no words it holds the place of a block that is `whole` already.
    """

    box: Box
    words: tuple[int, ...]
    whole: DraftBlock | None = None


def fragments(words: Sequence[Word], walls: Sequence[Box] = ()) -> tuple[list[Fragment], list[int]]:
    """All words in fragments, from left to right, and the words that run up or down the page.

    `words` are sorted from left to right. No fragment crosses a wall, a thin upright box.
    """
    level: list[_Item] = []
    steep: list[int] = []
    for i, word in enumerate(words):
        box = word.box
        left, top, right, bottom = box.left, box.top, box.right, box.bottom
        if bottom - top > UPRIGHT_ASPECT * (right - left) and len(word.text) > 2:
            steep.append(i)
        else:
            level.append((left, top, right, bottom, i))
    pieces = _split(_chains(level), level, sorted(walls))
    return [_fragment(piece, level) for piece in pieces], steep


_Item = tuple[float, float, float, float, int]  # left, top, right, bottom, number of the word


class _Chain:
    """A fragment in the making; `top` and `bottom` are those of its last full-sized word."""

    __slots__ = ("bands", "bottom", "items", "right", "top")

    def __init__(self, number: int, top: float, right: float, bottom: float) -> None:
        self.items = [number]
        self.top, self.right, self.bottom = top, right, bottom
        self.bands = range(0)


def _chains(items: Sequence[_Item]) -> list[list[int]]:
    """Numbers of the items of each chain."""
    if not items:
        return []
    # Never more than a few thousand bands, whatever the boxes.
    extent = max([item[3] for item in items]) - min([item[1] for item in items])
    usual_height = median([item[3] - item[1] for item in items])
    open_chains = _OpenChains(max(usual_height, extent / MOST_BANDS, 1e-6))
    chains = []
    for number, (left, top, right, bottom, _) in enumerate(items):
        chain = open_chains.nearest(left, top, bottom)
        if chain is None:
            chain = _Chain(number, top, right, bottom)
            chains.append(chain)
            open_chains.add(chain)
            continue
        chain.items.append(number)
        if right > chain.right:
            chain.right = right
        is_level = top == chain.top and bottom == chain.bottom
        if not is_level and bottom - top >= BASELINE_KEEPER * (chain.bottom - chain.top):
            open_chains.move(chain, top, bottom)
    return [chain.items for chain in chains]


class _OpenChains:
    """Chains by the bands of the page that their last words stand in."""

    def __init__(self, band_height: float) -> None:
        self._band_height = band_height
        self._bands: dict[int, list[_Chain]] = defaultdict(list)

    def nearest(self, left: float, top: float, bottom: float) -> _Chain | None:
        """The chain that a word with these edges continues."""
        height = max(bottom - top, 1e-6)
        if height <= 1.5 * self._band_height:
            # The band of the middle holds all chains beside the word.
            bands: Sequence[int] = (int((top + bottom) / 2 / self._band_height),)
        else:
            bands = range(int(top / self._band_height), int(bottom / self._band_height) + 1)
        best, best_score = None, 0.0
        for band in bands:
            chains = self._bands.get(band, ())
            outlived = 0
            for chain in chains:
                upper, lower = chain.top, chain.bottom
                gap = left - chain.right
                smaller = lower - upper
                if smaller > height:
                    smaller = height
                if gap > REACH * smaller:
                    outlived += 1
                    continue
                if top > upper:
                    upper = top
                if bottom < lower:
                    lower = bottom
                shared = lower - upper
                if shared < OVERLAP * smaller or gap < -BACKSTEP * smaller:
                    continue
                score = (shared + 1e-9) / (smaller + 1e-9) + 1 / (1 + abs(gap) / height)
                if score > best_score:
                    best, best_score = chain, score
            if outlived > MOST_OUTLIVED:
                self._bands[band] = [
                    c for c in chains if left - c.right <= REACH * max(height, c.bottom - c.top)
                ]
        return best

    def add(self, chain: _Chain) -> None:
        first, last = int(chain.top / self._band_height), int(chain.bottom / self._band_height)
        before, chain.bands = chain.bands, range(first, last + 1)
        for band in chain.bands:
            if band not in before:
                self._bands[band].append(chain)

    def move(self, chain: _Chain, top: float, bottom: float) -> None:
        """Follow a slanting or growing baseline into the bands it enters."""
        chain.top, chain.bottom = top, bottom
        self.add(chain)


def _split(
    chains: list[list[int]], items: Sequence[_Item], walls: Sequence[Box]
) -> list[list[int]]:
    space = _usual_space(chains, items)
    wide = min(WIDE_GAP[1], max(WIDE_GAP[0], SPACE_FACTOR * space))
    doubtful = DOUBTFUL_FACTOR * space
    surroundings = _Surroundings(chains, items)
    places = [wall.left for wall in walls]
    pieces = []
    for chain in chains:
        start = 0
        for i in range(1, len(chain)):
            a, b = items[chain[i - 1]], items[chain[i]]
            gap = b[0] - a[2]
            height = max(a[3] - a[1], b[3] - b[1])
            is_wide = gap > doubtful * height and (
                gap > wide * height or surroundings.leave_free(a, b)
            )
            if is_wide or (places and _is_walled(a, b, places, walls)):
                pieces.append(chain[start:i])
                start = i
        pieces.append(chain[start:])
    return pieces


def _usual_space(chains: list[list[int]], items: Sequence[_Item]) -> float:
    """In word heights; of gaps that may be spaces, since on a page of tables most are not."""
    gaps = [
        (items[b][0] - items[a][2]) / height
        for chain in chains
        for a, b in pairwise(chain)
        if (height := items[a][3] - items[a][1]) > 0
    ]
    spaces = [gap for gap in gaps if gap < LARGEST_SPACE]
    return max(0.0, median(spaces)) if spaces else USUAL_SPACE


class _Surroundings:
    """The lines around a gap, looked up by height.

    Running text covers a place in most lines, a narrow corridor between columns in none.
    """

    def __init__(self, chains: list[list[int]], items: Sequence[_Item]) -> None:
        self._chains, self._items = chains, items
        self._bands: dict[int, list[list[int]]] = {}

    def leave_free(self, a: _Item, b: _Item) -> bool:
        """Whether enough lines above and below have text on both sides of this gap, none in it."""
        height = max(a[3] - a[1], b[3] - b[1], 1e-6)
        if not self._bands:
            self._index(height)
        middle = (a[1] + b[3]) / 2
        here = int(middle / self._pitch)
        above = int((middle - CORRIDOR_REACH * height) / self._pitch)
        below = int((middle + CORRIDOR_REACH * height) / self._pitch)
        low, high = a[2], b[0]
        lefts = rights = 0
        for bands in (range(here, above - 1, -1), range(here + 1, below + 1)):
            for chain in (chain for band in bands for chain in self._bands.get(band, ())):
                before, after = self._gap_of(chain, (low + high) / 2)
                if min(high, after) - max(low, before) < NARROWEST * height:
                    break
                low, high = max(low, before), min(high, after)
                lefts += before > -inf
                rights += after < inf
        return min(lefts, rights) >= CORRIDOR_LINES

    def _index(self, pitch: float) -> None:
        self._pitch = pitch
        for chain in self._chains:
            first = self._items[chain[0]]
            band = int((first[1] + first[3]) / 2 / pitch)
            self._bands.setdefault(band, []).append(chain)

    def _gap_of(self, chain: list[int], x: float) -> tuple[float, float]:
        """Where the chain's text before `x` ends and after it begins; infinite without any."""
        items = self._items
        after = bisect_right(chain, x, key=lambda n: items[n][0])
        before = items[chain[after - 1]][2] if after else -inf
        return before, items[chain[after]][0] if after < len(chain) else inf


def _is_walled(a: _Item, b: _Item, places: Sequence[float], walls: Sequence[Box]) -> bool:
    """A wall stands between two neighbours."""
    middle = (max(a[1], b[1]) + min(a[3], b[3])) / 2
    start, end = (a[0] + a[2]) / 2, (b[0] + b[2]) / 2
    return any(
        wall.top <= middle <= wall.bottom
        for wall in walls[bisect_right(places, start) : bisect_right(places, end)]
    )


def _fragment(numbers: Sequence[int], items: Sequence[_Item]) -> Fragment:
    lefts, tops, rights, bottoms, words = zip(*[items[n] for n in numbers], strict=True)
    return Fragment(Box(lefts[0], min(tops), max(rights), max(bottoms)), words)
