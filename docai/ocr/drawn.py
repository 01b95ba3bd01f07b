"""What is drawn on a scanned page besides its text: ruling lines and checkboxes.

A digital page states its lines; on a scan they are runs of ink longer than any letter's
stroke. A checkbox is four short strokes that close a square; what crosses it is the tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from docai.document import Word
from docai.geometry import Box, box_from_pixels, to_pixels
from docai.image import PageImage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ink = NDArray[np.uint8]  # [height, width], 255 where the page is dark

TICKED, EMPTY = "☒", "☐"
SURE_OF_SQUARE = 0.9  # the word's confidence: four closed sides are rarely anything else

WORKING_DPI = 120.0  # of the page when it is measured; finer costs more and finds no more
SHORTEST_RULE = 30.0  # points; longer than the bars of letters in a headline
THICKEST_RULE = 4.0  # points
SLOPE = 0.01  # of a rule's length that it may rise
SQUARE_SIDES = (6.5, 22.0)  # points; the sides of checkboxes
SQUARE_STROKE = 5.0  # points; a checkbox's side survives as a run of this length
CLOSED = 0.8  # of each side of a checkbox is ink; an O's or a D's sides are not
STRAIGHT = 0.8  # of a side lies in one row of pixels; of a letter's bow, 0.75 at most
TICK_INK = 0.06  # of a checkbox's inside is dark when it is ticked; dust is less
WIDER_THAN_LETTERS = 1.2  # times a word's letters, a square at its end is not one of them
PLAIN_BOX_GLYPHS = frozenset("□☐☑☒■口囗")  # what OCR makes of a checkbox …
SQUARE_LETTERS = frozenset("BCDGOQUo0@")  # wide, and at some sizes taken for a square
BOX_GLYPHS = PLAIN_BOX_GLYPHS | frozenset("回日凶区囚図⊠⊡XxOo0VvDLI[]|✓√")  # … and of a ticked one


@dataclass(frozen=True, slots=True)
class Drawn:
    """`rules` are thin boxes; `squares` are checkboxes with whether they are ticked."""

    rules: tuple[Box, ...] = ()
    squares: tuple[tuple[Box, bool], ...] = ()


def drawn(image: PageImage) -> Drawn:
    """The lines and checkboxes of an upright page, in points."""
    import cv2
    import numpy as np

    scale = min(1.0, WORKING_DPI / image.dpi)
    dpi = image.dpi * scale
    small = cv2.resize(image.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    dark = cv2.adaptiveThreshold(
        gray, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, blockSize=31, C=12
    )
    ink = np.asarray(dark, np.uint8)
    squares = (square for square in _squares(ink, dpi) if _has_straight_sides(image, square[0]))
    return Drawn(tuple(_rules(ink, dpi)), tuple(squares))


def with_checkboxes(words: Sequence[Word], squares: Sequence[tuple[Box, bool]]) -> tuple[Word, ...]:
    """The words with ☒ and ☐ among them, in place of what OCR made of the same squares.

    A square as wide as the letters around it is a letter (口, or a D in a square face) and
    stays one, as does one where the word has an O; a wider one at a word's end is a checkbox
    that OCR took into the word's box.
    """
    kept = list(words)
    for box, ticked in squares:
        under = [word for word in kept if word.box.contains_point(*box.centre)]
        beside = [_without(word, box) for word in under]
        if None in beside:
            continue
        kept = [word for word in kept if word not in under]
        kept += [word for word in beside if word is not None and word.text]
        kept.append(Word(TICKED if ticked else EMPTY, box, SURE_OF_SQUARE))
    return tuple(kept)


def _without(word: Word, square: Box) -> Word | None:
    """What is left of the word beside the checkbox, or None where the square is a letter of it."""
    if len(word.text) <= 2 and set(word.text) <= BOX_GLYPHS:
        return replace(word, text="")
    pitch = word.box.width / len(word.text)
    if square.width < WIDER_THAN_LETTERS * pitch:
        return None
    left, right = word.box.left, word.box.right
    if square.left - left < pitch and word.text[0] not in SQUARE_LETTERS:
        left = min(square.right, right)
    elif right - square.right < pitch and word.text[-1] not in SQUARE_LETTERS:
        right = max(square.left, left)
    else:
        return None
    text = word.text.strip("".join(PLAIN_BOX_GLYPHS))
    return Word(text, Box(left, word.box.top, right, word.box.bottom), word.confidence)


def _rules(ink: Ink, dpi: float) -> list[Box]:
    import cv2
    import numpy as np

    shortest = round(SHORTEST_RULE * dpi / 72)
    rules = []
    for kernel in ((shortest, 1), (1, shortest)):
        # A scan's line is a little crooked: thickened across, it survives the opening whole.
        across = (1, 3) if kernel[1] == 1 else (3, 1)
        thick = cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_RECT, across))
        runs = _opened(np.asarray(thick, np.uint8), kernel)
        _, _, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
        for left, top, width, height, _ in stats[1:].tolist():
            box = box_from_pixels(left, top, left + width, top + height, dpi=dpi)
            slope = SLOPE * max(box.width, box.height)  # what deskewing left over
            if min(box.width, box.height) <= THICKEST_RULE + slope:
                rules.append(box)
    return rules


def _squares(ink: Ink, dpi: float) -> list[tuple[Box, bool]]:
    import cv2

    stroke = max(3, round(SQUARE_STROKE * dpi / 72))
    strokes = _opened(ink, (stroke, 1)) | _opened(ink, (1, stroke))
    contours, _ = cv2.findContours(strokes, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    smallest, largest = (side * dpi / 72 for side in SQUARE_SIDES)
    found: list[tuple[Box, bool]] = []
    for contour in contours:
        left, top, width, height = cv2.boundingRect(contour)
        is_square = 0.8 <= width / height <= 1.25
        if not (is_square and smallest <= width <= largest and smallest <= height <= largest):
            continue
        if _closed_share(strokes, left, top, width, height) < CLOSED:
            continue
        box = box_from_pixels(left, top, left + width, top + height, dpi=dpi)
        # A square's outline gives an outer and an inner contour.
        if not any(box.contains_point(*other.centre) for other, _ in found):
            found.append((box, _inner_ink(ink, left, top, width, height) > TICK_INK))
    return found


def _opened(ink: Ink, kernel: tuple[int, int]) -> Ink:
    import cv2
    import numpy as np

    element = cv2.getStructuringElement(cv2.MORPH_RECT, kernel)
    return np.asarray(cv2.morphologyEx(ink, cv2.MORPH_OPEN, element), np.uint8)


def _closed_share(ink: Ink, left: int, top: int, width: int, height: int) -> float:
    """Of the side with the most gaps: the share that is ink, within a pixel of the edge."""
    patch = ink[top : top + height, left : left + width] > 0
    band = max(2, round(0.18 * min(width, height)))
    sides = (
        patch[:band].any(axis=0),
        patch[-band:].any(axis=0),
        patch[:, :band].any(axis=1),
        patch[:, -band:].any(axis=1),
    )
    return min(float(side.mean()) for side in sides)


def _has_straight_sides(image: PageImage, square: Box) -> bool:
    """Whether each side is a stroke as long as the square, at the page's own resolution.

    O and D are closed on four sides as well, but at some of them by a bow.
    """
    import numpy as np

    left, top, right, bottom = (round(edge) for edge in to_pixels(square, dpi=image.dpi))
    # One pixel more: the square was measured on a coarser page.
    around = image.pixels[max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1].min(axis=2)
    paper, print_ = np.percentile(around, (95, 5))
    dark = around < (paper + print_) / 2
    band = round(0.3 * min(dark.shape))
    for across in (0, 1):
        length = max(1, np.count_nonzero(dark.any(axis=1 - across)))
        strokes = np.count_nonzero(dark, axis=across) / length
        if min(strokes[:band].max(initial=0), strokes[-band:].max(initial=0)) < STRAIGHT:
            return False
    return True


def _inner_ink(ink: Ink, left: int, top: int, width: int, height: int) -> float:
    margin_x, margin_y = max(2, round(0.25 * width)), max(2, round(0.25 * height))
    inside = ink[
        top + margin_y : top + height - margin_y, left + margin_x : left + width - margin_x
    ]
    return float((inside > 0).mean()) if inside.size else 0.0
