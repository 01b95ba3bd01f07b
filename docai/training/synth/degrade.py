"""Pages as scanners, fax machines and phones see them; boxes move with the pixels."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import pypdfium2
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from docai.document import Block, Cell, Page, Table, TextSource, Word
from docai.geometry import POINTS_PER_INCH, Box
from docai.image import PageImage
from docai.training.labelled import LabelledDocument

Pixels = NDArray[np.uint8]
Points = NDArray[np.float32]  # [n, 2], x and y
Floats = NDArray[np.float32]

WORKING_DPI = 150.0


def pictures_of(pdf: bytes, dpi: float = WORKING_DPI) -> list[Pixels]:
    """Every page in clean RGB pixels. For PDFs of our own making: nothing is confined here."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [
            np.ascontiguousarray(
                page.render(scale=dpi / POINTS_PER_INCH, rev_byteorder=True).to_numpy()[:, :, :3]
            )
            for page in document
        ]
    finally:
        document.close()


def jpeg_bytes(image: PageImage) -> bytes:
    """A file with the picture's resolution in it; what JPEG costs is in the pixels already."""
    file = io.BytesIO()
    dpi = round(image.dpi, 2)
    Image.fromarray(image.pixels).save(file, "JPEG", quality=92, dpi=(dpi, dpi))
    return file.getvalue()


def degraded(labelled: LabelledDocument, pdf: bytes, seed: int) -> LabelledDocument:
    """The document as a picture: one way of taking it for all its pages, `images` filled."""
    random = np.random.default_rng(seed)
    way = _ways(random)
    if labelled.kind == "receipt":
        way = replace(way, holes=False)  # nobody files them in binders
    pages, images = [], []
    for page, clean in zip(labelled.document.pages, pictures_of(pdf), strict=True):
        taken = way.take(clean, random)
        images.append(PageImage(taken.pixels, taken.dpi))
        pages.append(_moved(page, taken))
    document = replace(labelled.document, pages=tuple(pages))
    return replace(labelled, document=document, images=tuple(images))


@dataclass(frozen=True, slots=True)
class Taken:
    """A picture of a page; `move` says where a point of the clean page's pixels went."""

    pixels: Pixels
    dpi: float
    move: Callable[[Points], Points]


@dataclass(frozen=True, slots=True)
class Way:
    """How a document became a picture. Shares and sizes are in pixels at WORKING_DPI."""

    photo: bool = False
    skew: float = 0.0  # degrees; each page differs a little
    gray: bool = True
    fax: bool = False  # black and white only
    worn_ink: float = 0.0  # 0 full black .. 1 gone
    blur: float = 0.0
    noise: float = 0.0
    shade: float = 0.0  # uneven light, 0..1
    folds: int = 0
    dirt: int = 0  # specks
    holes: bool = False
    dark_edge: bool = False
    quality: int = 90  # of JPEG
    scale: float = 1.0  # of the resolution
    bend: float = 0.0  # the paper's curl, in pixels
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def take(self, clean: Pixels, random: Generator) -> Taken:
        pixels = self._on_paper(clean, random)
        pixels, move = (_photographed if self.photo else _scanned)(pixels, self, random)
        pixels = self._sensed(pixels, random)
        if self.scale != 1.0:
            size = round(pixels.shape[1] * self.scale), round(pixels.shape[0] * self.scale)
            pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        factor = np.float32(self.scale)
        return Taken(
            _jpeg(pixels, self.quality), WORKING_DPI * self.scale, lambda p: move(p) * factor
        )

    def _on_paper(self, clean: Pixels, random: Generator) -> Pixels:
        """What time does to ink and paper before anybody takes a picture."""
        page = clean.astype(np.float32)
        if self.gray or self.fax:
            page[:] = page.mean(axis=2, keepdims=True)
        if self.worn_ink:
            keep = 1 - self.worn_ink * (0.4 + 0.6 * _clouds(page.shape[:2], random, 60))
            page = 255 - (255 - page) * keep[:, :, None]
        page *= np.asarray(self.tint, np.float32)
        for _ in range(self.folds):
            _fold(page, random)
        if self.dirt:
            _specks(page, self.dirt, random)
        if self.holes:
            _punch(page)
        return np.clip(page, 0, 255).astype(np.uint8)

    def _sensed(self, pixels: Pixels, random: Generator) -> Pixels:
        """Light, lens, sensor."""
        page = pixels.astype(np.float32)
        if self.blur:
            page = np.asarray(cv2.GaussianBlur(page, (0, 0), self.blur), np.float32)
        if self.shade:
            page *= (1 - self.shade * _slope(page.shape[:2], random))[:, :, None]
        if self.noise:
            channels = 1 if self.gray else 3
            grain = random.standard_normal((*page.shape[:2], channels), np.float32)
            page += self.noise * grain
        if self.fax:
            level = random.uniform(120, 175)
            page = np.where(page < level, np.float32(0), np.float32(255))
        return np.clip(page, 0, 255).astype(np.uint8)


def _ways(random: Generator) -> Way:
    """One of: office scan, poor scan, fax, old copy, phone photo."""
    kind = random.choice(
        ["office", "poor", "fax", "copy", "photo"], p=[0.34, 0.2, 0.12, 0.12, 0.22]
    )

    def u(low: float, high: float) -> float:
        return float(random.uniform(low, high))

    def chance(share: float) -> bool:
        return bool(random.random() < share)

    skew = float(random.normal(0, 0.7))
    if kind == "office":
        return Way(
            skew=skew,
            gray=chance(0.4),
            blur=u(0.3, 0.8),
            noise=u(1, 5),
            shade=u(0, 0.06),
            folds=int(chance(0.15)),
            quality=int(u(60, 92)),
            scale=u(0.8, 1.15),
            holes=chance(0.12),
        )
    if kind == "poor":
        return Way(
            skew=skew * 2,
            worn_ink=u(0.1, 0.5),
            blur=u(0.6, 1.2),
            noise=u(4, 14),
            shade=u(0.05, 0.3),
            folds=int(random.integers(0, 3)),
            dirt=int(u(0, 120)),
            quality=int(u(30, 70)),
            scale=u(0.65, 0.95),
            tint=(1.0, u(0.93, 1), u(0.86, 1)),
            gray=chance(0.6),
        )
    if kind == "fax":
        return Way(
            skew=skew,
            fax=True,
            blur=u(0.5, 1.0),
            noise=u(5, 25),
            dirt=int(u(0, 150)),
            quality=80,
            scale=u(0.7, 1.0),
            worn_ink=u(0, 0.2),
            dark_edge=chance(0.2),
        )
    if kind == "copy":
        return Way(
            skew=skew * 1.5,
            worn_ink=u(0, 0.35),
            blur=u(0.5, 1.1),
            noise=u(3, 10),
            dirt=int(u(30, 400)),
            dark_edge=chance(0.5),
            holes=chance(0.3),
            quality=int(u(40, 80)),
            scale=u(0.7, 1.0),
        )
    return Way(
        photo=True,
        skew=float(random.normal(0, 2.5)),
        gray=chance(0.2),
        blur=u(0.4, 1.3),
        noise=u(2, 9),
        shade=u(0.1, 0.5),
        folds=int(random.integers(0, 3)),
        quality=int(u(45, 88)),
        scale=u(0.8, 1.1),
        bend=u(0, 9),
        worn_ink=u(0, 0.25),
        tint=(1.0, u(0.95, 1), u(0.88, 1)),
    )


# --- geometry -----------------------------------------------------------------------------------


def _scanned(
    page: Pixels, way: Way, random: Generator
) -> tuple[Pixels, Callable[[Points], Points]]:
    """Laid on the glass a little askew; the picture has the page's size."""
    height, width = page.shape[:2]
    angle = way.skew + random.normal(0, 0.1)
    matrix = np.eye(3)
    matrix[:2] = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 0.99)
    matrix[:2, 2] += random.uniform(-0.006, 0.006, 2) * (width, height)
    lid = (40, 40, 40) if way.dark_edge else (255, 255, 255)
    return _warped(page, matrix, (width, height), 0.0, 1.0, lid)


def _photographed(
    page: Pixels, way: Way, random: Generator
) -> tuple[Pixels, Callable[[Points], Points]]:
    """Taken by hand on a table: perspective, a curl, what lies around it."""
    height, width = page.shape[:2]
    room = random.uniform(0.02, 0.1, 2) * min(width, height)
    size = round(width + 2 * room[0]), round(height + 2 * room[1])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), way.skew, 0.98)
    target = corners @ turn[:, :2].T + turn[:, 2] + room
    target += random.normal(0, 0.016, (4, 2)) * min(width, height)
    # The whole page stays in the picture.
    low, high = target.min(axis=0), target.max(axis=0)
    span = np.maximum(high - low, 1)
    fit = np.minimum(1.0, (np.array(size) - 6) / span)
    target = (target - low) * fit + np.clip(low, 3, np.maximum(3, np.array(size) - 3 - span * fit))
    matrix = cv2.getPerspectiveTransform(corners, target.astype(np.float32))
    ground = random.choice([25, 60, 110, 150]) + random.normal(0, 12, 3)
    period = random.uniform(0.7, 1.6) * np.pi / width
    picture, move = _warped(page, matrix, size, way.bend, period, tuple(map(float, ground)))
    return picture, move


def _warped(
    page: Pixels,
    matrix: NDArray[Any],
    size: tuple[int, int],
    bend: float,
    period: float,
    ground: tuple[float, ...],
) -> tuple[Pixels, Callable[[Points], Points]]:
    """First the curl, y + bend·sin(period·x), then the plane's transformation."""

    def move(points: Points) -> Points:
        curled = points.astype(np.float32).copy()
        curled[:, 1] += bend * np.sin(period * curled[:, 0])
        moved = cv2.perspectiveTransform(curled[None], matrix)[0]
        return np.asarray(moved, np.float32)

    if not bend:
        flat = cv2.warpPerspective(page, matrix, size, borderValue=ground, flags=cv2.INTER_LINEAR)
        return np.asarray(flat, np.uint8), move
    back = np.linalg.inv(matrix)
    xs, ys = np.meshgrid(np.arange(size[0], dtype=np.float32), np.arange(size[1], dtype=np.float32))
    depth = back[2, 0] * xs + back[2, 1] * ys + back[2, 2]
    u = ((back[0, 0] * xs + back[0, 1] * ys + back[0, 2]) / depth).astype(np.float32)
    v = ((back[1, 0] * xs + back[1, 1] * ys + back[1, 2]) / depth).astype(np.float32)
    v -= (bend * np.sin(period * u)).astype(np.float32)
    curled = cv2.remap(page, u, v, cv2.INTER_LINEAR, borderValue=ground)
    return np.asarray(curled, np.uint8), move


def _moved(page: Page, taken: Taken) -> Page:
    """The page with every box where the picture shows it."""
    to_pixels = WORKING_DPI / POINTS_PER_INCH
    to_points = POINTS_PER_INCH / taken.dpi

    boxes: list[Box] = [word.box for word in page.words]
    boxes += [block.box for block in page.blocks]
    boxes += [table.box for table in page.tables]
    boxes += [cell.box for table in page.tables for cell in table.cells]
    boxes += list(page.rules)
    moved = iter(_moved_boxes(boxes, taken.move, to_pixels, to_points))

    words = tuple(Word(word.text, next(moved), word.confidence) for word in page.words)
    blocks = tuple(Block(block.kind, next(moved), block.lines) for block in page.blocks)
    outlines = [next(moved) for _ in page.tables]
    tables = tuple(
        Table(outline, tuple(_with_box(cell, next(moved)) for cell in table.cells))
        for outline, table in zip(outlines, page.tables, strict=True)
    )
    height, width = taken.pixels.shape[:2]
    return replace(
        page,
        width=width * to_points,
        height=height * to_points,
        words=words,
        blocks=blocks,
        tables=tables,
        rules=tuple(moved),
        text_source=TextSource.OCR,
        dpi=taken.dpi,
    )


def _with_box(cell: Cell, box: Box) -> Cell:
    return replace(cell, box=box)


def _moved_boxes(
    boxes: list[Box], move: Callable[[Points], Points], to_pixels: float, to_points: float
) -> list[Box]:
    """The upright boxes around the moved ones: corners and the middles of the long sides."""
    if not boxes:
        return []
    corners = np.array(
        [
            [
                (b.left, b.top),
                (b.right, b.top),
                (b.right, b.bottom),
                (b.left, b.bottom),
                ((b.left + b.right) / 2, b.top),
                ((b.left + b.right) / 2, b.bottom),
            ]
            for b in boxes
        ],
        np.float32,
    )
    moved = move((corners * to_pixels).reshape(-1, 2)).reshape(-1, 6, 2) * to_points
    low, high = moved.min(axis=1), moved.max(axis=1)
    return [
        Box(left, top, right, bottom)
        for (left, top), (right, bottom) in zip(low.tolist(), high.tolist(), strict=True)
    ]


# --- paper, light, dirt -------------------------------------------------------------------------


def _clouds(shape: tuple[int, int], random: Generator, size: float) -> Floats:
    """Soft noise, 0..1."""
    small = random.random((max(2, int(shape[0] / size)), max(2, int(shape[1] / size))), np.float32)
    return np.asarray(
        cv2.resize(small, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32
    ).clip(0, 1)


def _slope(shape: tuple[int, int], random: Generator) -> Floats:
    """Light that falls off to one side, 0..1, with a soft shadow."""
    angle = random.uniform(0, 2 * np.pi)
    ys, xs = (
        np.linspace(-1, 1, shape[0], dtype=np.float32),
        np.linspace(-1, 1, shape[1], dtype=np.float32),
    )
    plane = np.cos(angle) * xs[None, :] + np.sin(angle) * ys[:, None]
    light = (plane - plane.min()) / max(1e-6, float(np.ptp(plane)))
    return np.asarray(0.75 * light + 0.25 * _clouds(shape, random, 400), np.float32)


def _fold(page: Floats, random: Generator) -> None:
    """A crease through the page: a darker and a lighter band."""
    height, width = page.shape[:2]
    along = random.random() < 0.7  # most letters are folded across
    extent = height if along else width
    at = int(extent * random.choice([1 / 3, 1 / 2, 2 / 3]) + random.normal(0, extent * 0.01))
    for offset, strength in ((-1, 0.86), (0, 0.78), (1, 1.06), (2, 1.03)):
        line = min(extent - 1, max(0, at + offset))
        band = slice(line, line + 1)
        if along:
            page[band] *= strength
        else:
            page[:, band] *= strength


def _specks(page: Floats, count: int, random: Generator) -> None:
    height, width = page.shape[:2]
    for x, y, radius in zip(
        random.integers(0, width, count).tolist(),
        random.integers(0, height, count).tolist(),
        random.choice([0, 0, 1, 1, 2], count).tolist(),
        strict=True,
    ):
        cv2.circle(page, (x, y), radius, (60, 60, 60), -1)


def _punch(page: Floats) -> None:
    """Two holes in the left margin."""
    height = page.shape[0]
    radius = int(0.11 * WORKING_DPI)
    for y in (0.36, 0.64):
        cv2.circle(page, (int(0.45 * WORKING_DPI), int(height * y)), radius, (35, 35, 35), -1)


def _jpeg(pixels: Pixels, quality: int) -> Pixels:
    """Through JPEG and back: its marks are in the pixels, whatever they are stored as."""
    _, data = cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    back = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return np.ascontiguousarray(back[:, :, ::-1])
