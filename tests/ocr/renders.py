"""Pages as an OCR engine gets them, drawn on the spot."""

import numpy as np
from pages import picture
from PIL import Image

from docai.image import PageImage

LETTER = (
    "Riverside Rowing Club, 12 Weir Street",
    "",
    "Dear members,",
    "the boats return to the water on the first Sunday",
    "of April. Please bring warm clothes, for the river",
    "is still cold, and something for the common table.",
    "The new oars have arrived; each of them costs 84.50.",
    "Whoever has not paid the fee for this year yet may",
    "do so at the boathouse or by transfer to the account",
    "named below. Children under twelve row for nothing.",
    "",
    "We also look for two helpers who paint the old shed",
    "before summer begins. Brushes and paint are there,",
    "and so is lunch. Write to Marta or call 0155 20 417.",
    "",
    "With kind regards, the committee",
)


def page_image(image: Image.Image, *, dpi: float = 144.0) -> PageImage:
    return PageImage(np.asarray(image.convert("RGB")), dpi)


def letter() -> PageImage:
    return page_image(picture(*LETTER))


def turned_clockwise(image: PageImage, degrees: float) -> PageImage:
    """As if the sheet had lain so on the scanner; a quarter turn changes the page's format."""
    rotated = Image.fromarray(image.pixels).rotate(
        -degrees, Image.Resampling.BICUBIC, expand=degrees % 90 == 0, fillcolor="white"
    )
    return PageImage(np.asarray(rotated), image.dpi)


def texts(words) -> list[str]:
    return [word.text for word in words]
