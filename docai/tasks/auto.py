"""The task that fits the document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from docai.document import Document
from docai.results import Extraction, Label
from docai.tasks.base import Task
from docai.tasks.form import FormTask
from docai.tasks.invoice import InvoiceTask
from docai.tasks.kinds import classify
from docai.tasks.receipt import ReceiptTask
from docai.tasks.table import TableTask

BY_NAME: Mapping[str, Task] = {
    each.name: each for each in (InvoiceTask(), ReceiptTask(), FormTask(), TableTask())
}
# Letters, reports and the rest may still hold labelled values.
FOR_OTHERS = "form"


@dataclass(frozen=True, slots=True)
class AutoTask:
    """Classifies, then extracts; the result carries the name of the task that was chosen."""

    name: str = "auto"
    kind_of: Callable[[Document], Label | None] = classify

    def extract(self, document: Document) -> Extraction:
        label = self.kind_of(document)
        name = label.name if label is not None and label.name in BY_NAME else FOR_OTHERS
        return replace(BY_NAME[name].extract(document), label=label)
