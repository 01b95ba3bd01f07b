import pytest
from PIL import Image, ImageDraw
from renders import page_image, texts

from docai.ocr import PROFILES, reader

pytestmark = pytest.mark.slow

A4_AT_150_DPI = (1240, 1754)  # pixels; on a smaller page the text is not lost in the white


def sheet(line: str):
    image = Image.new("RGB", A4_AT_150_DPI, "white")
    ImageDraw.Draw(image).text((500, 880), line, fill="black", font_size=25)
    return page_image(image, dpi=150)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("line", ["20240815", "1250.00", "Page 3"])
def test_a_page_with_one_short_text_is_not_taken_for_blank(profile, line):
    words = reader("rapidocr", profile, 1).read(sheet(line))
    # Spaces aside: whether the line is found is asked here, and the fast profile reads "Page3".
    assert "".join(texts(words)) == line.replace(" ", "")


@pytest.mark.parametrize("profile", PROFILES)
def test_a_blank_page_has_no_words(profile):
    assert reader("rapidocr", profile, 1).read(sheet("")) == ()
