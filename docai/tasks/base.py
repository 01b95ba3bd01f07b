"""What a task is, whoever carries it out: rules today, a trained model tomorrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from docai.document import Document
from docai.results import Extraction, FieldType, ModelInfo

VERSION = "1"  # of the geometric rules; raised when the same vocabulary gives other results


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field of the user's own.

    `labels` are the words that stand beside it on the page; `description` says in a few
    words what it is, `example` shows a value.
    """

    name: str
    type: FieldType = FieldType.STRING
    description: str = ""
    labels: tuple[str, ...] = ()
    example: str = ""


class Task(Protocol):
    """Something asked of a document."""

    @property
    def name(self) -> str: ...

    def extract(self, document: Document) -> Extraction: ...


def geometric() -> ModelInfo:
    """The extractor of this package, named by the hash of its vocabulary."""
    from docai.tasks.lexicon import lexicon

    return ModelInfo("geometric", VERSION, lexicon().sha256)
