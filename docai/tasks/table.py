"""Tables alone: they lie on the document's pages, so there is nothing left to extract."""

from __future__ import annotations

from dataclasses import dataclass

from docai.document import Document
from docai.results import Extraction
from docai.tasks.base import geometric


@dataclass(frozen=True, slots=True)
class TableTask:
    """An extraction without fields; its tables are the document's."""

    name: str = "table"

    def extract(self, document: Document) -> Extraction:
        return Extraction(task=self.name, model=geometric())
