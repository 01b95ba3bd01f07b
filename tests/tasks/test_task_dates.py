from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docai.tasks.dates import DateOrder, date_order, find_dates, find_times

DAY, MONTH = DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST


def only_date(text, order=DAY, **options):
    (found,) = find_dates(text, order, **options)
    return found.value


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01",
        "2026/03/01",
        "2026.03.01",
        "01.03.2026",
        "1.3.2026",
        "1. 3. 2026",
        "01.03.26",
        "01/03/2026",
        "01-03-2026",
        "1 March 2026",
        "1st March 2026",
        "1-Mar-2026",
        "01 MAR 2026",
        "March 1, 2026",
        "Mar. 1, 2026",
        "March 1st, 2026",
        "1. März 2026",
        "1. Maerz 2026",
        "1 mars 2026",
        "1er mars 2026",
        "1 de marzo de 2026",
        "1 de marzo del 2026",
        "2026年3月1日",
        "2026 年 3 月 1 日",
        "２０２６年３月１日",
    ],
)
def test_the_first_of_march_in_many_hands(text):
    assert only_date(text) == date(2026, 3, 1)


def test_a_slash_date_obeys_the_order_of_its_document():
    assert only_date("01/02/2026", DAY) == date(2026, 2, 1)
    assert only_date("01/02/2026", MONTH) == date(2026, 1, 2)


def test_a_dot_date_has_the_day_first_everywhere():
    assert only_date("01.02.2026", MONTH) == date(2026, 2, 1)


def test_a_date_that_can_be_read_one_way_only_is_read_that_way():
    assert only_date("02/17/26", DAY) == date(2026, 2, 17)
    assert only_date("17/02/2026", MONTH) == date(2026, 2, 17)


def test_the_other_dates_of_a_document_tell_its_order():
    assert date_order(["due 02/17/2026", "from 01/02/2026"]) is MONTH
    assert date_order(["17/02/2026"], default=MONTH) is DAY
    assert date_order(["01/02/2026"], default=MONTH) is MONTH


@pytest.mark.parametrize(
    "text",
    [
        "31.02.2026",
        "2026-13-01",
        "99/99/2026",
        "1.234,56",
        "12:30",
        "192.168.10.12",
        "0 March 2026",
        "",
    ],
)
def test_what_is_no_date_is_not_taken_for_one(text):
    assert find_dates(text) == []


def test_compact_dates_count_only_where_they_are_asked_for():
    assert find_dates("20260301") == []
    assert only_date("20260301", compact=True) == date(2026, 3, 1)
    assert find_dates("RE-20260301/508", compact=True) == []


def test_two_digit_years_turn_at_seventy():
    assert only_date("01.03.69") == date(2069, 3, 1)
    assert only_date("01.03.70") == date(1970, 3, 1)


def test_a_range_is_two_dates_in_order():
    found = find_dates("Leistungszeitraum 01.02.2026 - 28.02.2026")
    assert [f.value for f in found] == [date(2026, 2, 1), date(2026, 2, 28)]


def test_the_date_keeps_its_place():
    text = "vom 3. März 2026 an"
    (found,) = find_dates(text)
    assert text[found.start : found.end] == "3. März 2026"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("18:24", "18:24"),
        ("8:13:39 PM", "20:13:39"),
        ("12:05 am", "00:05"),
        ("14h30", "14:30"),
        ("09/08/17 1:06", "01:06"),
    ],
)
def test_times_come_on_24_hours(text, time):
    assert [f.value for f in find_times(text)] == [time]


FORMATS = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%d %B %Y", "%B %d, %Y", "%d-%b-%Y", "%Y年%m月%d日"]


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)), st.sampled_from(FORMATS))
def test_what_was_formatted_is_parsed_back(day, pattern):
    assert only_date(day.strftime(pattern)) == day


@given(st.text(max_size=200), st.sampled_from(DateOrder))
def test_any_text_is_survived_and_dates_do_not_overlap(text, order):
    end = 0
    for found in find_dates(text, order, compact=True):
        assert end <= found.start < found.end <= len(text)
        end = found.end
