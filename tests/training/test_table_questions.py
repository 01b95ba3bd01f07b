"""Questions about tables of WikiTableQuestions and TAT-QA, laid out as pages."""

import json

import pytest

pytest.importorskip("torch")

from docai.training.readers import read
from docai.training.table_questions import table_page

ROWS = (("City", "Trams", "Since"), ("Bern", "131", "1890"), ("Graz", "86", "1878"))


def write_wiki(folder, *questions):
    (folder / "data").mkdir()
    (folder / "csv").mkdir()
    lines = ["id\tutterance\tcontext\ttargetValue"]
    lines += [f"nt-{n}\t{q}\tcsv/1.csv\t{a}" for n, (q, a) in enumerate(questions)]
    (folder / "data" / "training.tsv").write_text("\n".join(lines) + "\n")
    cells = "\n".join(",".join(f'"{cell}"' for cell in row) for row in ROWS)
    (folder / "csv" / "1.csv").write_text(cells)
    return folder


def test_a_cell_that_answers_is_the_answers_place(tmp_path):
    folder = write_wiki(tmp_path, ("how many trams has graz?", "86"))
    page = read(folder)[0]
    answer = page.questions[0].answers[0]
    assert page.origin == "wikitablequestions"
    assert page.document.text(answer.evidence) == "86"


def test_what_has_to_be_worked_out_or_stands_twice_is_not_asked(tmp_path):
    folder = write_wiki(
        tmp_path,
        ("how many cities are there?", "2"),
        ("which cities are there?", "Bern|Graz"),
        ("since when are there trams in bern?", "1890"),
    )
    assert [q.text for q in read(folder)[0].questions] == ["since when are there trams in bern?"]


def test_tatqa_answers_stand_in_its_table_or_in_its_text(tmp_path):
    asked = [
        ("What were sales in 2019?", ["1,496"], "span"),
        ("What is sold?", ["oak desks"], "span"),
        ("What is the change?", [12], "arithmetic"),
        ("Which years?", ["2019", "2018"], "multi-span"),
    ]
    entry = {
        "table": {"uid": "a", "table": [["", "2019", "2018"], ["Sales", "1,496", "1,202"]]},
        "paragraphs": [{"order": 1, "text": "We sell oak desks to schools."}],
        "questions": [{"question": q, "answer": a, "answer_type": t} for q, a, t in asked],
    }
    (tmp_path / "tatqa.json").write_text(json.dumps([entry]))
    page = read(tmp_path / "tatqa.json")[0]
    found = [page.document.text(question.answers[0].evidence) for question in page.questions]
    assert found == ["1,496", "oak desks"]


def test_cells_stand_under_their_heads_and_long_ones_wrap():
    words = "a cell that is much longer than any column of a page could be, and so is set in lines"
    page, cells = table_page((*ROWS, (words, "1", "2")))
    left = {text: min(page.words[w].box.left for w in place) for text, place in cells}
    assert left["trams"] == left["131"] == left["86"]
    lines = {page.words[w].box.top for w in dict(cells)[[t for t, _ in cells][-3]]}
    assert len(lines) > 1
