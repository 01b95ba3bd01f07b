"""Tasks: what can be asked of a document.

All are answered by geometry and typed values, and where docai-small's packages are installed by
the model as well (docai.tasks.read_fields, ask_model, kinds); rules alone stay as fallback and
baseline. Importing this package is cheap: each task's code is loaded when the task is asked for.
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
    "classify",
    "custom",
    "geometric",
    "load_fields",
    "model_of",
    "task",
]

TASK_NAMES = ("auto", "invoice", "receipt", "form", "table")
BY_RULES = ("table",)  # alone


def task(name: str) -> Task:
    """The task of this name; "auto" classifies the document and takes the fitting one."""
    if name not in TASK_NAMES:
        raise UsageError(f"no task is called {name!r}; there are {', '.join(TASK_NAMES)}")
    from docai.models import small
    from docai.tasks import auto

    if not small.is_used() or name in BY_RULES:
        return auto.AutoTask() if name == "auto" else auto.BY_NAME[name]
    from docai.tasks import read_fields, read_kinds

    is_auto = name == "auto"
    rules = auto.AutoTask(kind_of=read_kinds.classify) if is_auto else auto.BY_NAME[name]
    return read_fields.ModelledTask(rules)


def custom(fields: Sequence[FieldSpec]) -> Task:
    """A task for the user's own fields, described in words."""
    from docai.models import small
    from docai.tasks.own_fields import CustomTask

    rules = CustomTask(tuple(fields))
    if not small.is_used():
        return rules
    from docai.tasks.read_fields import ModelledCustomTask

    return ModelledCustomTask(rules)


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

    if not small.is_used():
        return ask.answers(document, question)[:top]
    from docai.tasks import ask_model

    known = ask_model.unread(document, question)
    return ask_model.answers(document, question, known, read)[:top]


def model_of(task: str = "auto") -> ModelInfo:
    """What a task goes by; questions, own fields and document types go by what "auto" goes by."""
    from docai.models import small

    return small.info() if small.is_used() and task not in BY_RULES else geometric()


def classify(document: Document) -> Label | None:
    """The kind of document; None for one without a word."""
    from docai.models import small
    from docai.tasks import kinds, read_kinds

    return read_kinds.classify(document) if small.is_used() else kinds.classify(document)
