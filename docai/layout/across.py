"""Columns, or rows? What stands on the two sides of a corridor."""

from __future__ import annotations

from collections.abc import Sequence

from docai.document import Word
from docai.layout.figures import is_figure
from docai.layout.rows import Row

PAIRED = 0.7  # share of the rows that are a label and a value
SHORT = 5  # words; labels are shorter than lines of running text


def reads_across(rows: Sequence[Row], words: Sequence[Word]) -> bool:
    """Whether these rows are labels with their values rather than columns.

    Most rows have two pieces, the left ones are short, and they end in colons, or what
    follows them are figures while they have letters.
    """
    paired = [row for row in rows if len(row) == 2]
    if len(paired) < PAIRED * len(rows):
        return False
    labels = [row[0] for row in paired]
    if sum(len(label.words) <= SHORT for label in labels) < PAIRED * len(labels):
        return False
    colons = sum(
        words[row[0].words[-1]].text.endswith((":", "："))
        or words[row[1].words[0]].text.startswith((":", "："))
        for row in paired
        if row[0].words and row[1].words
    )
    if 2 * colons >= len(paired):
        return True
    figures = sum(is_figure(" ".join(words[i].text for i in row[1].words)) for row in paired)
    wordy = sum(any(map(_has_letters, (words[i].text for i in label.words))) for label in labels)
    return figures >= PAIRED * len(paired) and wordy >= PAIRED * len(paired)


def _has_letters(text: str) -> bool:
    return sum(map(str.isalpha, text)) > 1
