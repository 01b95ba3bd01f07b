"""What the service costs: `tools/load.py [--documents 10000] [--processes 2]`.

Queues documents in a fresh data folder, with a fresh queue, worker and sweep on this machine, and
prints, share by share of the job: documents a second, CPU milliseconds a document of all
processes, and the memory of each; at the end, where the workers' time went. A processor gives
less for its time while others use it: so a yardstick, work that is always the same, is timed
in each share, and it is told how the cost changes, by itself and against the yardstick. The
documents are small ones of one page, or with `--files DIR` those of a folder. `--stub` answers
without reading, so that what is left is the service: claiming, leases, results in SQL.
`--database postgresql` starts a PostgreSQL out of a wheel (extra dev).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import psutil

from docai.cli.up import queue_command
from docai.jobs import JobState, Request
from docai.settings import Settings
from docai.stages import Stage
from docai.store import documents, jobs, migrate, work
from docai.store.database import Store

TESTS = Path(__file__).resolve().parents[1] / "tests"
MB = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--files", type=Path, metavar="DIR", help="PDFs and pictures to queue")
    parser.add_argument("--shares", type=int, default=10, help="lines of the table")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument(
        "--database", default="", help="a URL, or postgresql (default: SQLite in a new folder)"
    )
    parser.add_argument("--stub", action="store_true", help="answer without reading")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="docai-load-") as folder,
        database(given.database) as url,
    ):
        run(Path(folder), url, given)


@contextlib.contextmanager
def database(wanted: str) -> Iterator[str]:
    if wanted != "postgresql":
        yield wanted
        return
    sys.path.insert(0, str(TESTS))
    import servers

    with servers.postgres() as server:
        yield servers.new_database(server, "load")


def run(folder: Path, url: str, given: argparse.Namespace) -> None:
    settings = Settings(data=str(folder), database=url).filled()
    store = Store.from_settings(settings)
    migrate.upgrade(store.engine)
    started = time.process_time(), time.monotonic()
    ids = [upload(store, name, content) for name, content in files(given)]
    job, _ = jobs.submit(store, "load", Request("auto" if given.files else "invoice"), ids)
    cpu_s, wall_s = time.process_time() - started[0], time.monotonic() - started[1]
    print(
        f"{len(ids)} documents uploaded and queued in {wall_s:.0f} s,"
        f" {1000 * cpu_s / len(ids):.2f} ms of CPU each"
    )
    with serving(folder, settings, given) as processes:
        measure(store, job, processes, len(ids), given.shares)
    print_stages(store)
    store.close()


def files(given: argparse.Namespace) -> Iterator[tuple[str, bytes]]:
    """Names and contents; those of a folder in the order of their hashes, so that kinds mix."""
    if given.files is None:
        for number in range(given.documents):
            yield f"{number}.pdf", small_pdf(number)
        return
    found = [path for path in given.files.rglob("*") if path.suffix in (".pdf", ".jpg", ".png")]
    contents = {path: path.read_bytes() for path in found}
    for path in sorted(found, key=lambda path: sha256(contents[path]).digest())[: given.documents]:
        yield path.name, contents[path]


def upload(store: Store, name: str, content: bytes) -> UUID:
    return documents.add(store, "load", name, io.BytesIO(content))[0].id


def small_pdf(number: int) -> bytes:
    """A page of an invoice, written by hand: making it must cost nothing."""
    lines = [
        f"Invoice number {number}",
        "Invoice date 2026-03-01",
        "Tea 2 x 6.25 12.50",
        "Total EUR 12.50",
    ]
    shown = " ".join(f"({line}) Tj 0 -20 Td" for line in lines)
    content = f"BT /F1 12 Tf 50 540 Td {shown} ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 595]/Contents 4 0 R"
        "/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(content)}>>stream\n{content}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    file, places = "%PDF-1.4\n", []
    for index, one in enumerate(objects, start=1):
        places.append(len(file))
        file += f"{index} 0 obj{one}endobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R>>\n"
    return f"{file}{end}startxref\n{len(file)}\n%%EOF".encode()


@contextlib.contextmanager
def serving(
    folder: Path, settings: Settings, given: argparse.Namespace
) -> Iterator[list[psutil.Process]]:
    environment = {**os.environ, "DOCAI_DATA": str(folder), "DOCAI_DATABASE": settings.database}
    environment |= {"DOCAI_BROKER": settings.broker, "OMP_NUM_THREADS": "1", "DOCAI_THREADS": "1"}
    worker = [__file__, "--as-worker"] if given.stub else ["-m", "worker"]
    commands = [
        queue_command(folder),
        [sys.executable, *worker, "cpu", "--processes", str(given.processes)],
        [sys.executable, "-m", "worker", "sweep"],
    ]
    with (folder / "log").open("ab") as log:
        children = [subprocess.Popen(c, env=environment, stdout=log, stderr=log) for c in commands]
    try:
        yield [psutil.Process(child.pid) for child in children]
    finally:
        for child in reversed(children):
            child.send_signal(signal.SIGTERM)
            child.wait()


def measure(
    store: Store, job: jobs.StoredJob, processes: list[psutil.Process], count: int, shares: int
) -> None:
    names = ("queue", "worker", "sweep")
    print(
        f"{'done':>7} {'docs/s':>7} {'CPU ms/doc':>11} {'yardstick':>10}"
        f"   memory in MB: {', '.join(names)}; each of the pool and its nursery"
    )
    done, cpu_s, at = 0, total_cpu_s(processes), time.monotonic()
    costs = []
    for share in range(1, shares + 1):
        yardsticks = [yardstick_ms()]
        while (now_done := ended(store, job)) < count * share // shares:
            time.sleep(0.5)
            yardsticks.append(yardstick_ms())
        now_cpu_s, now = total_cpu_s(processes), time.monotonic()
        new = now_done - done
        memory = [round(process.memory_info().rss / MB) for process in processes]
        pool = [
            [round(p.memory_info().rss / MB) for p in (w, *w.children())]
            for w in processes[1].children()
        ]
        cost, yardstick = 1000 * (now_cpu_s - cpu_s) / new, statistics.fmean(yardsticks)
        costs.append((cost, cost / yardstick))
        print(
            f"{now_done:7} {new / (now - at):7.1f} {cost:11.2f} {yardstick:10.2f}"
            f"   {memory} {pool}",
            flush=True,
        )
        done, cpu_s, at = now_done, now_cpu_s, now
    while jobs.get(store, "load", job.id).state is not JobState.FINISHED:
        time.sleep(0.2)
    print({str(s): n for s, n in jobs.progress(store, "load", job.id).counts.items() if n})
    if len(costs) > 2:
        told = [f"{rise(each):+.1f} %" for each in zip(*costs[1:], strict=True)]
        print(
            f"from the second share to the last the cost changes by {told[0]}, against the"
            f" yardstick by {told[1]} (straight lines through all of them)"
        )


def rise(costs: tuple[float, ...]) -> float:
    """By how many percent a straight line through the costs rises from its first to its last."""
    slope, start = statistics.linear_regression(range(len(costs)), costs)
    return 100 * slope * (len(costs) - 1) / start


def yardstick_ms() -> float:
    """CPU time of a fixed piece of work, of the kind that documents are: text and numbers."""
    started = time.thread_time()
    for _ in range(10):
        text = json.dumps({str(i): [i / 7, str(i) * 3] for i in range(400)})
        sha256(json.dumps(json.loads(text), sort_keys=True).encode()).hexdigest()
    return 1000 * (time.thread_time() - started)


def print_stages(store: Store) -> None:
    done = work.everybody(store)
    pages = sum(each.pages for each in done)
    spent = {stage: sum(each.seconds[stage] for each in done) for stage in Stage}
    told = ", ".join(f"{stage} {1000 * s / max(1, pages):.1f}" for stage, s in spent.items() if s)
    print(f"{pages} pages; milliseconds a page of the clock on the wall: {told}")


def ended(store: Store, job: jobs.StoredJob) -> int:
    told = jobs.progress(store, "load", job.id)
    return told.total - told.open


def total_cpu_s(processes: list[psutil.Process]) -> float:
    """Of the processes, their living children, and all children that were waited for."""
    everyone = [*processes, *(child for p in processes for child in p.children(recursive=True))]
    total = 0.0
    for process in everyone:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def as_worker() -> None:
    """A worker whose documents are read already: a page of words, and what the rules say of it."""
    from docai.document import Line, Page, Word
    from docai.geometry import Box
    from worker import work
    from worker.__main__ import main as serve

    words = tuple(Word(f"word{i}", Box(50, 50 + 12 * i, 90, 60 + 12 * i)) for i in range(40))
    page = Page(1, 420, 595, words, tuple(Line((i,)) for i in range(40)))
    model = {"name": "stub", "version": "1", "sha256": "0" * 64}
    field = {
        "name": "invoice_id", "type": "string", "value": "17", "text": "17", "confidence": 0.9,
        "evidence": [{"page": 1, "box": [50, 50, 90, 60], "words": [0]}],
    }  # fmt: skip
    result = {"format_version": 1, "task": "invoice", "model": model, "label": None, "checks": []}
    result |= {"fields": [{**field, "name": f"field_{i}"} for i in range(12)], "tables": []}
    result |= {"items": [{"fields": [field] * 4}] * 3, "tax_details": [], "key_values": []}

    def read(self: object, claim: object, kept: work.KeptPages) -> None:
        kept.page_count = 1
        kept.keep((page, ()))

    work.Worker._read = read
    work.answer_request = lambda request, document, model: result
    sys.argv.remove("--as-worker")
    serve()


if __name__ == "__main__":
    as_worker() if "--as-worker" in sys.argv else main()
