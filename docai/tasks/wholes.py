"""Whether words are all that stands in their place: from the start of a run to the end of one.

A value of a form, a receipt or a table fills its place; half a name or a name with the next label
behind it does not. In running text nothing follows from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docai.document import WordRef
from docai.tasks.context import Context

COLONS = ":："


@dataclass(frozen=True, slots=True)
class Borders:
    """Words with which a place begins (the first of a run, or behind a colon), and ends."""

    firsts: frozenset[WordRef]
    lasts: frozenset[WordRef]

    def are_those_of(self, words: Sequence[WordRef]) -> bool:
        return words[0] in self.firsts and words[-1] in self.lasts


def borders(context: Context) -> Borders:
    firsts: set[WordRef] = set()
    lasts: set[WordRef] = set()
    for sheet in context.sheets:
        for run in sheet.runs:
            words = sheet.page.words
            follows = [b for a, b in zip(run.words, run.words[1:], strict=False)
                       if words[a].text.endswith(tuple(COLONS))]  # fmt: skip
            firsts.update(WordRef(sheet.index, word) for word in (run.words[0], *follows))
            lasts.add(WordRef(sheet.index, run.words[-1]))
    return Borders(frozenset(firsts), frozenset(lasts))
