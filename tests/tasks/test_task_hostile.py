"""Documents made to confuse, crash or delay; and what importing the package may cost."""

import random
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typed import document

from docai.document import Document, Page, Source, TextSource, Word
from docai.geometry import Box
from docai.tasks import TASK_NAMES, answer, classify, task

coordinate = st.floats(-50, 700, allow_nan=False, width=32)
texts = st.one_of(
    st.text(min_size=1, max_size=12),
    st.sampled_from(["Total", "12,50", "€", "Rechnung", "Nr.", ":", "1.3.2026", "☒", "Menge", "%"]),
)


@st.composite
def words(draw):
    left, right = sorted((draw(coordinate), draw(coordinate)))
    top, bottom = sorted((draw(coordinate), draw(coordinate)))
    return Word(draw(texts), Box(left, top, right, bottom), draw(st.floats(0, 1)))


def of_words(found, source=TextSource.EMBEDDED):
    page = Page(1, 600, 800, tuple(found), text_source=source)
    return Document(Source("x.pdf", "0" * 64, "application/pdf", 1), (page,))


@settings(max_examples=60, deadline=None)
@given(st.lists(words(), max_size=25), st.sampled_from(TextSource))
def test_any_words_anywhere_are_survived(found, source):
    made = of_words(found, source)
    for name in TASK_NAMES:
        extraction = task(name).extract(made)
        for field in extraction.fields:
            assert 0.0 <= field.confidence <= 1.0
            assert all(ref.page == 0 and ref.word < len(found) for ref in field.evidence)
    answer(made, "What is the total?")
    classify(made)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=400))
def test_any_question_is_survived(question):
    answer(document("Total: 12.00 €"), question)


def crowd(vocabulary, count=20_000, columns=20):
    chosen = random.Random(1)
    found = []
    for n in range(count):
        text = chosen.choice(vocabulary)
        row, column = divmod(n, columns)
        left, top = column * 40.0, row * 12.0
        found.append(Word(text, Box(left, top, left + min(38, 5 * len(text)), top + 10)))
    return of_words(found, TextSource.OCR)


@pytest.mark.slow
@pytest.mark.parametrize(
    "vocabulary",
    [
        ["Total", "12,50", "Rechnung", "Nr.", "foo", "2026-03-01", "€", "Menge", "Preis", ":"],
        ["Total"],
        ["12345", "Berlin", "Str.", "•"],
        ["1", "1.", "1,2", "--", "(((", "%"],
    ],
)
def test_twenty_thousand_words_take_seconds(vocabulary):
    made = crowd(vocabulary)
    start = time.process_time()
    for name in ("invoice", "receipt", "form"):
        task(name).extract(made)
    assert time.process_time() - start < 15.0  # about 3 on the machine this was written on


def test_importing_tasks_loads_nothing_heavy():
    code = (
        "import sys, docai.tasks; docai.tasks.task('invoice'); "
        "heavy = {'numpy', 'torch', 'cv2', 'pandas', 'onnxruntime', 'pdfplumber'}; "
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
