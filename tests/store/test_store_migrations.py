"""The tables go up and down with data in them, and are what the models say."""

import io
import json

import documents as example
import pytest
from sqlalchemy import inspect, text

from docai import serialize
from docai.errors import StoreError
from docai.jobs import Lane, Request
from docai.store import claims, documents, jobs, migrate
from docai.store.models import Base


def fill(store):
    """A document, its result in every table, a job."""
    document, _ = documents.add(store, "ann", "tea.pdf", io.BytesIO(b"%PDF-1.4 tea"))
    jobs.submit(store, "ann", Request("invoice"), [document.id])
    (claim,) = claims.claim(store, "w", (Lane.CPU,), most=1, lease_s=60)
    read = example.document()
    result = serialize.extraction_to_json(example.extraction(), read)
    claims.finish(store, claim, result, [(read.pages[0], ())], page_count=1)


def test_models_and_migrations_say_the_same(store):
    assert migrate.differences(store.engine) == []


def test_a_forgotten_migration_is_noticed(store):
    with store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE owners ADD COLUMN forgotten TEXT"))
        connection.execute(text("DROP INDEX ix_job_items_document_id"))
    found = " ".join(migrate.differences(store.engine))
    assert "forgotten" in found
    assert "ix_job_items_document_id" in found


def test_each_step_down_and_up_again_with_data_in_the_tables(store):
    fill(store)
    migrate.downgrade(store.engine, "0001")
    assert "v_invoices" not in inspect(store.engine).get_view_names()
    migrate.upgrade(store.engine)
    with store.engine.connect() as connection:
        names = connection.execute(text("SELECT filename FROM v_invoices")).scalars().all()
    assert names == ["tea.pdf"]
    migrate.downgrade(store.engine, "base")
    assert inspect(store.engine).get_table_names() == ["alembic_version"]
    migrate.upgrade(store.engine)
    assert set(Base.metadata.tables) < set(inspect(store.engine).get_table_names())


def test_an_old_database_is_refused_with_the_remedy(store):
    migrate.require_current(store.engine)
    migrate.downgrade(store.engine, "0001")
    with pytest.raises(StoreError, match="docai migrate"):
        migrate.require_current(store.engine)


def test_every_table_holds_what_the_json_says(store):
    fill(store)
    with store.engine.connect() as connection:
        rows = {
            name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()
            for name in Base.metadata.tables
        }
    empty = {name for name, count in rows.items() if not count}
    assert empty == {
        "answers",
        "api_keys",
        "corrections",
        "deliveries",
        "field_sets",
        "reviews",
        "webhooks",
    }
    assert (rows["fields"], rows["items"], rows["cells"]) == (7, 1, 4)


def test_the_views_answer_plain_sql(store):
    fill(store)
    with store.engine.connect() as connection:
        invoice = connection.execute(text("SELECT * FROM v_invoices")).mappings().one()
        item = connection.execute(text("SELECT * FROM v_items")).mappings().one()
    assert invoice["vendor_name"] == "=2+3"
    assert str(invoice["invoice_date"]) == "2026-03-01"
    assert (float(invoice["subtotal"]), invoice["currency"]) == (-2.5, None)
    assert (item["description"], float(item["quantity"]), item["item_row"]) == ("Tea", 1.0, 0)
    assert json.loads(json.dumps(invoice["failed_checks"])) == 1
