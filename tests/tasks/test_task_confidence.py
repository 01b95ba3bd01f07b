import pytest
from hypothesis import given
from hypothesis import strategies as st

from docai.tasks.confidence import FITTED, Evidence, probability, sigmoid

PLAIN = Evidence(1.0, 0, 1.0)


@given(st.floats(-10, 12), st.integers(-3, 3), st.floats(0, 1))
def test_it_is_always_a_probability(margin, checks, reading):
    assert 0.0 < probability(Evidence(margin, checks, reading)) < 1.0


@pytest.mark.parametrize("better", [Evidence(2.0, 0, 1.0), Evidence(1.0, 1, 1.0)])
def test_more_evidence_means_more_confidence(better):
    assert probability(better) > probability(PLAIN)


def test_badly_read_words_cost_confidence():
    assert probability(Evidence(1.0, 0, 0.5)) < probability(PLAIN)


def test_a_failed_check_costs_what_a_passed_one_gains():
    assert probability(Evidence(1.0, -1, 1.0)) < probability(PLAIN)


def test_every_coefficient_speaks_in_the_right_direction():
    assert min(FITTED.margin, FITTED.checks, FITTED.reading) > 0


def test_the_sigmoid_bears_large_numbers():
    assert sigmoid(-1000) == pytest.approx(0.0)
    assert sigmoid(1000) == pytest.approx(1.0)
