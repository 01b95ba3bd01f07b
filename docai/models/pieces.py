"""A page and groups of its words, as the numbers that docai.models.segments reads.

Dimensions: S pieces, T tokens, D width of a text vector, L features of a look, G gaps.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import torch
import torch.nn.functional as F
from torch import Tensor

from docai.document import Page
from docai.geometry import POINTS_PER_INCH, Box
from docai.image import PageImage
from docai.models.mmlayout import text_shape
from docai.models.segments import GAP_LOOK, Nodes, PictureTower, SegmentModel
from docai.models.tokenizers import NO_WORD, WordTokenizer

Group = Sequence[int]  # words of a page that make a piece, in reading order

MOST_TOKENS = 128  # of a piece; what follows says little more
CONTEXT = 400  # tokens of a page that are read together, in reading order ...
OVERLAP = 80  # ... and how many of them the next stretch reads again
AT_ONCE = 16  # pieces of about the same length read in one go
MOST_PIXELS = 1200  # long side of a picture; letters are then a few strokes wide


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """The spaces between neighbouring words of a line, where a piece might end."""

    pairs: tuple[tuple[int, int], ...]  # words before and after
    before: Tensor  # (G, D)
    after: Tensor  # (G, D)
    look: Tensor  # (G, GAP_LOOK)


class Describer(ABC):
    """Describes the pieces of pages; subclasses say what their text is to be."""

    @torch.no_grad()
    def nodes(self, page: Page, groups: Sequence[Group], image: PageImage | None = None) -> Nodes:
        """The pieces in the order given. None may be empty."""
        unit = usual_height(page)
        boxes = [page.box(group) for group in groups]
        return Nodes(
            text=self._text(page, groups),
            look=torch.tensor(
                [_look(page, g, b, unit) for g, b in zip(groups, boxes, strict=True)]
            ),
            boxes=torch.tensor([[b.left, b.top, b.right, b.bottom] for b in boxes]) / unit,
            keep=torch.ones(len(groups), dtype=torch.bool),
            picture=self._picture(image, boxes) if image else None,
        )

    @torch.no_grad()
    def gaps(self, page: Page) -> Gaps:
        """Every two neighbours of a line."""
        unit = usual_height(page)
        lines = [line.words for line in page.lines if len(line.words) > 1]
        vectors = self._words(page, lines)
        looks = [look for line in lines for look in _gap_looks(page, line, unit)]
        pairs = [pair for line in lines for pair in pairwise(line)]
        nothing = torch.zeros(0, self.width)
        return Gaps(
            tuple(pairs),
            torch.cat([nothing, *(own[:-1] for own in vectors)]),
            torch.cat([nothing, *(own[1:] for own in vectors)]),
            torch.tensor(looks).view(len(pairs), GAP_LOOK),
        )

    @property
    @abstractmethod
    def width(self) -> int:
        """D."""

    @abstractmethod
    def _text(self, page: Page, groups: Sequence[Group]) -> Tensor:
        """(S, 3 * D)."""

    @abstractmethod
    def _words(self, page: Page, lines: Sequence[Group]) -> Sequence[Tensor]:
        """(words, D) of each line."""

    def _picture(self, image: PageImage, boxes: Sequence[Box]) -> Tensor | None:
        """(S, P), or None for one who looks at no pictures."""
        return None


@dataclass(frozen=True, slots=True, eq=False)
class TowerDescriber(Describer):
    """Reads pieces with the frozen towers of a model."""

    model: SegmentModel
    tokenizer: WordTokenizer

    @property
    def width(self) -> int:
        return self.model.config.text_width

    @torch.no_grad()
    def sentences(self, texts: Sequence[str]) -> Tensor:
        """(n, D): the vector of each text, of length 1."""
        ids = [self.tokenizer.single(text.split()).ids[:MOST_TOKENS] for text in texts]
        tokens, keep = _padded(ids, self.tokenizer.pad)
        _, read = self.model.text(tokens, keep)
        return F.normalize(_mean(read, keep), dim=-1)

    def _text(self, page: Page, groups: Sequence[Group]) -> Tensor:
        """The piece alone, its bare words, and the piece in its page's text."""
        tokenizer, width = self.tokenizer, self.width
        pieces = [tokenizer.single([page.words[w].text for w in group]).ids for group in groups]
        alone, words = torch.zeros(len(groups), width), torch.zeros(len(groups), width)
        for part, tokens, keep in _alike([ids[:MOST_TOKENS] for ids in pieces], tokenizer.pad):
            bare, read = self.model.text(tokens, keep)  # (B, T, D)
            alone[part] = F.normalize(_mean(read, keep), dim=-1)
            words[part] = _mean(bare, keep)
        return torch.cat([alone, words, self._in_context(page, groups)], -1)

    def _in_context(self, page: Page, groups: Sequence[Group]) -> Tensor:
        """(S, D): the mean over the piece's tokens, each read among those around it."""
        owner = {w: s for s, group in enumerate(groups) for w in group}
        pieces = self.tokenizer.pieces([word.text for word in page.words])
        owners = torch.tensor([owner.get(w, len(groups)) for w in pieces.words], dtype=torch.long)
        sums, counts = torch.zeros(len(groups) + 1, self.width), torch.zeros(len(groups) + 1, 1)
        for start in range(0, len(pieces.ids), CONTEXT - OVERLAP):
            part = pieces.ids[start : start + CONTEXT]
            ids = torch.tensor([[self.tokenizer.cls, *part, self.tokenizer.sep]])
            _, read = self.model.text(ids, torch.ones_like(ids, dtype=torch.bool))
            index = owners[start : start + CONTEXT]
            sums.index_add_(0, index, read[0, 1:-1])
            counts.index_add_(0, index, torch.ones(len(part), 1))
        return (sums / counts.clamp(min=1))[:-1]

    def _words(self, page: Page, lines: Sequence[Group]) -> list[Tensor]:
        """Each line's words are read together."""
        spelled = [self.tokenizer.single([page.words[w].text for w in line]) for line in lines]
        vectors: dict[int, Tensor] = {}
        for part, tokens, keep in _alike(
            [s.ids[:MOST_TOKENS] for s in spelled], self.tokenizer.pad
        ):
            _, read = self.model.text(tokens, keep)  # (B, T, D)
            for i, states in zip(part, read, strict=True):
                vectors[i] = _word_vectors(states, spelled[i].words[:MOST_TOKENS], len(lines[i]))
        return [vectors[i] for i in range(len(lines))]

    def _picture(self, image: PageImage, boxes: Sequence[Box]) -> Tensor | None:
        tower = self.model.picture
        return None if tower is None else _seen(tower, image, boxes)


@dataclass(frozen=True, slots=True, eq=False)
class StateDescriber(Describer):
    """Takes pieces from what a model of documents made of the page as a whole."""

    states: Callable[[Page], Tensor]  # (W, 3 * D), the last D for gaps; W words of the page
    text_width: int

    @property
    def width(self) -> int:
        return self.text_width

    def _text(self, page: Page, groups: Sequence[Group]) -> Tensor:
        """The mean over the piece's words."""
        states = self.states(page)
        return torch.stack([states[list(group)].mean(0) for group in groups])

    def _words(self, page: Page, lines: Sequence[Group]) -> list[Tensor]:
        states = self.states(page)[:, -self.width :]
        return [states[list(line)] for line in lines]


def usual_height(page: Page) -> float:
    """The unit of length, in points."""
    heights = [word.box.height for word in page.words if word.box.height > 0]
    return max(1.0, median(heights)) if heights else 1.0


def pieces_of_lines(page: Page) -> list[tuple[int, ...]]:
    """The layout's own lines as pieces, nothing trained."""
    return [line.words for line in page.lines if line.words]


def pieces_cut(page: Page, ends: Sequence[tuple[int, int]]) -> list[tuple[int, ...]]:
    """The layout's lines, cut between these pairs of words."""
    cuts = set(ends)
    pieces: list[tuple[int, ...]] = []
    for line in pieces_of_lines(page):
        start = 0
        for i, pair in enumerate(pairwise(line), 1):
            if pair in cuts:
                pieces.append(line[start:i])
                start = i
        pieces.append(line[start:])
    return pieces


def _look(page: Page, group: Group, box: Box, unit: float) -> tuple[float, ...]:
    """Text shape, size of type, size of the piece; last its box in pages."""
    text = page.text(group)
    own = max(0.1, median(page.words[w].box.height for w in group) / unit)
    width, height = box.width / unit, box.height / unit
    letters = max(1, sum(len(page.words[w].text) for w in group))
    return (
        *text_shape(text),
        math.log(own),
        math.log1p(width) / 3,
        min(height, 10.0) / 3,
        min(width / letters, 3.0),
        min(height / own, 8.0) / 4,
        box.left / page.width,
        box.top / page.height,
        box.right / page.width,
        box.bottom / page.height,
    )


def _gap_looks(page: Page, line: Group, unit: float) -> Iterator[tuple[float, ...]]:
    """Width of the space, alone and beside the line's others; what the words end and begin with."""
    boxes = [page.words[w].box for w in line]
    spaces = [(b.left - a.right) / unit for a, b in pairwise(boxes)]
    usual = median(spaces)
    for i, space in enumerate(spaces):
        before, after = page.words[line[i]].text, page.words[line[i + 1]].text
        yield (
            max(-2.0, min(space, 10.0)) / 2,
            math.copysign(math.log1p(abs(space)), space),
            max(-2.0, min(space - usual, 5.0)),
            float(before.endswith((":", "："))),
            float(before.endswith((".", ",", ";"))),
            float(after[:1].isupper()) - float(before[:1].isupper()),
            float(any(map(str.isdigit, after))) - float(any(map(str.isdigit, before))),
            math.log(max(0.1, boxes[i + 1].height) / max(0.1, boxes[i].height)),
            i / 10,
            (len(spaces) - i) / 10,
        )


def _word_vectors(states: Tensor, words: Sequence[int], count: int) -> Tensor:
    """(count, D): the mean of each word's tokens; 0 for a word that was cut off."""
    sums, numbers = torch.zeros(count, states.shape[1]), torch.zeros(count, 1)
    at = [i for i, word in enumerate(words) if word != NO_WORD]
    index = torch.tensor([words[i] for i in at], dtype=torch.long)
    sums.index_add_(0, index, states[at])
    numbers.index_add_(0, index, torch.ones(len(at), 1))
    return sums / numbers.clamp(min=1)


def _alike(rows: Sequence[Sequence[int]], pad: int) -> Iterator[tuple[list[int], Tensor, Tensor]]:
    """A few rows of about the same length at a time: their numbers, and what `_padded` makes."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    for start in range(0, len(order), AT_ONCE):
        part = order[start : start + AT_ONCE]
        yield part, *_padded([rows[i] for i in part], pad)


def _padded(ids: Sequence[Sequence[int]], pad: int) -> tuple[Tensor, Tensor]:
    """(B, T) tokens and which of them are real."""
    T = max(len(row) for row in ids)
    tokens = torch.tensor([[*row, *[pad] * (T - len(row))] for row in ids])
    keep = torch.tensor([[i < len(row) for i in range(T)] for row in ids])
    return tokens, keep


def _mean(x: Tensor, keep: Tensor) -> Tensor:
    """(B, D): over the real tokens."""
    weights = keep[..., None].to(x.dtype)
    return (x * weights).sum(1) / weights.sum(1).clamp(min=1)


def _seen(tower: PictureTower, image: PageImage, boxes: Sequence[Box]) -> Tensor:
    """(S, P): the mean of every stage's channels inside each box."""
    pixels = torch.tensor(image.pixels).permute(2, 0, 1)[None].float()  # (1, 3, H, W)
    scale = MOST_PIXELS / max(pixels.shape[-2:])
    if scale < 1:
        pixels = F.interpolate(pixels, scale_factor=scale, mode="area")
    height = image.pixels.shape[0] * POINTS_PER_INCH / image.dpi  # points
    rows = []
    maps = [(m[0], m.shape[-2] / height) for m in tower(pixels)]  # (C, H, W) and rows a point
    for box in boxes:
        means = [_crop(m, box, step).mean((1, 2)) for m, step in maps]
        rows.append(torch.cat(means))
    return torch.stack(rows)


def _crop(channels: Tensor, box: Box, step: float) -> Tensor:
    """At least one cell, whatever the box."""
    top, left = int(box.top * step), int(box.left * step)
    top, left = min(top, channels.shape[1] - 1), min(left, channels.shape[2] - 1)
    bottom = max(top + 1, math.ceil(box.bottom * step))
    right = max(left + 1, math.ceil(box.right * step))
    return channels[:, top:bottom, left:right]
