import numpy as np
import pytest
from pages import picture
from PIL import Image
from renders import letter, page_image, turned_clockwise

from docai.image import PageImage
from docai.ocr.upright import quarter_turn, small_turn, turned, upright


@pytest.mark.parametrize("lies", [0, 90, 180, 270])
def test_a_page_on_its_side_or_head_is_put_on_its_feet(lies):
    page = letter()
    up = upright(turned_clockwise(page, lies))
    assert up.rotation == (360 - lies) % 360
    assert up.skew == 0
    assert np.array_equal(up.image.pixels, page.pixels)
    assert up.image.dpi == page.dpi


@pytest.mark.parametrize("skew", [-6.0, -2.5, -0.8, 0.8, 2.5, 6.0])
def test_a_skewed_page_is_straightened(skew):
    up = upright(turned_clockwise(letter(), skew))
    assert up.rotation == 0
    assert up.skew == pytest.approx(-skew, abs=0.15)


def test_skew_is_found_on_a_page_that_lies_on_its_side():
    up = upright(turned_clockwise(turned_clockwise(letter(), 2.0), 90))
    assert up.rotation == 270
    assert up.skew == pytest.approx(-2.0, abs=0.15)


def test_a_straight_page_keeps_its_very_pixels():
    """Turning by nothing would blur the letters."""
    page = letter()
    assert upright(page).image is page


def test_a_blank_page_stays():
    blank = page_image(picture())
    up = upright(blank)
    assert (up.rotation, up.skew) == (0, 0)


def test_a_photo_without_text_is_not_straightened():
    """Soft blobs, as of leaves or faces."""
    noise = np.random.default_rng(3).integers(0, 255, (9, 12, 3), dtype=np.uint8)
    photo = Image.fromarray(noise).resize((800, 600), Image.Resampling.BICUBIC)
    assert small_turn(np.asarray(photo)) == 0


def test_a_single_line_is_not_turned_on_its_side():
    assert quarter_turn(page_image(picture("Total 17.50")).pixels) == 0


def test_turning_follows_the_clock():
    """A mark in the top left corner goes to the top right."""
    pixels = np.full((40, 60, 3), 255, np.uint8)
    pixels[:10, :10] = 0
    once = turned(PageImage(pixels, 72.0), rotation=90, skew=0.0).pixels
    assert once.shape == (60, 40, 3)
    assert once[:10, -10:].max() == 0
    assert once[20:, :].min() == 255


def test_a_small_turn_follows_the_clock_and_keeps_the_size():
    """A level rule sinks at its right end."""
    pixels = np.full((200, 400, 3), 255, np.uint8)
    pixels[100] = 0
    tilted = turned(PageImage(pixels, 72.0), rotation=0, skew=5.0).pixels
    left, right = (int(tilted[:, x, 0].argmin()) for x in (20, 380))
    assert tilted.shape == pixels.shape
    assert right - left == pytest.approx(360 * np.tan(np.radians(5)), abs=2)
