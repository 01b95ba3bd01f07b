"""Many files through one task, in several processes, on one machine.

The parent hands out one file at a time, so it always knows which file a dead worker held.
A journal in the output folder says what is done; a run that was interrupted, by Ctrl-C or by
kill -9, goes on where it was. Results appear under their final name only when whole.

    OUT/journal.jsonl           one line for every finished file, in the order of finishing
    OUT/documents/NAME-ID.json  one extraction
    OUT/results.csv             one row per file; OUT/items.csv one row per line item
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NoReturn, TextIO

from docai import __version__, export, serialize
from docai.errors import (
    DocaiError,
    EngineMissing,
    ModelMissing,
    ParserTimeout,
    PoisonedDocument,
    UsageError,
)
from docai.ingest.limits import Limits
from docai.models import small
from docai.names import renamed
from docai.pipeline import ReadOptions, is_loss, read

Json = dict[str, Any]

MOST_DEATHS = 2  # workers a file may kill before it is set aside
NO_FILE = (-1, -1)  # the stamp of a path that names none
LONGEST_STEM = 150  # bytes of a file's name that its result's name repeats; systems allow 255
OUTPUT_FAILED = "output_failed"
FILES_PER_WORKER = 500  # then a fresh process, whatever engines may have leaked


@dataclass(frozen=True, slots=True)
class Job:
    """What to do with every file of a batch."""

    task: str
    options: ReadOptions
    limits: Limits
    names: str = "docai"

    @property
    def fingerprint(self) -> str:
        """Changes whenever the results would; secrets go in as a hash."""
        same = replace(self, options=replace(self.options, threads=0))
        settings = json.dumps([__version__, asdict(same)], sort_keys=True)
        return hashlib.sha256(settings.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of the journal. `error` is None for a file that is done.

    `size` and `modified_ns` are the file's as they were before it was read; `missing` are the
    pages that could not be read, each with its reason.
    """

    path: str
    size: int
    modified_ns: int
    fingerprint: str
    result: str | None
    error: Json | None
    seconds: float
    missing: Sequence[str] = ()


Handler = Callable[[Path, Path, Job], Outcome]  # file, output folder, what to do


@dataclass(frozen=True, slots=True)
class Summary:
    done: int
    failed: int
    skipped: int  # were finished by an earlier run …
    failed_before: int = 0  # … of them in vain


def files_under(paths: Iterable[Path], *, outside: Path) -> list[Path]:
    """Every file named or in a named folder, sorted; hidden ones and those in `outside` are not.

    Raises UsageError for a folder that cannot be listed: its files would be missing in silence.
    """

    def refuse(error: OSError) -> NoReturn:
        raise UsageError(
            f"the folder {error.filename} cannot be listed: {error.strerror}"
        ) from error

    found: set[Path] = set()
    for path in paths:
        if not path.is_dir():
            found.add(path)
            continue
        for folder, subfolders, names in os.walk(path, onerror=refuse):
            subfolders[:] = [name for name in subfolders if not name.startswith(".")]
            found.update(Path(folder, name) for name in names if not name.startswith("."))
    return sorted(path for path in found if outside.resolve() not in path.resolve().parents)


def run(
    paths: Sequence[Path],
    output: Path,
    job: Job,
    *,
    workers: int,
    retry_failed: bool = False,
    handle: Handler | None = None,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
    on_start: Callable[[int], None] = lambda pending: None,
) -> Summary:
    """Every path once, whatever happens to the workers; then the tables.

    `handle` does one file in a worker (default: `extract_one`). `on_start` gets the number of
    files left to do, `on_outcome` every finished one.
    """
    (output / "documents").mkdir(parents=True, exist_ok=True)
    with _locked(output), _opened_journal(output) as journal:
        earlier = {outcome.path: outcome for outcome in read_journal(output)}
        finished = {
            path: outcome
            for path in paths
            if (outcome := earlier.get(str(path)))
            and _is_finished(outcome, path, output, job, retry_failed)
        }
        pending = [path for path in paths if path not in finished]
        on_start(len(pending))
        job = replace(job, options=_share_of_cores(job.options, workers))
        done = failed = 0
        for outcome in _outcomes(pending, output, job, workers, handle or extract_one):
            _stop_if_hopeless(outcome)
            _append(journal, outcome)
            done, failed = done + (outcome.error is None), failed + (outcome.error is not None)
            on_outcome(outcome)
        write_tables(output, [str(path) for path in paths])
    failed_before = sum(outcome.error is not None for outcome in finished.values())
    return Summary(done, failed, len(finished), failed_before)


def read_journal(output: Path) -> Iterator[Outcome]:
    """The outcomes so far; a last line cut short by a crash is left out."""
    with (output / "journal.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            with contextlib.suppress(ValueError, TypeError):
                yield Outcome(**json.loads(line))


def write_tables(output: Path, paths: Sequence[str]) -> None:
    """results.csv and items.csv, in the order of the paths."""
    latest = {outcome.path: outcome for outcome in read_journal(output)}
    rows = [_row(output, latest[path]) for path in paths if path in latest]
    names = sorted({name for row in rows for name in row.fields})
    item_names = sorted({name for row in rows for item in row.items for name in item})
    _write_csv(
        output / "results.csv",
        [*ROW_COLUMNS, *names],
        ([*row.about, *(row.fields.get(name) for name in names)] for row in rows),
    )
    _write_csv(
        output / "items.csv",
        ["file", "row", *item_names],
        (
            [row.about[0], index, *(item.get(name) for name in item_names)]
            for row in rows
            for index, item in enumerate(row.items)
        ),
    )


# --- the parent -----------------------------------------------------------------------------


class _Worker:
    """A process, the file it holds, and since when."""

    def __init__(self, *arguments: object) -> None:
        context = multiprocessing.get_context("spawn")  # engines' threads do not survive a fork
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, *arguments), daemon=True)
        self._process.start()
        theirs.close()  # or the end of the worker would not show as end of file
        self.path: Path | None = None
        self.stamp = NO_FILE
        self.since = 0.0
        self.files = 0

    def give(self, path: Path) -> None:
        self.path, self.since, self.files = path, time.monotonic(), self.files + 1
        self.stamp = _stamp(path)
        with contextlib.suppress(BrokenPipeError):  # it died idle; the next wait finds out
            self.connection.send(str(path))

    def take(self) -> Outcome | None:
        """The finished outcome, or None where the worker died with the file in hand."""
        try:
            outcome = self.connection.recv()
        except (EOFError, ConnectionResetError):
            return None
        self.path = None
        return outcome if isinstance(outcome, Outcome) else None

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self.connection.close()


def _outcomes(
    pending: Sequence[Path], output: Path, job: Job, count: int, handle: Handler
) -> Iterator[Outcome]:
    waiting = deque(pending)
    deaths: dict[Path, int] = {}
    workers: list[_Worker] = []
    try:
        while waiting or any(worker.path for worker in workers):
            while waiting and len(workers) < count:
                workers.append(_Worker(output, job, handle))
            for worker in workers:
                if worker.path is None and waiting:
                    worker.give(waiting.popleft())
            for worker in _ready(workers, job.limits.document_timeout_s):
                outcome = _finish(worker, deaths, waiting, job)
                if outcome is not None:
                    yield outcome
                if worker.path is not None or worker.files >= FILES_PER_WORKER:
                    worker.end()
                    workers.remove(worker)
    finally:
        for worker in workers:
            worker.end()


def _ready(workers: Sequence[_Worker], timeout_s: float) -> list[_Worker]:
    """Workers that finished, died, or took too long."""
    busy = [worker for worker in workers if worker.path is not None]
    soonest = min(worker.since for worker in busy) + timeout_s
    signalled = wait([w.connection for w in busy], max(0.0, soonest - time.monotonic()))
    late = time.monotonic() - timeout_s
    return [w for w in busy if w.connection in signalled or w.since <= late]


def _finish(
    worker: _Worker, deaths: dict[Path, int], waiting: deque[Path], job: Job
) -> Outcome | None:
    path = worker.path
    assert path is not None
    if not worker.connection.poll():
        limit = job.limits.document_timeout_s
        error: DocaiError = ParserTimeout(
            f"{path.name} was not done within {limit:g} s (DOCAI_DOCUMENT_TIMEOUT_S)"
        )
        return _failure(path, worker.stamp, job, error, limit)
    outcome = worker.take()
    if outcome is None:
        deaths[path] = deaths.get(path, 0) + 1
        if deaths[path] < MOST_DEATHS:
            waiting.append(path)
            return None
        error = PoisonedDocument(
            f"{path.name} killed the worker that read it {MOST_DEATHS} times; it was set aside"
        )
        outcome = _failure(path, worker.stamp, job, error, time.monotonic() - worker.since)
    return outcome


def _share_of_cores(options: ReadOptions, workers: int) -> ReadOptions:
    if options.threads or workers == 1:
        return options
    return replace(options, threads=max(1, (os.cpu_count() or 1) // workers))


def _is_finished(earlier: Outcome, path: Path, output: Path, job: Job, retry_failed: bool) -> bool:
    if earlier.fingerprint != job.fingerprint:
        return False
    if (earlier.size, earlier.modified_ns) != _stamp(path):
        return False
    if earlier.error is None:
        return earlier.result is not None and (output / "documents" / earlier.result).is_file()
    return not (retry_failed or earlier.error["retryable"])


def _stop_if_hopeless(outcome: Outcome) -> None:
    """What would fail for every file alike ends the run; the file stays to be done."""
    if outcome.error is None:
        return
    if outcome.error["code"] == OUTPUT_FAILED:
        raise OSError(outcome.error["message"])
    for missing in (EngineMissing, ModelMissing):
        if outcome.error["code"] == missing.code:
            raise missing(outcome.error["message"])


def _opened_journal(output: Path) -> TextIO:
    """For appending; a line that a crash cut short is closed, so that the next one is whole."""
    journal = (output / "journal.jsonl").open("a+", encoding="utf-8")
    journal.seek(0)
    *_, last = "\n", *journal
    if not last.endswith("\n"):
        journal.write("\n")
    return journal


def _append(journal: TextIO, outcome: Outcome) -> None:
    journal.write(json.dumps(asdict(outcome)) + "\n")
    journal.flush()
    os.fsync(journal.fileno())


@contextlib.contextmanager
def _locked(output: Path) -> Iterator[None]:
    """Two runs into one folder would write over each other's results."""
    import fcntl

    with (output / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"another run is writing to {output}; wait for it") from None
        yield


# --- a worker -------------------------------------------------------------------------------


def _work(connection: Connection, output: Path, job: Job, handle: Handler) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    small.use_threads(job.options.threads)
    with contextlib.suppress(EOFError, BrokenPipeError):  # the parent is gone
        while True:
            connection.send(handle(Path(connection.recv()), output, job))


def extract_one(path: Path, output: Path, job: Job) -> Outcome:
    """Reads one file, writes its result, and says how it went."""
    from docai.tasks import task

    started, stamp = time.monotonic(), _stamp(path)
    try:
        document = read(path, job.options, limits=job.limits)
        extraction = renamed(task(job.task).extract(document), job.names)
    except DocaiError as error:
        return _failure(path, stamp, job, error, time.monotonic() - started)
    name = _result_name(path)
    value = serialize.extraction_to_json(extraction, document)
    try:
        write_whole(output / "documents" / name, serialize.dumps(value))
    except OSError as error:  # a full disk is no fault of the document
        failed = {"code": OUTPUT_FAILED, "message": str(error), "retryable": True}
        return Outcome(str(path), *stamp, job.fingerprint, None, failed, 0.0)
    seconds = round(time.monotonic() - started, 3)
    missing = [f"page {c.page}: {c.message}" for c in document.caveats if is_loss(c)]
    return Outcome(str(path), *stamp, job.fingerprint, name, None, seconds, missing)


def write_whole(path: Path, text: str) -> None:
    """The file appears under its name only when all of it is on disk."""
    part = path.with_name(f".{os.getpid()}.part")  # an orphan of a killed run has another one
    # File names may hold bytes that are no UTF-8; they come out as they went in.
    with part.open("w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)  # or a power cut could take the name with it
    os.close(folder)


def _result_name(path: Path) -> str:
    """Two files of the same name in different folders get different results."""
    digest = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()
    stem = os.fsdecode(os.fsencode(path.stem)[:LONGEST_STEM])
    return f"{stem}-{digest[:8]}.json"


def _failure(
    path: Path, stamp: tuple[int, int], job: Job, error: DocaiError, seconds: float
) -> Outcome:
    reason = serialize.error_to_json(path.name, error)["error"]
    return Outcome(str(path), *stamp, job.fingerprint, None, reason, round(seconds, 3))


def _stamp(path: Path) -> tuple[int, int]:
    """(size in bytes, time of the last change in ns), or NO_FILE."""
    try:
        status = path.stat()
    except OSError:
        return NO_FILE
    return status.st_size, status.st_mtime_ns


# --- the tables -------------------------------------------------------------------------------

ROW_COLUMNS = (
    "file", "status", "error", "label", "pages", "lowest_confidence", "failed_checks",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    """What the tables need of one result; the rest of it stays on disk."""

    about: list[Any]  # ROW_COLUMNS
    fields: Json
    items: list[Json]


def _row(output: Path, outcome: Outcome) -> _Row:
    if outcome.error is not None:
        message = f"{outcome.error['code']}: {outcome.error['message']}"
        return _Row([outcome.path, "failed", message, None, None, None, None], {}, [])
    assert outcome.result is not None
    file = output / "documents" / outcome.result
    result: Json = json.loads(file.read_text("utf-8", errors="surrogateescape"))
    about = [
        outcome.path,
        "partial" if outcome.missing else "done",
        "; ".join(outcome.missing) or None,
        result["label"] and result["label"]["name"],
        len(result["pages"]),
        min((field["confidence"] for field in result["fields"]), default=None),
        " ".join(check["name"] for check in result["checks"] if not check["passed"]),
    ]
    items = [_values(item["fields"]) for item in result["items"]]
    return _Row(about, _values(result["fields"]), items)


def _values(fields: Sequence[Json]) -> Json:
    """Of fields with the same name the first one counts."""
    return {field["name"]: _cell(field["value"]) for field in reversed(fields)}


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return f"{value['amount']} {value['currency'] or ''}".strip()
    return value


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    write_whole(path, "".join(export.to_csv(header, rows)))
