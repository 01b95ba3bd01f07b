"""`docai jobs`: bulk work of the service, straight on its database; `docai up` does the work."""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from docai.cli.arguments import add_logging, add_options, add_output, options
from docai.cli.output import Output
from docai.cli.service import opened, settings
from docai.cli.status import DONE, NOTHING_READ, SOME_FAILED
from docai.errors import DocaiError, UsageError

if TYPE_CHECKING:
    from docai.jobs import Request
    from docai.store.database import Store
    from docai.store.jobs import Progress, StoredJob

log = logging.getLogger("docai")

Given = argparse.Namespace

LOOK_EVERY_S = 2.0  # at a watched folder; a file that did not change between two looks is whole
MOST_JOBS = 20  # that `list` shows
FORMATS = ("jsonl", "csv", "xlsx", "parquet")


@dataclass(frozen=True, slots=True)
class Action:
    help: str
    declare: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Given, Store], int]


def declare(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="|".join(ACTIONS), required=True)
    for name, action in ACTIONS.items():
        sub = actions.add_parser(name, help=action.help, description=action.help + ".")
        add_logging(sub, again=True)
        sub.add_argument("--owner", default="local", help="whose jobs (default: local)")
        action.declare(sub)


def run(given: Given) -> int:
    with opened() as store:
        return ACTIONS[given.action].run(given, store)


# --- submitting ---------------------------------------------------------------------------


def _declare_request(parser: argparse.ArgumentParser) -> None:
    from docai.pipeline import ReadOptions

    parser.add_argument("--task", help="as in `docai extract` (default: auto)")
    parser.add_argument("--fields", type=Path, metavar="YAML", help="your own fields instead")
    add_options(parser, "reading", ReadOptions)


def _declare_submit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="files and folders")
    parser.add_argument("--wait", action="store_true", help="show progress until it is finished")
    _declare_request(parser)


def _submit(given: Given, store: Store) -> int:
    from docai import batch

    request = _request(given)
    paths = batch.files_under(given.paths, outside=Path(os.devnull))
    if not paths:
        raise UsageError(f"there are no files in {', '.join(map(str, given.paths))}")
    job, refused = _upload(store, given.owner, request, paths)
    if job is None:
        return NOTHING_READ
    print(job.id, flush=True)  # noqa: T201
    status = SOME_FAILED if refused else DONE
    return max(status, _follow(store, job)) if given.wait else status


def _declare_watch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="every file that arrives in it")
    _declare_request(parser)


def _watch(given: Given, store: Store) -> int:
    """Until interrupted. What was submitted before is remembered in the data folder."""
    if not given.folder.is_dir():
        raise UsageError(f"{given.folder} is no folder")
    request = _request(given)
    watched = [str(given.folder.resolve()), request.fingerprint, given.owner]
    name = hashlib.sha256(json.dumps(watched).encode()).hexdigest()[:16]
    journal = Path(settings().data, "watched", f"{name}.jsonl")
    journal.parent.mkdir(parents=True, exist_ok=True)
    log.info("watching %s", given.folder)
    for arrived in arrivals(given.folder, _submitted(journal)):
        job, _ = _upload(store, given.owner, request, [path for path, _ in arrived])
        with journal.open("a", encoding="utf-8") as file:
            for path, stamp in arrived:
                file.write(json.dumps([str(path), *stamp]) + "\n")
        if job is not None:
            print(job.id, flush=True)  # noqa: T201
    return DONE


Stamp = tuple[int, int]  # size in bytes, time of the last change in ns


def arrivals(
    folder: Path,
    known: dict[Path, Stamp],
    pause: Callable[[], None] = lambda: time.sleep(LOOK_EVERY_S),
) -> Iterator[list[tuple[Path, Stamp]]]:
    """Files that are new or changed since `known`, once they have stopped growing; never ends."""
    before: dict[Path, Stamp] = {}
    while True:
        now = dict(_stamps(folder))
        whole = [
            (path, stamp)
            for path, stamp in sorted(now.items())
            if before.get(path) == stamp != known.get(path)
        ]
        if whole:
            yield whole
            known |= dict(whole)
        before = now
        pause()


def _stamps(folder: Path) -> Iterator[tuple[Path, Stamp]]:
    from docai import batch

    for path in batch.files_under([folder], outside=Path(os.devnull)):
        try:
            about = path.stat()
        except OSError:  # it was moved away meanwhile
            continue
        yield path, (about.st_size, about.st_mtime_ns)


def _submitted(journal: Path) -> dict[Path, Stamp]:
    if not journal.exists():
        return {}
    lines = map(json.loads, journal.read_text("utf-8").splitlines())
    return {Path(path): (size, modified_ns) for path, size, modified_ns in lines}


def _request(given: Given) -> Request:
    from docai import tasks
    from docai.jobs import CUSTOM, Request
    from docai.pipeline import ReadOptions

    if given.task and given.fields:
        raise UsageError("give --task or --fields, not both")
    wanted = options(ReadOptions, given)
    if given.fields:
        return Request(CUSTOM, fields=tasks.load_fields(given.fields), options=wanted)
    return Request(given.task or "auto", options=wanted)


def _upload(
    store: Store, owner: str, request: Request, paths: Iterable[Path]
) -> tuple[StoredJob | None, int]:
    """The job of all files that can be documents, and how many cannot."""
    from docai.store import documents, jobs

    ids, refused = [], 0
    for path in paths:
        try:
            with path.open("rb") as file:
                ids.append(documents.add(store, owner, path.name, file)[0].id)
        except OSError as error:
            refused += 1
            log.error("%s: %s", path, error.strerror)
        except DocaiError as error:
            if error.retryable:  # the store is away: that is not about this file
                raise
            refused += 1
            log.error("%s", error)
    return (jobs.submit(store, owner, request, ids)[0] if ids else None), refused


def _follow(store: Store, job: StoredJob) -> int:
    from tqdm import tqdm

    from docai.jobs import ItemState, JobState
    from docai.store import jobs

    with tqdm(unit="file", disable=None, file=sys.stderr) as bar:
        while True:
            told = jobs.progress(store, job.owner, job.id)
            bar.total, bar.n = told.total, told.total - told.open
            bar.refresh()
            if told.state in (JobState.FINISHED, JobState.CANCELLED):
                break
            time.sleep(1)
    done = told.counts[ItemState.DONE]
    log.info("%s", _summary(told))
    return DONE if done == told.total else SOME_FAILED if done else NOTHING_READ


# --- watching over ------------------------------------------------------------------------


def _declare_list(parser: argparse.ArgumentParser) -> None:
    pass


def _list(given: Given, store: Store) -> int:
    from docai.store import jobs

    for job in jobs.several(store, given.owner, after=None, most=MOST_JOBS):
        told = jobs.progress(store, given.owner, job.id)
        line = f"{job.id}  {job.created_at:%Y-%m-%d %H:%M}  {job.request.task:8} {_summary(told)}"
        print(line)  # noqa: T201
    return DONE


def _declare_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", type=UUID, metavar="ID", help="as `docai jobs list` shows it")


def _show(given: Given, store: Store) -> int:
    from docai.store import jobs

    told = jobs.progress(store, given.owner, given.id)
    lines = [_summary(told)]
    if told.open:
        eta = "unknown" if told.eta_s is None else f"{told.eta_s:.0f} s"
        lines.append(
            f"{told.documents_per_s:.1f} documents and {told.pages_per_s:.1f} pages a second,"
            f" time left: {eta}"
        )
    for failure in jobs.failures(store, given.owner, given.id):
        lines.append(f"{failure.filename}: {failure.message} ({failure.code})")
        lines += [f"    {line}" for line in failure.story]
    print("\n".join(lines))  # noqa: T201
    return DONE


def _pause(given: Given, store: Store) -> int:
    from docai.store import jobs

    jobs.pause(store, given.owner, given.id)
    return DONE


def _resume(given: Given, store: Store) -> int:
    from docai.store import jobs

    jobs.resume(store, given.owner, given.id)
    return DONE


def _cancel(given: Given, store: Store) -> int:
    from docai.store import jobs

    jobs.cancel(store, given.owner, given.id)
    return DONE


def _retry(given: Given, store: Store) -> int:
    from docai.store import jobs

    count = jobs.retry(store, given.owner, given.id)
    log.info("%d documents are tried again", count)
    return DONE


def _declare_results(parser: argparse.ArgumentParser) -> None:
    _declare_id(parser)
    parser.add_argument("--format", choices=FORMATS, default="jsonl", help="(default: jsonl)")
    help = "what a row of a table stands for (default: documents)"
    parser.add_argument("--rows", choices=("documents", "items"), default="documents", help=help)
    add_output(parser)


def _results(given: Given, store: Store) -> int:
    from docai.store.tables import Form, Rows, stream

    chunks = stream(store, given.owner, given.id, Form(given.format), Rows(given.rows))
    as_bytes = (chunk.encode() if isinstance(chunk, str) else chunk for chunk in chunks)
    with Output(given.output, given.format, several=False).opened() as output:
        output.bytes(str(given.id), as_bytes)
    return DONE


def _summary(told: Progress) -> str:
    counts = ", ".join(f"{count} {state}" for state, count in told.counts.items() if count)
    return f"{told.state}: {counts}; {told.pages_done} pages done"


ACTIONS = {
    "submit": Action("Upload files and queue them as one job", _declare_submit, _submit),
    "watch": Action("Submit whatever arrives in a folder", _declare_watch, _watch),
    "list": Action("The newest jobs", _declare_list, _list),
    "show": Action("How far a job is, and what failed why", _declare_id, _show),
    "pause": Action("Begin no further document", _declare_id, _pause),
    "resume": Action("Go on with a paused job", _declare_id, _resume),
    "cancel": Action("Stop a job; what is done stays", _declare_id, _cancel),
    "retry": Action("Try failed documents again", _declare_id, _retry),
    "results": Action("Everything a job found", _declare_results, _results),
}
