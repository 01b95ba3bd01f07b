"""Where pages for pre-training come from: files of any kind, and labelled documents.

Both go through docai's own reading order. Labelled documents lend their words, so that no
time is spent on OCR; a file is read as `docai read` reads it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from docai.document import Page
from docai.errors import DocaiError, UnsupportedFormat
from docai.options import option
from docai.training.shards import (
    HELD_OUT,
    PICTURE_SIDE,
    TRAIN,
    PageSample,
    ShardWriter,
    is_held_out,
    sample_of,
    text_hash,
)

FEWEST_WORDS = 20  # on a page that is worth training on
SHORT_SIDE = 2 * PICTURE_SIDE  # pixels of the picture before it is made small


@dataclass(frozen=True, slots=True)
class PagesOptions:
    """Pages for pre-training."""

    held_out: float = option(
        0.03, "share of the documents that is kept for measuring", at_least=0, at_most=0.9
    )
    most_pages: int = option(
        60, "pages taken of one document, evenly: a long manual must not crowd out the rest",
        at_least=1,
    )  # fmt: skip
    text: str = option(
        "auto", "where words come from; embedded leaves scanned pages out",
        choices=("auto", "embedded"),
    )  # fmt: skip
    workers: int = option(1, "processes that read files", at_least=1)


@dataclass(frozen=True, slots=True)
class Pages:
    """One document's pages, or why there are none."""

    document: str
    samples: tuple[PageSample, ...]
    failure: str = ""
    is_foreign: bool = False  # no document at all, such as the labels beside one


def write_pages(
    documents: Iterable[Pages], writer: ShardWriter, *, held_out: float
) -> Iterator[Pages]:
    """Each document as it is written. All of its pages go to one part."""
    for pages in documents:
        part = HELD_OUT if is_held_out(pages.document, held_out) else TRAIN
        for sample in pages.samples:
            writer.write(sample, part)
        yield pages


def pages_of_files(paths: Sequence[Path], origin: str, options: PagesOptions) -> Iterator[Pages]:
    """In the order of the paths, whatever the number of workers."""
    read = partial(_pages_of_file, origin=origin, options=options)
    if options.workers == 1:
        yield from map(read, paths)
        return
    with get_context("spawn").Pool(options.workers) as pool:
        yield from pool.imap(read, paths, chunksize=8)


def _pages_of_file(path: Path, *, origin: str, options: PagesOptions) -> Pages:
    from docai.pipeline import ReadOptions, reading

    document = hashlib.sha256(path.read_bytes()).hexdigest()
    try:
        with reading(path, ReadOptions(text=options.text)) as opened:
            count = opened.page_count
            taken = min(count, options.most_pages)
            pages = [opened.page(1 + i * count // taken) for i in range(taken)]
            samples = [
                sample_of(page, opened.image(page, dpi=_small_dpi(page)), origin)
                for page in pages
                if len(page.words) >= FEWEST_WORDS
            ]
    except UnsupportedFormat:
        return Pages(document, (), is_foreign=True)
    except DocaiError as error:
        return Pages(document, (), f"{path}: {error}")
    return Pages(document, tuple(samples))


def pages_of_labelled(data: Path) -> Iterator[Pages]:
    """The documents of a labelled set that have pictures."""
    from docai.training import readers

    for labelled in readers.read(data, images=True):
        pairs = zip(labelled.document.pages, labelled.images, strict=False)
        samples = tuple(
            sample_of(page, image, labelled.origin)
            for page, image in pairs
            if len(page.words) >= FEWEST_WORDS
        )
        words = [word.text for page in labelled.document.pages for word in page.words]
        yield Pages(text_hash(words), samples)


def _small_dpi(page: Page) -> float:
    return 72 * SHORT_SIDE / min(page.width, page.height)
