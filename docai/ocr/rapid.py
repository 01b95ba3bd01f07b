"""RapidOCR with PP-OCRv6: the default engine. Nothing is downloaded.

Two of RapidOCR's own steps are left out. Its classifier of upside-down lines turns some
upright ones (pages are made upright before they come here). Its word boxes pair words with
the confidences of single characters, and split words at wide letters; docai.ocr.words does
that part from the recogniser's columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from docai.document import Word
from docai.errors import EngineError, EngineMissing
from docai.image import PageImage
from docai.ocr import weights
from docai.ocr.base import EngineInfo
from docai.ocr.crops import bgr, ink_of_columns, reading_quad
from docai.ocr.words import Character, Quad, words_of_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

REMEDY = "pip install rapidocr==3.10.0"
PROFILES = {"fast": "PP-OCRv6 tiny", "accurate": "PP-OCRv6 tiny detection, small recognition"}

DEVICE = "CPU"
# RapidOCR reads six lines at a time and pads them to the longest, and to 320 pixels at least.
# Each by itself and to 160 costs an eighth to a quarter less and reads about as well.
LINES_AT_A_TIME = 1
LINE_SHAPE = [3, 48, 160]  # colours, height, least width in pixels
MIN_LINE_CONFIDENCE = 0.5  # below it a "line" is a logo, a stain or a signature


class RapidReader:
    """Meets docai.ocr.base.Reader. `threads` is per read; 0 means every core."""

    name = "rapidocr"

    def __init__(self, profile: str, *, threads: int = 0) -> None:
        self.profile = profile
        self.threads = threads
        self._one_at_a_time = Lock()

    @property
    def version(self) -> str:
        return f"{version('rapidocr')} ({PROFILES[self.profile]})"

    def read(self, image: PageImage, *, languages: Sequence[str] = ()) -> tuple[Word, ...]:
        """One model reads all its languages at once: `languages` changes nothing."""
        pixels = bgr(image)
        with self._one_at_a_time:
            engine = self._engine
            try:
                lines = list(_lines(engine, pixels))
            except Exception as error:  # it raises bare Exception subclasses of many packages
                raise EngineError(f"RapidOCR failed on this page: {error}") from error
        return tuple(chain.from_iterable(words_of_line(*line, dpi=image.dpi) for line in lines))

    @cached_property
    def _engine(self) -> Any:
        try:
            from rapidocr import RapidOCR
        except ImportError as error:
            raise EngineMissing(f"RapidOCR is not installed; {REMEDY}") from error
        parameters = {
            "Global.use_cls": False,
            "Global.return_word_box": True,
            "Global.log_level": "error",
            "Rec.rec_batch_num": LINES_AT_A_TIME,
            "Rec.rec_img_shape": LINE_SHAPE,
            "EngineConfig.onnxruntime.intra_op_num_threads": self.threads or -1,
        }
        return RapidOCR(
            params=parameters | {k: str(v) for k, v in model_paths(self.profile).items()}
        )


def model_paths(profile: str) -> dict[str, Path]:
    """RapidOCR's names for its model files, and where ours are.

    Both profiles find lines with the tiny network. The small one, as RapidOCR normalises its
    input, sees next to nothing on a page of one or two short texts; on receipts, forms and
    photos the two are within 0.01 of word recall, and the small one costs 17 to 44 % more.
    """
    detection = {"Det.model_path": weights.ours("pp-ocrv6-tiny/det/inference.onnx")}
    if profile == "fast":
        return detection | {
            "Rec.model_path": weights.ours("pp-ocrv6-tiny/rec/inference.onnx"),
            "Rec.rec_keys_path": weights.ours("pp-ocrv6-tiny/characters.txt"),
        }
    return detection | {"Rec.model_path": small("rec")}


def small(part: str) -> Path:
    """PP-OCRv6 small's "det" or "rec", which lie in RapidOCR's wheel."""
    return weights.in_package("rapidocr", f"models/PP-OCRv6_{part}_small.onnx", REMEDY)


def info() -> EngineInfo:
    """What `docai doctor` says of it."""
    try:
        # As a dict for its keys: the profiles share a file.
        models = dict.fromkeys(path for name in PROFILES for path in model_paths(name).values())
        found = version("rapidocr")
    except (EngineMissing, PackageNotFoundError) as error:
        return EngineInfo("rapidocr", False, "", DEVICE, remedy=f"{error}; {REMEDY}")
    return EngineInfo("rapidocr", True, found, DEVICE, tuple(map(weights.described, models)))


def _lines(
    engine: Any, pixels: NDArray[np.uint8]
) -> Iterator[tuple[list[Character], Quad, list[bool]]]:
    """What words_of_line wants to know of each line that is worth it."""
    from rapidocr.main import RapidOCRError
    from rapidocr.utils.process_img import map_boxes_to_original

    height, width = pixels.shape[:2]
    scaled, steps = engine.preprocess_img(pixels)
    try:
        crops, detected = engine.detect_and_crop(scaled, steps)
    except RapidOCRError:  # it found no text
        return
    recognised = engine.recognize_txt(crops)
    quads = map_boxes_to_original(detected.boxes, steps, height, width)
    for crop, quad, text, confidence, columns in zip(
        crops,
        quads,
        recognised.txts,
        recognised.scores,
        recognised.word_results,
        strict=True,
    ):
        if text.strip() and confidence >= MIN_LINE_CONFIDENCE:
            yield _characters(text, columns), reading_quad(quad), ink_of_columns(crop)


def _characters(text: str, columns: Any) -> list[Character]:
    """RapidOCR's WordInfo has columns for all characters but the spaces, which need none."""
    places = chain.from_iterable(columns.word_cols)
    return [
        Character(
            text=character,
            centre=0.0 if character.isspace() else (next(places) + 0.5) / columns.line_txt_len,
            confidence=confidence,
        )
        for character, confidence in zip(text, columns.confs, strict=True)
    ]
