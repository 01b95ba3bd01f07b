"""Parts of a set of documents: k folds, or a part held out. Always by document."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")

KEPT_OUT = 5  # one document in so many is not trained on


def folds(items: Sequence[T], count: int, seed: int) -> list[tuple[list[T], list[T]]]:
    """(train, test) for each fold; every item is tested once.

    >>> [test for _, test in folds("abcd", 2, 0)]
    [['c', 'b'], ['a', 'd']]
    """
    if not 2 <= count <= len(items):
        raise ValueError(f"{count} folds of {len(items)} documents: take 2 to {len(items)}")
    order = list(items)
    random.Random(seed).shuffle(order)
    parts = [order[i::count] for i in range(count)]
    return [
        ([item for j, part in enumerate(parts) if j != i for item in part], parts[i])
        for i in range(count)
    ]


def held_out(items: Sequence[T], share: float, seed: int) -> tuple[list[T], list[T]]:
    """(train, held out); at least one item is held out where the share is above 0."""
    order = list(items)
    random.Random(seed).shuffle(order)
    count = min(len(order) - 1, max(1, round(share * len(order)))) if share > 0 else 0
    return order[count:], order[:count]


class Part(StrEnum):
    """What a document serves for, where a model that ships is concerned."""

    TRAINING = "training"
    FITTING = "fitting"  # of confidences
    CHECKING = "checking"


def part_of(name: str) -> Part:
    """By a hash of the document's name alone: a fifth is kept out, half of it for each purpose.

    What follows a "#" does not count: parts of one text stay together.

    >>> [str(part_of(name)) for name in ("b", "j", "a")]
    ['training', 'checking', 'fitting']
    """
    digest = hashlib.sha256(name.partition("#")[0].encode()).digest()
    number, rest = divmod(int.from_bytes(digest[:4]), KEPT_OUT)
    if rest:
        return Part.TRAINING
    return Part.CHECKING if number % 2 else Part.FITTING
