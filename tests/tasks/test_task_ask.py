import json
import re
from importlib import resources
from pathlib import Path
from random import Random

import pytest
from test_task_invoice import AMERICAN, GERMAN
from typed import document

from docai.document import Cell, CellKind, Document, Page, Source, Table, Word, WordRef
from docai.geometry import Box
from docai.results import KeyValue, Span
from docai.tasks import answer
from docai.tasks.ask import FIELDS_OF, answers, understand
from docai.training.synth import LANGUAGES
from docai.training.synth.wording import expanded, vocabulary

WORDINGS = Path(__file__).parents[1] / "data" / "wordings.json"


def first(made, question):
    found = answer(made, question)
    return found[0].text if found else None


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is the invoice number?", "A-1007"),
        ("When is the payment due?", "03/03/2026"),
        ("When was the invoice issued?", "02/17/2026"),
        ("What is the total?", "$343.98"),
        ("Who is the vendor?", "ACME SUPPLY INC"),
        ("Who is the customer?", "Jane Doe"),
        ("How much is the desk lamp?", "$20.00"),
        ("What is the unit price of the office chair?", "$99.50"),
        ("What is the quantity of the office chair?", "3"),
        ("What is the PO number?", "PO-5512"),
    ],
)
def test_questions_about_an_american_invoice(question, expected):
    assert first(document(AMERICAN), question) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Wie lautet die Rechnungsnummer?", "RE-2026-0042"),
        ("Bis wann muss bezahlt werden?", "17.02.2026"),
        ("Wie hoch ist der Gesamtbetrag?", "351,05 €"),
        ("What is the IBAN?", "DE89 3704 0044 0532 0130 00"),
        ("¿Cuál es el número de factura?", "RE-2026-0042"),
        ("Quel est le montant total TTC ?", "351,05 €"),
        ("发票号码是多少？", "RE-2026-0042"),
    ],
)
def test_the_question_need_not_be_in_the_documents_language(question, expected):
    assert first(document(GERMAN), question) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is the supplier's address?", "vendor_address"),
        ("What's the VAT number of the buyer?", "customer_tax_id"),
        ("How did the customer pay?", "payment_method"),
        ("By when do we have to pay?", "due_date"),
        ("Wo sitzt der Verkäufer?", "vendor_address"),
        ("Von wem stammt diese Rechnung?", "vendor_name"),
        ("Wie viel ist noch offen?", "amount_due"),
        ("Où se trouve le vendeur ?", "vendor_address"),
        ("À quelle heure était-ce ?", "transaction_time"),
        ("¿Para quién es la factura?", "customer_name"),
        ("¿Dónde se compró?", "vendor_name"),
        ("客户的税号是多少？", "customer_tax_id"),
    ],
)
def test_what_is_asked_for_is_understood_in_other_words(question, expected):
    assert understand(question).concepts[0] == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_question_that_is_made_about_a_field_is_understood(language):
    for name, wordings in vocabulary(language)["questions"]["fields"].items():
        for text in (
            expanded(str(wording), Random(n), {}) for wording in wordings for n in range(3)
        ):
            first = understand(text).sought[0]
            assert name in FIELDS_OF.get(first, (first,))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is the vendor's telephone number?", ("phone",)),
        ("Wie lautet die E-Mail-Adresse des Verkäufers?", ("email",)),
        ("What is the name of the vendor?", ("vendor_name",)),
        ("What is the shipping address?", ("shipping",)),
    ],
)
def test_of_something_of_the_vendors_it_is_not_the_vendor_that_is_sought(question, expected):
    assert understand(question).sought[:1] == expected


def test_a_phrase_within_a_longer_one_says_nothing():
    assert "vendor_name" not in understand("What is the supplier's address?").concepts
    assert first(document("Supplier: Acme"), "What is the supplier's address?") is None


@pytest.mark.parametrize(
    "question",
    [
        "What colour is the sky?",
        "Who won the match?",
        "",
        "?",
        "the of is",
        "How tall is Jan?" * 50,
    ],
)
def test_what_the_document_does_not_say_has_no_answer(question):
    assert answer(document(AMERICAN), question) == ()
    assert answer(document(""), question) == ()


@pytest.mark.parametrize(
    ("made", "question", "expected"),
    [
        (AMERICAN, "What is the total price of the office chair?", "$298.50"),
        (AMERICAN, "Which total does the office chair have?", "$298.50"),
        (AMERICAN, "What is the total amount?", "$343.98"),
        (GERMAN, "Wie hoch ist der Betrag für den Schraubensatz?", "55,00"),
        (GERMAN, "Wie viel kostet der Schraubensatz insgesamt?", "55,00"),
        (GERMAN, "Wie hoch ist der Betrag insgesamt?", "351,05 €"),
    ],
)
def test_where_an_item_is_named_its_amount_is_meant(made, question, expected):
    assert first(document(made), question) == expected


def test_labels_that_no_vocabulary_knows():
    made = document("""
Blood group: AB positive
Name of ship:        Santa Maria
""")
    assert first(made, "What is the blood group?") == "AB positive"
    assert first(made, "What is the name of the ship?") == "Santa Maria"


@pytest.mark.parametrize(
    ("label", "question"),
    [
        ("Reference", 'What does it say next to "Reference"?'),
        ("Supervisor", "What is entered for Supervisor?"),
        ("Name", "Name?"),
        ("To", "What is written under To?"),
        ("Given name", "What is the value of the field Given name?"),
        ("Reference", "Sorry, my eyes are tired: what did she scribble after 'Reference'?"),
        ("Job no.", "pls give me the Job no. that was entered on this form"),
        ("Abteilung", "Könnten Sie mir bitte sagen, was neben Abteilung steht?"),
        ("Ville", "Pourriez-vous m'indiquer ce qui est renseigné sous Ville ?"),
        ("Apartado", "Necesito lo que pusieron en la casilla Apartado"),
        ("Auflagen", "Was ist bei „Auflagen“ eingetragen?"),
        ("Lieu", "Qu'est-il indiqué pour « Lieu » ?"),
        ("Estado", "¿Qué pone en «Estado»?"),
        ("项目", "“项目”一栏填的是什么？"),
    ],
)
def test_the_way_to_ask_for_a_label_is_no_part_of_it(label, question):
    made = document(f"{label}: B. Miller")
    assert first(made, question) == "B. Miller"
    assert first(made, question.replace(label, f"{label} Xanadu 77")) is None


def test_a_number_is_not_taken_for_a_way_to_ask():
    made = document("Job: Welder\n\nJob no.: 4711")
    assert first(made, "What is the job no.?") == "4711"
    assert first(document("Job: Welder"), "What is the job ID?") != "Welder"


def test_of_two_labels_in_a_question_the_longer_one_is_meant():
    made = document("Name: B. Miller\n\nGiven name: Zoe")
    assert first(made, "What is the given name?") == "Zoe"
    assert first(made, "What is the name?") == "B. Miller"


def test_a_value_with_two_labels_is_asked_for_by_both():
    def pair(label, row):
        key, value = (Span(t, (WordRef(0, n),)) for t, n in ((label, 2 * row), ("son", 9)))
        return KeyValue(key, value, 0.9)

    pairs = [pair("Relationship", 0), pair("Amber", 1)]
    found = answers(document("Relationship Amber"), "Which Relationship does Amber have?", pairs)
    assert [one.text for one in found] == ["son"]


def test_a_ticked_box_answers_with_its_text_and_one_that_is_named_with_its_mark():
    made = document("☒ Vegetarian menu   ☐ Standard menu")
    assert first(made, "Which menu is ticked, vegetarian?") == "Vegetarian menu"
    assert first(made, "Which menu does he have, the vegetarian one?") == "Vegetarian menu"
    assert first(made, "Is vegetarian menu ticked?") == "☒"
    assert first(made, "What is entered for Standard menu?") == "☐"


def test_a_tables_cell_is_found_by_its_row_and_column():
    grid = [
        ["Country", "Capital", "Population"],
        ["France", "Paris", "68"],
        ["Spain", "Madrid", "48"],
    ]
    words, cells = [], []
    for r, row in enumerate(grid):
        for c, text in enumerate(row):
            box = Box(c * 100.0, r * 20.0, c * 100.0 + 80, r * 20.0 + 10)
            kind = CellKind.HEADER if r == 0 else CellKind.CONTENT
            cells.append(Cell(r, c, (len(words),), box, kind=kind))
            words.append(Word(text, box))
    table = Table(Box(0, 0, 300, 60), tuple(cells))
    page = Page(1, 400, 400, tuple(words), tables=(table,))
    made = Document(Source("t.pdf", "0" * 64, "application/pdf", 1), (page,))
    assert first(made, "What is the population of Spain?") == "48"
    assert first(made, "What is the capital of France?") == "Paris"
    assert first(made, "Could you read what it says under Population next to Spain?") == "48"
    assert first(made, "What is the capital of Italy?") is None


def test_answers_come_likeliest_first_and_as_many_as_wanted():
    found = answer(document(AMERICAN), "What is the total, and when is it due?", top=3)
    assert 1 < len(found) <= 3
    assert [a.confidence for a in found] == sorted((a.confidence for a in found), reverse=True)
    assert all(a.evidence for a in found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_concept_stands_twice_in_a_section_where_yaml_would_keep_the_last_alone(language):
    text = (
        resources.files("docai.tasks").joinpath("vocabulary", f"{language}.yaml").read_text("utf-8")
    )
    for section in re.split(r"^(?=\w)", text, flags=re.MULTILINE):
        names = re.findall(r"^  ([\w ]+):", section, flags=re.MULTILINE)
        assert len(names) == len(set(names)), section.split(":")[0]


@pytest.mark.parametrize(
    ("language", "label"),
    [("en", "Supervisor"), ("de", "Auflagen"), ("fr", "Remarque"), ("es", "Ayudante")],
)
def test_most_wordings_that_no_rule_was_written_for_are_understood(language, label):
    made = document(f"{label}: B. Miller")
    wordings = json.loads(WORDINGS.read_text("utf-8"))[language]
    answered = [first(made, text.replace("<label>", label)) == "B. Miller" for text in wordings]
    assert sum(answered) >= 0.8 * len(wordings)
