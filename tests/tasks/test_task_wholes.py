from typed import document

from docai.document import WordRef
from docai.tasks.context import Context
from docai.tasks.wholes import borders

FORM = """
Department: R&D Library    Date: 3 May
Shipped to the harbour of
"""


def is_whole(text):
    made = document(FORM)
    words = [word.text for word in made.pages[0].words]
    first = words.index(text.split()[0])
    refs = [WordRef(0, first + i) for i in range(len(text.split()))]
    assert made.text(refs) == text
    return borders(Context(made)).are_those_of(refs)


def test_a_value_behind_a_colon_is_whole_up_to_the_gap():
    assert is_whole("R&D Library") and is_whole("3 May")


def test_part_of_a_value_or_more_than_it_is_not_whole():
    assert not is_whole("R&D")
    assert not is_whole("Library")
    assert not is_whole("R&D Library Date:")


def test_a_label_with_its_value_is_a_place_as_well():
    assert is_whole("Department: R&D Library")
