"""Reading comprehension, and document types, on small pages."""

import json

import pytest
from tiny_forms import WORDS, write_start

torch = pytest.importorskip("torch")

from docai.document import WordRef  # noqa: E402
from docai.results import Span  # noqa: E402
from docai.training.answers import (  # noqa: E402
    answer,
    train_answers,
    windows_of,
)
from docai.training.finetune import FinetuneOptions  # noqa: E402
from docai.training.kinds import train_kinds  # noqa: E402
from docai.training.labelled import LabelledDocument, Question  # noqa: E402
from docai.training.readers import read, text_page  # noqa: E402
from docai.training.start import text_start  # noqa: E402


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    return write_start(tmp_path_factory.mktemp("start") / "bert")


def test_a_long_page_takes_several_windows_and_the_answer_is_in_those_that_hold_it(start):
    tokenizer = text_start(start).tokenizer
    words = [*["name"] * 400, "berlin", *["date"] * 400]
    document, _ = text_page(" ".join(words), "long")
    truth = Span("berlin", (WordRef(0, 400),))
    windows = windows_of(document, "city ?", tokenizer, truth)
    berlin = tokenizer.pieces(["berlin"]).ids[0]
    holding = [w for w in windows if berlin in w.window.token_ids]
    assert len(windows) > 2 and holding
    for window in windows:
        first, last = window.span
        if window in holding:
            assert window.window.token_ids[first] == window.window.token_ids[last] == berlin
        else:
            assert window.span == (0, 0)


def test_every_word_of_the_page_is_in_a_window(start):
    tokenizer = text_start(start).tokenizer
    document, _ = text_page(" ".join(WORDS.split() * 40), "long")
    seen = {ref for w in windows_of(document, "what ?", tokenizer) for ref in w.words if ref}
    assert seen == set(document.refs())


def page_with(city, number):
    text = f"name smith number {number} city {city} date 12"
    document, _ = text_page(text, f"{city}-{number}")
    place = text.split().index(city)
    question = Question("city ?", (Span(city, (WordRef(0, place),)),))
    return LabelledDocument(document, "tiny", questions=(question,))


def test_a_reader_learns_where_the_answer_stands(start):
    documents = [page_with(city, n) for n in ("47", "99") for city in ("berlin", "jones", "street")]
    options = FinetuneOptions(epochs=30, batch=6, learning_rate=1e-2, held_out=0.0)
    reader, tokenizer, _ = train_answers(documents, start, options, quiet=True)
    found = answer(reader, tokenizer, page_with("berlin", "47").document, "city ?")
    assert found == Span("berlin", (WordRef(0, 5),))


def test_the_held_out_documents_are_asked_and_counted(start):
    documents = [page_with(city, "47") for city in ("berlin", "jones", "street", "total")]
    options = FinetuneOptions(epochs=1, held_out=0.5)
    _, _, scores = train_answers(documents, start, options, quiet=True)
    assert scores.asked == 2


def test_document_types_are_told_apart_by_their_lines(start, tmp_path):
    documents = []
    for number in range(16):
        kind = ("bill", "letter")[number % 2]
        text = {"bill": "invoice total 12 number 47 ", "letter": "name smith of street city "}[kind]
        document, _ = text_page(text * (2 + number % 3), f"{kind}-{number}")
        documents.append(LabelledDocument(_with_lines(document), "tiny", kind))
    options = FinetuneOptions(epochs=12, batch=4, learning_rate=5e-3, held_out=0.25)
    _, _, scores = train_kinds(documents, start, options, quiet=True)
    assert len(scores.pairs) == 4
    assert scores.accuracy == 1.0
    assert [table.title for table in scores.tables()] == ["Document types", "Which for which"]


def _with_lines(document):
    from dataclasses import replace

    from docai.layout import arrange

    return replace(document, pages=tuple(map(arrange, document.pages)))


def test_squad_files_can_be_trained_on_as_they_are(start, tmp_path):
    paragraphs = [
        {
            "context": f"name smith city {city}",
            "qas": [
                {"question": "city ?", "answers": [{"text": city, "answer_start": 16}]},
            ],
        }
        for city in ("berlin", "jones", "street")
    ]
    data = {"data": [{"title": "a", "paragraphs": paragraphs}]}
    (tmp_path / "train.json").write_text(json.dumps(data))
    options = FinetuneOptions(epochs=1, held_out=0.3)
    _, _, scores = train_answers(read(tmp_path), start, options, quiet=True)
    assert scores.asked == 1
