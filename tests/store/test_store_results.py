import pytest
from sqlalchemy import text
from stored import finish, result, submit, take

from docai.errors import NotFound, UsageError
from docai.jobs import Request
from docai.results import FieldType
from docai.store import claims, results
from docai.store.results import Change


@pytest.fixture
def document_id(store):
    submit(store)
    (claim,) = take(store)
    finish(store, claim)
    return claim.document_id


def value(result, name):
    return next((f["value"] for f in result["fields"] if f["name"] == name), None)


def correct(store, document_id, *changes, owner="ann"):
    return results.correct(store, owner, document_id, "invoice", changes, "ann@example.org")


def test_a_correction_keeps_the_old_value_who_and_when(store, document_id, clock):
    corrected = correct(store, document_id, Change("vendor_name", "Tea Ltd"))
    assert value(corrected.result, "vendor_name") == "Tea Ltd"
    (kept,) = results.corrections(store, "ann", corrected.id)
    assert (kept.old["value"], kept.new["value"]) == ("=2+3", "Tea Ltd")
    assert (kept.who, kept.at) == ("ann@example.org", clock())
    assert kept.new["evidence"] == kept.old["evidence"]
    assert results.latest(store, "ann", document_id, "invoice") == corrected


def test_sql_sees_the_corrected_value(store, document_id):
    money = {"amount": "12.50", "currency": "EUR"}
    correct(
        store,
        document_id,
        Change("invoice_total", money, type=FieldType.MONEY),
        Change("vendor_name", None),
        Change("description", "Green tea", kind="item", row=0),
        Change("description", "Cup", kind="item", row=1, type=FieldType.STRING),
    )
    with store.reading() as session:
        row = session.execute(text("SELECT * FROM v_invoices")).mappings().one()
        items = session.execute(text("SELECT description FROM v_items ORDER BY item_row"))
        assert items.scalars().all() == ["Green tea", "Cup"]
    assert (float(row["invoice_total"]), row["currency"], row["vendor_name"]) == (12.5, "EUR", None)


@pytest.mark.parametrize(
    "change",
    [
        Change("invoice_date", "1 March"),
        Change("invoice_date", True),
        Change("subtotal", "12.50"),
        Change("subtotal", {"amount": "NaN", "currency": None}),
        Change("subtotal", {"amount": "1", "currency": "Euro"}),
        Change("unknown", "of no type"),
        Change("description", "Tea", kind="item", row=7),
        Change("Adult", "yes", kind="key_value"),
    ],
)
def test_a_value_that_does_not_fit_its_type_is_refused_and_nothing_changes(
    store, document_id, change
):
    with pytest.raises(UsageError):
        correct(store, document_id, Change("vendor_name", "Tea Ltd"), change)
    assert results.latest(store, "ann", document_id, "invoice").result == result()


def test_nobody_reads_or_corrects_the_results_of_others(store, document_id):
    mine = results.latest(store, "ann", document_id, "invoice")
    with pytest.raises(NotFound):
        correct(store, document_id, Change("vendor_name", "mine"), owner="bob")
    for call, *arguments in (
        (results.latest, document_id, "invoice"),
        (results.get, mine.id),
        (results.corrections, mine.id),
    ):
        with pytest.raises(NotFound):
            call(store, "bob", *arguments)
    assert results.of_document(store, "bob", document_id) == []


def test_a_jobs_results_stream_in_order_over_many_fetches(store, monkeypatch):
    monkeypatch.setattr(results, "AT_ONCE", 2)
    job = submit(store, count=5)
    for claim in take(store, most=3):
        finish(store, claim)
    states = [(item.position, str(item.state)) for item in results.of_job(store, "ann", job.id)]
    assert states == [(0, "done"), (1, "done"), (2, "done"), (3, "queued"), (4, "queued")]
    assert results.names(store, job.id, ["field"])["invoice_date"] is FieldType.DATE


def test_answers_are_rows_too(store):
    said = {
        "model": result()["model"],
        "answers": [
            {
                "question": "Who?",
                "answer": None,
                "confidence": 0.0,
                "evidence": [],
                "alternatives": [],
            }
        ],
    }
    submit(store, request=Request("answer", questions=("Who?",)))
    (claim,) = take(store)
    claims.finish(store, claim, said, [], page_count=1)
    with store.reading() as session:
        row = session.execute(text("SELECT question, answer FROM answers")).one()
    assert tuple(row) == ("Who?", None)
    assert results.latest(store, "ann", claim.document_id, "answer").result == said


def test_numbers_of_any_size_are_kept(store):
    huge = result()
    huge["fields"][2]["value"]["amount"] = "1" + "0" * 40
    submit(store)
    (claim,) = take(store)
    claims.finish(store, claim, huge, [], page_count=1)
    stored = results.latest(store, "ann", claim.document_id, "invoice").result
    assert value(stored, "subtotal")["amount"] == "1" + "0" * 40
