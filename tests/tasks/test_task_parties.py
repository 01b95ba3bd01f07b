import pytest
from typed import document

from docai.tasks.addresses import addresses, is_postal
from docai.tasks.context import Context
from docai.tasks.parties import find_parties


@pytest.mark.parametrize(
    "text",
    [
        "12345 Berlin",
        "D-80331 München",
        "DE 12345 Beispielstadt",
        "A-1010 Wien",
        "8001 Zürich",
        "75018 PARIS",
        "28001 Madrid",
        "Springfield, IL 62704",
        "London SW1A 1AA",
        "Toronto ON M5V 2T6",
        "Cairns QLD 4870",
        "81200 JOHOR BAHRU",
        "1011 AB Amsterdam",
        "上海市黄浦区南京路100号",
    ],
)
def test_a_town_gives_an_address_away(text):
    assert is_postal(text)


@pytest.mark.parametrize(
    "text", ["Hofstraße 12", "Total 12345,00", "2026-03-01", "Invoice 12345", "www.example.org", ""]
)
def test_other_lines_are_no_towns(text):
    assert not is_postal(text)


def names(text):
    parties = find_parties(Context(document(text)))
    return tuple(p.name.text if p and p.name else None for p in (parties.vendor, parties.customer))


def test_labels_say_who_is_who():
    assert names("""
Sold by:              Bill to:
Blue Ltd              Jane Doe
1 High Street         2 Low Road
London SW1A 1AA       Leeds LS1 4AP
""") == ("Blue Ltd", "Jane Doe")


def test_values_beside_their_labels():
    assert names("""
Verkäufer:     Blau GmbH
Käufer:        Jan Petersen
""") == ("Blau GmbH", "Jan Petersen")


def test_a_senders_line_over_the_window():
    assert names("""
Blau GmbH · Weg 1 · 20457 Hamburg

Herrn
Jan Petersen
Lindenallee 4
12345 Berlin
""") == ("Blau GmbH", "Jan Petersen")


def test_telephone_and_tax_number_belong_to_the_sender():
    assert names("""
Jan Petersen          Blau GmbH
Lindenallee 4         Weg 1
12345 Berlin          20457 Hamburg
                      Tel: 040 123456
                      USt-IdNr: DE136695976
""") == ("Blau GmbH", "Jan Petersen")


def test_a_letterhead_needs_no_address():
    assert names("""
Blue Widgets Ltd

Bill to:
Jane Doe
2 Low Road
Leeds LS1 4AP
""") == ("Blue Widgets Ltd", "Jane Doe")


def test_numbers_between_label_and_name_are_passed_over():
    assert (
        names("""
Verkäufer:
GLN 4333741000005
Lief-Nr: 549910
BLAU GMBH
WEG 1
20457 HAMBURG
""")[0]
        == "BLAU GMBH"
    )


def test_an_address_is_street_to_country_without_the_name():
    (address,) = addresses(
        Context(
            document("""
Bill to:
Jane Doe
2 Low Road
Leeds LS1 4AP
United Kingdom
jane@example.org
""")
        )
    )
    assert address.name.text == "Jane Doe"
    assert address.postal.text == "2 Low Road, Leeds LS1 4AP, United Kingdom"


def test_nobody_plays_both_parts():
    vendor, customer = names("""
Blau GmbH
Weg 1
20457 Hamburg



Blau GmbH
Weg 1
20457 Hamburg
""")
    assert vendor == "Blau GmbH"
    assert customer is None


def test_without_names_there_are_no_parties():
    assert names("") == (None, None)
    assert names("12.00\n13.00") == (None, None)


def only(text):
    (address,) = addresses(Context(document(text)))
    return address.name.text, address.postal.text


@pytest.mark.parametrize("label", ["", "Bill to:\n"])
def test_a_house_number_is_no_postal_code_where_the_town_stands_below(label):
    text = f"""{label}Acme Widgets
55235 Ronald Coves
East Lori, WA 79790
"""
    assert only(text) == ("Acme Widgets", "55235 Ronald Coves, East Lori, WA 79790")


def test_a_number_below_a_town_does_not_make_it_a_street():
    text = """
Kuhl GmbH
Hornigallee 9
35381 Berlin
Kunden ID 10234
"""
    first, *_ = addresses(Context(document(text)))
    assert first.postal.text == "Hornigallee 9, 35381 Berlin"


def test_a_legal_form_on_a_line_of_its_own_belongs_to_the_name():
    text = """
Regent Papierhandel
GmbH & Co. KG
Hornigallee 9
35381 Gießen
"""
    assert only(text) == ("Regent Papierhandel GmbH & Co. KG", "Hornigallee 9, 35381 Gießen")


def test_a_web_page_on_the_senders_line_is_no_part_of_the_address():
    text = "Kuhl GmbH · Hornigallee 9 · 35381 Gießen · www.kuhl.example"
    assert only(text) == ("Kuhl GmbH", "Hornigallee 9, 35381 Gießen")


@pytest.mark.parametrize(
    "line",
    ["z. Hd. Frau Roth", "Attn. Jane Doe", "Accounts payable", "À l'attention de Luc", "Einkauf"],
)
def test_who_opens_the_letter_is_no_part_of_the_address(line):
    text = f"""
Kuhl GmbH
{line}
Hornigallee 9
35381 Berlin
"""
    assert only(text) == ("Kuhl GmbH", "Hornigallee 9, 35381 Berlin")
    # A street may begin like a title.
    assert "An der Mühle 5" in only(text.replace(line, "An der Mühle 5"))[1]


def test_a_senders_line_may_begin_with_the_street_and_the_name_stand_above():
    text = """
Landl Haustechnik
Karim-Heim-Gasse 5 · 3723 Lilienfeld
"""
    assert only(text) == ("Landl Haustechnik", "Karim-Heim-Gasse 5, 3723 Lilienfeld")


@pytest.mark.parametrize("name", ["Holmes,\nFisher and Singh", "Werner\n& Mielcarek"])
def test_a_name_may_go_on_in_the_line_below(name):
    text = f"""
{name}
Hornigallee 9
35381 Berlin
"""
    assert only(text) == (name.replace("\n", " "), "Hornigallee 9, 35381 Berlin")
