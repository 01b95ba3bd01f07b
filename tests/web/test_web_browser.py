"""The web app as people use it: a real browser, a real service, real documents."""

from __future__ import annotations

import csv
import re
import statistics
import time
import zipfile

import pytest
from playwright.sync_api import Page, expect
from steps import PATIENT_S, SAMPLES, mark, row, small_pdf, word

pytestmark = pytest.mark.slow

expect.set_options(timeout=1000 * PATIENT_S)  # as patient as the pages are


def test_upload_extraction_evidence_correction_export(visit, owner, client, tmp_path):
    page = visit(owner)
    page.set_input_files("#docai-files", SAMPLES / "invoice.pdf")
    page.get_by_role("button", name="invoice.pdf").click()
    total = row(page, "field/0/invoice_total")
    expect(total).to_contain_text("2318.88 GBP")

    total.locator(".field").click()
    expect(mark(page, "field/0/invoice_total")).to_have_class(re.compile("selected"))
    mark(page, "field/0/invoice_id").click()
    number = page.locator(".fields .row.selected")
    expect(number).to_contain_text("INV-2026-0417")

    number.get_by_role("button", name="Edit").click()
    number.get_by_role("textbox").fill("INV-2026-0418")
    number.get_by_role("textbox").press("Enter")
    expect(page.locator(".fields[data-waiting='0']")).to_contain_text("INV-2026-0418")
    (document,) = client.documents()
    (made,) = client.corrections(document.id, "invoice")
    assert (made["old"]["value"], made["new"]["value"]) == ("INV-2026-0417", "INV-2026-0418")

    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    download.value.save_as(tmp_path / "results.csv")
    (exported,) = csv.DictReader((tmp_path / "results.csv").read_text().splitlines())
    assert (exported["invoice_id"], exported["invoice_total"]) == ("INV-2026-0418", "2318.88")


def test_a_question_is_answered_with_its_box(visit, owner, client):
    document = client.upload(SAMPLES / "invoice.pdf")
    client.extract(document.id, "invoice")
    page = visit(owner, at=f"document?document={document.id}")
    page.get_by_role("radio", name="Ask").click(force=True)
    ask(page, "What is the invoice number?")
    answer = page.locator(".fields .row.selected")
    expect(answer).to_contain_text("INV-2026-0417")
    expect(mark(page, "answer/0/")).to_have_class(re.compile("selected"))
    ask(page, "What is the name of the ship's captain?")
    expect(page.locator(".fields .row").first).to_contain_text("no answer found")


def ask(page: Page, question: str) -> None:
    page.get_by_label("Question").fill(question)
    page.get_by_label("Question").press("Enter")


def test_a_bulk_job_is_watched_to_its_end(visit, owner, client):
    page = visit(owner)
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    files = [
        {"name": f"{n}.pdf", "mimeType": "application/pdf", "buffer": small_pdf(f"Bill no. {n}")}
        for n in range(50)
    ]
    page.set_input_files("#docai-files", files)
    expect(page.get_by_text(re.compile(r"\d+ of 50")).first).to_be_visible()
    expect(page.get_by_text("50 of 50")).to_be_visible()
    expect(page.get_by_role("link", name="PARQUET")).to_be_visible()
    expect(page.locator(".listing tr[data-id]:has(.open)")).to_have_count(50)
    (job,) = client.jobs()
    end = time.monotonic() + PATIENT_S  # "50 of 50" may still have been those sent
    while client.progress(job.id).counts.get("done") != 50:
        assert time.monotonic() < end
        time.sleep(0.5)
    expect(page.get_by_text("50 of 50")).to_be_visible()


def test_a_broken_file_says_what_is_wrong_and_what_to_do(visit, owner):
    page = visit(owner)
    files = [
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"buy tea"},
        {"name": "torn.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\ntorn"},
    ]
    page.set_input_files("#docai-files", files)
    expect(page.locator(".upload .wrong")).to_contain_text("neither a PDF nor an image")
    expect(page.get_by_text("damaged beyond repair")).to_be_visible()
    page.get_by_role("button", name="torn.pdf").click()
    expect(page.get_by_role("alert").get_by_text("damaged beyond repair")).to_be_visible()


def test_a_reload_in_the_middle_of_an_upload_loses_nothing_that_arrived(visit, owner, client):
    page = visit(owner)
    page.route("**/docai/upload?name=slow*", lambda route: None)  # it never gets through
    files = [
        {"name": name, "mimeType": "application/pdf", "buffer": small_pdf(name)}
        for name in ("first.pdf", "slow.pdf")
    ]
    page.set_input_files("#docai-files", files)
    expect(page.locator(".upload .says")).to_contain_text("Sending 2 of 2: slow.pdf")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.unroute_all(behavior="ignoreErrors")
    expect(page.get_by_text("1 documents were uploaded")).to_be_visible()
    page.set_input_files("#docai-files", files)  # the same again: the first one is not doubled
    expect(page.get_by_role("button", name="slow.pdf")).to_be_visible()
    expect(page.locator(".listing tr[data-id]:has(.open)")).to_have_count(2)
    assert len(client.documents()) == 2


def test_two_owners_side_by_side_see_their_own(visit, service):
    ann, bob = visit("ann"), visit("bob")
    ann.set_input_files("#docai-files", SAMPLES / "invoice.pdf")
    expect(ann.get_by_role("button", name="invoice.pdf")).to_be_visible()
    expect(bob.get_by_text("Nothing here yet")).to_be_visible()
    with service.client("ann") as client:
        (document,) = client.documents()
    bob.goto(f"{service.web}/document?document={document.id}")
    expect(bob.get_by_text("There is no such thing here")).to_be_visible()
    picture = f"{service.web}/docai/documents/{document.id}/pages/1.png"
    assert bob.request.get(picture).status == 404
    assert ann.request.get(picture).status == 200


def test_review_by_keyboard_alone(visit, owner, client):
    for number in (1, 2):
        lines = (f"Invoice number: INV-{number}", "Invoice date: 2026-03-01", "Total: 120.50 EUR")
        document = client.upload((f"{number}.pdf", small_pdf("INVOICE", *lines)))
        client.extract(document.id, "invoice")
    first = client.reviews().documents[0]
    page = visit(owner, at="review")
    expect(page.get_by_text(f"2 to review · {first.filename}")).to_be_visible()
    chosen = page.locator(".fields .row.selected")
    expect(page.locator(".viewer rect.mark.selected").first).to_be_visible()  # its place is shown
    keys = page.keyboard
    while "Invoice date" not in chosen.inner_text():
        keys.press("ArrowDown")
    keys.press("e")
    keys.press("Control+a")
    keys.type("2 April 2026")
    keys.press("Enter")
    expect(row(page, "field/0/invoice_date")).to_contain_text("2026-04-02")
    keys.press("x")
    expect(page.locator(".fields[data-waiting='0']")).to_be_visible()
    keys.press("u")
    expect(page.locator(".fields[data-waiting='0']")).to_be_visible()
    made = client.corrections(first.id, "invoice")
    assert [bool(each["undone_at"]) for each in made] == [False, True]
    keys.press("Shift+Enter")
    expect(page.get_by_text("1 to review")).to_be_visible()
    # The list of the document before may still stand there; keys would go to that one.
    (second,) = client.reviews().documents
    number = second.filename.removesuffix(".pdf")
    fields = page.locator(".fields", has=page.locator(".row.selected"))
    expect(fields).to_contain_text(f"INV-{number}")
    keys.press("Shift+Enter")
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    assert client.reviews().open == 0
    assert client.extraction(first.id, "invoice").values["invoice_date"] == "2026-04-02"


def test_a_value_is_picked_by_clicking_words(visit, owner, client):
    lines = ("INVOICE", "Invoice number: INV-1", "Reference: R-2", "Total: 120.50 EUR")
    document = client.upload(("pick.pdf", small_pdf(*lines)))
    client.extract(document.id, "invoice")
    page = visit(owner, at=f"document?document={document.id}")
    row(page, "field/0/invoice_id").locator(".field").click()
    page.get_by_role("button", name="Pick on page").click()
    word(page, "R-2").click()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".fields[data-waiting='0']")).to_contain_text("R-2")
    (field,) = [
        field
        for field in client.extraction(document.id, "invoice").result["fields"]
        if field["name"] == "invoice_id"
    ]
    assert (field["value"], field["text"], len(field["evidence"])) == ("R-2", "R-2", 1)


def test_a_long_document_shows_one_page_and_fetches_few(visit, service, owner, client):
    document = client.upload(("long.pdf", small_pdf("INVOICE", "Total: 5.00 EUR", pages=100)))
    client.extract(document.id, "invoice")
    page = visit(owner)
    fetched = []
    page.on("request", lambda r: ".png" in r.url and "/docai/" in r.url and fetched.append(r.url))
    page.goto(f"{service.web}/document?document={document.id}")
    expect(page.locator(".viewer[data-drawn='1']")).to_be_visible()
    expect(page.get_by_role("button", name="Page 100", exact=True)).to_be_attached()
    page.get_by_label("Page number").first.fill("90")
    page.get_by_label("Page number").first.press("Enter")
    expect(page.locator(".viewer[data-drawn='90']")).to_be_visible()
    assert 2 < len(set(fetched)) < 50


def test_text_of_a_document_is_never_rendered(visit, owner, client):
    evil = "<img src=x onerror=alert(1)> **bold** <b>x</b>"
    document = client.upload((f"{evil[:28]}.pdf", small_pdf("INVOICE", f"Invoice number: {evil}")))
    client.extract(document.id, "invoice")
    page = visit(owner, at=f"document?document={document.id}")
    page.on("dialog", lambda dialog: pytest.fail("a script of a document ran"))
    expect(page.get_by_role("heading")).to_contain_text("<img src=x onerror=alert(1)>")
    page.get_by_role("radio", name="Text").click(force=True)
    expect(page.get_by_text("**bold** <b>x</b>")).to_be_visible()
    assert page.locator("img[src='x'], b").count() == 0


def test_sign_in_and_out(visit, service):
    page = visit()
    expect(page.locator(".upload .zone")).to_be_visible()  # on this machine nobody signs in
    page.goto(f"{service.web}/settings")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Key", exact=True).fill("docai_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("This key opens nothing")
    page.get_by_label("Key", exact=True).fill(service.key("carol"))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_chinese(visit, owner):
    page = visit(owner, locale="zh-CN")
    expect(page.get_by_text("将 PDF 或图片拖到这里")).to_be_visible()


def test_a_field_that_was_missed_is_picked_by_clicking_words(visit, owner, client):
    lines = ("INVOICE", "Invoice number: INV-1", "Total: 120.50 EUR", "Pay us before 11 April 2026")
    document = client.upload(("missed.pdf", small_pdf(*lines)))
    client.extract(document.id, "invoice")
    assert "customer_name" not in client.extraction(document.id, "invoice").values
    page = visit(owner, at="review")
    expect(page.locator(".fields .row.selected")).to_be_visible()
    page.keyboard.press("a")
    page.get_by_label("Field", exact=True).select_option(label="Customer")
    word(page, "Pay").click()
    word(page, "us").last.click()
    expect(page.get_by_label("Value", exact=True)).to_have_value("Pay us")
    page.get_by_label("Value", exact=True).press("Enter")
    added = row(page, "field/0/customer_name")
    expect(added).to_contain_text("Pay us")
    expect(added).to_have_class(re.compile("selected"))
    expect(mark(page, "field/0/customer_name")).to_have_class(re.compile("selected"))
    fields = client.extraction(document.id, "invoice").result["fields"]
    (field,) = [field for field in fields if field["name"] == "customer_name"]
    assert (field["text"], len(field["evidence"][0]["words"])) == ("Pay us", 2)


def test_a_document_that_is_right_is_confirmed_in_seconds(visit, owner, client):
    """Each field is looked at, by the keyboard alone; what is left of 20 seconds is for reading."""
    for number in (1, 2, 3):
        lines = (f"Invoice number: INV-{number}", "Invoice date: 2026-03-01", "Total: 120.50 EUR")
        document = client.upload((f"{number}.pdf", small_pdf("INVOICE", *lines)))
        client.extract(document.id, "invoice")
    page = visit(owner, at="review")
    took_s, waiting = [], {"INV-1", "INV-2", "INV-3"}
    for left in (3, 2, 1):
        expect(page.get_by_text(f"{left} to review")).to_be_visible()
        # The list of the document before may still stand there; keys would go to that one.
        fields = page.locator(".fields", has=page.locator(".row.selected"))
        expect(fields).to_contain_text(re.compile("|".join(sorted(waiting))))
        waiting = {number for number in waiting if number not in fields.inner_text()}
        started = time.monotonic()
        for _ in range(page.locator(".fields .row").count()):
            page.keyboard.press("Enter")
        page.keyboard.press("Shift+Enter")
        after = "Nothing waits for you" if left == 1 else f"{left - 1} to review"
        expect(page.get_by_text(after)).to_be_visible()
        took_s.append(time.monotonic() - started)
    assert client.reviews().open == 0
    assert statistics.median(took_s) < 20, took_s


def test_questions_about_a_selection_can_be_left_and_come_back_to(visit, service, owner, client):
    for number in (1, 2):
        document = client.upload((f"{number}.pdf", small_pdf(f"Invoice number: INV-{number}")))
        client.extract(document.id, "invoice")
    page = visit(owner)
    page.get_by_role("checkbox", name="Choose all").check()
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_label("Questions, one a line").fill("What is the invoice number?")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("Looking for the answers")).to_be_visible()
    page.goto(service.web)
    page.goto(f"{service.web}/ask")
    for answer in ("INV-1", "INV-2"):
        expect(page.locator(".listing td", has_text=answer).first).to_be_visible()
    page.get_by_role("button", name="1.pdf").click()
    expect(mark(page, "answer/0/")).to_be_visible()


TOLD = """
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) {
        window.told = () => send.call(this, data);  // once more what was told last
        send.call(this, data);
    };
"""


def test_a_page_that_fetches_once_more_while_it_is_left_does_not_come_back(visit, owner, client):
    document = client.upload(("one.pdf", small_pdf("Invoice number: INV-1")))
    client.extract(document.id, "invoice")
    page = visit(owner, script=TOLD)
    page.get_by_role("checkbox", name="Choose all").check()
    ask = page.get_by_role("button", name="Ask", exact=True)
    expect(ask).to_be_visible()
    page.wait_for_timeout(3000)  # the list has fetched by itself: this is what is told again
    page.evaluate("{ const told = window.told; setInterval(() => told(), 20); }")
    ask.click()
    expect(page.get_by_label("Questions, one a line")).to_be_visible()
    page.wait_for_timeout(5000)
    expect(page.get_by_label("Questions, one a line")).to_be_visible()


def test_a_selection_is_saved_as_searchable_pdfs(visit, owner, client, tmp_path):
    for number in (1, 2):
        document = client.upload((f"{number}.pdf", small_pdf(f"Invoice number: INV-{number}")))
        client.extract(document.id, "invoice")
    page = visit(owner)
    page.get_by_role("checkbox", name="Choose all").check()
    with page.expect_download() as download:
        page.get_by_role("link", name="Searchable PDF").click()
    download.value.save_as(tmp_path / "searchable.zip")
    assert zipfile.ZipFile(tmp_path / "searchable.zip").namelist() == ["2.pdf", "1.pdf"]


def test_how_long_documents_are_kept_is_changed(visit, owner, client):
    page = visit(owner, at="settings")
    expect(page.get_by_text("Documents are kept until somebody deletes them.")).to_be_visible()
    days = page.get_by_label("Delete documents after so many days", exact=True)
    days.fill("30")
    days.press("Enter")
    expect(page.get_by_text("Documents are deleted 30 days after")).to_be_visible()
    assert client.retention()["days"] == 30


def test_a_form_is_reviewed_beside_its_page(visit, owner, client):
    document = client.upload(SAMPLES / "form.jpg")
    found = client.extract(document.id, "form")
    pairs = found.result["key_values"]
    page = visit(owner, at="review")
    expect(page.locator("div.fields .row")).to_have_count(len(pairs))
    expect(mark(page, "key_value/0/Full name")).to_have_class(re.compile("selected"))
    page.keyboard.press("Enter")
    expect(mark(page, "key_value/1/Date of birth")).to_have_class(re.compile("selected"))
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    assert client.reviews().open == 0
    confirmed = client.extraction(document.id, "form").result["key_values"]
    assert all(pair["corrected"] for pair in confirmed)


def test_what_was_filled_in_on_a_form_is_put_right_by_keyboard(visit, owner, client):
    lines = (
        "Full name: Marta Lindqvist",
        "Town: Oxfrod",
        "Telephone: none",
        "Email: m@mail.example",
    )
    document = client.upload(("form.pdf", small_pdf(*lines)))
    client.extract(document.id, "form")
    page = visit(owner, at="review")
    name, town = row(page, "key_value/0/Full name"), row(page, "key_value/1/Town")
    phone = row(page, "key_value/2/Telephone")
    expect(name).to_have_class(re.compile("selected"))
    page.keyboard.press("p")
    word(page, "Lindqvist").click()
    expect(name.get_by_role("textbox")).to_have_value("Lindqvist")
    name.get_by_role("textbox").press("Enter")
    expect(town).to_have_class(re.compile("selected"))
    page.keyboard.press("e")
    expect(town.get_by_role("textbox")).to_have_value("Oxfrod")
    town.get_by_role("textbox").fill("Oxford")
    town.get_by_role("textbox").press("Enter")
    page.keyboard.press("x")
    expect(phone).to_contain_text("nothing filled in")
    page.keyboard.press("x")
    page.keyboard.press("u")  # the last one, which was right
    expect(page.locator(".fields[data-waiting='0']")).to_contain_text("m@mail.example")
    held = client.extraction(document.id, "form").result["key_values"][:4]  # and one of "Page 1"
    texts = [pair["value"] and pair["value"]["text"] for pair in held]
    assert texts == ["Lindqvist", "Oxford", None, "m@mail.example"]
    assert [len(pair["value"]["evidence"][0]["words"]) for pair in held[:2]] == [1, 1]
    assert [bool(pair.get("corrected")) for pair in held] == [True, True, True, False]

    page = visit(owner, at=f"document?document={document.id}")
    town = row(page, "key_value/1/Town")
    expect(town).to_contain_text("Oxford")
    town.locator(".field").click()
    expect(mark(page, "key_value/1/Town")).to_have_class(re.compile("selected"))
    page.keyboard.press("e")
    town.get_by_role("textbox").fill("Bath")
    town.get_by_role("textbox").press("Enter")
    expect(page.locator(".fields[data-waiting='0']")).to_contain_text("Bath")
    page.get_by_text("Corrections (5)").click()
    expect(page.get_by_text("Town: Oxford → Bath")).to_be_visible()
    page.reload()
    expect(row(page, "key_value/1/Town")).to_contain_text("Bath")
