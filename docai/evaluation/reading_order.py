"""How well reading order is found, beside two simpler ways.

`data` is a folder with one or both of

  opendataloader-bench/ground-truth/reference.json   blocks with text, in order, 200 pages
  omnidocbench-demo/OmniDocBench_demo.json           the same with lines, 18 pages

The truth's boxes are filled with words: its text in lines of even height, each word as wide
as its share of the line's letters; tables cell by cell. `docai.layout.arrange` sees these
words in no order at all. Its order of the blocks is the order of their words' mean places.
What is said is how the pages' blocks were put in order, not how blocks were found.

Pages are split by their place in the list: those with odd numbers are for tuning, those with
even ones are held out.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from html.parser import HTMLParser
from itertools import combinations, pairwise, starmap, zip_longest
from pathlib import Path
from statistics import fmean
from typing import Any

from docai.document import Page, Word
from docai.errors import UsageError
from docai.evaluation.report import RIGHT, WRONG, Drawing, Mark, Report, Table
from docai.evaluation.worst import WORST
from docai.geometry import Box
from docai.layout import arrange

OPENDATALOADER = Path("opendataloader-bench/ground-truth/reference.json")
OMNIDOCBENCH = Path("omnidocbench-demo/OmniDocBench_demo.json")
WIDTH, HEIGHT = 612.0, 792.0  # points; the truth of opendataloader-bench is in shares of a page
LETTER_HEIGHT = 0.8  # of a line's: the rest is the space between lines
LETTER_ASPECT = 2.4  # a line's height over a letter's width


@dataclass(frozen=True, slots=True)
class TrueBlock:
    """A block with its words' boxes."""

    box: Box
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class TruePage:
    """Blocks in the order a person reads them."""

    name: str
    width: float
    height: float
    blocks: tuple[TrueBlock, ...]


@dataclass(frozen=True, slots=True)
class OrderScore:
    """Means over pages, 0..1 each.

    `pairs`: share of pairs of blocks in the right order ((Kendall's tau + 1) / 2).
    `edits`: 1 - edit distance of the sequences over their length, as OmniDocBench counts.
    `whole`: share of pages without a mistake.
    """

    data: str
    half: str
    method: str
    pages: int
    pairs: float
    edits: float
    whole: float


Method = Callable[[TruePage], list[int]]


def evaluate(data: Path) -> Report:
    """Every method on both halves of each data set. Raises UsageError where there is none."""
    sets = {
        "opendataloader-bench": (data / OPENDATALOADER, opendataloader_pages),
        "omnidocbench-demo": (data / OMNIDOCBENCH, omnidocbench_pages),
    }
    scores: list[OrderScore] = []
    seen: list[TruePage] = []
    for name, (path, load) in sets.items():
        if not path.is_file():
            continue
        pages = [page for page in load(path) if len(page.blocks) > 1]
        for half, some in (("tuning", pages[::2]), ("held out", pages[1::2])):
            scores += [_score(name, half, method, some) for method in METHODS]
        seen += pages[::2]  # who looks at the other half has no half that is held out
    if not scores:
        raise UsageError(f"{data} holds neither {OPENDATALOADER} nor {OMNIDOCBENCH}")
    return Report("Reading order", (_table(scores),), worst(seen))


def _table(scores: Sequence[OrderScore]) -> Table:
    header = tuple(field.name for field in fields(OrderScore))
    return Table("Share in the right order", header, tuple(map(astuple, scores)))


def worst(pages: Iterable[TruePage]) -> tuple[Drawing, ...]:
    """The pages on which docai has most pairs in the wrong order."""
    ordered = [(page, by_layout(page)) for page in pages]
    wrong = [one for one in ordered if one[1] != sorted(one[1])]
    wrong.sort(key=lambda one: pair_accuracy(one[1]))
    return tuple(starmap(drawing, wrong[:WORST]))


def drawing(page: TruePage, order: Sequence[int]) -> Drawing:
    """An arrow from block to block as they were read: right where a person reads on there."""
    boxes = [block.box for block in page.blocks]
    kinds = {(a, b): RIGHT if b == a + 1 else WRONG for a, b in pairwise(order)}
    marks = tuple(
        Mark(boxes[i], kinds.get((i, after), RIGHT), f"read as {place}, truly {i + 1}")
        for place, (i, after) in enumerate(zip_longest(order, order[1:], fillvalue=-1), 1)
    )
    arrows = tuple((boxes[a], boxes[b], kind) for (a, b), kind in kinds.items())
    words = tuple(word for block in page.blocks for word in block.words)
    title = f"{page.name}: {pair_accuracy(order):.2f} of the pairs"
    return Drawing(title, Page(1, page.width, page.height, words), marks, arrows)


def pair_accuracy(order: Sequence[int]) -> float:
    """Share of pairs in rising order; `order` holds true places in the order found."""
    pairs = list(combinations(order, 2))
    return sum(a < b for a, b in pairs) / len(pairs) if pairs else 1.0


def edit_similarity(order: Sequence[int]) -> float:
    """1 - Levenshtein distance to the rising order, over the length."""
    if not order:
        return 1.0
    truth = sorted(order)
    row = list(range(len(truth) + 1))
    for i, a in enumerate(order, start=1):
        before, row = row, [i]
        for j, b in enumerate(truth, start=1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return 1 - row[-1] / len(truth)


# --- ways to order -------------------------------------------------------------------------


def by_layout(page: TruePage) -> list[int]:
    """What docai does."""
    words = sorted((w for block in page.blocks for w in block.words), key=lambda w: (w.box, w.text))
    arranged = arrange(Page(1, page.width, page.height, words=tuple(words)))
    place = {id(word): n for n, word in enumerate(arranged.words)}
    means = [fmean(place[id(word)] for word in block.words) for block in page.blocks]
    return sorted(range(len(means)), key=means.__getitem__)


def by_rows(page: TruePage) -> list[int]:
    """From top to bottom, then from left to right: what a naive reader does."""
    return sorted(
        range(len(page.blocks)), key=lambda i: (page.blocks[i].box.top, page.blocks[i].box.left)
    )


def by_xy_cut(page: TruePage) -> list[int]:
    """The plain recursive XY-cut: always through the widest gap, first across, then down."""
    return list(_xy_cut(list(range(len(page.blocks))), [block.box for block in page.blocks]))


METHODS: dict[str, Method] = {"rows": by_rows, "XY-cut": by_xy_cut, "docai": by_layout}


def _xy_cut(members: list[int], boxes: Sequence[Box]) -> Iterator[int]:
    if len(members) == 1:
        yield members[0]
        return
    gap_y, y = _widest_gap([(boxes[i].top, boxes[i].bottom) for i in members])
    gap_x, x = _widest_gap([(boxes[i].left, boxes[i].right) for i in members])
    if gap_y <= 0 and gap_x <= 0:
        yield from sorted(members, key=lambda i: (boxes[i].top, boxes[i].left))
        return
    if gap_x >= gap_y:
        first = [i for i in members if boxes[i].right <= x]
    else:
        first = [i for i in members if boxes[i].bottom <= y]
    yield from _xy_cut(first, boxes)
    yield from _xy_cut([i for i in members if i not in first], boxes)


def _widest_gap(extents: list[tuple[float, float]]) -> tuple[float, float]:
    """(width, where it begins) of the widest gap, or of an overlap if there is none."""
    extents.sort()
    end, best = extents[0][1], (0.0, extents[0][1])
    for start, stop in extents[1:]:
        best = max(best, (start - end, end))
        end = max(end, stop)
    return best


def _score(data: str, half: str, method: str, pages: Sequence[TruePage]) -> OrderScore:
    orders = [METHODS[method](page) for page in pages]
    return OrderScore(
        data,
        half,
        method,
        len(pages),
        pairs=fmean(map(pair_accuracy, orders)),
        edits=fmean(map(edit_similarity, orders)),
        whole=fmean(order == sorted(order) for order in orders),
    )


# --- the truth -----------------------------------------------------------------------------


def opendataloader_pages(path: Path) -> list[TruePage]:
    """Pages by name. Pictures without text have no place in an order of words and are left out."""
    pages = []
    for name, page in sorted(json.loads(path.read_text(encoding="utf-8")).items()):
        blocks = []
        for element in page["elements"]:
            xs = [WIDTH * corner["x"] for corner in element["coordinates"]]
            ys = [HEIGHT * corner["y"] for corner in element["coordinates"]]
            box = Box(min(xs), min(ys), max(xs), max(ys))
            content = element["content"]
            rows = table_rows(content["html"]) if content.get("html") else None
            words = _words_of_table(rows, box) if rows else words_in(content["text"], box)
            if words:
                blocks.append(TrueBlock(box, tuple(words)))
        pages.append(TruePage(name, WIDTH, HEIGHT, tuple(blocks)))
    return pages


def omnidocbench_pages(path: Path) -> list[TruePage]:
    """Pages scaled to WIDTH; blocks without a place in the order are left out."""
    pages = []
    for page in json.loads(path.read_text(encoding="utf-8")):
        info = page["page_info"]
        scale = WIDTH / info["width"]
        ordered = [d for d in page["layout_dets"] if d.get("order") and not d.get("ignore")]
        blocks = []
        for found in sorted(ordered, key=lambda d: d["order"]):
            words = _omnidocbench_words(found, scale)
            if words:
                blocks.append(TrueBlock(_box(found["poly"], scale), tuple(words)))
        height = info["height"] * scale
        pages.append(TruePage(info["image_path"], WIDTH, height, tuple(blocks)))
    return pages


def _omnidocbench_words(found: dict[str, Any], scale: float) -> list[Word]:
    if found.get("html"):
        return _words_of_table(table_rows(found["html"]), _box(found["poly"], scale))
    spans = [s for s in found.get("line_with_spans", ()) if s.get("text")]
    if spans:
        return [w for s in spans for w in words_in(s["text"], _box(s["poly"], scale))]
    return words_in(found.get("text") or "", _box(found["poly"], scale))


def _box(polygon: Sequence[float], scale: float) -> Box:
    xs, ys = polygon[::2], polygon[1::2]
    return Box(min(xs) * scale, min(ys) * scale, max(xs) * scale, max(ys) * scale)


def words_in(text: str, box: Box) -> list[Word]:
    """The text's words in lines that fill the box; the longest line is as wide as the box.

    Text without line breaks is wrapped so that its letters have the shape of letters.
    """
    lines = [line.split() for line in text.split("\n") if line.split()]
    if len(lines) == 1:
        lines = _wrapped(lines[0], box)
    if not lines:
        return []
    pitch = box.height / len(lines)
    letter = box.width / max(len(" ".join(line)) for line in lines)
    height = LETTER_HEIGHT * min(pitch, 2 * LETTER_ASPECT * letter)
    words = []
    for number, line in enumerate(lines):
        left, top = box.left, box.top + number * pitch
        for text_of_word in line:
            right = left + letter * len(text_of_word)
            words.append(Word(text_of_word, Box(left, top, right, top + height)))
            left = right + letter
    return words


def _wrapped(words: Sequence[str], box: Box) -> list[list[str]]:
    letters = len(" ".join(words))
    if box.height < 2 * LETTER_ASPECT * box.width / letters:
        return [list(words)]
    letter = math.sqrt(box.area / (LETTER_ASPECT * letters))
    lines: list[list[str]] = [[]]
    for word in words:
        if lines[-1] and len(" ".join([*lines[-1], word])) * letter > box.width:
            lines.append([])
        lines[-1].append(word)
    return lines


def _words_of_table(rows: Sequence[Sequence[str]], box: Box) -> list[Word]:
    words = []
    pitch = box.height / max(1, len(rows))
    for number, row in enumerate(rows):
        width = box.width / max(1, len(row))
        for column, text in enumerate(row):
            left, top = box.left + column * width, box.top + number * pitch
            cell = Box(left, top, left + 0.8 * width, top + LETTER_HEIGHT * pitch)
            words += words_in(text, cell)
    return words


def table_rows(html: str) -> list[list[str]]:
    """The texts of an HTML table's cells; spans are not unfolded."""
    parser = _TableParser()
    parser.feed(html)
    return parser.rows


class _TableParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            if not self.rows:
                self.rows.append([])
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += re.sub(r"\s+", " ", data)
