"""Work that is done later: what is asked, the states it goes through, and the doorbell.

The database is the truth. A message on the queue says only "there is work in this lane"; it
carries no content, so it may be lost, doubled or late.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import Any, Protocol

from docai import __version__
from docai.errors import UsageError
from docai.pipeline import ReadOptions
from docai.results import FieldType
from docai.tasks.base import FieldSpec

Json = dict[str, Any]

ANSWER, CUSTOM = "answer", "custom"


class Lane(StrEnum):
    """Which kind of work: reading, OCR and rules, or questions, which the model answers."""

    CPU = "cpu"
    GPU = "gpu"


class Priority(IntEnum):
    """Somebody waits for INTERACTIVE work; it goes first."""

    INTERACTIVE = 0
    BULK = 1


class JobState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FINISHED = "finished"  # every item is done, failed, poisoned or cancelled


class ItemState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    POISONED = "poisoned"  # it killed its worker too often and was set aside
    CANCELLED = "cancelled"


class AttemptOutcome(StrEnum):
    DONE = "done"
    FAILED = "failed"
    RETRIED = "retried"  # the engine failed; it is tried again
    LOST = "lost"  # the worker died with the document in hand


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of every document of a job.

    `task` is one of docai.tasks.TASK_NAMES, or ANSWER (`questions`) or CUSTOM (`fields`). A
    password is never kept: the worker takes DOCAI_PASSWORD.
    """

    task: str = "auto"
    fields: tuple[FieldSpec, ...] = ()
    questions: tuple[str, ...] = ()
    top: int = 1  # answers to each question
    options: ReadOptions = field(default_factory=ReadOptions)

    def __post_init__(self) -> None:
        from docai.tasks import TASK_NAMES

        if self.task not in (*TASK_NAMES, ANSWER, CUSTOM):
            raise UsageError(f"no task is called {self.task!r}; there are {', '.join(TASK_NAMES)}")
        if (self.task == ANSWER) != bool(self.questions):
            raise UsageError("questions go with the task 'answer', and it needs at least one")
        if (self.task == CUSTOM) != bool(self.fields):
            raise UsageError("fields go with the task 'custom', and it needs at least one")

    @property
    def lane(self) -> Lane:
        """Questions are the model's; every other task of this version goes by rules."""
        return Lane.GPU if self.task == ANSWER else Lane.CPU

    @property
    def reading(self) -> str:
        """A hash that changes whenever the pages would be read differently."""
        return _hash([__version__, asdict(_shared(self.options))])

    @property
    def fingerprint(self) -> str:
        """A hash that changes whenever the results would."""
        return _hash([__version__, self.to_json()])

    def to_json(self) -> Json:
        return asdict(replace(self, options=_shared(self.options)))

    @classmethod
    def from_json(cls, value: Json) -> Request:
        fields = [
            FieldSpec(**{**f, "type": FieldType(f["type"]), "labels": tuple(f["labels"])})
            for f in value["fields"]
        ]
        return cls(
            task=value["task"],
            fields=tuple(fields),
            questions=tuple(value["questions"]),
            top=value["top"],
            options=ReadOptions(**value["options"]),
        )


BELL = "docai.work"  # the name of the only message; its one argument is the lane
MOST_BELLS = 32  # rung at once: more would only tell workers what they know


class Doorbell(Protocol):
    """Wakes workers. Ringing too often is harmless; a bell that is lost is rung by the sweep."""

    def __call__(self, lane: Lane, bells: int = 1) -> None:
        """Raises QueueError; the work is safe in the database."""


def _shared(options: ReadOptions) -> ReadOptions:
    """Without what is a machine's own business."""
    return replace(options, threads=0, password=None)


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
