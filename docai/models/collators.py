"""What the four objectives hide, and the truth they ask for.

Dimensions: B batch, T text tokens, G patches per side, V = G * G, P image side in pixels.

Every draw comes from one generator, so a seed and a step give the same batch again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from docai.geometry import GRID
from docai.models.heads import IGNORE
from docai.models.inputs import GridBox, ModelInput, Window, stack


@dataclass(frozen=True, slots=True, eq=False)
class PretrainingWindow:
    """A window of a page in the right reading order, with what the collator hides by.

    `words` and `lines` say which word and which text line each token belongs to; both are -1
    for special tokens. `line_boxes` are the lines' boxes on the grid.
    """

    window: Window
    words: Sequence[int]
    lines: Sequence[int]
    line_boxes: Sequence[GridBox]


@dataclass(frozen=True, slots=True, eq=False)
class PretrainingBatch:
    inputs: ModelInput
    words: Tensor  # (B, T) the masked tokens' own ids, IGNORE elsewhere
    following: Tensor  # (B, T) index of the token read next; the last one's own; or IGNORE
    replaced: Tensor  # (B, V) 1.0 where the patch is another page's
    covered: Tensor  # (B, T) 1 covered, 0 not; IGNORE where it cannot be asked


@dataclass(frozen=True, slots=True)
class Rates:
    """How much is hidden."""

    masked_words: float = 0.15  # not from the paper: LayoutLMv2's and BERT's
    # Of the masked words: 80 % become the mask, 10 % a random piece, 10 % stay (BERT's).
    masked_as_mask: float = 0.8  # not from the paper
    masked_as_random: float = 0.1  # not from the paper
    replaced_patches: float = 0.10  # the paper's
    covered_lines: float = 0.15  # not from the paper: LayoutLMv2's
    # Tokens come in reading order, so their positions give ROP's answer away. On this share
    # of the pages the lines are shuffled first, and only text and layout tell. Not from the
    # paper.
    shuffled_pages: float = 0.2


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The ids that masking needs: random pieces are drawn from first_piece..size-1."""

    size: int
    pad: int
    mask: int
    first_piece: int


@dataclass(frozen=True, slots=True)
class PretrainingCollator:
    """Windows to a batch with all four objectives. Needs two pages: one lends patches."""

    vocabulary: Vocabulary
    patches: int
    rates: Rates = Rates()

    def __call__(
        self, windows: Sequence[PretrainingWindow], generator: torch.Generator
    ) -> PretrainingBatch:
        if len(windows) < 2:
            raise ValueError("a batch of one page has no other page to take patches from")
        windows = [
            shuffle_lines(w, generator) if _chance(self.rates.shuffled_pages, generator) else w
            for w in windows
        ]
        batch = stack([w.window for w in windows], pad_id=self.vocabulary.pad)
        if batch.image is None:
            raise ValueError("pre-training windows need the page's image")
        T = batch.token_ids.shape[1]
        hidden = [choose(len(w.line_boxes), self.rates.covered_lines, generator) for w in windows]
        replaced = torch.stack(
            [choose(self.patches**2, self.rates.replaced_patches, generator) for _ in windows]
        )  # (B, V)
        image = torch.stack(
            [
                cover(i, w.line_boxes, h)
                for i, w, h in zip(batch.image, windows, hidden, strict=True)
            ]
        )
        masked = _rows([mask_words(w, self.rates.masked_words, generator) for w in windows], T)
        masked = masked == 1
        words = batch.token_ids.masked_fill(~masked, IGNORE)
        covered = [
            covered_tokens(w, h, r, self.patches)
            for w, h, r in zip(windows, hidden, replaced, strict=True)
        ]
        return PretrainingBatch(
            inputs=replace(
                batch,
                token_ids=self.corrupt(batch.token_ids, masked, generator),
                # The donor is the next page of the batch, before its own patches change.
                image=replace_patches(image, image.roll(1, 0), replaced, self.patches),
            ),
            words=words,
            following=_rows([following(w) for w in windows], T),
            replaced=replaced.float(),
            # A masked word gives no clue of what the picture should show.
            covered=_rows(covered, T).masked_fill(masked, IGNORE),
        )

    def corrupt(self, token_ids: Tensor, masked: Tensor, generator: torch.Generator) -> Tensor:
        """Masked tokens become the mask, a random piece, or stay."""
        draw = torch.rand(token_ids.shape, generator=generator)
        random = torch.randint(
            self.vocabulary.first_piece, self.vocabulary.size, token_ids.shape, generator=generator
        )
        as_mask = masked & (draw < self.rates.masked_as_mask)
        below = self.rates.masked_as_mask + self.rates.masked_as_random
        as_random = masked & ~as_mask & (draw < below)
        return torch.where(as_random, random, token_ids.masked_fill(as_mask, self.vocabulary.mask))


def choose(count: int, rate: float, generator: torch.Generator) -> Tensor:
    """(count,) bool with round(rate * count) of them True, at least one where there is any."""
    chosen = torch.zeros(count, dtype=torch.bool)
    if rate > 0 and count:
        number = max(1, round(rate * count))
        chosen[torch.randperm(count, generator=generator)[:number]] = True
    return chosen


def mask_words(page: PretrainingWindow, rate: float, generator: torch.Generator) -> list[int]:
    """1 for every piece of the chosen words: a half-hidden word would be too easy."""
    words = sorted({w for w in page.words if w >= 0})
    chosen = {words[i] for i in choose(len(words), rate, generator).nonzero()[:, 0].tolist()}
    return [int(w in chosen) for w in page.words]


def following(page: PretrainingWindow) -> list[int]:
    """Where the token read after each one stands; the last points to itself.

    Reading order is word by word: `words` counts in it, whatever order the tokens are in.
    """
    tokens = [i for i, w in enumerate(page.words) if w >= 0]
    read = sorted(tokens, key=lambda i: (page.words[i], i))
    after = dict(zip(read, [*read[1:], *read[-1:]], strict=True))
    return [after.get(i, IGNORE) for i in range(len(page.words))]


def shuffle_lines(page: PretrainingWindow, generator: torch.Generator) -> PretrainingWindow:
    """The same page with its lines in another order; special tokens stay where they are.

    Positions count on as they did, so they follow the new order and not the right one.
    """
    lines = sorted({line for line in page.lines if line >= 0})
    rank = dict(zip(lines, torch.randperm(len(lines), generator=generator).tolist(), strict=True))
    places = [i for i, line in enumerate(page.lines) if line >= 0]
    moved = iter(sorted(places, key=lambda i: (rank[page.lines[i]], i)))
    order = [next(moved) if line >= 0 else i for i, line in enumerate(page.lines)]
    w = page.window
    return replace(
        page,
        window=replace(
            w,
            token_ids=[w.token_ids[i] for i in order],
            boxes=[w.boxes[i] for i in order],
            token_types=None if w.token_types is None else [w.token_types[i] for i in order],
        ),
        words=[page.words[i] for i in order],
        lines=[page.lines[i] for i in order],
    )


def cover(image: Tensor, line_boxes: Sequence[GridBox], hidden: Tensor) -> Tensor:
    """The image (3, P, P) with the hidden lines painted black."""
    covered = image.clone()
    height, width = image.shape[-2:]
    for i in hidden.nonzero()[:, 0].tolist():
        left, top, right, bottom = line_boxes[i]
        # Outward rounding: a thin line must not survive between two pixels.
        rows = slice(top * height // GRID, -(-bottom * height // GRID))
        columns = slice(left * width // GRID, -(-right * width // GRID))
        covered[:, rows, columns] = 0
    return covered


def covered_tokens(
    page: PretrainingWindow, hidden: Tensor, replaced: Tensor, patches: int
) -> list[int]:
    """1 or 0 per token; IGNORE for special tokens and where the patch is another page's."""
    answers = []
    for line, (left, top, right, bottom) in zip(page.lines, page.window.boxes, strict=True):
        row = min(patches - 1, (top + bottom) * patches // (2 * GRID))
        column = min(patches - 1, (left + right) * patches // (2 * GRID))
        asked = line >= 0 and not replaced[row * patches + column]
        answers.append(int(hidden[line]) if asked else IGNORE)
    return answers


def replace_patches(image: Tensor, donor: Tensor, replaced: Tensor, patches: int) -> Tensor:
    """(B, 3, P, P) with the chosen patches (B, V) of the donor, at the same place."""
    height, width = image.shape[-2:]
    rows = torch.arange(height) * patches // height  # (P,) patch row of each pixel row
    columns = torch.arange(width) * patches // width
    grid = replaced.view(-1, patches, patches)  # (B, G, G)
    chosen = grid[:, rows][:, :, columns]  # (B, P, P)
    return torch.where(chosen[:, None], donor, image)


def _rows(rows: Sequence[Sequence[int]], length: int) -> Tensor:
    """(B, length), IGNORE beyond each row's end."""
    return torch.tensor([[*row, *[IGNORE] * (length - len(row))] for row in rows])


def _chance(rate: float, generator: torch.Generator) -> bool:
    return bool(torch.rand((), generator=generator) < rate)
