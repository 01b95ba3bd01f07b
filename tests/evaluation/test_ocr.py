import json

import pytest
from pages import picture

from docai.document import Word
from docai.errors import UsageError
from docai.evaluation import ocr
from docai.evaluation.ocr import TrueLine, bag_f1, cut_at_commas, judge
from docai.evaluation.report import MISSED, RIGHT, WRONG
from docai.geometry import Box


def word(text, left=0.0, top=0.0, confidence=0.9):
    return Word(text, Box(left, top, left + 5, top + 5), confidence)


def texts(words):
    return [word.text for word in words]


def test_f1_counts_words_as_often_as_they_occur():
    """Two of three read words are right, two of four true ones were read."""
    pages = [(["Total", "total", "5.00"], ["TOTAL", "5.00", "Cash", "Change"])]
    assert bag_f1(pages) == pytest.approx(2 * 2 / (3 + 4))


def test_f1_does_not_borrow_words_from_another_page():
    assert bag_f1([(["a"], ["b"]), (["b"], ["a"])]) == 0


def test_f1_of_nothing_is_nothing():
    assert bag_f1([([], [])]) == 0


def test_of_equal_words_the_surer_one_is_the_right_one():
    words = [word("Tea", confidence=0.4), word("tea", confidence=0.9)]
    judged = judge(words, [TrueLine("TEA", Box(0, 0, 100, 10))])
    assert judged.words == ((words[1], True), (words[0], False))
    assert judged.missed == ()


def test_a_line_is_missed_when_a_word_of_it_was_not_read():
    lines = [TrueLine("Tea 2", Box(0, 0, 100, 10)), TrueLine("Milk", Box(0, 20, 100, 30))]
    assert judge([word("tea"), word("milk")], lines).missed == (lines[0],)


def test_a_receipt_is_drawn_with_what_was_misread(receipts):
    (receipt,) = ocr.sample(receipts, limit=1, seed=0)
    words = (word("Receipt"), word("Tota1"))
    (drawing,) = ocr.report(
        [ocr.EngineScores("none", (ocr.Reading(receipt, words, 1.0),))], 0
    ).drawings
    assert [mark.kind for mark in drawing.marks] == [RIGHT, WRONG, MISSED, MISSED]
    assert drawing.image is not None


def test_a_line_is_cut_at_its_first_comma_as_its_label_is():
    lines = [TrueLine("12 WEIR ST.", Box(0, 0, 100, 10)), TrueLine("5", Box(0, 20, 100, 30))]
    read = [
        word("ST.,", 20), word("12", 0), word("WEIR", 10), word("RIVERSIDE", 30),
        word("5,00", 0, 22), word("logo", 50, 70), word("a,b", 0, 70),
    ]  # fmt: skip
    assert texts(cut_at_commas(read, lines)) == ["12", "WEIR", "ST.", "5", "logo", "a"]


@pytest.fixture
def receipts(tmp_path):
    """A folder like SROIE's, of three receipts."""
    rows = []
    for number in (1, 2, 3):
        image = picture(f"Receipt {number}", "Total 17.50").crop((0, 0, 500, 200))
        image.save(tmp_path / f"{number}.png")
        lines = [f"Receipt {number}", "Total 17.50"]
        boxes = [[80, 70, 500, 115], [80, 116, 500, 160]]
        rows.append({"image": f"{number}.png", "words": lines, "bboxes": boxes})
    (tmp_path / "train.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return tmp_path


@pytest.mark.slow
def test_clean_receipts_are_read_whole(receipts):
    [engine] = ocr.evaluate(receipts, limit=2, engines=("rapidocr:fast",))
    assert (len(engine.readings), engine.f1, engine.f1_without_punctuation) == (2, 1, 1)
    assert engine.cpu_s_per_page > 0
    assert len(engine.claims) == 8
    report = ocr.report([engine], seed=0)
    assert report.json()["tables"][0]["rows"][0]["word F1"] == 1
    assert report.drawings == ()


def test_the_same_seed_draws_the_same_receipts(receipts):
    drawn = [ocr.sample(receipts, limit=2, seed=seed) for seed in (5, 5)]
    assert drawn[0] == drawn[1]
    assert len(ocr.sample(receipts, limit=99, seed=5)) == 3


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"it has no train\.jsonl"):
        ocr.sample(tmp_path, limit=1, seed=0)
