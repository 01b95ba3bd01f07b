"""Layout models behind layoutparser's interface."""

import warnings

import layoutparser
import numpy as np
import pytest
from PIL import Image, ImageDraw

from docai.document import BlockKind
from docai.errors import EngineMissing
from docai.geometry import Box
from docai.image import PageImage
from docai.layout.detector import RapidLayoutModel, detect, regions


class OneTitle:
    """A layoutparser model that sees a title in every picture."""

    def detect(self, image: np.ndarray) -> layoutparser.Layout:
        height, width = image.shape[:2]
        box = layoutparser.Rectangle(0, 0, width / 2, height / 4)
        return layoutparser.Layout([layoutparser.TextBlock(box, type="Title", score=0.75)])


def test_any_model_can_be_used() -> None:
    image = PageImage(np.zeros((400, 200, 3), np.uint8), dpi=144)
    (found,) = detect(image, OneTitle())
    assert (found.kind, found.confidence) == (BlockKind.TITLE, 0.75)
    assert found.box == Box(0, 0, 50, 50)


def test_names_of_other_data_sets() -> None:
    box = layoutparser.Rectangle(0, 0, 72, 72)
    names = ["Table", "TableRegion", "Picture", "Page-footer", "Caption", 7]
    layout = layoutparser.Layout([layoutparser.TextBlock(box, type=name) for name in names])
    assert [str(r.kind) for r in regions(layout, dpi=72)] == [
        "table",
        "table",
        "figure",
        "footer",
        "text",
        "text",
    ]
    assert {r.confidence for r in regions(layout, dpi=72)} == {1.0}


def test_missing_weights_are_named(tmp_path) -> None:
    with pytest.raises(EngineMissing, match=r"other\.onnx"):
        RapidLayoutModel(tmp_path / "other.onnx")


def test_it_has_all_that_layoutparser_asks_for() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # optional packages that layoutparser imports
        from layoutparser.models.base_layoutmodel import BaseLayoutModel
    for name in BaseLayoutModel.__abstractmethods__:
        assert hasattr(RapidLayoutModel, name)


def a_page() -> PageImage:
    picture = Image.new("RGB", (850, 1100), "white")
    pen = ImageDraw.Draw(picture)
    for line in range(30):
        pen.text((100, 200 + 25 * line), "Running text of many words on one line. " * 2, "black")
    return PageImage(np.asarray(picture), dpi=100)


@pytest.mark.slow
def test_the_bundled_model_finds_text() -> None:
    image = a_page()
    found = detect(image, RapidLayoutModel(threads=1))
    assert any(region.kind is BlockKind.TEXT and region.box.height > 100 for region in found)
    assert all(0 <= region.confidence <= 1 for region in found)


@pytest.mark.slow
def test_arrays_and_pictures_are_seen_alike() -> None:
    model, image = RapidLayoutModel(threads=1), a_page()
    of_array = model.detect(image.pixels)
    of_picture = model.detect(Image.fromarray(image.pixels))
    assert of_array.to_dict() == of_picture.to_dict()
