"""Answers against those that annotators accept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docai.evaluation.answers import AnswerScores, alike, plain, shared


def test_words_are_compared_without_case_punctuation_and_articles():
    assert plain("The Denver-Broncos, a team!") == ["denverbroncos", "team"]
    assert shared("in Denver", "Denver") == pytest.approx(2 / 3)


def test_the_best_accepted_answer_counts():
    scores = AnswerScores()
    scores.add(["tower of Pisa", "the tower"], "Tower")
    assert (scores.asked, scores.exact, scores.f1) == (1, 1, 1.0)
    assert scores.anls == pytest.approx(5 / 9)  # four of "the tower"'s nine letters are missing


def test_no_answer_is_right_where_there_is_none_and_wrong_elsewhere():
    scores = AnswerScores()
    scores.add([], None)
    assert (scores.exact, scores.f1, scores.anls) == (1, 1.0, 1.0)
    scores.add([], "something")
    scores.add(["something"], None)
    assert (scores.asked, scores.exact, scores.f1, scores.anls) == (3, 1, 1.0, 1.0)


def test_a_misread_letter_costs_little_and_another_word_everything():
    assert alike("1otal", "Total") == pytest.approx(4 / 5)
    assert alike("monday", "friday") == 0.0


@given(st.text(max_size=20), st.text(max_size=20))
def test_likeness_is_the_same_both_ways_and_whole_with_itself(a, b):
    assert alike(a, b) == alike(b, a)
    assert 0 <= alike(a, b) <= 1
    assert alike(a, a) == 1
