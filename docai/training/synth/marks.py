"""What words mean: marks are put on text when it is written and read off when it is placed.

A mark is known by its identity: all words that carry the same one belong together.
"""

from __future__ import annotations

from dataclasses import dataclass

from docai.document import CellKind
from docai.results import FieldType, Value
from docai.training.labelled import EntityLabel


@dataclass(eq=False, slots=True)
class Mark:
    """Base of the marks below."""


@dataclass(eq=False, slots=True)
class EntityMark(Mark):
    """A label, what was filled in for it, or a heading.

    `questions` are the labels that an answer belongs to. `pairs` says whether the pair is one
    of the form's key–value pairs; a cell below its column's head is linked but is none.
    `checked` is whether a checkbox, which is the answer of its label, is ticked.
    """

    label: EntityLabel
    questions: tuple[EntityMark, ...] = ()
    pairs: bool = True
    checked: bool | None = None


@dataclass(eq=False, slots=True)
class FieldMark(Mark):
    """One place at which a field of the document stands; `value` None is the text itself."""

    name: str
    type: FieldType = FieldType.STRING
    value: Value | None = None


@dataclass(eq=False, slots=True)
class RowMark(Mark):
    """A field of a list's row: a line item's quantity, a tax rate's net sum."""

    rows: str  # "items" or "tax_details"
    row: int
    name: str
    type: FieldType = FieldType.STRING
    value: Value | None = None


@dataclass(eq=False, slots=True)
class TableMark(Mark):
    """A table of the page."""


@dataclass(eq=False, slots=True)
class CellMark(Mark):
    """A cell of it; rows count through all pages until the table is cut at their ends."""

    table: TableMark
    row: int
    column: int
    column_span: int = 1
    kind: CellKind = CellKind.CONTENT


@dataclass(eq=False, slots=True)
class HandMark(Mark):
    """Written by hand."""


HAND = HandMark()
