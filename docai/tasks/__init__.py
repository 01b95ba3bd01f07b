"""Tasks: what can be asked of a document.

Until a trained model stands behind them, all are answered by geometry and typed values; a
model will implement the same `Task`, and the geometric one stays as fallback and baseline.
Importing this package is cheap: each task's code is loaded when the task is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from docai.document import Document
from docai.errors import UsageError
from docai.results import Answer, Label, ModelInfo
from docai.tasks.base import FieldSpec, Task, geometric

if TYPE_CHECKING:
    from docai.models.reader import Reading

__all__ = [
    "TASK_NAMES",
    "FieldSpec",
    "Task",
    "answer",
    "answering",
    "classify",
    "custom",
    "geometric",
    "load_fields",
    "task",
]

TASK_NAMES = ("auto", "invoice", "receipt", "form", "table")


def task(name: str) -> Task:
    """The task of this name; "auto" classifies the document and takes the fitting one."""
    if name not in TASK_NAMES:
        raise UsageError(f"no task is called {name!r}; there are {', '.join(TASK_NAMES)}")
    from docai.tasks import auto

    return auto.AutoTask() if name == "auto" else auto.BY_NAME[name]


def custom(fields: Sequence[FieldSpec]) -> Task:
    """A task for the user's own fields, described in words."""
    from docai.tasks.own_fields import CustomTask

    return CustomTask(tuple(fields))


def load_fields(path: Path | str) -> tuple[FieldSpec, ...]:
    """The fields described in a YAML file, as `docai extract --fields` takes it."""
    from docai.tasks import own_fields

    return own_fields.load_fields(Path(path))


def answer(
    document: Document, question: str, *, top: int = 1, read: Sequence[Reading] | None = None
) -> tuple[Answer, ...]:
    """The likeliest answers, best first; empty where nothing in the document fits.

    By the model that ships with docai where its packages are installed, and by rules. `read` is
    what the model found in it where it was asked about many documents together.
    """
    from docai.models import small
    from docai.tasks import ask

    found = ask.answers(document, question)
    if small.is_used():
        from docai.tasks import ask_model

        found = ask_model.answers(document, question, found, read)
    return found[:top]


def answering() -> ModelInfo:
    """What `answer` goes by."""
    from docai.models import small

    return small.info() if small.is_used() else geometric()


def classify(document: Document) -> Label | None:
    """The kind of document; None for one without a word."""
    from docai.tasks import kinds

    return kinds.classify(document)
