"""The real engines, on pages whose text and places are known."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from statistics import fmean

import numpy as np
import pytest
from pages import picture
from PIL import Image, ImageOps
from renders import letter, page_image, texts, turned_clockwise

from docai.errors import EngineError
from docai.image import PageImage
from docai.ocr import engines, reader
from docai.ocr.rapid import RapidReader

LINES = ("Invoice no. 2026-0417", "Total due: 1,932.40 EUR")
WORDS = " ".join(LINES).split()

slow = pytest.mark.slow


@pytest.fixture(
    params=[
        pytest.param(("rapidocr", "fast"), id="rapidocr-fast"),
        pytest.param(("rapidocr", "accurate"), id="rapidocr-accurate"),
        pytest.param(("paddleocr", "fast"), id="paddleocr-fast", marks=slow),
        pytest.param(("paddleocr", "accurate"), id="paddleocr-accurate", marks=slow),
        pytest.param(("paddleocr-paddle", "fast"), id="paddleocr-paddle", marks=slow),
        pytest.param(("tesseract", "fast"), id="tesseract"),
    ]
)
def engine(request):
    name, profile = request.param
    [info] = [info for info in engines() if info.name == name]
    if not info.available:
        pytest.skip(f"{name}: {info.remedy}")
    return reader(name, profile, threads=1)


def test_words_are_read_with_their_places(engine):
    words = engine.read(page_image(picture(*LINES)))
    assert texts(words) == WORDS
    assert fmean(word.confidence for word in words) > 0.8
    for number, line in enumerate((words[:3], words[3:])):
        middle = 40 + 20 * number + 9  # points; see picture()
        assert line[0].box.left == pytest.approx(51, abs=2)
        for word in line:
            assert word.box.contains_point(word.box.centre[0], middle)
            assert word.box.height < 20
            assert 0 < word.confidence <= 1
        for before, after in pairwise(line):
            assert before.box.right < after.box.left


def test_a_blank_page_has_no_words(engine):
    assert engine.read(page_image(picture())) == ()


def test_a_page_too_small_for_letters_has_no_words(engine):
    speck = np.full((3, 2, 3), 255, np.uint8)
    assert engine.read(PageImage(speck, 144.0)) == ()


def test_the_engine_and_its_weights_are_named(engine):
    name, _, rest = engine.version.partition(" ")
    assert name[0].isdigit()
    assert rest == "" or rest.startswith("(PP-OCR")


def test_points_do_not_depend_on_the_resolution():
    fast = reader("rapidocr", "fast", threads=1)
    coarse = fast.read(page_image(picture(*LINES, scale=2.0), dpi=144.0))
    fine = fast.read(page_image(picture(*LINES, scale=3.0), dpi=216.0))
    assert texts(coarse) == texts(fine)
    for one, other in zip(coarse, fine, strict=True):
        edges = (other.box.left, other.box.top, other.box.right, other.box.bottom)
        assert (one.box.left, one.box.top, one.box.right, one.box.bottom) == pytest.approx(
            edges, abs=2.5
        )


def test_light_print_on_dark_is_read_with_its_places():
    fast = reader("rapidocr", "fast", threads=1)
    dark, light = (
        fast.read(page_image(each)) for each in (picture(*LINES), ImageOps.invert(picture(*LINES)))
    )
    assert texts(light) == texts(dark)
    for one, other in zip(light, dark, strict=True):
        assert one.box.left == pytest.approx(other.box.left, abs=2)


def test_a_line_printed_from_bottom_to_top_is_read_along_itself():
    """As in the margin of forms: a strip stuck on its side."""
    strip = picture("Serial number 88213").crop((90, 70, 420, 120)).rotate(90, expand=True)
    page = Image.new("RGB", (840, 840), "white")
    page.paste(strip, (100, 200))
    words = reader("rapidocr", "fast", threads=1).read(page_image(page))
    # Tall boxes are turned one way only, so a text running up may be read upside down; its
    # place has to be right all the same.
    assert words
    for word in words:
        assert 45 <= word.box.left <= word.box.right <= 80
        assert 95 <= word.box.top <= word.box.bottom <= 270


@slow
def test_threads_sharing_a_reader_get_the_words_of_their_own_page():
    pages = [page_image(picture(f"Page {i}", f"Order {7919 * i}", "EUR")) for i in range(1, 5)]
    alone = RapidReader("fast", threads=1)
    expected = [alone.read(page) for page in pages]
    shared = RapidReader("fast", threads=1)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(shared.read, pages)) == expected
        own = pool.map(lambda page: reader("rapidocr", "fast", threads=1).read(page), pages)
        assert list(own) == expected


@slow
def test_a_page_read_with_paddleocr_from_threads_stays_itself():
    [info] = [info for info in engines() if info.name == "paddleocr"]
    if not info.available:
        pytest.skip(info.remedy)
    pages = [page_image(picture(f"Page {i}", f"Order {7919 * i}")) for i in range(1, 5)]
    shared = reader("paddleocr", "fast", threads=1)
    expected = [shared.read(page) for page in pages]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(shared.read, pages)) == expected


@slow
def test_a_skewed_letter_is_read_the_same_once_it_is_straight():
    from docai.ocr.upright import upright

    fast = reader("rapidocr", "fast", threads=1)
    straight = set(texts(fast.read(letter())))
    again = set(texts(fast.read(upright(turned_clockwise(letter(), 3.0)).image)))
    assert len(straight & again) >= 0.95 * len(straight)


def test_what_goes_wrong_inside_is_an_engine_error():
    broken = RapidReader("fast", threads=1)
    broken._engine = None  # a cached property
    with pytest.raises(EngineError, match="RapidOCR failed on this page") as caught:
        broken.read(page_image(picture("Hello")))
    assert caught.value.retryable
