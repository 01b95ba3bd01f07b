"""Questions about many documents, read by the model together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from docai.document import Document
from docai.models import small

if TYPE_CHECKING:
    from torch import Tensor

    from docai.models.reader import Reading
    from worker.batcher import Batcher

Questions = Sequence[str]


@dataclass(frozen=True)
class Answering:
    """docai-small on this process's device, DOCAI_DEVICE; loaded with the first question."""

    device: str

    @property
    def is_used(self) -> bool:
        """Whether a model reads at all; without one, rules alone answer."""
        return small.is_used()

    def check(self) -> None:
        """Raises UsageError where a GPU was asked for that is not there; loads nothing else."""
        if self.is_used and self.device not in ("auto", "cpu"):
            self._place  # noqa: B018  # it is found out once

    def read(self, asked: Sequence[tuple[Document, Questions]]) -> list[list[list[Reading]]]:
        """The likely answers of each document's questions, best first.

        Windows of all documents go through the model in batches of like length. Raises
        UsageError where the device is not there, EngineError where its memory is too small.
        """
        from docai.models.reader import likeliest
        from docai.tasks import ask_model

        tokenizer = small.reader(self._place).tokenizer
        windows = [
            [ask_model.windows(document, question, tokenizer) for question in questions]
            for document, questions in asked
        ]
        flat = [one.window for document in windows for each in document for one in each]
        scores = iter(self._batcher(flat))
        return [
            [likeliest(each, islice(scores, len(each))) for each in document]
            for document in windows
        ]

    @cached_property
    def _place(self) -> str:
        from worker.batcher import device_of

        return device_of(self.device)

    @cached_property
    def _batcher(self) -> Batcher[Tensor]:
        from docai.models import reader
        from worker.batcher import CPU_TOKENS, GPU_TOKENS, Batcher, empty_cache

        loaded = small.reader(self._place)
        pad_id = loaded.tokenizer.pad
        return Batcher(
            lambda windows: reader.scores(loaded.model, windows, pad_id=pad_id),
            max_tokens=CPU_TOKENS if self._place == "cpu" else GPU_TOKENS,
            free=empty_cache,
        )
