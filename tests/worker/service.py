"""A running service for tests: real processes on real servers, stopped by their ids."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import text

from docai.cli.up import queue_command
from docai.errors import StoreError
from docai.jobs import JobState, Request
from docai.pipeline import ReadOptions
from docai.settings import Settings
from docai.store import documents, jobs, migrate
from docai.store.database import Store

INVOICE = Request("invoice")
HERE = Path(__file__).parent
BY_FAULTY_ENGINE = Request("form", options=ReadOptions(text="ocr", ocr="faulty", dpi=72))


class Service:
    """Workers, a sweep, and the store they share. Leases are short, so that tests are."""

    def __init__(
        self,
        folder: Path,
        database: str = "",
        broker: str = "",
        files: str = "",
        **environment: str,
    ):
        self.folder = folder
        self.settings = Settings(
            data=str(folder), database=database, broker=broker, files=files
        ).filled()
        self.environment = {
            **os.environ,
            "DOCAI_DATA": self.settings.data,
            "DOCAI_DATABASE": self.settings.database,
            "DOCAI_BROKER": self.settings.broker,
            "DOCAI_FILES": self.settings.files,
            "DOCAI_LEASE_S": "2",
            "DOCAI_SWEEP_S": "0.3",
            "DOCAI_BACKOFF_S": "0.1",
            "DOCAI_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            **environment,
        }
        folder.mkdir(exist_ok=True)
        self.store = Store.from_settings(self.settings)
        migrate.upgrade(self.store.engine)
        self._processes: list[subprocess.Popen[bytes]] = []
        self.has_own_queue = not broker

    # --- processes ------------------------------------------------------------------------

    def start(self, role: str, processes: int = 2) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(HERE / "faulty.py"), role, "--processes", str(processes)]
        if role == "queue":
            command = queue_command(self.folder)
        log = (self.folder / f"{role}.log").open("ab")
        process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        log.close()
        self._processes.append(process)
        return process

    def start_all(self) -> subprocess.Popen[bytes]:
        """The queue where it is ours, the clock, and a worker of two processes: returned."""
        if self.has_own_queue:
            self.start("queue")
        self.start("sweep")
        return self.start("cpu")

    def living(self) -> list[subprocess.Popen[bytes]]:
        return [process for process in self._processes if process.poll() is None]

    def pool(self) -> list[int]:
        """The processes that workers started and that work on documents."""
        children = [c for p in self.living() for c in psutil.Process(p.pid).children()]
        return sorted(child.pid for child in children if is_of_pool(child))

    def close(self) -> None:
        started = [
            child
            for process in self.living()
            for child in psutil.Process(process.pid).children(recursive=True)
        ]
        for process in self._processes:
            kill(process.pid)
            process.wait()
        for child in started:
            kill(child.pid)
        self.store.close()

    def log(self) -> str:
        return "".join(path.read_text(errors="replace") for path in self.folder.glob("*.log"))

    # --- work -----------------------------------------------------------------------------

    def submit(self, count: int, request: Request = INVOICE) -> jobs.StoredJob:
        """A job of `count` small PDFs, each of its own words."""
        ids = [self.upload(f"{i}.pdf", small_pdf(f"Invoice number {i}")) for i in range(count)]
        return jobs.submit(self.store, "ann", request, ids)[0]

    def submit_pictures(self, *widths: int) -> jobs.StoredJob:
        """A job of pictures for the faulty engine."""
        ids = [self.upload(f"{i}.png", picture(w, 100 + i)) for i, w in enumerate(widths)]
        return jobs.submit(self.store, "ann", BY_FAULTY_ENGINE, ids)[0]

    def upload(self, name: str, content: bytes):
        return documents.add(self.store, "ann", name, io.BytesIO(content))[0].id

    def progress(self, job: jobs.StoredJob) -> jobs.Progress:
        return jobs.progress(self.store, "ann", job.id)

    def counts(self, job: jobs.StoredJob) -> dict[str, int]:
        return {str(state): n for state, n in self.progress(job).counts.items() if n}

    def wait_until(self, condition, timeout_s: float = 180) -> None:
        end = time.monotonic() + timeout_s
        while not self._holds(condition):
            assert time.monotonic() < end, f"it took too long\n{self.log()[-3000:]}"
            time.sleep(0.1)

    def _holds(self, condition) -> bool:
        try:
            return condition()
        except StoreError:  # the test has just killed the database
            return False

    def wait_for_end(self, job: jobs.StoredJob, timeout_s: float = 180) -> None:
        def is_over() -> bool:
            return self.progress(job).state is JobState.FINISHED

        self.wait_until(is_over, timeout_s)

    def check(self, job: jobs.StoredJob, count: int) -> Counter[str]:
        """That nothing is lost, doubled, or without a reason; returns the counts by state."""
        counts = Counter(self.counts(job))
        assert counts.total() == count
        assert set(counts) <= {"done", "failed", "poisoned"}
        with self.store.reading() as session:

            def ask(sql: str) -> list[tuple]:
                return session.execute(text(sql), {"job": job.id.hex}).all()

            assert not ask("SELECT id FROM job_items WHERE token IS NOT NULL")
            doubled = (
                "SELECT document_id FROM extractions GROUP BY document_id HAVING count(*) <> 1"
            )
            assert not ask(doubled)
            assert not ask(
                "SELECT id FROM job_items WHERE state = 'done' AND extraction_id IS NULL"
            )
            unsaid = "SELECT id FROM job_items WHERE state <> 'done' AND error_message IS NULL"
            assert not ask(unsaid)
            [(results,)] = ask("SELECT count(*) FROM extractions")
            [(ended,)] = ask("SELECT count(*) FROM attempts WHERE outcome = 'done'")
        assert results == ended == counts["done"]
        for failure in jobs.failures(self.store, "ann", job.id, most=count):
            if failure.state == "poisoned":
                assert len(failure.story) == 3, failure
        return counts


def is_of_pool(process: psutil.Process) -> bool:
    try:
        return "faulty.py" in " ".join(process.cmdline())
    except psutil.Error:  # it died meanwhile
        return False


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def small_pdf(*lines: str, pages: int = 1) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(420, 595), invariant=True)
    for number in range(pages):
        for i, line in enumerate((*lines, "Total 12.50 EUR", f"Page {number + 1}")):
            canvas.drawString(50, 540 - 20 * i, line)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def picture(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (width, height), 255).save(file, "PNG", dpi=(72, 72))
    return file.getvalue()
