"""Fields and document types in words: what docai-small is asked, and was trained to be asked."""

from __future__ import annotations

from collections.abc import Mapping

FIELDS: Mapping[str, str] = {
    "vendor_name": "the company that sends the invoice and is paid",
    "vendor_address": "postal address of the seller",
    "vendor_tax_id": "VAT or tax number of the seller",
    "vendor_email": "e-mail address of the seller",
    "vendor_phone": "telephone number of the seller",
    "customer_name": "the person or company that is billed",
    "customer_id": "number under which the seller knows the customer",
    "customer_address": "postal address of the customer",
    "customer_tax_id": "VAT or tax number of the customer",
    "shipping_address": "where the goods are delivered",
    "billing_address": "where the bill is sent",
    "invoice_id": "number of the invoice or credit note",
    "purchase_order": "number of the customer's order",
    "invoice_date": "day on which the invoice was issued",
    "due_date": "day by which it has to be paid",
    "service_start_date": "first day of the period of delivery or service",
    "service_end_date": "last day of the period of delivery or service",
    "payment_terms": "until when and how it has to be paid, in words",
    "subtotal": "sum of the goods before tax",
    "total_discount": "what is taken off the price",
    "shipping_cost": "price of freight, postage and packing",
    "total_tax": "sum of all taxes",
    "invoice_total": "whole amount of the invoice with tax",
    "amount_due": "what remains to be paid",
    "amount_paid": "what was paid already",
    "iban": "bank account of the seller",
    "bic": "SWIFT code of the seller's bank",
    "merchant_name": "name of the shop or restaurant",
    "merchant_address": "postal address of the shop or restaurant",
    "merchant_phone": "telephone number of the shop or restaurant",
    "merchant_tax_id": "tax or registration number of the shop",
    "transaction_date": "day of the purchase",
    "transaction_time": "time of day of the purchase",
    "receipt_id": "number of the receipt",
    "tip": "gratuity that was added",
    "total": "amount to pay, with tax",
    "payment_method": "cash, card or other means of payment",
}

KINDS: Mapping[str, str] = {
    "invoice": "a bill with number, date, customer, items, tax and the amount to pay",
    "receipt": "a slip of a shop or restaurant: items bought, prices, total, cash or card",
    "form": "to be filled in: labels with blank fields, boxes to tick, a signature",
    "letter": "an address, a date, a greeting, paragraphs, yours sincerely",
    "report": "headings, paragraphs of prose, chapters and sections",
    "scientific paper": "title, authors, abstract, sections, references",
    "table": "rows and columns of figures with a header",
    "other": "anything else",
}


def prompt(name: str, description: str) -> str:
    """How a field or a kind is asked for.

    >>> prompt("due_date", "day by which it has to be paid")
    'due date: day by which it has to be paid'
    """
    words = name.replace("_", " ")
    return f"{words}: {description}" if description else words
