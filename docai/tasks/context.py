"""What the whole document says about how to read any one of its values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from docai.document import Document
from docai.tasks import amounts, dates, labels
from docai.tasks.dates import DateOrder
from docai.tasks.labels import Hit
from docai.tasks.lexicon import lexicon
from docai.tasks.sheet import Run, Sheet, sheets
from docai.tasks.text import fold, key

# A slash date is month-first in the countries that pay with these, day-first elsewhere.
MAX_HITS = 60  # of one concept from either end; it bounds the work on text made to cost time
MONTH_FIRST_CURRENCIES = frozenset({"USD", "PHP"})


@dataclass(frozen=True)
class Context:
    """A document with its rows, its labels and its habits."""

    document: Document

    @cached_property
    def sheets(self) -> tuple[Sheet, ...]:
        return sheets(self.document)

    @cached_property
    def hits(self) -> tuple[tuple[Hit, ...], ...]:
        """Field labels, page by page; of each concept the first and the last MAX_HITS."""
        found = [hit for sheet in self.sheets for hit in labels.find(lexicon().labels, sheet)]
        kept = _first_and_last(found)
        pages: list[list[Hit]] = [[] for _ in self.sheets]
        for hit in kept:
            pages[hit.sheet].append(hit)
        return tuple(map(tuple, pages))

    @cached_property
    def hits_of_run(self) -> dict[tuple[int, int], list[Hit]]:
        """(page, first word of the run) -> the labels in it, left to right."""
        table: dict[tuple[int, int], list[Hit]] = {}
        for hits in self.hits:
            for hit in hits:
                table.setdefault(run_key(hit.run), []).append(hit)
        return table

    def hits_in(self, run: Run) -> list[Hit]:
        return self.hits_of_run.get(run_key(run), [])

    def runs(self) -> Iterator[Run]:
        for sheet in self.sheets:
            yield from sheet.runs

    @cached_property
    def _keys(self) -> tuple[str, ...]:
        return tuple(key(run.text) for run in self.runs())

    def count(self, text: str) -> int:
        """In how many runs this text stands; 0 for texts too short to tell."""
        wanted = key(text)
        return sum(wanted in own for own in self._keys) if len(wanted) > 3 else 0

    @cached_property
    def decimal_mark(self) -> str | None:
        return amounts.decimal_mark(run.text for run in self.runs())

    @cached_property
    def currency(self) -> str | None:
        """The currency named most often; the first named wins a tie.

        A symbol of several currencies counts only where no other name decides.
        """
        shared = lexicon().shared_symbols
        sure: Counter[str] = Counter()
        open_: Counter[str] = Counter()
        for run in self.runs():
            for found in amounts.find_currencies(run.text):
                is_open = run.text[found.start : found.end] in shared
                (open_ if is_open else sure)[found.value] += 1
        named = sure or open_
        return max(named, key=lambda code: named[code]) if named else None

    @cached_property
    def language(self) -> str | None:
        """Which language's common words and labels the document uses most; None without any."""
        votes = Counter(
            language
            for run in self.runs()
            for word in fold(run.text).split()
            for language, words in lexicon().common.items()
            if word in words
        )
        votes.update(hit.phrase.language for hits in self.hits for hit in hits if hit.phrase.sure)
        return max(votes, key=lambda name: votes[name]) if votes else None

    @cached_property
    def date_order(self) -> DateOrder:
        american = self.currency in MONTH_FIRST_CURRENCIES and self.language in ("en", None)
        default = DateOrder.MONTH_FIRST if american else DateOrder.DAY_FIRST
        return dates.date_order((run.text for run in self.runs()), default=default)


def _first_and_last(hits: Sequence[Hit]) -> list[Hit]:
    """Without the middle of a concept's hits where there are more than any document needs."""
    total = Counter(hit.phrase.concept for hit in hits)
    seen: Counter[str] = Counter()
    kept = []
    for hit in hits:
        concept = hit.phrase.concept
        if seen[concept] < MAX_HITS or seen[concept] >= total[concept] - MAX_HITS:
            kept.append(hit)
        seen[concept] += 1
    return kept


def run_key(run: Run) -> tuple[int, int]:
    return run.page, run.words[0]
