"""Rules, reader and both together, asked what labelled documents answer."""

import pytest

torch = pytest.importorskip("torch")

from docai.document import WordRef  # noqa: E402
from docai.errors import UsageError  # noqa: E402
from docai.models import small  # noqa: E402
from docai.results import KeyValue, Span  # noqa: E402
from docai.training import questions_run  # noqa: E402
from docai.training.asked import read_wordings  # noqa: E402
from docai.training.folds import Part, part_of  # noqa: E402
from docai.training.labelled import LabelledDocument, Question  # noqa: E402
from docai.training.readers import text_page  # noqa: E402

TOWERS = (
    ("Bremen", "The tower of Bremen was built in 1422 by order of the council."),
    ("Oslo", "Oslo has a harbour which is open to ships during the whole year."),
    ("Ghent", "The market of Ghent sells flowers on Sunday and fish on Friday."),
)
ASKED = {
    "Bremen": ("When was the tower built?", "1422"),
    "Oslo": ("What is open to ships during the whole year?", "a harbour"),
    "Ghent": ("On which day are flowers sold?", "Sunday"),
}


def towers(origin):
    for name, text in TOWERS:
        document, starts = text_page(text, name)
        question, answer = ASKED[name]
        at = next(i for i, s in enumerate(starts) if text[s:].startswith(answer.split()[0]))
        words = tuple(WordRef(0, at + i) for i in range(len(answer.split())))
        yield LabelledDocument(
            document, origin, questions=(Question(question, (Span(answer, words),)),)
        )


def test_the_ways_are_compared_on_the_same_questions():
    report = questions_run.evaluate(list(towers("towers")), 0, 0)
    rows = {row["name"]: row for row in report.json()["tables"][0]["rows"]}
    assert set(rows) == {f"towers, {way}" for way in questions_run.WAYS}
    assert {row["questions"] for row in rows.values()} == {3}
    assert rows["towers, reader"]["F1"] > 0.6
    assert rows["towers, together"]["AUROC of the right page"] > 0.6


def test_what_the_model_has_seen_is_not_asked():
    (origin, _), *_ = small.reader().card.data
    documents = list(towers(origin))
    kept = [d for d in documents if part_of(d.document.source.filename) is Part.CHECKING]
    assert not kept
    with pytest.raises(UsageError, match="none is left"):
        questions_run.evaluate(documents, 0, 0)


def test_labels_are_asked_for_in_given_wordings(tmp_path):
    path = tmp_path / "wordings.json"
    path.write_text('{"en": ["pls read me what is next to <label>"]}', "utf-8")
    document, _ = text_page("Clerk: Smith", "note")
    clerk, smith = (Span(document.text((ref,)), (ref,)) for ref in document.refs())
    labelled = LabelledDocument(document, "notes", key_values=(KeyValue(clerk, smith, 1.0),))
    report = questions_run.evaluate([labelled], 0, 0, wordings=read_wordings(path))
    rows = {row["name"]: row for row in report.json()["tables"][0]["rows"]}
    assert rows["notes, rules"]["questions"] == rows["notes, rules"]["exact match"] == 1


@pytest.mark.parametrize("content", ["[]", '{"en": "What?"}', '{"en": ["What?"]}', "{", None])
def test_wordings_that_are_none_are_told(tmp_path, content):
    path = tmp_path / "wordings.json"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(UsageError, match="wordings"):
        read_wordings(path)
