"""The command as a user types it: outputs, exit statuses, errors in words."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest
from pages import text

from docai.cli import run
from docai.models import small

INVOICE = text("Invoice number: INV-17", "Invoice date: 2026-03-12", "Total: 24.00 EUR")


@pytest.fixture
def docai(capfdbinary):
    """`docai(…)` is (exit status, standard output, standard error)."""

    def call(*arguments: object) -> tuple[int, str, str]:
        try:
            status = run([str(argument) for argument in arguments])
        except SystemExit as exit:
            status = int(exit.code or 0)
        output, error = capfdbinary.readouterr()
        return status, output.decode(), error.decode()

    return call


def test_read_writes_the_documents_json(docai, pdf):
    status, output, _ = docai("read", pdf(INVOICE))
    value = json.loads(output)
    assert status == 0
    assert value["format_version"] == 1
    assert value["pages"][0]["text_source"] == "embedded"
    assert [word["text"] for word in value["pages"][0]["words"]][:2] == ["Invoice", "number:"]


def test_several_files_give_json_lines_and_errors_are_objects_in_their_place(docai, pdf, tmp_path):
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"nothing")
    status, output, error = docai("extract", pdf(INVOICE), broken, tmp_path / "gone.pdf")
    first, second, third = map(json.loads, output.splitlines())
    assert status == 1
    assert first["source"]["filename"] == "document.pdf"
    assert second["error"]["code"] == "unsupported_format"
    assert third["error"] == {
        "code": "unreadable_file",
        "message": f"{tmp_path / 'gone.pdf'}: No such file or directory",
        "retryable": False,
    }
    assert "broken.pdf is neither a PDF nor" in error


def test_nothing_read_is_3(docai, tmp_path):
    status, output, error = docai("read", tmp_path / "gone.pdf")
    assert (status, json.loads(output)["error"]["code"]) == (3, "unreadable_file")
    assert "gone.pdf" in error


def test_wrong_usage_is_2(docai, pdf):
    assert docai("read")[0] == 2
    assert docai("frobnicate")[0] == 2
    status, _, error = docai("extract", pdf(INVOICE), "--task", "poem")
    assert status == 2
    assert "invoice" in error
    assert docai("read", pdf(INVOICE), "--max-pages", "many")[0] == 2
    assert docai("read", pdf(INVOICE), "--text", "telepathy")[0] == 2


@pytest.mark.parametrize(
    ("format", "start"),
    [("txt", "Invoice number"), ("md", "Invoice number"), ("html", "<!doctype")],
)
def test_read_in_other_formats(docai, pdf, format, start):
    status, output, _ = docai("read", pdf(INVOICE), "--format", format)
    assert status == 0
    assert output.startswith(start)


def test_extract_as_csv_names_and_values(docai, pdf):
    _, output, _ = docai("extract", pdf(INVOICE), "--task", "invoice", "--format", "csv")
    rows = {row["name"]: row["value"] for row in csv.DictReader(io.StringIO(output))}
    assert rows["invoice_id"] == "INV-17"
    assert rows["invoice_date"] == "2026-03-12"
    assert rows["invoice_total"] == "24.00"


def test_extract_with_the_names_of_another_service(docai, pdf):
    _, output, _ = docai("extract", pdf(INVOICE), "--task", "invoice", "--names", "azure")
    assert "InvoiceId" in {field["name"] for field in json.loads(output)["fields"]}


def test_ask_answers_with_the_page_or_says_that_there_is_none(docai, pdf):
    path = pdf(INVOICE)
    status, output, _ = docai("ask", path, "What is the invoice number?")
    assert (status, output.split("  ")[0]) == (0, "INV-17")
    assert "page 1" in output
    _, output, _ = docai("ask", path, "Who painted the ceiling?")
    assert output == "no answer found\n"
    _, output, _ = docai("ask", path, "Who painted the ceiling?", "--format", "json")
    assert json.loads(output)["answers"][0]["answer"] is None


def test_output_goes_into_a_file_or_one_file_each_into_a_folder(docai, pdf, tmp_path):
    one, two = pdf(INVOICE, name="one.pdf"), pdf(INVOICE, name="two.pdf")
    assert docai("read", one, "-o", tmp_path / "one.json")[:2] == (0, "")
    assert json.loads((tmp_path / "one.json").read_text())["source"]["filename"] == "one.pdf"
    assert docai("read", one, two, "--format", "txt", "-o", tmp_path / "texts")[0] == 0
    assert sorted(p.name for p in (tmp_path / "texts").iterdir()) == ["one.txt", "two.txt"]


def test_a_failed_document_leaves_no_file_that_looks_whole(docai, pdf, tmp_path):
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4")
    assert docai("read", broken, "--format", "txt", "-o", tmp_path / "broken.txt")[0] == 3
    assert not (tmp_path / "broken.txt").exists()
    assert not list(tmp_path.glob("*.part"))


def test_a_pipe_or_device_is_written_to_and_not_replaced(docai, pdf, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as cat:
        assert docai("read", pdf(INVOICE), "--format", "txt", "-o", pipe)[0] == 0
        assert cat.communicate()[0].startswith(b"Invoice number")
    assert pipe.is_fifo()


def test_an_output_that_cannot_be_written_is_said_in_words(docai, pdf, tmp_path):
    status, _, error = docai("read", pdf(INVOICE), "-o", tmp_path / "no" / "such" / "x.json")
    assert (status, "Traceback" in error) == (2, False)
    assert "cannot be written" in error


def test_standard_input_is_a_file(pdf):
    command = [sys.executable, "-m", "docai", "read", "-", "--format", "txt"]
    with pdf(INVOICE).open("rb") as file:
        done = subprocess.run(command, stdin=file, capture_output=True, check=True)
    assert done.stdout.startswith(b"Invoice number")


def test_a_closed_pipe_is_no_error(pdf):
    path = pdf(*[INVOICE] * 300)
    command = f"{sys.executable} -m docai read {path} | head -c 10"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_environment_sets_options(docai, pdf, monkeypatch):
    monkeypatch.setenv("DOCAI_MAX_PAGES", "1")
    status, output, _ = docai("read", pdf(INVOICE, INVOICE))
    assert (status, json.loads(output)["error"]["code"]) == (3, "limit_exceeded")
    assert docai("read", pdf(INVOICE, INVOICE), "--max-pages", "2")[0] == 0


def test_json_log(docai, tmp_path):
    _, _, error = docai("read", tmp_path / "gone.pdf", "--json-log")
    assert json.loads(error)["level"] == "ERROR"


def test_batch_writes_the_table_and_resumes(docai, pdf, tmp_path):
    (tmp_path / "in").mkdir()
    pdf(INVOICE, name="in/a.pdf")
    (tmp_path / "in" / "notes.txt").write_text("hello")
    arguments = ("batch", tmp_path / "in", "--task", "invoice", "-o", tmp_path / "out")
    status, _, error = docai(*arguments, "--workers", 1)
    assert status == 1
    assert "1 done, 1 failed, 0 were finished before" in error
    table = (tmp_path / "out" / "results.csv").read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["status"] for row in rows] == ["done", "failed"]
    assert rows[0]["invoice_total"] == "24.00 EUR"
    assert "2 were finished before" in docai(*arguments)[2]


def test_doctor_lists_engines_and_limits(docai):
    status, output, _ = docai("doctor", "--json")
    report = json.loads(output)
    assert status == 0
    assert {"rapidocr", "paddleocr", "tesseract"} <= {e["name"] for e in report["engines"]}
    assert report["limits"]["max_pages"] == 5000
    assert "OCR engines" in docai("doctor")[1]


def test_doctor_says_who_answers_questions(docai, monkeypatch):
    assert "answered by rules; docai-small needs" in docai("doctor")[1]
    monkeypatch.delenv("DOCAI_MODEL")
    version = small.info().version
    assert f"answered by rules and docai-small {version}" in docai("doctor")[1]


def test_models_are_listed_and_a_foreign_file_is_refused(docai, tmp_path):
    status, output, _ = docai("models", "--models", tmp_path, "list")
    assert status == 0
    assert "no models in" in output
    assert "ernie-layoutx-base-uncased" in output
    (tmp_path / "poem.pdparams").write_bytes(b"roses are red")
    (tmp_path / "config.json").write_text("{}")
    status, _, error = docai("models", "import", tmp_path / "poem.pdparams", "--models", tmp_path)
    assert status == 2  # --models stands before the action
    arguments = ("models", "--models", tmp_path / "m", "import", tmp_path / "poem.pdparams")
    status, _, error = docai(*arguments)
    assert (status, error.count("Traceback")) == (3, 0)
    assert not list((tmp_path / "m").glob("*/model.safetensors"))


@pytest.fixture
def forms(tmp_path):
    """A folder as FUNSD's, of one form with a question and its answer."""
    entities = [
        {"id": n, "label": label, "text": text, "box": box, "linking": [[0, 1]],
         "words": [{"text": text, "box": box}]}
        for n, (label, text, box) in enumerate(
            [("question", "Name:", [10, 10, 60, 30]), ("answer", "Doe", [300, 300, 350, 320])]
        )
    ]  # fmt: skip
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "a.json").write_text(json.dumps({"form": entities}))
    return tmp_path


def test_figures_are_told_as_text_and_as_json(docai, forms):
    status, output, _ = docai("evaluate", "form", "--data", forms)
    assert status == 0
    assert output.startswith("Forms, from the annotated words\n\nPairs\n")
    _, output, _ = docai("evaluate", "form", "--data", forms, "--format", "json")
    pairs, confidence, _ = json.loads(output)["tables"]
    assert pairs["rows"][0]["name"] == "strict"
    assert (pairs["rows"][0]["expected"], pairs["rows"][0]["F1"]) == (1, 0)
    assert confidence["rows"][0]["claims"] == 0


def test_a_second_data_set_is_refused_where_one_is_measured(docai, forms):
    status, _, errors = docai("evaluate", "form", "--data", forms, "--data", forms)
    assert status == 2 and "one --data at a time" in errors


def test_the_worst_documents_are_drawn_in_a_file(docai, forms, tmp_path):
    target = tmp_path / "report.html"
    arguments = ("--data", forms, "--format", "html", "-o", target)
    assert docai("evaluate", "form", *arguments)[:2] == (0, "")
    assert "a.json: lenient F1 0.00" in target.read_text("utf-8")
    (tmp_path / "empty").mkdir()
    assert docai("evaluate", "form", "--data", tmp_path / "empty", *arguments[2:])[0] == 2
    assert "a.json" in target.read_text("utf-8")  # the one from before


def test_show_draws_the_page(docai, pdf, tmp_path):
    from PIL import Image

    target = tmp_path / "page.png"
    assert docai("show", pdf(INVOICE), "-o", target, "--task", "invoice")[0] == 0
    with Image.open(target) as picture:
        assert picture.format == "PNG"
        colours = picture.convert("RGB").getcolors(maxcolors=1_000_000)
    assert any(max(rgb) - min(rgb) > 60 for _, rgb in colours)  # something is drawn in colour
    assert docai("show", pdf(INVOICE), "--page", 9)[0] == 2


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import docai.cli", {"numpy", "torch", "cv2", "onnxruntime", "pandas"}),
        (
            "from docai.cli import run; import sys; run(['read', sys.argv[1], '-o', '/dev/null'])",
            {"numpy", "torch", "cv2", "onnxruntime", "pandas"},
        ),
    ],
)
def test_heavy_packages_are_not_imported_without_need(pdf, code, absent):
    program = f"{code}\nimport sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program, str(pdf(INVOICE))],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert not absent & set(done.stdout.split())
