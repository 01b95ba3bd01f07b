"""Windows of several documents through the model, in batches that fit its memory."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from docai.errors import EngineError, UsageError
from docai.models.inputs import Window, batches_by_length
from docai.stages import Stage, count_batch, stage

log = logging.getLogger("docai.worker")

Out = TypeVar("Out")

GPU_TOKENS = 8192  # of a first batch, padding included: twenty full windows
CPU_TOKENS = 1024  # with more its caches are too small (tools/time_together.py)
GOOD_BEFORE_GROWTH = 50  # batches without trouble, before larger ones are tried again


class Batcher(Generic[Out]):
    """`run` takes windows of about the same length and gives one value for each, in order.

    When memory is not enough, batches become half as large and what was left undone is tried
    again; after a while without trouble they grow back, never beyond where they started.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Window]], Sequence[Out]],
        *,
        max_tokens: int = GPU_TOKENS,
        free: Callable[[], None] = lambda: None,
    ) -> None:
        self._run, self._free = run, free
        self._most = self.max_tokens = max_tokens
        self._good = 0

    def __call__(self, windows: Sequence[Window]) -> list[Out]:
        """One value for each window, in order. Raises EngineError where one alone is too large."""
        found: dict[int, Out] = {}
        while missing := [i for i in range(len(windows)) if i not in found]:
            lengths = [len(windows[i].token_ids) for i in missing]
            for batch in batches_by_length(lengths, max_tokens=self.max_tokens):
                indices = [missing[i] for i in batch]
                if not self._try(windows, indices, found):
                    break  # the rest is grouped anew, for smaller batches
        return [found[i] for i in range(len(windows))]

    def _try(self, windows: Sequence[Window], indices: list[int], found: dict[int, Out]) -> bool:
        try:
            with stage(Stage.MODEL):
                values = self._run([windows[i] for i in indices])
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            self._shrink(len(indices), len(windows[indices[0]].token_ids), error)
            return False
        count_batch(len(indices))
        found.update(zip(indices, values, strict=True))
        self._good += 1
        if self._good >= GOOD_BEFORE_GROWTH:
            self._good, self.max_tokens = 0, min(2 * self.max_tokens, self._most)
        return True

    def _shrink(self, size: int, longest: int, error: Exception) -> None:
        self._good = 0
        self._free()
        if size == 1:
            raise EngineError(
                f"a single window of {longest} tokens does not fit into the device's memory"
            ) from error
        self.max_tokens = max(size * longest // 2, longest)
        log.warning("out of memory with %d windows; %d tokens at most now", size, self.max_tokens)


def is_out_of_memory(error: Exception) -> bool:
    """CUDA has a class of its own for it; the CPU's allocator only a sentence."""
    import torch

    is_cpu = "not enough memory" in str(error) or "can't allocate memory" in str(error)
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or is_cpu


def device_of(name: str) -> str:
    """What DOCAI_DEVICE means here: "cpu" or "cuda:N". Raises UsageError where there is none."""
    import torch

    if name == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    kind, _, number = name.partition(":")
    if kind == "cpu" and not number:
        return name
    if kind != "cuda" or not number.isdecimal():
        raise UsageError(f"DOCAI_DEVICE={name}: say auto, cpu or cuda:N")
    if int(number) >= torch.cuda.device_count():
        raise UsageError(f"DOCAI_DEVICE={name}: there are {torch.cuda.device_count()} GPUs here")
    return name


def empty_cache() -> None:
    """Gives what PyTorch holds in reserve back to the device; for `Batcher(free=...)`."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
