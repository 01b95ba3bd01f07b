"""A page for pre-training → one window of tokens."""

from __future__ import annotations

import io
from itertools import groupby

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from docai.models.collators import PretrainingWindow
from docai.models.inputs import GridBox, Window
from docai.models.tokenizers import WordTokenizer
from docai.training.shards import PageSample

NOWHERE: GridBox = (0, 0, 0, 0)  # the box of special tokens


def pretraining_window(
    sample: PageSample, tokenizer: WordTokenizer, max_tokens: int, generator: torch.Generator
) -> PretrainingWindow:
    """The whole page, or as much of it as fits from a line drawn at random on."""
    pieces = tokenizer.pieces(sample.words)
    start, stop = _fitting(sample, pieces.words, max_tokens - 2, generator)
    words = pieces.words[start:stop]
    ranks = {line: rank for rank, line in enumerate(dict.fromkeys(sample.lines[w] for w in words))}
    lines = [ranks[sample.lines[w]] for w in words]
    boxes = [sample.boxes[w] for w in words]
    return PretrainingWindow(
        window=Window(
            token_ids=[tokenizer.cls, *pieces.ids[start:stop], tokenizer.sep],
            boxes=[NOWHERE, *boxes, NOWHERE],
            image=picture(sample.picture),
        ),
        words=[-1, *words, -1],
        lines=[-1, *lines, -1],
        line_boxes=[
            _around([box for _, box in group])
            for _, group in groupby(zip(lines, boxes, strict=True), key=lambda pair: pair[0])
        ],
    )


def picture(jpeg: bytes) -> Tensor:
    """(3, P, P) uint8, RGB."""
    pixels = np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"))
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())


def _fitting(
    sample: PageSample, words: list[int], most: int, generator: torch.Generator
) -> tuple[int, int]:
    if len(words) <= most:
        return 0, len(words)
    starts = [
        i
        for i, word in enumerate(words)
        if i == 0 or sample.lines[word] != sample.lines[words[i - 1]]
    ]
    # From none of these on is the window shorter than it could be, but for one line.
    early = [i for i in starts if i + most <= len(words)] or [0]
    later = starts[len(early)] if len(early) < len(starts) else early[-1]
    choices = [*early, later]
    start = choices[int(torch.randint(len(choices), (), generator=generator))]
    return start, min(start + most, len(words))


def _around(boxes: list[GridBox]) -> GridBox:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
