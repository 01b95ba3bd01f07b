from typed import document

from docai.tasks import task


def pairs(text):
    found = task("form").extract(document(text)).key_values
    return [(p.key.text, p.value.text if p.value else None) for p in found if p.checked is None]


def ticks(text):
    found = task("form").extract(document(text)).key_values
    return {p.key.text: p.checked for p in found if p.checked is not None}


def test_values_behind_right_and_below():
    assert pairs("""
Name: Jane Doe
Date of birth:       3 March 1990
Address:
12 Elm Street
Portland

Remarks:
""") == [
        ("Name", "Jane Doe"),
        ("Date of birth", "3 March 1990"),
        ("Address", "12 Elm Street Portland"),
        ("Remarks", None),
    ]


def test_several_pairs_of_a_line():
    assert pairs("Name: Jane Doe   Phone: 555-1234   Fax:") == [
        ("Name", "Jane Doe"),
        ("Phone", "555-1234"),
        ("Fax", None),
    ]
    assert pairs("City: Salem State: Oregon") == [("City", "Salem"), ("State", "Oregon")]


def test_a_line_to_write_on_is_empty_until_somebody_wrote():
    assert pairs("Signature ____________") == [("Signature", None)]
    assert pairs("Name ____Jane____") == [("Name", "Jane")]


def test_a_colon_in_a_time_or_an_address_makes_no_label():
    assert pairs("Opens 12:30 see http://example.org") == []


def test_words_of_the_vocabulary_need_no_colon():
    assert pairs("Telefon   040 123456") == [("Telefon", "040 123456")]
    assert pairs("Invoice number 4711") == [("Invoice number", "4711")]


def test_a_phrase_that_begins_with_a_word_of_the_vocabulary_is_no_pair():
    assert pairs("Telefon nur vormittags") == []
    assert pairs("Total pressure    56 mm") == [("Total pressure", "56 mm")]


def test_boxes_before_their_texts():
    assert ticks("☒ Yes   ☐ No   ☑ Maybe") == {"Yes": True, "No": False, "Maybe": True}
    assert ticks("[x] Single   [ ] Married") == {"Single": True, "Married": False}


def test_boxes_behind_their_texts():
    assert ticks("Yes ☒   No ☐") == {"Yes": True, "No": False}


def test_brackets_in_prose_are_no_boxes():
    assert ticks("see chapter [1] and f(x) or array[]") == {}


def test_pairs_name_their_words():
    made = document("Name: Jane Doe   ☒ Yes")
    for pair in task("form").extract(made).key_values:
        assert pair.key.text in made.text(pair.key.evidence)
        assert pair.value.text in made.text(pair.value.evidence)
