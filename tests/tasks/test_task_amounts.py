from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docai.results import Money
from docai.tasks.amounts import (
    decimal_mark,
    find_currencies,
    find_money,
    find_numbers,
    find_percents,
    parse_digits,
)


def only_sum(text, **options):
    (found,) = find_money(text, **options)
    return found.value


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("1.234,56 €", "1234.56", "EUR"),
        ("€ 1.234,56", "1234.56", "EUR"),
        ("EUR 1.234,56", "1234.56", "EUR"),
        ("1.234,56 EUR", "1234.56", "EUR"),
        ("$1,234.56", "1234.56", "USD"),
        ("US$ 1,234.56", "1234.56", "USD"),
        ("1 234,56 €", "1234.56", "EUR"),
        ("1\u202f234,56 €", "1234.56", "EUR"),
        ("1'234.50 CHF", "1234.50", "CHF"),
        ("CHF 1’234.50", "1234.50", "CHF"),
        ("Fr. 12.-", "12", "CHF"),
        ("120,-- €", "120", "EUR"),
        ("¥1,200", "1200", "CNY"),
        ("￥1,200.00", "1200.00", "CNY"),
        ("1,200 円", "1200", "JPY"),
        ("RM39.00", "39.00", "MYR"),
        ("£12.50", "12.50", "GBP"),
        ("₹1,23,456.78", "123456.78", "INR"),
        ("12,5 kr", "12.5", None),
        ("(12.00)", "-12.00", None),
        ("$(12.00)", "-12.00", "USD"),
        ("-7,67 €", "-7.67", "EUR"),
        ("−7,67", "-7.67", None),
        ("-$5.00", "-5.00", "USD"),
        ("$-5.00", "-5.00", "USD"),
        ("5,00-", "-5.00", None),
        ("1.84-", "-1.84", None),
        ("0.025 €", "0.025", "EUR"),
        ("26,0000", "26.0000", None),
        ("１２３．４５", "123.45", None),
    ],
)
def test_a_sum_is_read_as_it_is_meant(text, amount, currency):
    assert only_sum(text) == Money(Decimal(amount), currency)


def test_a_lone_separator_before_three_digits_is_a_thousand_unless_the_document_says_otherwise():
    assert only_sum("1.234 €").amount == 1234
    assert only_sum("1.234 €", decimal_mark=".").amount == Decimal("1.234")
    assert only_sum("1,234").amount == 1234
    assert only_sum("1,234", decimal_mark=",").amount == Decimal("1.234")
    assert only_sum("0,250").amount == Decimal("0.250")


def test_the_documents_unambiguous_numbers_tell_its_decimal_mark():
    assert decimal_mark(["Netto 1.234,56", "Steuer 12,00", "Menge 1.000"]) == ","
    assert decimal_mark(["Net 1,234.56"]) == "."
    assert decimal_mark(["3 pieces", "1,000"]) is None


@pytest.mark.parametrize(
    "text",
    ["12.03.2026", "2026-03-01", "192.168.0.1", "RE-2014/502", "19 %", "A4", "v2.1b", "1.2.3", ""],
)
def test_what_is_no_sum_is_not_taken_for_one(text):
    assert [f.value.amount for f in find_money(text) if f.quality > 0.3] == []


@pytest.mark.parametrize("text", ["30 days", "innerhalb von 14 Tagen", "à 30 jours", "30天"])
def test_a_stretch_of_time_is_no_sum(text):
    assert find_money(text) == []


def test_the_sum_keeps_its_place_in_the_text():
    (found,) = find_money("Total: EUR 12,50 *")
    assert "Total: EUR 12,50 *"[found.start : found.end] == "EUR 12,50"


def test_several_sums_of_a_row_come_in_order():
    found = find_money("19 % 573,00 108,87 681,87 €")
    assert [f.value.amount for f in found] == [Decimal(n) for n in ("573.00", "108.87", "681.87")]


def test_quality_says_how_much_the_writing_speaks_for_money():
    with_currency, with_cents, bare = (find_money(t)[0].quality for t in ("5 €", "5,00", "5"))
    assert with_currency > with_cents > bare


def test_a_missing_currency_is_taken_from_the_document():
    assert only_sum("12.00", currency="EUR") == Money(Decimal("12.00"), "EUR")
    assert only_sum("12.00 USD", currency="EUR") == Money(Decimal("12.00"), "USD")


def test_letters_that_merely_contain_a_currency_are_none():
    assert find_currencies("FRAME EUROPE WARM") == []
    assert [f.value for f in find_currencies("Summe in EUR")] == ["EUR"]


def test_numbers_with_units_and_percentages():
    assert [f.value for f in find_numbers("10 Stk")] == [10]
    assert [f.value for f in find_numbers("27,5 Std")] == [Decimal("27.5")]
    assert [f.value for f in find_percents("19,00 %, 7%")] == [Decimal("19.00"), 7]


def test_nonsense_groups_are_refused():
    assert parse_digits("1.23.456") is None
    assert parse_digits("1,2,3") is None
    assert parse_digits("1" * 30) is None


def german(amount):
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def swiss(amount):
    return f"{amount:,.2f}".replace(",", "'")


def french(amount):
    return german(amount).replace(".", "\u202f")


amounts = st.decimals(0, 10**9, places=2, allow_nan=False)


@given(amounts, st.sampled_from([german, swiss, french, "{:,.2f}".format]), st.booleans())
def test_what_was_formatted_is_parsed_back(amount, write, negative):
    signed = -amount if negative else amount
    assert only_sum(f"{'-' if negative else ''}{write(amount)} EUR") == Money(signed, "EUR")


@given(st.text(max_size=200))
def test_any_text_is_survived_and_every_place_lies_inside_it(text):
    for found in [*find_money(text), *find_numbers(text), *find_percents(text)]:
        assert 0 <= found.start < found.end <= len(text)
