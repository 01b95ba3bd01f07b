"""Rules and the reader together: each answer once, one confidence, in order."""

import pytest

pytest.importorskip("torch")

from test_task_invoice import AMERICAN
from typed import document

from docai.document import Document, Page, Source, Word, WordRef
from docai.geometry import Box
from docai.results import Answer, KeyValue, Span
from docai.tasks import answer, model_of, read_form
from docai.tasks.ask_model import FITTED, MOST_PAGES, gathered, pages_about, ranked, unread
from docai.tasks.together import Said

STORY = (
    "The museum opened in 1911 . Its founder , the sailor Emma Vance , gave her collection of "
    "maps to the town . On Mondays the museum is closed ."
)


@pytest.fixture(autouse=True)
def with_model(monkeypatch):
    monkeypatch.delenv("DOCAI_MODEL")


def page_of(text, number=1):
    words = []
    for i, word in enumerate(text.split()):
        left, top = 50 + 40 * (i % 10), 50 + 15 * (i // 10)
        words.append(Word(word, Box(left, top, left + 35, top + 10)))
    return Page(number, 500, 700, tuple(words))


def story(*texts):
    pages = tuple(page_of(text, n) for n, text in enumerate(texts, 1))
    return Document(Source("story", "", "text/plain", 0), pages)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who was the founder of the museum?", "Emma Vance"),
        ("When did the museum open?", "1911"),
        ("On which day is the museum closed?", "Mondays"),
    ],
)
def test_prose_is_read(question, expected):
    made = story(STORY)
    best = answer(made, question)[0]
    assert expected in best.text
    assert made.text(best.evidence) == best.text
    assert model_of().name == "docai-small"


def test_what_stands_beside_a_label_that_the_model_sees_is_an_answer(monkeypatch):
    made = document("Jones\n\n\n\nHauler")
    value, label = (Span(word.text, (WordRef(0, i),)) for i, word in enumerate(made.pages[0].words))
    assert unread(made, "Who is the hauler?") == ()
    monkeypatch.setattr(read_form, "pairs", lambda _: (KeyValue(label, value, 0.9),))
    assert [one.text for one in unread(made, "Who is the hauler?")] == ["Jones"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [("What is the invoice number?", "A-1007"), ("What is the total?", "$343.98")],
)
def test_what_rules_know_stays_known(question, expected):
    best = answer(document(AMERICAN), question, top=3)
    assert best[0].text == expected
    assert [one.confidence for one in best] == sorted((a.confidence for a in best), reverse=True)
    assert len({one.text for one in best}) == len(best)


@pytest.mark.parametrize("question", ["", "?", "the of is"])
def test_what_asks_nothing_is_not_answered(question):
    assert answer(story(STORY), question) == ()


def test_both_sides_agreeing_are_surer_than_one():
    rules = [Answer("1911", 0.8, ())]
    found = gathered(story(STORY), "When did it open?", rules)
    both = next(said for _, said in found if said.rules is not None)
    assert both.rules == 0.8 and both.odds is not None
    alone = [Said(both.odds, both.lead, None), Said(None, 0.0, 0.8)]
    assert FITTED.probability(both) > max(map(FITTED.probability, alone))


def test_the_readers_order_is_kept_where_rules_are_silent():
    found = gathered(story(STORY), "Who was the founder of the museum?", [])
    told = ranked(found, least=0.0)
    by_odds = sorted(found, key=lambda pair: -pair[1].odds)
    assert told[0].text == by_odds[0][0].text


def test_of_many_pages_those_about_the_question_are_read():
    made = story(*["Nothing of interest is said here ."] * 9, STORY, *["More of the same ."] * 9)
    chosen = pages_about(made, "Who was the founder of the museum?")
    assert 9 in chosen and len(chosen) == MOST_PAGES
    assert "Emma Vance" in answer(made, "Who was the founder of the museum?")[0].text
