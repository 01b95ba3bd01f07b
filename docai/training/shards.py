"""Pages for pre-training, on disk: JSON Lines files of some thousand pages each.

    FOLDER/train/00000.jsonl ...     a page a line; its picture is a small JPEG in base64
    FOLDER/held-out/00000.jsonl ...  whole documents of their own, never trained on
    FOLDER/about.json                pages of each part by data set

A page is found by its number without reading the others, so a run streams in any order and
goes on at any step, and memory holds nothing but the places of the lines.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docai.document import Page
from docai.errors import UsageError
from docai.geometry import to_grid

if TYPE_CHECKING:
    from docai.image import PageImage

TRAIN, HELD_OUT = "train", "held-out"
ABOUT = "about.json"
PICTURE_SIDE = 224  # pixels; what the visual branch takes
JPEG_QUALITY = 85
PAGES_PER_SHARD = 2000

GridBox = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class PageSample:
    """A page's words in reading order, as our own layout code finds it.

    `boxes` are on the grid 0..1000, `lines` the number of each word's line, `picture` is a
    JPEG of PICTURE_SIDE x PICTURE_SIDE pixels, whatever the page's own shape. `origin` names
    the data set, whose terms go with the page.
    """

    origin: str
    words: tuple[str, ...]
    boxes: tuple[GridBox, ...]
    lines: tuple[int, ...]
    picture: bytes

    @property
    def text_hash(self) -> str:
        return text_hash(self.words)


def text_hash(words: Iterable[str]) -> str:
    """The same for pages whose letters and digits are the same, whatever stands between them."""
    letters = "".join(c for word in words for c in word.casefold() if c.isalnum())
    return hashlib.sha256(letters.encode()).hexdigest()[:16]


def sample_of(page: Page, image: PageImage, origin: str) -> PageSample:
    """From a page that `docai.layout.arrange` has put in order."""
    lines = {word: number for number, line in enumerate(page.lines) for word in line.words}
    width, height = page.width, page.height
    return PageSample(
        origin,
        tuple(word.text for word in page.words),
        tuple(to_grid(word.box, width=width, height=height) for word in page.words),
        tuple(lines[i] for i in range(len(page.words))),
        picture_of(image),
    )


def picture_of(image: PageImage) -> bytes:
    from PIL import Image

    small = Image.fromarray(image.pixels).resize((PICTURE_SIDE, PICTURE_SIDE), Image.Resampling.BOX)
    jpeg = io.BytesIO()
    small.save(jpeg, "JPEG", quality=JPEG_QUALITY)
    return jpeg.getvalue()


def is_held_out(document: str, share: float) -> bool:
    """Decided by the document's own name or hash: the same document is always on one side."""
    digest = hashlib.sha256(document.encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


class ShardWriter:
    """Writes pages one after the other; a page whose text was written before is left out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: Counter[tuple[str, str]] = Counter()  # (part, origin)
        self.twins = 0
        self._seen: set[str] = set()
        self._counts: Counter[str] = Counter()

    def write(self, sample: PageSample, part: str) -> None:
        if sample.text_hash in self._seen:
            self.twins += 1
            return
        self._seen.add(sample.text_hash)
        number, self._counts[part] = self._counts[part], self._counts[part] + 1
        path = self.folder / part / f"{number // PAGES_PER_SHARD:05}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(_to_line(sample))
        self.written[part, sample.origin] += 1

    def close(self) -> None:
        """Write down what is there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        about: dict[str, dict[str, int]] = {}
        for (part, origin), pages in sorted(self.written.items()):
            about.setdefault(part, {})[origin] = pages
        (self.folder / ABOUT).write_text(json.dumps(about, indent=1) + "\n", "utf-8")


def origins(folders: Sequence[Path]) -> Counter[str]:
    """Pages that are trained on, by data set. Raises UsageError."""
    pages: Counter[str] = Counter()
    for folder in folders:
        try:
            pages.update(json.loads((folder / ABOUT).read_text("utf-8")).get(TRAIN, {}))
        except (OSError, ValueError, AttributeError) as error:
            raise UsageError(
                f"{folder} has no {ABOUT}: was `docai train pages` cut off?"
            ) from error
    return pages


class Shards:
    """The pages of one part of some folders, by number."""

    def __init__(self, folders: Sequence[Path], part: str) -> None:
        self.paths = [
            path for folder in folders for path in sorted((folder / part).glob("*.jsonl"))
        ]
        if not self.paths:
            raise UsageError(
                f"{folders[0] / part} has no pages; make some with `docai train pages`"
            )
        self._starts: list[array[int]] = [array("q", _line_starts(path)) for path in self.paths]
        self._places = [
            (shard, line)
            for shard, starts in enumerate(self._starts)
            for line in range(len(starts))
        ]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, number: int) -> PageSample:
        shard, line = self._places[number]
        with self.paths[shard].open("rb") as file:
            file.seek(self._starts[shard][line])
            return _from_line(file.readline(), self.paths[shard])


def _line_starts(path: Path) -> Iterator[int]:
    start = 0
    with path.open("rb") as file:
        for line in file:
            yield start
            start += len(line)


def _to_line(sample: PageSample) -> str:
    values = {
        "origin": sample.origin,
        "words": sample.words,
        "boxes": sample.boxes,
        "lines": sample.lines,
        "picture": base64.b64encode(sample.picture).decode(),
    }
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"


def _from_line(line: bytes, path: Path) -> PageSample:
    try:
        values: dict[str, Any] = json.loads(line)
        return PageSample(
            values["origin"],
            tuple(values["words"]),
            tuple((b[0], b[1], b[2], b[3]) for b in values["boxes"]),
            tuple(values["lines"]),
            base64.b64decode(values["picture"]),
        )
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise UsageError(f"{path} is damaged; make it again with `docai train pages`") from error
