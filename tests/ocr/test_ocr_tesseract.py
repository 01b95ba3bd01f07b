from shutil import which

import pytest
from pages import picture
from renders import page_image, texts

from docai.errors import EngineError, EngineMissing, UsageError
from docai.geometry import Box
from docai.ocr.tesseract import TesseractReader, info, trained_languages, words_of_tsv

HEAD = (
    "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num"
    "\tleft\ttop\twidth\theight\tconf\ttext\n"
)
needs_program = pytest.mark.skipif(
    which("tesseract") is None, reason="the program tesseract is not installed"
)


def test_rows_of_words_become_words():
    tsv = (
        HEAD
        + "4\t1\t1\t1\t1\t0\t10\t20\t90\t12\t-1\t\n5\t1\t1\t1\t1\t1\t10\t20\t30\t12\t96.5\tTea\n"
    )
    [word] = words_of_tsv(tsv, dpi=144.0)
    assert (word.text, word.confidence) == ("Tea", 0.965)
    assert word.box == Box(5, 10, 20, 16)


def test_a_quotation_mark_does_not_swallow_the_next_row():
    rows = "".join(f'5\t1\t1\t1\t1\t{i}\t0\t0\t9\t9\t90\t"{i}\n' for i in (1, 2))
    assert texts(words_of_tsv(HEAD + rows, dpi=72.0)) == ['"1', '"2']


def test_blank_words_are_left_out():
    rows = "5\t1\t1\t1\t1\t1\t0\t0\t9\t9\t95\t \n"
    assert list(words_of_tsv(HEAD + rows, dpi=72.0)) == []


def test_an_absent_program_is_reported_with_its_remedy(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert not info().available
    assert "apt-get install tesseract-ocr" in info().remedy
    with pytest.raises(EngineMissing, match="apt-get install tesseract-ocr"):
        TesseractReader().read(page_image(picture("Hello")))


@needs_program
def test_a_language_it_does_not_know_is_refused():
    with pytest.raises(UsageError, match="no language 'tlh' for tesseract; there are en, de,"):
        TesseractReader().read(page_image(picture("Hello")), languages=("tlh",))


@needs_program
def test_a_language_without_data_is_named_with_its_package():
    missing = {"fra": "fr", "spa": "es", "deu": "de", "chi_sim": "zh"}
    absent = [name for name in missing if name not in trained_languages()]
    if not absent:
        pytest.skip("tesseract has data for every language we name")
    package = absent[0].replace("_", "-")
    with pytest.raises(EngineMissing, match=f"apt-get install tesseract-ocr-{package}"):
        TesseractReader().read(page_image(picture("Hello")), languages=(missing[absent[0]],))


@needs_program
def test_a_read_that_takes_too_long_is_stopped():
    with pytest.raises(EngineError, match=r"within 0\.001 s and was stopped"):
        TesseractReader(timeout_s=0.001).read(page_image(picture("Hello")))
