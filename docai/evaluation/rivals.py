"""Other programs on the same files, in a Python of their own.

camelot-py, img2table, pdfplumber and table-recognition-metric are no part of docai: their
pins and licences (table-recognition-metric stands on a GPL library) stay outside. Install them
with `pip install camelot-py img2table pdfplumber table-recognition-metric` anywhere, and give
that environment's Python.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docai.errors import UsageError
from docai.evaluation.adjacency import TextCell
from docai.geometry import Box

NAMES = (
    "pdfplumber", "img2table", "camelot lattice", "camelot stream", "camelot network",
    "camelot hybrid",
)  # fmt: skip
PROGRAM = Path(__file__).with_name("rivals_program.py")


@dataclass(frozen=True, slots=True)
class PlacedTable:
    """A table on a page, as annotated or as some program found it. Pages count from 1."""

    page: int
    box: Box
    cells: tuple[TextCell, ...]


@dataclass(frozen=True, slots=True)
class Finds:
    """What a program found in one file, in how many seconds of CPU; nothing where it failed."""

    tables: tuple[PlacedTable, ...]
    seconds: float
    failed: bool = False


def finds(python: Path, name: str, files: Sequence[Path]) -> list[Finds]:
    """One for each file."""
    lines = _run(python, name, files).splitlines()
    return [_finds(json.loads(line)) for line in lines]


def teds(python: Path, pairs: Sequence[tuple[str, str]]) -> list[tuple[float, float]]:
    """TEDS, and TEDS of the structure alone, of every pair of HTML, found and true."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(pairs, file)
        file.flush()
        scores = json.loads(_run(python, "teds", [Path(file.name)]))
    return [(whole, structure) for whole, structure in scores]


def _run(python: Path, name: str, files: Sequence[Path]) -> str:
    command = [str(python), str(PROGRAM), name, *map(str, files)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except OSError as error:
        raise UsageError(f"--tools {python} cannot be run: {error}") from error
    except subprocess.CalledProcessError as error:
        last = error.stderr.strip().splitlines()[-1:] or ["no message"]
        raise UsageError(f"{name} failed in {python}: {last[0]}") from error
    return done.stdout


def _finds(answer: dict[str, Any]) -> Finds:
    if "error" in answer:
        return Finds((), 0.0, failed=True)
    tables = tuple(
        PlacedTable(table["page"], Box(*table["box"]), tuple(TextCell(*c) for c in table["cells"]))
        for table in answer["tables"]
    )
    return Finds(tables, answer["seconds"])
