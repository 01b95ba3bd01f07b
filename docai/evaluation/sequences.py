"""Named spans in tag sequences, counted as CoNLL's evaluation and seqeval count them.

A span is right when its first word, its last word and its label are. An I- tag that continues
nothing of its own label begins a span (seqeval's default mode).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from docai.evaluation.metrics import Counts

Spans = list[tuple[str, int, int]]


def spans_of_tags(tags: Sequence[str]) -> Spans:
    """(label, first, one past the last) of every run of B- and I- tags.

    Raises ValueError for a tag that is none of O, B-NAME and I-NAME.

    >>> spans_of_tags(["B-DATE", "I-DATE", "O", "I-SUM"])
    [('DATE', 0, 2), ('SUM', 3, 4)]
    """
    found: Spans = []
    before = "O"
    for i, tag in enumerate(tags):
        if tag != "O" and (tag[:2] not in ("B-", "I-") or len(tag) < 3):
            raise ValueError(f"'{tag}' is no tag; they are O, B-NAME and I-NAME")
        if tag[0] == "I" and before[1:] == tag[1:]:
            label, start, _ = found.pop()
            found.append((label, start, i + 1))
        elif tag != "O":
            found.append((tag[2:], i, i + 1))
        before = tag
    return found


def span_counts(
    expected: Iterable[Sequence[str]], claimed: Iterable[Sequence[str]]
) -> dict[str, Counts]:
    """Counts by label over all sequences; their sum is the micro average."""
    counts: dict[str, Counts] = defaultdict(Counts)
    for truth, guess in zip(expected, claimed, strict=True):
        if len(truth) != len(guess):
            raise ValueError(f"{len(truth)} tags expected and {len(guess)} claimed")
        there, said = set(spans_of_tags(truth)), set(spans_of_tags(guess))
        for label, _, _ in there:
            counts[label] += Counts(expected=1)
        for span in said:
            counts[span[0]] += Counts(right=int(span in there), claimed=1)
    return dict(counts)


def micro(counts: dict[str, Counts]) -> Counts:
    """All labels together."""
    return sum(counts.values(), Counts())
