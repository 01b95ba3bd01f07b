"""Where the time of one piece of work goes, stage by stage; measured where a clock runs.

    with timed() as clock:
        with stage(Stage.PARSE): ...
    clock.seconds()[Stage.PARSE]

Stages may lie within each other; time belongs to the innermost one, so that they add up to the
whole. Without a clock `stage` does nothing: the library does not know who measures it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from enum import StrEnum


class Stage(StrEnum):
    PARSE = "parse"  # the file opened, words and lines of its pages taken out
    RENDER = "render"  # pages turned into pixels
    OCR = "ocr"  # pages turned upright and read
    LAYOUT = "layout"  # lines, blocks, reading order, tables
    MODEL = "model"  # windows of a trained model
    TASK = "task"  # fields, items, answers
    WRITE = "write"  # pages and results into the database


class Clock:
    """Of one document. `windows` of a trained model went through it in `batches`."""

    def __init__(self) -> None:
        self.batches = self.windows = 0
        self._seconds = dict.fromkeys(Stage, 0.0)
        self._open: list[Stage] = []
        self._since = 0.0

    def add(self, other: Clock) -> None:
        """Counts what another clock has measured, which has stopped."""
        self.batches += other.batches
        self.windows += other.windows
        for stage, seconds in other._seconds.items():
            self._seconds[stage] += seconds

    def seconds(self) -> dict[Stage, float]:
        """So far, stages that still run included."""
        found = dict(self._seconds)
        if self._open:
            found[self._open[-1]] += time.perf_counter() - self._since
        return found

    def begin(self, stage: Stage) -> None:
        self._lap()
        self._open.append(stage)

    def end(self) -> None:
        self._lap()
        self._open.pop()

    def _lap(self) -> None:
        now = time.perf_counter()
        if self._open:
            self._seconds[self._open[-1]] += now - self._since
        self._since = now


_clock: ContextVar[Clock | None] = ContextVar("clock", default=None)


@contextlib.contextmanager
def timed(clock: Clock | None = None) -> Iterator[Clock]:
    """A clock for what this thread does within it; one that stands still goes on."""
    clock = clock or Clock()
    before = _clock.set(clock)
    try:
        yield clock
    finally:
        _clock.reset(before)


@contextlib.contextmanager
def stage(which: Stage) -> Iterator[None]:
    clock = _clock.get()
    if clock is None:
        yield
        return
    clock.begin(which)
    try:
        yield
    finally:
        clock.end()


def count_batch(windows: int) -> None:
    """Notes that so many windows went through a model together."""
    clock = _clock.get()
    if clock is not None:
        clock.batches += 1
        clock.windows += windows
