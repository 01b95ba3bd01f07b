import pytest
from hypothesis import given
from hypothesis import strategies as st

from docai.evaluation.metrics import (
    Counts,
    calibration_error,
    interval,
    joint_f1,
    reliability,
)

claims = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def test_f1_counts_what_was_found_and_what_was_missed():
    counts = Counts(right=3, claimed=4, expected=6)
    assert counts.precision == 0.75
    assert counts.recall == 0.5
    assert counts.f1 == pytest.approx(0.6)


def test_counts_add_up():
    assert Counts(1, 2, 3) + Counts(1, 0, 1) == Counts(2, 2, 4)


def test_nothing_asked_and_nothing_claimed_is_perfect():
    assert Counts().f1 == 1.0
    assert Counts(0, 1, 0).f1 == 0.0


def test_a_forecaster_who_is_right_as_often_as_he_says_has_no_error():
    assert calibration_error([(0.25, True)] + [(0.25, False)] * 3) == 0.0
    assert calibration_error([(1.0, True), (0.0, False)]) == 0.0


def test_the_error_is_the_gap():
    assert calibration_error([(0.9, False)] * 10) == pytest.approx(0.9)
    mixed = [(0.95, True)] * 10 + [(0.55, False)] * 10
    assert calibration_error(mixed) == pytest.approx((0.05 + 0.55) / 2)


def test_the_last_bin_holds_certainty():
    (row,) = reliability([(1.0, True)])
    assert (row.low, row.high, row.count) == (0.9, 1.0, 1)


def test_what_is_no_probability_is_refused():
    with pytest.raises(ValueError, match="no probability"):
        reliability([(1.5, True)])


@given(claims, st.sets(st.floats(0.01, 0.99)))
def test_bins_hold_every_claim_once_and_the_error_is_a_share(made, between):
    edges = (0.0, *sorted(between), 1.0)
    rows = reliability(made, edges)
    assert sum(row.count for row in rows) == len(made)
    assert all(row.low - 1e-9 <= row.confidence <= row.high + 1e-9 for row in rows)
    assert 0.0 <= calibration_error(made, edges) <= 1.0


def test_an_interval_holds_the_figure_and_narrows_with_more_documents():
    few = [Counts(n % 2, 1, 1) for n in range(20)]
    narrow, wide = interval(few * 20, joint_f1), interval(few, joint_f1)
    assert wide[0] < narrow[0] < 0.5 < narrow[1] < wide[1]
    assert interval(few, joint_f1) == wide  # the same seed draws the same samples
