"""Spans of tags, against the definition spelled out slowly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docai.evaluation.metrics import Counts
from docai.evaluation.sequences import micro, span_counts, spans_of_tags

TAGS = st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B"]), max_size=12)


def slow_spans(tags):
    """A word begins a span unless it is O, or an I- tag behind a word of the same label."""
    begins = [
        tag != "O" and not (tag[0] == "I" and i > 0 and tags[i - 1][1:] == tag[1:])
        for i, tag in enumerate(tags)
    ]
    spans = []
    for start in (i for i, begin in enumerate(begins) if begin):
        stop = start + 1
        while stop < len(tags) and tags[stop] == f"I-{tags[start][2:]}" and not begins[stop]:
            stop += 1
        spans.append((tags[start][2:], start, stop))
    return spans


@given(TAGS)
def test_spans_are_those_of_the_definition(tags):
    assert spans_of_tags(tags) == slow_spans(tags)


@given(TAGS)
def test_tags_against_themselves_are_all_right(tags):
    whole = micro(span_counts([tags], [tags]))
    assert whole.right == whole.claimed == whole.expected == len(slow_spans(tags))


def test_a_span_with_a_wrong_end_or_label_is_wrong():
    truth = ["B-A", "I-A", "O", "B-B"]
    said = ["B-A", "O", "O", "B-A"]
    counts = span_counts([truth], [said])
    assert counts == {"A": Counts(0, 2, 1), "B": Counts(0, 0, 1)}
    assert micro(counts).f1 == 0.0


def test_two_of_three_right_is_the_f1_everybody_computes():
    # precision 2/3, recall 2/4
    truth = ["B-A", "B-A", "B-B", "I-B", "B-B"]
    said = ["B-A", "B-A", "B-B", "O", "O"]
    assert micro(span_counts([truth], [said])).f1 == pytest.approx(
        2 * (2 / 3) * 0.5 / (2 / 3 + 0.5)
    )


def test_tags_of_another_scheme_are_refused():
    with pytest.raises(ValueError, match="E-A"):
        spans_of_tags(["E-A"])


def test_sequences_of_different_length_are_refused():
    with pytest.raises(ValueError, match="2 tags expected and 1 claimed"):
        span_counts([["O", "O"]], [["O"]])
