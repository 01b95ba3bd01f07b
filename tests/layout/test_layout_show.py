"""The page's picture with what the layout believes drawn over it."""

import numpy as np
import pytest
from drawn import page, prose
from PIL import Image
from test_layout_tables import PAPER, PENS, invoice

from docai.document import Page
from docai.errors import UsageError
from docai.geometry import Box, to_pixels
from docai.image import PageImage
from docai.layout import arrange
from docai.layout.show import Layer, draw, layer


@pytest.fixture
def arranged() -> Page:
    return arrange(page(invoice(PENS, PAPER), prose(40, 40, 200, name="a")))


def paper(drawn: Page, dpi: float) -> PageImage:
    size = round(drawn.height * dpi / 72), round(drawn.width * dpi / 72), 3
    return PageImage(np.full(size, 255, np.uint8), dpi)


def ink(picture: Image.Image, box: Box, dpi: float) -> float:
    """Share of the pixels in this box that are not white."""
    part = np.asarray(picture.crop(tuple(round(x) for x in to_pixels(box, dpi=dpi))))
    return float((part < 255).any(axis=2).mean())


@pytest.mark.parametrize("dpi", [72.0, 150.0, 300.0])
def test_pictures_grow_with_the_resolution(arranged: Page, dpi: float) -> None:
    image = paper(arranged, dpi)
    picture = draw(arranged, image)
    assert picture.size == (image.pixels.shape[1], image.pixels.shape[0])
    block = arranged.blocks[-1].box
    edge = Box(block.left + 20, block.bottom - 1.5, block.right - 20, block.bottom + 1.5)
    assert ink(picture, edge, dpi) > 0.2


@pytest.mark.parametrize("only", list(Layer))
def test_each_layer_is_drawn_alone(arranged: Page, only: Layer) -> None:
    evidence = [("invoice_total", arranged.words[3].box)]
    picture = draw(arranged, paper(arranged, 100), layers=[only], evidence=evidence)
    assert ink(picture, Box(0, 0, 600, 780), 100) > 0


def test_no_layer_leaves_the_page_alone(arranged: Page) -> None:
    image = paper(arranged, 100)
    assert np.array_equal(np.asarray(draw(arranged, image, layers=[])), image.pixels)


def test_the_given_pixels_are_not_touched(arranged: Page) -> None:
    image = paper(arranged, 100)
    draw(arranged, image)
    assert (image.pixels == 255).all()


def test_evidence_is_highlighted(arranged: Page) -> None:
    box = arranged.words[3].box
    picture = draw(
        arranged, paper(arranged, 100), layers=[Layer.EVIDENCE], evidence=[("total", box)]
    )
    assert ink(picture, box, 100) > 0.9


def test_labels_stay_inside_the_picture() -> None:
    corner = Box(599, 0, 600, 1)
    drawn = page(prose(8, 40, 100, name="a"))
    picture = draw(drawn, paper(drawn, 100), evidence=[("a_very_long_field_name", corner)])
    assert ink(picture, Box(500, 0, 600, 12), 100) > 0.5


def test_an_empty_page_can_be_drawn() -> None:
    assert draw(page(), paper(page(), 72)).size == (600, 800)


def test_an_unknown_layer_is_refused_by_name() -> None:
    assert layer("blocks") is Layer.BLOCKS
    with pytest.raises(UsageError, match=r"'boxes'.*words, lines"):
        layer("boxes")
