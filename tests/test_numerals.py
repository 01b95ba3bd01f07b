from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docai.numerals import figure, mark_of_figures


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("1.234,50", ",", "1234.50"), ("1,234.50", ".", "1234.50"), ("1 234,5", ",", "1234.5"),
        ("€ 12.00", ".", "12.00"), ("12,00 €", ",", "12.00"), ("(12.5)", ".", "-12.5"),
        ("12.50-", ".", "-12.50"), ("−3", None, "-3"), ("12,5 %", ",", "0.125"),
        ("2,5", None, "2.5"),
    ],
)  # fmt: skip
def test_a_text_that_is_one_number(text, mark, value):
    found = figure(text, mark)
    assert found is not None
    assert found.value == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "n/a",
        "007",
        "12.03.2026",
        "1.2.3",
        "12 Stk Schrauben",
        "A 12",
        "1,2,3",
        "(12",
        "2-4",
    ],
)
def test_other_texts_are_none(text):
    assert figure(text, ".") is None


def test_thousands_or_decimals_is_for_the_table_to_say():
    assert figure("1.234", None) is None
    assert figure("1.234", ",").value == 1234
    assert figure("1.234", ".").value == Decimal("1.234")
    assert mark_of_figures(["1.234", "12,5"]) == ","
    assert mark_of_figures(["1,234,567"]) == "."
    assert mark_of_figures(["1.234", "2.345"]) is None


@given(st.decimals(-(10**9), 10**9, places=2), st.sampled_from([",.", ".,", " ,"]))
def test_any_amount_written_in_a_locale_is_read_in_it(amount, marks):
    thousands, decimal = marks
    written = f"{abs(amount):,.2f}".replace(",", "T").replace(".", decimal).replace("T", thousands)
    found = figure(("-" if amount < 0 else "") + written, decimal)
    assert found is not None
    assert found.value == amount
