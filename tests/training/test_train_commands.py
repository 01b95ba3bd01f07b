"""`docai train ...` from labelled folders to a model, a report and a table."""

import json

import pytest
from tiny_forms import write_funsd, write_start

torch = pytest.importorskip("torch")

from docai.cli import run  # noqa: E402
from docai.models.weights import load, load_segments  # noqa: E402

QUICK = ["--epochs", "1", "-q"]


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    return ["--start", str(write_start(tmp_path_factory.mktemp("start") / "bert"))]


@pytest.fixture
def forms(tmp_path):
    return str(write_funsd(tmp_path / "forms"))


@pytest.fixture
def bills(tmp_path):
    """Bills as tagged words, with their boxes."""
    rows = [
        f"city 10 10 40 20 O\n{city} 50 10 90 20 B-CITY\ntotal 10 30 40 40 O\n"
        f"{12 + n}.50 50 30 80 40 B-SUM\n"
        for n, city in enumerate(["berlin", "jones", "street", "smith"])
    ]
    (tmp_path / "bills.bio").write_text("\n".join(rows))
    return str(tmp_path / "bills.bio")


def test_a_form_model_is_trained_saved_and_reported(forms, start, tmp_path, capsys):
    out = tmp_path / "mine"
    command = ["train", "form", "--data", forms, *start, "-o", str(out), "--members", "2", *QUICK]
    assert run(command) == 0
    assert len(load_segments(out / "mine").model.networks) == 2
    assert "question → answer" in capsys.readouterr().out
    assert "<svg" in (out / "report.html").read_text("utf-8")


def test_forms_are_cross_validated_with_one_command(forms, start, tmp_path, capsys):
    out = tmp_path / "folds"
    command = ["train", "form", "--data", forms, *start, "-o", str(out), "--folds", "3"]
    assert run([*command, "--members", "1", *QUICK]) == 0
    table = capsys.readouterr().out
    assert "mean ± sd" in table and "pieces: pairs" in table
    assert not (out / "folds").exists()  # no model was made of it


def test_fields_are_trained_and_then_tuned_on_a_few_documents(bills, start, tmp_path, capsys):
    base, few = tmp_path / "base", tmp_path / "few"
    assert run(["train", "fields", "--data", bills, *start, "-o", str(base), *QUICK]) == 0
    assert load_segments(base / "base").model.config.labels == ("nothing", "city", "sum")
    command = ["train", "fewshot", "--data", bills, "--model", str(base / "base"), "-q"]
    assert run([*command, "-o", str(few)]) == 0
    believed = json.loads((few / "believed.json").read_text())
    assert believed.keys() == {"city", "sum"}
    for way in set(believed.values()) - {"before"}:
        assert load_segments(few / way).model.config.labels == ("nothing", "city", "sum")
    assert "believed" in capsys.readouterr().out


def test_what_few_documents_teach_can_be_measured(bills, start, tmp_path, capsys):
    base = tmp_path / "base"
    assert run(["train", "fields", "--data", bills, *start, "-o", str(base), *QUICK]) == 0
    capsys.readouterr()
    command = ["train", "fewshot", "--data", bills, "--model", str(base / "base"), "-q"]
    assert run([*command, "--shots", "1"]) == 0
    header = capsys.readouterr().out.splitlines()[1]
    assert header.split() == ["documents", "before", "asked", "prompt", "full", "guarded", "CPU"]


def test_document_types_are_trained_from_corrections(start, tmp_path, capsys):
    (tmp_path / "kinds.jsonl").write_text(
        "\n".join(json.dumps(_corrected(n, ("order", "letter")[n % 2])) for n in range(8))
    )
    out = tmp_path / "kinds"
    data = ["--data", str(tmp_path / "kinds.jsonl"), "--held-out", "0.25"]
    assert run(["train", "classify", *data, *start, "-o", str(out), *QUICK]) == 0
    assert load_segments(out / "kinds").model.config.labels == ("letter", "order")
    assert "Document types" in capsys.readouterr().out


def _corrected(number, kind):
    texts = ["invoice", "number", str(number)] if kind == "order" else ["name", "smith", "street"]
    words = [
        {"text": t, "box": [20 + 60 * i, 20, 60 + 60 * i, 30], "confidence": 1.0}
        for i, t in enumerate(texts)
    ]
    page = {
        "number": 1, "width": 300, "height": 200, "dpi": None, "rotation": 0, "skew": 0.0,
        "text_source": "embedded", "words": words, "lines": [[0, 1, 2]], "blocks": [],
    }  # fmt: skip
    source = {"filename": f"{number}.pdf", "sha256": "", "media_type": "a/b", "bytes": 1}
    label = {"name": kind, "confidence": 1.0}
    return {"format_version": 1, "pages": [page], "source": source, "label": label}


def test_a_reader_is_trained_and_then_asked_in_words(forms, start, tmp_path, capsys):
    paragraphs = [
        {
            "context": f"name smith city {city}",
            "qas": [{"question": "city ?", "answers": [{"text": city, "answer_start": 16}]}],
        }
        for city in ("berlin", "jones", "street")
    ]
    (tmp_path / "a.json").write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}))
    out = tmp_path / "qa"
    command = ["train", "qa", "--data", str(tmp_path / "a.json"), *start, "-o", str(out), *QUICK]
    assert run([*command, "--precision", "fp32"]) == 0
    assert "answer" in load(out / "qa").model.config.task_heads
    assert "exact match" in capsys.readouterr().out
    more = ["train", "described", "--data", forms, "--model", str(out / "qa"), *QUICK]
    assert run([*more, "-o", str(tmp_path / "more")]) == 0
    heads = load(tmp_path / "more" / "more").model.config.task_heads
    assert set(heads) == {"answer", "described"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["form", "--folds", "99"],
        ["classify"],
        ["fields"],
    ],
)
def test_data_that_does_not_fit_the_task_is_wrong_usage(arguments, forms, start, tmp_path):
    command = ["train", *arguments, "--data", forms, *start, "-o", str(tmp_path / "x"), *QUICK]
    assert run(command) == 2


def test_a_start_that_is_not_there_is_said(forms, tmp_path):
    command = ["train", "form", "--data", forms, "--start", str(tmp_path), "-o", str(tmp_path)]
    assert run([*command, *QUICK]) == 3
