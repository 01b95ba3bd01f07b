"""A part of a page that may be a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from docai.document import Word
from docai.geometry import Box
from docai.layout.draft import DraftTable
from docai.layout.lines import Fragment


@dataclass(frozen=True, slots=True)
class Area:
    """The text and the rules of a part of the page. `words` are the whole page's."""

    box: Box
    fragments: Sequence[Fragment]
    words: Sequence[Word]
    rules: Sequence[Box] = ()


# One of the ways to structure a table: all of the area's text in cells, or None where this way
# sees no rows and columns.
Way = Callable[[Area], DraftTable | None]
