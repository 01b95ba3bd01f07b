from datetime import date
from decimal import Decimal

import pytest
from test_task_invoice import AMERICAN
from typed import document

from docai.errors import UsageError
from docai.results import FieldType, Money
from docai.tasks import FieldSpec, custom, load_fields

CONTRACT = """
LEASE AGREEMENT

Contract reference: LA-2026/7
Commencement of the lease: 1 April 2026
Monthly rent            EUR 1.250,00
Deposit paid by the tenant: EUR 3.750,00
Floor: 3
Pets allowed ☒    Subletting allowed ☐
"""


def values(*specs, text=CONTRACT):
    found = custom(specs).extract(document(text))
    return {f.name: f.value for f in found.fields}


def test_fields_are_found_by_the_labels_that_were_given():
    assert values(
        FieldSpec("contract", labels=("Contract reference",)),
        FieldSpec("rent", FieldType.MONEY, labels=("Monthly rent",)),
    ) == {"contract": "LA-2026/7", "rent": Money(Decimal("1250.00"), "EUR")}


def test_fields_are_found_by_their_description():
    assert values(
        FieldSpec("start", FieldType.DATE, description="when the lease commences, commencement"),
        FieldSpec("deposit", FieldType.MONEY, description="deposit paid by tenant"),
    ) == {"start": date(2026, 4, 1), "deposit": Money(Decimal("3750.00"), "EUR")}


def test_a_field_may_be_found_by_its_name_alone():
    assert values(FieldSpec("contract_reference"), FieldSpec("floor", FieldType.NUMBER)) == {
        "contract_reference": "LA-2026/7",
        "floor": 3,
    }


def test_a_field_that_goes_by_a_name_of_ours_is_ours_whatever_the_language():
    assert values(
        FieldSpec("supplier"),
        FieldSpec("Gesamtbetrag", FieldType.MONEY),
        FieldSpec("client", labels=("buyer",)),
        FieldSpec("total", FieldType.DATE),
        text=AMERICAN,
    ) == {
        "supplier": "ACME SUPPLY INC",
        "Gesamtbetrag": Money(Decimal("343.98"), "USD"),
        "client": "Jane Doe",
    }


def test_a_boolean_is_a_tick():
    assert values(
        FieldSpec("pets_allowed", FieldType.BOOLEAN),
        FieldSpec("sublet", FieldType.BOOLEAN, labels=("Subletting allowed",)),
    ) == {"pets_allowed": True, "sublet": False}


def test_what_is_not_there_is_absent():
    assert values(FieldSpec("colour_of_the_door", labels=("Door colour",))) == {}


def test_the_type_is_obeyed():
    assert values(FieldSpec("contract", FieldType.DATE, labels=("Contract reference",))) == {}


def test_an_example_prefers_values_of_its_shape():
    text = "Reference: open\n\nReference: AB-12"
    spec = FieldSpec("ref", labels=("Reference",), example="XY-99")
    assert values(spec, text=text) == {"ref": "AB-12"}


def test_fields_are_loaded_from_yaml(tmp_path):
    path = tmp_path / "fields.yaml"
    path.write_text(
        """
fields:
  - name: contract
    labels: [Contract reference, Contract no]
    example: LA-1
  - name: rent
    type: money
    description: the monthly rent
  - floor
""",
        encoding="utf-8",
    )
    assert load_fields(path) == (
        FieldSpec("contract", labels=("Contract reference", "Contract no"), example="LA-1"),
        FieldSpec("rent", FieldType.MONEY, description="the monthly rent"),
        FieldSpec("floor"),
    )


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "no list of fields"),
        ("name: x", "no list of fields"),
        ("- type: money", "field 1 has no name"),
        ("- name: 7", "field 1 has no name"),
        ("- name: a\n  type: colour", "type 'colour'; types are string, date"),
        ("- name: a\n  lables: [x]", "lables, which is unknown"),
        ("- name: a\n  labels: {x: y}", "labels that are no list"),
        ("- a\n- a", "a more than once"),
        ("{[", "not YAML"),
    ],
)
def test_a_bad_file_is_explained(tmp_path, content, complaint):
    path = tmp_path / "fields.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=complaint):
        load_fields(path)


def test_a_missing_file_is_explained(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        load_fields(tmp_path / "nowhere.yaml")
