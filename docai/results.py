"""What the tasks say about a document, each claim with the words it rests on.

`confidence` is everywhere the probability, 0..1, that the claim is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from docai.document import Caveat, WordRef


class FieldType(StrEnum):
    STRING = "string"
    DATE = "date"
    NUMBER = "number"
    MONEY = "money"
    ADDRESS = "address"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Money:
    """`currency` is an ISO 4217 code, or None where the document does not say."""

    amount: Decimal
    currency: str | None = None


Value = str | date | Decimal | Money | bool


@dataclass(frozen=True, slots=True)
class Span:
    """Words of a document that belong together; `text` is what the page says, untouched."""

    text: str
    evidence: tuple[WordRef, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One extracted value, e.g. name="invoice_date", value=date(2026, 3, 1), text="1. März 2026".

    `value` has the Python type of `type`: str for string and address, date, Decimal, Money, bool.
    """

    name: str
    type: FieldType
    value: Value
    text: str
    confidence: float
    evidence: tuple[WordRef, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One row of a list: an invoice's line item, a receipt's purchase, a tax rate's sums."""

    fields: tuple[Field, ...]

    def get(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)


@dataclass(frozen=True, slots=True)
class KeyValue:
    """A form's label and what was filled in, or None where nothing was.

    `checked` is None but for a checkbox or radio button, whose value is its mark.
    """

    key: Span
    value: Span | None
    confidence: float
    checked: bool | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A proof that was tried: an addition, a checksum. `fields` are the names it speaks of."""

    name: str
    passed: bool
    detail: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Label:
    """The document's type."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question. An unanswerable question yields None, not an Answer."""

    text: str
    confidence: float
    evidence: tuple[WordRef, ...]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What produced a result. `sha256` is of the weights or rule data, in hex."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """Everything one task found in one document. Fields that are not on the page are absent."""

    task: str
    model: ModelInfo
    fields: tuple[Field, ...] = ()
    items: tuple[Item, ...] = ()
    tax_details: tuple[Item, ...] = ()
    key_values: tuple[KeyValue, ...] = ()
    label: Label | None = None
    checks: tuple[Check, ...] = ()
    caveats: tuple[Caveat, ...] = ()

    def get(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)
