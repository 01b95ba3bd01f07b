from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docai.results import Field, FieldType, Item, Money
from docai.tasks.checks import (
    balance,
    cash_check,
    checksum_check,
    due_check,
    items_check,
    product_check,
    rate_check,
    sum_checks,
    tax_check,
    total_check,
)


def money(name, amount):
    return Field(name, FieldType.MONEY, Money(Decimal(amount)), amount, 0.9, ())


def number(name, amount):
    return Field(name, FieldType.NUMBER, Decimal(amount), amount, 0.9, ())


def fields(**amounts):
    return {name: money(name, amount) for name, amount in amounts.items()}


def item(quantity, price, amount):
    return Item((number("quantity", quantity), money("unit_price", price), money("amount", amount)))


@pytest.mark.parametrize(
    ("quantity", "price", "amount", "passed"),
    [
        ("2", "45.00", "90.00", True),
        ("3", "0.333", "1.00", True),
        ("-5", "1.00", "-5.00", True),
        ("2", "45.00", "90.02", False),
    ],
)
def test_quantity_times_price_is_the_amount_to_the_cent(quantity, price, amount, passed):
    check = product_check(item(quantity, price, amount), 1)
    assert check.passed is passed
    assert check.fields == ("items[0].quantity", "items[0].unit_price", "items[0].amount")


def test_a_receipts_names_are_known_as_well():
    purchase = Item((number("quantity", "2"), money("price", "3.50"), money("total_price", "7.00")))
    assert product_check(purchase, 3).fields[-1] == "items[2].total_price"


def test_what_is_missing_is_not_checked():
    assert product_check(Item((money("amount", "1.00"),)), 1) is None
    assert total_check(fields(subtotal="1.00", invoice_total="1.00")) is None
    assert due_check(fields(invoice_total="1.00")) is None
    assert items_check(fields(subtotal="1.00"), []) is None
    assert sum_checks({}, []) == []


def test_items_sum_to_the_subtotal_with_or_without_discount_and_shipping():
    goods = [item("1", "60.00", "60.00"), item("1", "40.00", "40.00")]
    assert items_check(fields(subtotal="100.00"), goods).passed
    assert items_check(fields(subtotal="95.00", total_discount="5.00"), goods).passed
    assert items_check(fields(subtotal="95.00", total_discount="-5.00"), goods).passed
    assert items_check(fields(subtotal="110.00", shipping_cost="10.00"), goods).passed
    assert items_check(fields(invoice_total="100.00"), goods).passed
    wrong = items_check(fields(subtotal="99.00"), goods)
    assert not wrong.passed
    assert "2 items sum to 100.00" in wrong.detail


def test_the_total_is_subtotal_and_tax():
    assert total_check(fields(subtotal="100.00", total_tax="19.00", invoice_total="119.00")).passed
    assert total_check(
        fields(subtotal="100.00", total_tax="19.00", shipping_cost="5.00", invoice_total="124.00")
    ).passed
    assert not total_check(fields(subtotal="100.00", total_tax="19.00", total="120.00")).passed


def test_what_is_due_is_the_total_less_what_was_paid():
    assert due_check(
        fields(invoice_total="110.00", amount_paid="10.00", amount_due="100.00")
    ).passed
    assert due_check(
        fields(invoice_total="110.00", amount_paid="-10.00", amount_due="100.00")
    ).passed
    assert not due_check(
        fields(invoice_total="110.00", amount_paid="10.00", amount_due="90.00")
    ).passed


def rate(percent, net, amount):
    return Item((number("rate", percent), money("net", net), money("amount", amount)))


def test_a_rate_of_the_net_is_the_tax():
    assert rate_check(rate("19", "336.00", "63.84"), 1).passed
    assert not rate_check(rate("19", "336.00", "65.00"), 1).passed


def test_the_taxes_sum_to_the_total_tax():
    details = [rate("7", "160.00", "11.20"), rate("19", "336.00", "63.84")]
    assert tax_check(fields(total_tax="75.04"), details).passed
    assert not tax_check(fields(total_tax="63.84"), details).passed


def test_cash_less_change_is_the_total():
    total = money("total", "9.00")
    assert cash_check(total, Decimal("10.00"), Decimal("1.00")).passed
    assert not cash_check(total, Decimal("10.00"), Decimal("2.00")).passed
    assert cash_check(total, Decimal("10.00"), None) is None


def test_the_balance_counts_what_speaks_of_a_field():
    checks = [checksum_check("iban", "DE00", passed) for passed in (True, False, False)]
    assert balance(checks, "iban") == -1
    assert balance(checks, "bic") == 0


amounts = st.decimals(-(10**6), 10**6, places=2)


@given(st.lists(amounts, min_size=1, max_size=8), st.permutations(range(8)))
def test_the_order_of_items_does_not_matter(values, order):
    goods = [Item((money("amount", str(value)),)) for value in values]
    shuffled = [goods[n] for n in order if n < len(goods)]
    total = fields(subtotal=str(sum(values, Decimal())))
    assert items_check(total, goods).passed
    assert items_check(total, shuffled).passed
