"""What a page is asked in words is learned from fields, from labels of forms, and from kinds."""

import random
from dataclasses import replace

import pytest
from tiny_forms import write_start

torch = pytest.importorskip("torch")

from docai.document import WordRef  # noqa: E402
from docai.errors import UsageError  # noqa: E402
from docai.models.page_reader import HEAD, described, look  # noqa: E402
from docai.models.reader import NOT_HERE, windows_of  # noqa: E402
from docai.models.weights import save  # noqa: E402
from docai.results import Field, FieldType, KeyValue, Span  # noqa: E402
from docai.tasks import described as words  # noqa: E402
from docai.training import described as training  # noqa: E402
from docai.training.answers import AnswerOptions, train_answers  # noqa: E402
from docai.training.finetune import FinetuneOptions  # noqa: E402
from docai.training.labelled import LabelledDocument, Question  # noqa: E402
from docai.training.readers import text_page  # noqa: E402

NAMES, CITIES, NUMBERS = ("smith", "jones"), ("berlin", "street"), ("12", "47", "99")


def page(name, number, kind="invoice"):
    """ "name smith number 12 total 47": whose value is what is told by the word before it."""
    text = f"name {name} number {number} total 47" if kind == "invoice" else f"of {name} of of"
    document, _ = text_page(text, f"{kind}-{name}-{number}")
    if kind != "invoice":
        return LabelledDocument(document, "tiny", kind, fields=(), sought=frozenset({"invoice_id"}))
    field = Field("invoice_id", FieldType.STRING, number, number, 1.0, (WordRef(0, 3),))
    pair = KeyValue(Span("name", (WordRef(0, 0),)), Span(name, (WordRef(0, 1),)), 1.0)
    return LabelledDocument(
        document, "tiny", kind, fields=(field,), key_values=(pair,),
        sought=frozenset({"invoice_id", "iban"}),
    )  # fmt: skip


PAGES = [page(name, number) for name in NAMES for number in NUMBERS]
PAGES += [page(name, "12", kind="letter") for name in (*NAMES, *CITIES)]


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A model that answers one question, hardly trained."""
    folder = tmp_path_factory.mktemp("models")
    start = write_start(folder / "bert")
    asked = [
        replace(one, questions=(Question("name ?", (Span("smith", (WordRef(0, 1),)),)),))
        for one in PAGES[:3]
    ]
    options = AnswerOptions(precision="fp32", epochs=1, held_out=0.0)
    model, tokenizer, _ = train_answers(asked, start, options, quiet=True)
    from docai.models.weights import Card

    return save(model, tokenizer, Card("tiny", "1", "", "", ()), folder)


@pytest.fixture(scope="module")
def taught(reader):
    options = FinetuneOptions(epochs=100, batch=5, learning_rate=5e-3, held_out=0.0)
    loaded, _ = training.train_described(PAGES, reader, options, quiet=True)
    return loaded


def best(loaded, document, name, description):
    vectors = described(loaded.model, loaded.tokenizer, [words.prompt(name, description)])
    found = look(loaded.model, loaded.tokenizer, document).values(vectors)[0]
    return document.text(found[0].words), found[0].odds


def test_a_field_a_label_and_a_kind_are_learned(taught):
    document = PAGES[0].document
    assert best(taught, document, "invoice_id", words.FIELDS["invoice_id"])[0] == "12"
    assert best(taught, document, "name", "")[0] == "smith"
    vectors = described(taught.model, taught.tokenizer, training.KIND_PROMPTS)
    scores = look(taught.model, taught.tokenizer, document).kinds(vectors)
    assert training.KIND_NAMES[scores.index(max(scores))] == "invoice"


def test_what_is_not_on_the_page_is_unlikelier_than_nothing(taught):
    _, here = best(taught, PAGES[0].document, "invoice_id", words.FIELDS["invoice_id"])
    _, missing = best(taught, PAGES[0].document, "iban", words.FIELDS["iban"])
    assert here > 0 > missing


def test_the_encoder_and_its_other_heads_stay_as_they_were(taught, reader):
    from docai.models.weights import load

    before, after = load(reader).model.state_dict(), taught.model.state_dict()
    for name, tensor in before.items():
        torch.testing.assert_close(after[name], tensor, rtol=0, atol=0)
    assert any(name.startswith(f"task_heads.{HEAD}") for name in after)


def test_a_value_that_the_window_cuts_is_not_asked_for(taught):
    document, _ = text_page(" ".join(["name"] * 900), "long")
    refs = tuple(WordRef(0, w) for w in range(350, 420))
    window = windows_of(document, "", taught.tokenizer)[0]
    token_of = training._tokens(window)
    assert training._spans([refs], token_of) == ()
    assert training._spans([refs[:5]], token_of) == ((352, 356),)
    assert training._spans([], token_of) == ((NOT_HERE, NOT_HERE),)


def test_a_field_is_asked_for_in_several_ways_docais_own_first():
    ways = training.ways_to_ask("due_date", "en", random.Random(0))
    assert ways[0] == words.prompt("due_date", words.FIELDS["due_date"])
    assert "due date" in ways and len(ways) == 4


def test_documents_with_nothing_to_ask_are_refused(reader):
    document, _ = text_page("name smith", "bare")
    with pytest.raises(UsageError, match="no fields, pairs or kinds"):
        training.train_described(
            [LabelledDocument(document, "tiny")] * 3,
            reader,
            FinetuneOptions(held_out=0.0),
            quiet=True,
        )


def test_a_head_for_forms_reads_what_the_model_sees_of_a_page(taught, tmp_path):
    from tiny_forms import write_funsd

    from docai.cli import run
    from docai.models.forms import HEAD as FORM
    from docai.models.weights import load

    folder = save(taught.model, taught.tokenizer, taught.card, tmp_path)
    data, out = write_funsd(tmp_path / "forms"), tmp_path / "more"
    command = ["train", "form", "--data", str(data), "--onto", str(folder), "--epochs", "1"]
    assert run([*command, "-o", str(out), "-q"]) == 0
    with_forms = load(out / "more").model
    assert FORM in with_forms.task_heads
    for name, tensor in taught.model.state_dict().items():
        torch.testing.assert_close(with_forms.state_dict()[name], tensor, rtol=0, atol=0)
    assert run([*command, "-o", str(out), "--members", "2", "-q"]) == 2
    command[command.index("--onto") + 1] = str(out / "more")
    still = ["--learning-rate", "0", "--held-out", "0.4", "-q"]
    assert run([*command, *still, "-o", str(tmp_path / "on")]) == 0
    after, before = load(tmp_path / "on" / "on").model.state_dict(), with_forms.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)  # it went on from there
