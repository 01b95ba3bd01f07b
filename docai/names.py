"""Our field names in the words of the services that users come from.

Azure: Document Intelligence 2024-11-30, prebuilt-invoice and prebuilt-receipt. Textract:
AnalyzeExpense types of botocore 2018-06-27. A name that a service does not have stays ours.
"""

from __future__ import annotations

from dataclasses import replace

from docai.errors import UsageError
from docai.results import Extraction, Field, Item

AZURE = {
    "vendor_name": "VendorName",
    "vendor_address": "VendorAddress",
    "vendor_tax_id": "VendorTaxId",
    "customer_name": "CustomerName",
    "customer_id": "CustomerId",
    "customer_address": "CustomerAddress",
    "customer_tax_id": "CustomerTaxId",
    "shipping_address": "ShippingAddress",
    "billing_address": "BillingAddress",
    "invoice_id": "InvoiceId",
    "purchase_order": "PurchaseOrder",
    "invoice_date": "InvoiceDate",
    "due_date": "DueDate",
    "service_start_date": "ServiceStartDate",
    "service_end_date": "ServiceEndDate",
    "payment_terms": "PaymentTerm",
    "subtotal": "SubTotal",
    "total_discount": "TotalDiscount",
    "total_tax": "TotalTax",
    "invoice_total": "InvoiceTotal",
    "amount_due": "AmountDue",
    "iban": "IBAN",
    "bic": "SWIFT",
    "merchant_name": "MerchantName",
    "merchant_address": "MerchantAddress",
    "merchant_phone": "MerchantPhoneNumber",
    "transaction_date": "TransactionDate",
    "transaction_time": "TransactionTime",
    "tip": "Tip",
    "total": "Total",
    "description": "Description",
    "product_code": "ProductCode",
    "quantity": "Quantity",
    "unit": "Unit",
    "unit_price": "UnitPrice",
    "tax_rate": "TaxRate",
    "tax": "Tax",
    "amount": "Amount",
    "date": "Date",
    "price": "Price",
    "total_price": "TotalPrice",
    "rate": "Rate",
    "net": "NetAmount",
}

TEXTRACT = {
    "vendor_name": "VENDOR_NAME",
    "vendor_address": "VENDOR_ADDRESS",
    "vendor_tax_id": "VENDOR_VAT_NUMBER",
    "vendor_phone": "VENDOR_PHONE",
    "customer_name": "RECEIVER_NAME",
    "customer_id": "CUSTOMER_NUMBER",
    "customer_address": "RECEIVER_ADDRESS",
    "customer_tax_id": "RECEIVER_VAT_NUMBER",
    "invoice_id": "INVOICE_RECEIPT_ID",
    "receipt_id": "INVOICE_RECEIPT_ID",
    "purchase_order": "PO_NUMBER",
    "invoice_date": "INVOICE_RECEIPT_DATE",
    "transaction_date": "INVOICE_RECEIPT_DATE",
    "due_date": "DUE_DATE",
    "payment_terms": "PAYMENT_TERMS",
    "subtotal": "SUBTOTAL",
    "total_discount": "DISCOUNT",
    "shipping_cost": "SHIPPING_HANDLING_CHARGE",
    "total_tax": "TAX",
    "invoice_total": "TOTAL",
    "total": "TOTAL",
    "amount_due": "AMOUNT_DUE",
    "amount_paid": "AMOUNT_PAID",
    "tip": "GRATUITY",
    "merchant_name": "VENDOR_NAME",
    "merchant_address": "VENDOR_ADDRESS",
    "merchant_phone": "VENDOR_PHONE",
    "merchant_tax_id": "VENDOR_VAT_NUMBER",
    "description": "ITEM",
    "product_code": "PRODUCT_CODE",
    "quantity": "QUANTITY",
    "unit_price": "UNIT_PRICE",
    "price": "UNIT_PRICE",
    "amount": "PRICE",
    "total_price": "PRICE",
}

SCHEMES = {"docai": dict[str, str](), "azure": AZURE, "textract": TEXTRACT}


def renamed(extraction: Extraction, scheme: str) -> Extraction:
    """The extraction with its field names in another scheme of SCHEMES."""
    if scheme not in SCHEMES:
        raise UsageError(f"names {scheme!r}: choose one of {', '.join(SCHEMES)}")
    names = SCHEMES[scheme]

    def field(one: Field) -> Field:
        return replace(one, name=names.get(one.name, one.name))

    def items(rows: tuple[Item, ...]) -> tuple[Item, ...]:
        return tuple(Item(tuple(field(one) for one in row.fields)) for row in rows)

    return replace(
        extraction,
        fields=tuple(field(one) for one in extraction.fields),
        items=items(extraction.items),
        tax_details=items(extraction.tax_details),
        checks=tuple(
            replace(check, fields=tuple(names.get(name, name) for name in check.fields))
            for check in extraction.checks
        ),
    )
