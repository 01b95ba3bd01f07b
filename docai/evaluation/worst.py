"""The documents that came out worst, drawn with what was right, wrong and missed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from docai.document import Document, Page, WordRef
from docai.evaluation.report import MISSED, RIGHT, WRONG, Drawing, Mark
from docai.image import PageImage
from docai.results import Span
from docai.tasks.spelled import places_of

WORST = 6  # documents drawn
DPI = 100.0  # of the pictures; they are as wide as a window

Picture = Callable[[Page], PageImage | None]


@dataclass(frozen=True, slots=True)
class Value:
    """A field judged. `true` is None where there is none, `said` where nothing was found."""

    name: str
    true: Span | None
    said: Span | None
    right: bool

    def __str__(self) -> str:
        """What is wrong about it."""
        expected, found = (repr(one.text) if one else "nothing" for one in (self.true, self.said))
        return f"{self.name}: expected {expected}, found {found}"


def drawing(
    title: str,
    document: Document,
    marks: Iterable[tuple[int, Mark]],
    picture: Picture,
    notes: Iterable[str] = (),
) -> Drawing:
    """The page on which most is wrong; each mark comes with the index of its page."""
    marks = list(marks)
    mistakes = Counter(index for index, mark in marks if mark.kind != RIGHT)
    shown = max(mistakes, key=mistakes.__getitem__, default=0)
    page = document.pages[shown]
    own = tuple(mark for index, mark in marks if index == shown)
    return Drawing(title, page, own, image=picture(page), notes=tuple(notes))


def values_drawing(
    document: Document, name: str, values: Sequence[Value], picture: Picture
) -> Drawing:
    """The values where they stand; what is wrong is said beside them."""
    title = f"{name}: {wrong(values)} of {len(values)} wrong"
    marks = [mark for value in values for mark in _marks(value, document)]
    notes = [str(value) for value in values if not value.right]
    return drawing(title, document, marks, picture, notes)


def wrong(values: Iterable[Value]) -> int:
    return sum(not value.right for value in values)


def _marks(value: Value, document: Document) -> Iterator[tuple[int, Mark]]:
    """Each with the index of its page. A true value without evidence is looked for."""
    if value.said is not None:
        kind = RIGHT if value.right else WRONG
        yield from _marked(value.said.evidence, kind, f"{value.name}: {value.said.text}", document)
    if value.true is not None and not value.right:
        text = value.true.text
        evidence = value.true.evidence or next(iter(places_of(text, document)), ())
        yield from _marked(evidence, MISSED, f"{value.name}: {text}", document)


def _marked(
    evidence: Iterable[WordRef], kind: str, note: str, document: Document
) -> Iterator[tuple[int, Mark]]:
    words: dict[int, list[int]] = {}
    for ref in evidence:
        words.setdefault(ref.page, []).append(ref.word)
    for page, own in words.items():
        yield page, Mark(document.pages[page].box(own), kind, note)


def rendered(path: Path, page: Page) -> PageImage | None:
    """The page of the file at `path` as it was read, or None where there is no such file."""
    if not path.is_file():
        return None
    from docai.pipeline import reading

    with reading(path) as document:
        return document.image(page, dpi=DPI)


def load_image(path: Path, dpi: float) -> PageImage:
    import numpy as np
    from PIL import Image

    with Image.open(path) as image:
        return PageImage(np.asarray(image.convert("RGB")), dpi)
