"""Synthetic documents as files: a PDF or pictures, and the truth as JSON beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from random import Random

from docai.document import Source
from docai.training.labelled import LabelledDocument
from docai.training.labelled_json import labelled_to_json
from docai.training.synth.stream import Draft, draft

FORMATS = ("pdf", "jpg", "mixed", "json")
PICTURES = 0.5  # share of documents that are pictures when formats are mixed


def mixed_drafts(
    kinds: Sequence[str], languages: Sequence[str], seed: int, *, sentences: Sequence[str] = ()
) -> Iterator[Draft]:
    """Kind after kind, language after language, endless."""
    for number in count():
        kind = kinds[number % len(kinds)]
        language = languages[number // len(kinds) % len(languages)]
        yield draft(kind, language, seed, number, sentences=sentences)


def save(one: Draft, folder: Path, format: str) -> list[Path]:
    """Writes the document in one of FORMATS; returns its files, the JSON last."""
    if format == "mixed":
        format = "jpg" if Random(f"format {one.name}").random() < PICTURES else "pdf"
    if format == "json":
        files: list[Path] = []
        labelled = one.labelled
    elif format == "pdf":
        files, labelled = _saved_pdf(one, folder)
    else:
        files, labelled = _saved_pictures(one, folder)
    target = folder / f"{one.name}.json"
    target.write_text(json.dumps(labelled_to_json(labelled), ensure_ascii=False), "utf-8")
    return [*files, target]


def save_all(drafts: Iterator[Draft], count: int, folder: Path, format: str) -> Iterator[Draft]:
    """Writes so many, and yields each when it is written."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in islice(drafts, count):
        save(one, folder, format)
        yield one


def _saved_pdf(one: Draft, folder: Path) -> tuple[list[Path], LabelledDocument]:
    from docai.training.synth.pdf import to_pdf

    data = to_pdf(one.sheets, one.name)
    path = folder / f"{one.name}.pdf"
    path.write_bytes(data)
    return [path], _from_file(one.labelled, path, data, "application/pdf")


def _saved_pictures(one: Draft, folder: Path) -> tuple[list[Path], LabelledDocument]:
    """One JPEG a page; the document's source is the first."""
    from docai.training.synth.degrade import degraded, jpeg_bytes
    from docai.training.synth.pdf import to_pdf

    seed = int.from_bytes(hashlib.sha256(one.name.encode()).digest()[:8], "big")
    labelled = degraded(one.labelled, to_pdf(one.sheets), seed)
    files, first = [], b""
    for number, image in enumerate(labelled.images, start=1):
        path = folder / (
            f"{one.name}-{number}.jpg" if len(labelled.images) > 1 else f"{one.name}.jpg"
        )
        data = jpeg_bytes(image)
        path.write_bytes(data)
        first = first or data
        files.append(path)
    return files, _from_file(labelled, files[0], first, "image/jpeg")


def _from_file(
    labelled: LabelledDocument, path: Path, data: bytes, media_type: str
) -> LabelledDocument:
    source = Source(path.name, hashlib.sha256(data).hexdigest(), media_type, len(data))
    return replace(labelled, document=replace(labelled.document, source=source))
