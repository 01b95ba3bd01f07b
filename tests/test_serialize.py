import json
from dataclasses import replace

import pytest
from documents import MODEL, document, extraction

from docai import serialize
from docai.document import Role, WordRef
from docai.errors import EncryptedDocument, EngineError
from docai.results import Answer


def test_a_document_survives_the_round_trip():
    read = document()
    value = json.loads(serialize.dumps(serialize.document_to_json(read)))
    assert serialize.document_from_json(value) == read


def test_streaming_writes_the_same_json():
    read = document()
    two_pages = replace(read, pages=(read.pages[0], replace(read.pages[0], number=2)))
    streamed = "".join(
        serialize.stream_document(two_pages.source, iter(two_pages.pages), two_pages.caveats)
    )
    assert json.loads(streamed) == serialize.document_to_json(two_pages)


@pytest.mark.parametrize("change", [{"format_version": 2}, {"pages": [{}]}, {"pages": None}])
def test_another_form_is_refused(change):
    value = {**serialize.document_to_json(document()), **change}
    with pytest.raises(ValueError, match=r"format"):
        serialize.document_from_json(value)


def test_values_are_typed_as_the_contract_says():
    value = serialize.extraction_to_json(extraction(), document())
    values = {field["name"]: field["value"] for field in value["fields"]}
    assert values["invoice_date"] == "2026-03-01"
    assert values["subtotal"] == {"amount": "-2.50", "currency": "EUR"}
    assert value["items"][0]["fields"][1]["value"] == "1.000"
    assert value["key_values"][0]["value"]["value"] is True
    assert value["key_values"][1]["value"] is None
    assert value["warnings"][0] == {
        "code": "page_failed",
        "message": "page 2 is damaged",
        "page": 2,
    }


def test_evidence_is_one_box_a_line():
    evidence = serialize.evidence_to_json((WordRef(0, 1), WordRef(0, 2), WordRef(0, 5)), document())
    assert [piece["words"] for piece in evidence] == [[1, 2], [5]]
    assert evidence[0] == {"page": 1, "box": [50, 80, 174, 90], "words": [1, 2]}


def test_words_are_left_out_unless_asked_for():
    slim = serialize.extraction_to_json(extraction(), document())
    full = serialize.extraction_to_json(extraction(), document(), with_words=True)
    assert "words" not in slim["pages"][0]
    assert full["pages"] == serialize.document_to_json(document())["pages"]


def test_no_answer_is_null_and_the_best_comes_first():
    found = [Answer("Tea", 0.9, (WordRef(0, 5),)), Answer("2.50", 0.2, (WordRef(0, 6),))]
    value = serialize.answers_to_json(document(), MODEL, [("What?", found), ("Who?", [])])
    first, second = value["answers"]
    assert first["answer"] == "Tea"
    assert [other["answer"] for other in first["alternatives"]] == ["2.50"]
    assert second["answer"] is None
    assert second["evidence"] == []


def test_an_error_says_whether_retrying_helps():
    broken = serialize.error_to_json("a.pdf", EncryptedDocument("needs a password"))
    assert broken["error"] == {
        "code": "encrypted",
        "message": "needs a password",
        "retryable": False,
    }
    assert serialize.error_to_json("a.pdf", EngineError("died"))["error"]["retryable"]


def test_a_table_over_two_pages_is_one_and_comes_back_as_it_was():
    first = document().pages[0]
    (table,) = first.tables
    again = replace(table, continues=True, repeated=1)
    made = replace(document(), pages=(first, replace(first, number=2, tables=(again,))))
    value = serialize.document_to_json(made)
    (one,) = value["tables"]
    assert (one["page"], one["rows"]) == (1, 3)
    assert [cell.get("page") for cell in one["cells"]] == [None] * 4 + [2, 2]
    assert [(part["page"], part["rows"]) for part in one["parts"]] == [(1, 2), (2, 1)]
    assert [cell["text"] for cell in one["parts"][1]["repeated_header"]] == ["Item", "Price"]
    back = serialize.document_from_json(value)
    assert [page.tables for page in back.pages] == [page.tables for page in made.pages]
    streamed = json.loads("".join(serialize.stream_document(made.source, made.pages, made.caveats)))
    assert streamed == value


def test_captions_notes_and_roles_come_back():
    page = document().pages[0]
    (table,) = page.tables
    cells = (*table.cells[:2], replace(table.cells[2], role=Role.LABEL), table.cells[3])
    annotated = replace(table, cells=cells, caption=(0,), notes=(1, 2))
    made = replace(document(), pages=(replace(page, tables=(annotated,)),))
    assert serialize.document_from_json(serialize.document_to_json(made)).pages[0].tables == (
        annotated,
    )
