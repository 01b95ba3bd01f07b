"""Reading comprehension, and document types, on small pages."""

import json
import shutil
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from tiny_forms import WORDS, write_start

torch = pytest.importorskip("torch")

from docai.document import WordRef  # noqa: E402
from docai.errors import ModelError, UsageError  # noqa: E402
from docai.models.reader import windows_of  # noqa: E402
from docai.models.weights import Card, save  # noqa: E402
from docai.results import KeyValue, Span  # noqa: E402
from docai.training import synth  # noqa: E402
from docai.training.answers import (  # noqa: E402
    AnswerOptions,
    answer,
    card,
    train_answers,
    without_kept_out,
)
from docai.training.asked import with_questions  # noqa: E402
from docai.training.described import with_head  # noqa: E402
from docai.training.finetune import FinetuneOptions  # noqa: E402
from docai.training.kinds import train_kinds  # noqa: E402
from docai.training.labelled import LabelledDocument, Question  # noqa: E402
from docai.training.readers import read, text_page  # noqa: E402
from docai.training.start import text_start  # noqa: E402
from docai.training.terms import terms_of  # noqa: E402


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    return write_start(tmp_path_factory.mktemp("start") / "bert")


def test_a_long_page_takes_several_windows_and_the_answer_is_in_those_that_hold_it(start):
    tokenizer = text_start(start).tokenizer
    words = [*["name"] * 400, "berlin", *["date"] * 400]
    document, _ = text_page(" ".join(words), "long")
    windows = windows_of(document, "city ?", tokenizer, (WordRef(0, 400),))
    berlin = tokenizer.pieces(["berlin"]).ids[0]
    holding = [w for w in windows if berlin in w.window.token_ids]
    assert len(windows) > 2 and holding
    for window in windows:
        first, last = window.span
        if window in holding:
            assert window.window.token_ids[first] == window.window.token_ids[last] == berlin
        else:
            assert window.span == (0, 0)


def test_a_start_may_have_a_whole_tokenizer_instead_of_a_vocabulary(start, tmp_path):
    folder = Path(shutil.copytree(start, tmp_path / "start"))
    text_start(start).tokenizer.save(folder / "tokenizer.json")
    (folder / "vocab.txt").unlink()
    words = ["berlin", "city"]
    assert text_start(folder).tokenizer.pieces(words) == text_start(start).tokenizer.pieces(words)
    (folder / "tokenizer.json").write_text("{}", "utf-8")
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        text_start(folder)


def test_every_word_of_the_page_is_in_a_window(start):
    tokenizer = text_start(start).tokenizer
    document, _ = text_page(" ".join(WORDS.split() * 40), "long")
    seen = {ref for w in windows_of(document, "what ?", tokenizer) for ref in w.words if ref}
    assert seen == set(document.refs())


def test_pages_that_are_not_wanted_are_in_no_window(start):
    tokenizer = text_start(start).tokenizer
    first, second = (text_page(text, text)[0] for text in ("name smith", "city berlin"))
    document = replace(first, pages=(*first.pages, *second.pages))
    windows = windows_of(document, "what ?", tokenizer, pages=[1])
    assert {ref.page for w in windows for ref in w.words if ref} == {1}


def page_with(city, number):
    text = f"name smith number {number} city {city} date 12"
    document, _ = text_page(text, f"{city}-{number}")
    place = text.split().index(city)
    question = Question("city ?", (Span(city, (WordRef(0, place),)),))
    return LabelledDocument(document, "tiny", questions=(question,))


def test_a_reader_learns_where_the_answer_stands(start):
    documents = [page_with(city, n) for n in ("47", "99") for city in ("berlin", "jones", "street")]
    options = AnswerOptions(precision="fp32", epochs=30, batch=6, learning_rate=1e-2, held_out=0.0)
    reader, tokenizer, _ = train_answers(documents, start, options, quiet=True)
    found = answer(reader, tokenizer, page_with("berlin", "47").document, "city ?")
    assert found == Span("berlin", (WordRef(0, 5),))


def test_training_goes_on_from_a_reader_and_leaves_other_heads_alone(start, tmp_path):
    documents = [page_with(city, "47") for city in ("berlin", "jones", "street")]
    first, tokenizer, _ = train_answers(
        documents, start, AnswerOptions(precision="fp32", epochs=1, held_out=0.0), quiet=True
    )
    with_words = with_head(first, seed=0)
    begun = Card("tiny", "1", "", "", (("older", "free"),))
    folder = save(with_words, tokenizer, begun, tmp_path)
    # At a rate of nothing all is as it was.
    options = AnswerOptions(precision="fp32", epochs=1, learning_rate=0.0, held_out=0.0)
    same, _, scores = train_answers(documents, None, options, model=folder, quiet=True)
    torch.testing.assert_close(same.state_dict(), with_words.state_dict())
    options = replace(options, learning_rate=1e-2)
    more, _, _ = train_answers(documents, None, options, model=folder, quiet=True)
    moved = {
        name.split(".")[1]
        for name, weight in more.state_dict().items()
        if name.startswith("task_heads") and not torch.equal(weight, same.state_dict()[name])
    }
    assert moved == {"answer"}
    learned = dict(card("tiny", documents, scores, begun).data)
    assert learned == {"older": "free", "tiny": terms_of("tiny")}


def test_the_layers_that_other_heads_read_may_stay_as_they_are(start, tmp_path):
    documents = [page_with(city, "47") for city in ("berlin", "jones", "street")]
    options = AnswerOptions(precision="fp32", epochs=1, held_out=0.0)
    first, tokenizer, _ = train_answers(documents, start, options, quiet=True)
    folder = save(first, tokenizer, Card("tiny", "1", "", "", ()), tmp_path)
    more, _, _ = train_answers(
        documents, None, replace(options, layers=1), model=folder, quiet=True
    )
    last = len(first.encoder.layers) - 1
    moved = {
        name
        for name, weight in more.state_dict().items()
        if not torch.equal(weight, first.state_dict()[name])
    }
    assert moved
    assert all(name.startswith((f"encoder.layers.{last}.", "task_heads.answer.")) for name in moved)


def test_the_held_out_documents_are_asked_and_counted(start):
    documents = [page_with(city, "47") for city in ("berlin", "jones", "street", "total")]
    options = AnswerOptions(precision="fp32", epochs=1, held_out=0.5)
    _, _, scores = train_answers(documents, start, options, quiet=True)
    assert scores.asked == 2


def test_what_is_kept_out_is_not_learned_but_synthetic_pages_are():
    documents = [
        replace(labelled_pair("Surname", name), origin=origin)
        for origin in ("tiny", "synthetic")
        for name in map(str, range(60))
    ]
    kept = without_kept_out(documents)
    assert sum(one.origin == "synthetic" for one in kept) == 60
    assert 36 < sum(one.origin == "tiny" for one in kept) < 60


def test_one_document_is_too_little_to_learn_from(start):
    with pytest.raises(UsageError, match="two documents at least"):
        train_answers([page_with("berlin", "47")], start, AnswerOptions(), quiet=True)


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
    options = AnswerOptions(precision="fp32", epochs=1, held_out=0.3)
    _, _, scores = train_answers(read(tmp_path), start, options, quiet=True)
    assert scores.asked == 1


def labelled_pair(label, value, origin="tiny"):
    document, _ = text_page(f"{label} {value}", f"{label}-{value}")
    pair = KeyValue(Span(label, (WordRef(0, 0),)), Span(value, (WordRef(0, 1),)), 1.0)
    return LabelledDocument(document, origin, "form", "en", key_values=(pair,))


def test_labels_become_questions_and_others_pages_do_not_answer_them():
    documents = [labelled_pair("Destination", "Berlin"), labelled_pair("Surname", "Jones")] * 20
    asked = with_questions(documents, seed=3)
    assert len(asked) == 40
    foreign = 0
    for one in asked:
        own, *others = one.questions
        assert one.key_values[0].key.text.lower() in own.text.lower()
        assert own.answers == (one.key_values[0].value,)
        for question in others:
            assert not question.answers
            assert one.key_values[0].key.text.lower() not in question.text.lower()
        foreign += len(others)
    assert 0 < foreign < 20
    assert with_questions(documents, seed=3) == asked


def test_a_few_questions_of_each_synthetic_page_are_enough():
    page, _ = text_page("Surname Jones", "a")
    questions = tuple(Question(f"question {n} ?", ()) for n in range(9))
    (one,) = with_questions([LabelledDocument(page, "synthetic", questions=questions)], seed=0)
    assert len(one.questions) == 1


def test_some_fields_are_asked_for_in_another_language_than_the_documents():
    english = list(islice(synth.documents("invoice", "en", 5), 60))
    asked = with_questions([replace(one, origin="tiny") for one in english], seed=0)
    others = 0
    for one, now in zip(english, asked, strict=True):
        foreign = [q for q in now.questions if q.answers and q not in one.questions]
        places = {place for found in one.places.values() for place in found}
        assert {span.evidence for question in foreign for span in question.answers} <= places
        others += bool(foreign)
    assert 6 < others < 30
