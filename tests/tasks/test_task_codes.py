import pytest
from hypothesis import given
from hypothesis import strategies as st

from docai.tasks.codes import (
    Code,
    find_bics,
    find_emails,
    find_ibans,
    find_ids,
    find_phones,
    find_tax_ids,
    find_vat_ids,
)


def values(found):
    return [one.value for one in found]


@pytest.mark.parametrize(
    "text",
    [
        "DE89370400440532013000",
        "DE89 3704 0044 0532 0130 00",
        "IBAN: DE89 3704 0044 0532 0130 00, BIC: COBADEFFXXX",
    ],
)
def test_an_iban_is_found_with_and_without_spaces(text):
    assert values(find_ibans(text)) == [Code("DE89370400440532013000", True)]


def test_words_behind_an_iban_are_no_part_of_it():
    assert values(find_ibans("DE89 3704 0044 0532 0130 00 BIC COBADEFF")) == [
        Code("DE89370400440532013000", True)
    ]


def test_a_wrong_iban_is_reported_as_wrong():
    assert values(find_ibans("DE89 3704 0044 0532 0130 01")) == [
        Code("DE89370400440532013001", False)
    ]


def test_a_bic_has_a_country_in_it():
    assert values(find_bics("BIC COBADEFFXXX")) == [Code("COBADEFFXXX")]
    assert find_bics("RECHNUNG UNTERLAGEN") == []


@pytest.mark.parametrize(
    ("text", "code", "proved"),
    [
        ("USt-IdNr. DE136695976", "DE136695976", True),
        ("DE 136 695 976", "DE136695976", True),
        ("USt-IdNr. DE123456789", "DE123456789", False),
        ("ATU12345675", "ATU12345675", True),
        ("N° TVA FR 40 303 265 045", "FR40303265045", True),
        ("GB 980 7806 84", "GB980780684", True),
        ("NIF ESA28015865", "ESA28015865", True),
    ],
)
def test_vat_numbers_are_compacted_and_proved(text, code, proved):
    assert values(find_vat_ids(text)) == [Code(code, proved)]


@pytest.mark.parametrize(
    ("text", "code", "proved"),
    [
        ("201/113/40209", "201/113/40209", None),
        ("001661886464", "001661886464", None),
        ("12-3456789", "12-3456789", None),
        ("A28015865", "A28015865", True),
        ("91110108551385082Q", "91110108551385082Q", True),
    ],
)
def test_other_tax_numbers_are_taken_where_a_label_announces_them(text, code, proved):
    assert values(find_tax_ids(text)) == [Code(code, proved)]


def test_words_are_no_tax_numbers():
    assert find_tax_ids("see below") == []


@pytest.mark.parametrize("text", ["info@example.org", "Mail: max.muster+re@sub.example.co.uk."])
def test_emails(text):
    (found,) = find_emails(text)
    assert "@" in found.value.text
    assert not found.value.text.endswith(".")


@pytest.mark.parametrize("text", ["a@b", "@example.org", "a@@example.org", "user@localhost"])
def test_what_is_no_email(text):
    assert find_emails(text) == []


@pytest.mark.parametrize(
    "number",
    ["+49 932 431 500", "(030) 123456-78", "03-87342689", "015119630027", "+1 (555) 237-8000"],
)
def test_telephones_are_kept_as_written(number):
    assert values(find_phones(f"Tel {number}")) == [Code(number)]


@pytest.mark.parametrize("text", ["01.03.2026", "12,50", "1234", "2026"])
def test_dates_and_sums_are_no_telephones(text):
    assert find_phones(text) == []


def test_an_id_holds_a_digit_and_loses_its_punctuation():
    assert values(find_ids("Nr.: RE-2026/17.")) == ["RE-2026/17"]
    assert find_ids("as agreed") == []


def test_a_date_is_a_poor_id():
    (code,), (day,) = find_ids("RE-2026-17"), find_ids("01.03.2026")
    assert code.quality > day.quality


@given(st.text(max_size=300))
def test_any_text_is_survived(text):
    for find in (
        find_ibans,
        find_bics,
        find_vat_ids,
        find_tax_ids,
        find_emails,
        find_phones,
        find_ids,
    ):
        for found in find(text):
            assert 0 <= found.start < found.end <= len(text)


@pytest.mark.parametrize("piece", ["DE00 ", "0 ", "a@", "1.", "(((", "A1-", "€1 ", "a.", "0/"])
def test_long_hostile_text_takes_no_time(piece):
    text = piece * 5_000
    for find in (
        find_ibans,
        find_bics,
        find_vat_ids,
        find_tax_ids,
        find_emails,
        find_phones,
        find_ids,
    ):
        find(text)
