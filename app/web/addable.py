"""Fields that a result of a task may have, with their types (docs/json.md): for those it lacks."""

from __future__ import annotations

from typing import Any

from app.client import Client, Extraction
from app.web.rows import fields_of
from app.web.words import known

Json = dict[str, Any]

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


def missing(client: Client, found: Extraction) -> dict[str, str]:
    """The types of the fields that the result has not and may have, by name."""
    has = {place.name for place, _ in fields_of(found.result) if place.kind == "field"}
    may = _own(client) if found.task == "custom" else _of_task(found.task)
    return {name: kind for name, kind in may.items() if name not in has}


def choices(client: Client, found: Extraction) -> list[Json]:
    """For the list of fields, as people look for them."""
    named = [{"name": name, "label": known("field", name)} for name in missing(client, found)]
    return sorted(named, key=lambda each: each["label"].casefold())


def _of_task(task: str) -> dict[str, str]:
    return {name: kind for kind, of in TYPES.items() for name in of.get(task, ())}


def _own(client: Client) -> dict[str, str]:
    """Of all sets: a result does not say which of them it was read for."""
    return {each["name"]: each["type"] for kept in client.field_sets() for each in kept["fields"]}
