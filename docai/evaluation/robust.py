"""What becomes of broken, hostile and odd files: a result or a clear error, each in time.

Every file is read in a process of its own, the way a worker would; what it leaves behind, a
process or a file, is counted.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docai.ingest.limits import Limits

START_UP_S = 30.0  # the engine's loading, on a busy machine
PROGRAM = """
import sys
from docai.errors import DocaiError
from docai.ingest.limits import Limits
from docai.pipeline import ReadOptions, read
limits = Limits(page_timeout_s=float(sys.argv[2]), open_timeout_s=float(sys.argv[2]),
                document_timeout_s=float(sys.argv[3]))
try:
    document = read(sys.argv[1], ReadOptions(), limits=limits)
    print("partial" if any(c.code != "text_layer_ignored" for c in document.caveats) else "done")
except DocaiError as error:
    print(error.code)
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`code` is "done", "partial" (some pages with a warning), an error's code, or "CRASH"."""

    path: Path
    code: str
    seconds: float
    in_time: bool


def evaluate(
    data: Path, *, page_timeout_s: float = 10, document_timeout_s: float = 60
) -> Iterator[Outcome]:
    """The outcome of every file under `data`, in order."""
    allowed_s = Limits().open_timeout_s + document_timeout_s + START_UP_S
    for path in sorted(data.rglob("*")):
        if path.is_file():
            command = [
                sys.executable,
                "-c",
                PROGRAM,
                str(path),
                str(page_timeout_s),
                str(document_timeout_s),
            ]
            started = time.monotonic()
            try:
                done = subprocess.run(
                    command, capture_output=True, text=True, timeout=allowed_s, check=False
                )
                code = done.stdout.strip() or "CRASH"
            except subprocess.TimeoutExpired:
                code = "CRASH"
            seconds = time.monotonic() - started
            yield Outcome(path, code, seconds, seconds < allowed_s)


def report(outcomes: Iterator[Outcome]) -> Iterator[str]:
    """The table of outcomes by code, then what was left behind."""
    files_before, processes_before = _temporary_files(), _parsers()
    seen = list(outcomes)
    for code, count in Counter(outcome.code for outcome in seen).most_common():
        slowest = max(outcome.seconds for outcome in seen if outcome.code == code)
        yield f"{code:<20} {count:5} files, slowest {slowest:6.1f} s"
    for outcome in seen:
        if outcome.code == "CRASH" or not outcome.in_time:
            yield f"{outcome.code}: {outcome.path.name} after {outcome.seconds:.1f} s"
    yield f"temporary files left behind: {len(_temporary_files() - files_before)}"
    yield f"parser processes left behind: {len(_parsers() - processes_before)}"


def _temporary_files() -> set[str]:
    return {entry.path for entry in os.scandir(tempfile.gettempdir())}


def _parsers() -> set[str]:
    """Process ids whose command line starts our parser; zombies have none and are counted apart."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if b"docai.ingest.parser" in (entry / "cmdline").read_bytes():
                    found.add(entry.name)
            except OSError:
                continue  # it ended meanwhile
    return found
