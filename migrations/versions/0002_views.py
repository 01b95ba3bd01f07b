"""Views for plain SQL: one row an invoice or receipt, one row a line item.

Follows: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXTS = {
    "vendor_name": "'vendor_name', 'merchant_name'",
    "vendor_tax_id": "'vendor_tax_id', 'merchant_tax_id'",
    "customer_name": "'customer_name'",
    "invoice_id": "'invoice_id', 'receipt_id'",
    "purchase_order": "'purchase_order'",
    "iban": "'iban'",
}
DATES = {
    "invoice_date": "'invoice_date', 'transaction_date'",
    "due_date": "'due_date'",
}
AMOUNTS = {
    "subtotal": "'subtotal'",
    "total_tax": "'total_tax'",
    "invoice_total": "'invoice_total', 'total'",
    "amount_due": "'amount_due'",
}
ITEM_TEXTS = {
    "description": "'description'",
    "product_code": "'product_code'",
    "unit": "'unit'",
}
ITEM_NUMBERS = {
    "quantity": "'quantity'",
    "unit_price": "'unit_price', 'price'",
    "tax_rate": "'tax_rate'",
    "tax": "'tax'",
    "amount": "'amount', 'total_price'",
}


def columns(column: str, names: dict[str, str]) -> list[str]:
    """A row of fields turned into columns; MAX only picks the one value there is."""
    return [
        f"MAX(CASE WHEN f.name IN ({wanted}) THEN f.{column} END) AS {name}"
        for name, wanted in names.items()
    ]


ABOUT = ["d.owner", "d.id AS document_id", "d.filename", "e.id AS extraction_id", "e.task"]
INVOICES = [
    *ABOUT,
    "e.created_at",
    *columns("value", TEXTS),
    *columns("value_date", DATES),
    *columns("value_number", AMOUNTS),
    "COALESCE(MAX(CASE WHEN f.name IN ('invoice_total', 'total') THEN f.currency END),"
    " MAX(CASE WHEN f.name = 'currency' THEN f.value END)) AS currency",
    "MIN(f.confidence) AS lowest_confidence",
    "e.failed_checks",
]
ITEMS = [
    *ABOUT,
    "i.row AS item_row",
    *columns("value", ITEM_TEXTS),
    *columns("value_number", ITEM_NUMBERS),
    *columns("value_date", {"item_date": "'date'"}),
    "MAX(f.currency) AS currency",
    "MIN(f.confidence) AS lowest_confidence",
]


def upgrade() -> None:
    op.execute(
        f"CREATE VIEW v_invoices AS SELECT {', '.join(INVOICES)}"
        " FROM extractions e JOIN documents d ON d.id = e.document_id"
        " LEFT JOIN fields f ON f.extraction_id = e.id AND f.kind = 'field'"
        " WHERE e.task IN ('invoice', 'receipt')"
        " GROUP BY d.owner, d.id, d.filename, e.id, e.task, e.created_at, e.failed_checks"
    )
    op.execute(
        f"CREATE VIEW v_items AS SELECT {', '.join(ITEMS)}"
        " FROM items i JOIN extractions e ON e.id = i.extraction_id"
        " JOIN documents d ON d.id = e.document_id"
        " LEFT JOIN fields f ON f.extraction_id = i.extraction_id"
        " AND f.kind = i.kind AND f.row = i.row"
        " WHERE i.kind = 'item'"
        " GROUP BY d.owner, d.id, d.filename, e.id, e.task, i.row"
    )


def downgrade() -> None:
    op.execute("DROP VIEW v_items")
    op.execute("DROP VIEW v_invoices")
