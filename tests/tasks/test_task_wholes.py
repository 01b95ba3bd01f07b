import pytest
from typed import document

from docai.document import WordRef
from docai.tasks.context import Context
from docai.tasks.wholes import FILLED, PARTLY, TEXT, places

FORM = """
Department: R&D Library    Date: 3 May
Shipped to the harbour of
"""
LETTER = """
We thank you for your letter of May and hope that the goods
reached the harbour
"""


def fill(text, typed=FORM):
    made = document(typed)
    words = [word.text for word in made.pages[0].words]
    first = words.index(text.split()[0])
    refs = [WordRef(0, first + i) for i in range(len(text.split()))]
    assert made.text(refs) == text
    return places(Context(made)).fill(refs)


@pytest.mark.parametrize("text", ["R&D Library", "3 May", "Department: R&D Library"])
def test_a_value_fills_its_place_from_a_colon_or_with_its_label(text):
    assert fill(text) == FILLED


@pytest.mark.parametrize("text", ["R&D", "Library", "R&D Library Date:"])
def test_part_of_a_value_or_more_than_it_does_not(text):
    assert fill(text) == PARTLY


@pytest.mark.parametrize("text", ["We", "letter of May", "goods reached the harbour", "harbour"])
def test_nothing_fills_running_text_nor_the_last_line_of_a_paragraph(text):
    assert fill(text, LETTER) == TEXT
