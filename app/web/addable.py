"""Fields that a result of a task may have, with their types (docs/json.md): for those it lacks."""

from __future__ import annotations

import streamlit as st

from app.client import Client, Extraction
from app.web.rows import fields_of
from app.web.session import told, warn
from app.web.values import DoesNotFit, parsed
from app.web.words import known, t

TEXTS = {
    "invoice": (
        "vendor_name", "vendor_tax_id", "vendor_email", "vendor_phone", "customer_name",
        "customer_id", "customer_tax_id", "invoice_id", "purchase_order", "payment_terms", "iban",
        "bic", "currency",
    ),
    "receipt": (
        "merchant_name", "merchant_phone", "merchant_tax_id", "transaction_time", "receipt_id",
        "payment_method",
    ),
}  # fmt: skip
ADDRESSES = {
    "invoice": ("vendor_address", "customer_address", "shipping_address", "billing_address"),
    "receipt": ("merchant_address",),
}
DATES = {
    "invoice": ("invoice_date", "due_date", "service_start_date", "service_end_date"),
    "receipt": ("transaction_date",),
}
AMOUNTS = {
    "invoice": (
        "subtotal", "total_discount", "shipping_cost", "total_tax", "invoice_total", "amount_due",
        "amount_paid",
    ),
    "receipt": ("subtotal", "total_tax", "tip", "total"),
}  # fmt: skip
TYPES = {"string": TEXTS, "address": ADDRESSES, "date": DATES, "money": AMOUNTS}


def missing(found: Extraction) -> dict[str, str]:
    """The types of the fields that the result has not, by name."""
    has = {place.name for place, _ in fields_of(found.result) if place.kind == "field"}
    may = {name: kind for kind, of in TYPES.items() for name in of.get(found.task, ())}
    return {name: kind for name, kind in may.items() if name not in has}


def show(client: Client, found: Extraction) -> None:
    """Adds a field that was not found; the page is run again with it."""
    held = missing(found)
    if not held:
        return
    with st.expander(t("add.title")), st.form("add", clear_on_submit=True, border=False):
        name = st.selectbox(t("add.name"), held, format_func=lambda name: known("field", name))
        text = st.text_input(t("add.value"), max_chars=5000)
        is_wanted = st.form_submit_button(t("add.add"))
    if not (is_wanted and name):
        return
    try:
        change = {"name": name, "value": parsed(held[name], text), "type": held[name]}
    except DoesNotFit:
        kind = t(f"type.{held[name]}")
        warn(t("fields.does_not_fit", name=known("field", name), type=kind))
        return
    with told():
        client.correct(found.document, found.requested, [change])
        st.rerun()
