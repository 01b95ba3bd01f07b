"""Whether words fill the place in which they stand: from the start of a run to the end of one.

A value of a form, a receipt or a table fills its place; half a name or a name with the next label
behind it does not. In running text nothing follows from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from docai.document import WordRef
from docai.tasks.context import Context
from docai.tasks.sheet import Run

COLONS = ":："
MOST_WORDS = 8  # of a place; longer runs are running text, and so is what goes on below them
FILLED, PARTLY, TEXT = 1.0, -1.0, 0.0


@dataclass(frozen=True, slots=True)
class Places:
    """Words of places, and those with which one begins (first of a run, behind a colon) or ends."""

    words: frozenset[WordRef]
    firsts: frozenset[WordRef]
    lasts: frozenset[WordRef]

    def fill(self, words: Sequence[WordRef]) -> float:
        """FILLED: all of a place, or of several. PARTLY: less. TEXT: no place at all."""
        first, last = words[0], words[-1]
        if first not in self.words or last not in self.words:
            return TEXT
        return FILLED if first in self.firsts and last in self.lasts else PARTLY


def places(context: Context) -> Places:
    inside: set[WordRef] = set()
    firsts: set[WordRef] = set()
    lasts: set[WordRef] = set()
    for sheet in context.sheets:
        words = sheet.page.words
        above: list[Run] = []  # running text of the row before
        for row in sheet.rows:
            texts = [run for run in row if _is_text(run, above)]
            for run in (run for run in row if run not in texts):
                refs = [WordRef(sheet.index, word) for word in run.words]
                behind = [b for a, b in pairwise(refs)
                          if words[a.word].text.endswith(tuple(COLONS))]  # fmt: skip
                inside.update(refs)
                firsts.update((refs[0], *behind))
                lasts.add(refs[-1])
            above = texts
    return Places(frozenset(inside), frozenset(firsts), frozenset(lasts))


def _is_text(run: Run, above: Sequence[Run]) -> bool:
    """It is long, or goes on where a long one ended: the last line of a paragraph."""
    return len(run.words) > MOST_WORDS or any(
        abs(run.box.left - other.box.left) < run.box.height for other in above
    )
