"""SLANet+: the rows, columns and spans that a model sees in a table's picture.

The model writes the table as HTML tags and gives a box for each cell; the words are put into
these cells by their place. (PaddleOCR's SLANet_plus; docai/layout/weights says where the file
is from.)
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol

import cv2
import numpy as np
import onnxruntime

from docai.errors import EngineMissing
from docai.geometry import Box, box_from_pixels, to_pixels
from docai.layout.cells import PlacedCell, drafted, part_of
from docai.layout.lines import Fragment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from docai.image import PageImage
    from docai.layout.area import Area, Way
    from docai.layout.draft import DraftTable

WEIGHTS = Path(__file__).parent / "weights" / "slanet-plus" / "inference.onnx"
SHA256 = "d57a942af6a2f57d6a4a0372573c696a2379bf5857c45e2ac69993f3b334514b"
SIDE = 488  # pixels; pictures are fitted into a square of this side
MEAN = np.array((0.485, 0.456, 0.406), np.float32)  # ImageNet's, as trained
DEVIATION = np.array((0.229, 0.224, 0.225), np.float32)
MARGIN = 4.0  # points around the table that the model is shown
CELL = ("<td>", "<td", "<td></td>")


class SeenCell(NamedTuple):
    """A cell that the model sees; `box` in pixels of the picture: left, top, right, bottom."""

    row: int
    column: int
    row_span: int
    column_span: int
    box: tuple[float, float, float, float]


class SeenTable(NamedTuple):
    """`headers` rows from the top are header; `score`, 0..1, is the model's mean belief."""

    cells: tuple[SeenCell, ...]
    headers: int
    score: float


class TableModel(Protocol):
    """A model that sees a table's structure. SLANet+ is one; docs/extending.md adds another."""

    def see(self, pixels: NDArray[np.uint8]) -> SeenTable:
        """The table in an RGB picture that shows little else."""


class SlanetPlus:
    """The model, loaded. One thread sees at a time; `threads` is for onnxruntime, 0 its own."""

    def __init__(self, weights: Path = WEIGHTS, *, threads: int = 0) -> None:
        _check(weights)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3  # its shapes are dynamic, of which onnxruntime warns
        self._session = onnxruntime.InferenceSession(
            weights.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
        tokens = self._session.get_modelmeta().custom_metadata_map["character"].splitlines()
        self._tokens = ["sos", *tokens, "eos"]
        self._one_at_a_time = Lock()

    def see(self, pixels: NDArray[np.uint8]) -> SeenTable:
        """Meets TableModel."""
        height, width = pixels.shape[:2]
        scale = SIDE / max(height, width)
        with self._one_at_a_time:
            places, beliefs = self._session.run(None, {"x": _prepared(pixels, scale)})
        tokens, boxes, score = self._read(places[0], beliefs[0])
        return _table(tokens, [box * SIDE / scale for box in boxes], score)

    def _read(
        self, places: NDArray[np.float32], beliefs: NDArray[np.float32]
    ) -> tuple[list[str], list[NDArray[np.float32]], float]:
        """The tags up to the end, the corners of each cell as shares of the square, the score.

        `beliefs` is [step, token], `places` [step, 8]: x and y of four corners.
        """
        tokens, boxes, scores = [], [], []
        for step, number in enumerate(beliefs.argmax(axis=1)):
            token = self._tokens[number]
            if token == "eos" and step:
                break
            if token in ("sos", "eos"):
                continue
            tokens.append(token)
            scores.append(float(beliefs[step, number]))
            if token in CELL:
                boxes.append(places[step])
        return tokens, boxes, sum(scores) / len(scores) if scores else 0.0


def by_model(image: PageImage, model: TableModel | None = None) -> Way:
    """The way that looks at this picture of the page; None is the default model."""

    def way(area: Area) -> DraftTable | None:
        seen_by = default_model() if model is None else model
        box = area.box
        shown = Box(
            max(0.0, box.left - MARGIN),
            max(0.0, box.top - MARGIN),
            min(image.width, box.right + MARGIN),
            min(image.height, box.bottom + MARGIN),
        )
        left, top, right, bottom = map(round, to_pixels(shown, dpi=image.dpi))
        if right <= left or bottom <= top:
            return None
        seen = seen_by.see(image.pixels[top:bottom, left:right])
        return _filled(seen, area, shown, image.dpi) if len(seen.cells) > 1 else None

    return way


@cache
def default_model() -> SlanetPlus:
    """Loaded once a process."""
    return SlanetPlus()


def _check(weights: Path) -> None:
    """A damaged model sees nonsense, it does not fail."""
    if not weights.is_file():
        raise EngineMissing(f"the model file {weights} is missing; reinstall docai")
    with weights.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SHA256:
        raise EngineMissing(f"the model file {weights} is damaged; reinstall docai")


def _prepared(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.float32]:
    """[1, 3, SIDE, SIDE]: the picture in the upper left corner, BGR as the model was trained."""
    height, width = (max(1, int(side * scale)) for side in pixels.shape[:2])
    small = cv2.resize(pixels[:, :, ::-1], (width, height)).astype(np.float32) / 255
    square = np.zeros((SIDE, SIDE, 3), np.float32)
    square[:height, :width] = (small - MEAN) / DEVIATION
    return square.transpose(2, 0, 1)[None]


def _table(
    tokens: Sequence[str], corners: Sequence[NDArray[np.float32]], score: float
) -> SeenTable:
    """Rows and columns of the cells from the tags, as a browser lays them out."""
    taken: set[tuple[int, int]] = set()
    cells: list[SeenCell] = []
    row, headers, spans = -1, 0, {"rowspan": 1, "colspan": 1}
    boxes = iter(corners)
    for token in tokens:
        if token == "<tr>":
            row += 1
        elif token == "</thead>":
            headers = row + 1
        elif "span=" in token:
            name, _, number = token.strip().partition("=")
            spans[name] = int(number.strip('"'))
        elif token in (">", "<td>", "<td></td>"):
            column = next(c for c in range(len(taken) + 1) if (max(row, 0), c) not in taken)
            x, y = (c := next(boxes))[0::2], c[1::2]
            box = float(x.min()), float(y.min()), float(x.max()), float(y.max())
            cell = SeenCell(max(row, 0), column, spans["rowspan"], spans["colspan"], box)
            cells.append(cell)
            taken.update(
                (r, c)
                for r in range(cell.row, cell.row + cell.row_span)
                for c in range(column, column + cell.column_span)
            )
            spans = {"rowspan": 1, "colspan": 1}
    return SeenTable(tuple(cells), headers, score)


def _filled(seen: SeenTable, area: Area, shown: Box, dpi: float) -> DraftTable:
    """The cells with the words that stand in them or are nearest to them.

    Rows and columns in which no text begins are left out: the picture has margins.
    """
    boxes = []
    for cell in seen.cells:
        box = box_from_pixels(*cell.box, dpi=dpi)
        boxes.append(
            Box(
                box.left + shown.left,
                box.top + shown.top,
                box.right + shown.left,
                box.bottom + shown.top,
            )
        )
    texts: dict[int, list[Fragment]] = defaultdict(list)
    for fragment in area.fragments:
        parts: dict[int, list[int]] = defaultdict(list)
        for word in fragment.words:
            parts[_cell_of(area.words[word].box, boxes)].append(word)
        for n, words in parts.items():
            texts[n].append(part_of(fragment, words, area.words))
    with_text = [cell for n, cell in enumerate(seen.cells) if texts[n]]
    rows = sorted({cell.row for cell in with_text})
    columns = sorted({cell.column for cell in with_text})
    cells = []
    for n, cell in enumerate(seen.cells):
        row, row_span = _among(rows, cell.row, cell.row_span)
        column, column_span = _among(columns, cell.column, cell.column_span)
        if row_span and column_span:
            box = Box.enclosing([boxes[n], *(f.box for f in texts[n])])
            cells.append(PlacedCell(row, column, row_span, column_span, texts[n], box))
    headers = sum(row < seen.headers for row in rows)
    return drafted(cells, area.words, seen.score, headers)


def _among(kept: Sequence[int], first: int, span: int) -> tuple[int, int]:
    """The place and the length of a span among the rows (or columns) where text begins."""
    start = bisect_left(kept, first)
    return start, bisect_left(kept, first + span) - start


def _cell_of(word: Box, cells: Sequence[Box]) -> int:
    """The cell that shares most with the word; of none, the nearest."""

    def distance(cell: Box) -> tuple[float, float]:
        shared = word.intersection(cell)
        across, down = max(0.0, -word.overlap_x(cell)), max(0.0, -word.overlap_y(cell))
        return -(shared.area if shared else 0.0), across + 2 * down  # text leans along its line

    return min(range(len(cells)), key=lambda n: distance(cells[n]))
