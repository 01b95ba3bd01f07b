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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from docai.evaluation.report import Report, Table
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
    """`code` is "done", "partial" (some pages with a warning), an error's code, or "CRASH".

    A crash is an end without a word, or none within the limits.
    """

    path: Path
    code: str
    seconds: float
    files_left: int


def evaluate(
    data: Path, *, page_timeout_s: float = 10, document_timeout_s: float = 60
) -> Iterator[Outcome]:
    """The outcome of every file under `data`, in order."""
    allowed_s = Limits().open_timeout_s + document_timeout_s + START_UP_S
    limits = [str(page_timeout_s), str(document_timeout_s)]
    for path in sorted(data.rglob("*")):
        if path.is_file():
            with tempfile.TemporaryDirectory() as folder:
                yield _outcome(path, limits, allowed_s, folder)


def _outcome(path: Path, limits: Sequence[str], allowed_s: float, folder: str) -> Outcome:
    """`folder` is where the reading process puts temporary files; it must be empty afterwards."""
    started = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(path), *limits],
            capture_output=True,
            text=True,
            timeout=allowed_s,
            check=False,
            env={**os.environ, "TMPDIR": folder},
        )
        code = done.stdout.strip() or "CRASH"
    except subprocess.TimeoutExpired:
        code = "CRASH"
    left = len(list(Path(folder).iterdir()))
    return Outcome(path, code, time.monotonic() - started, left)


def report(outcomes: Iterable[Outcome]) -> Report:
    """The outcomes by code, the crashes by name, and what was left behind."""
    orphans_before = _orphans()
    seen = list(outcomes)
    slowest = {code: _slowest(seen, code) for code in {outcome.code for outcome in seen}}
    rows = tuple(
        (code, count, slowest[code]) for code, count in Counter(o.code for o in seen).most_common()
    )
    left = (
        ("temporary files", sum(outcome.files_left for outcome in seen)),
        ("parser processes", len(_orphans() - orphans_before)),
    )
    crashes = tuple(
        f"CRASH: {outcome.path.name} after {outcome.seconds:.1f} s"
        for outcome in seen
        if outcome.code == "CRASH"
    )
    tables = (
        Table("Outcomes", ("", "files", "slowest, s"), rows, digits=1),
        Table("Left behind", ("", "count"), left),
    )
    return Report("Broken and hostile files", tables, notes=crashes)


def _slowest(outcomes: Iterable[Outcome], code: str) -> float:
    return max(outcome.seconds for outcome in outcomes if outcome.code == code)


def _orphans() -> set[str]:
    """Process ids of parsers whose reader is gone, zombies included."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state = (entry / "stat").read_text().rpartition(")")[2].split()
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue  # it ended meanwhile
            is_parser = b"docai.ingest.parser" in command
            if state[1] == "1" and (is_parser or state[0] == "Z"):
                found.add(entry.name)
    return found
