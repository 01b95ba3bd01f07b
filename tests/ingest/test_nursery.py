"""Parsers that are forked: each alone with its file, within its limits, whatever the others do."""

import multiprocessing
import os
import re
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from docai.errors import ParserCrashed
from docai.ingest import nursery
from docai.ingest.limits import Limits
from docai.ingest.raw import open_document

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each is started")


def words(page):
    return lambda canvas: canvas.drawString(50, 500, page)


@pytest.fixture
def files(pdf):
    return [pdf(words(f"file {i}"), words("page 2"), name=f"{i}.pdf") for i in range(8)]


def about(pid, what):
    return Path(f"/proc/{pid}/{what}")


def first_line(raw):
    return " ".join(word.text for word in raw.page(1).words)


def test_every_file_has_a_process_of_its_own_and_leaves_none(files):
    with open_document(files[0]) as one, open_document(files[1]) as other:
        pids = one._sandbox.pid, other._sandbox.pid
        assert pids[0] != pids[1]
        assert [about(pid, "stat").read_text().split()[3] for pid in pids] == [
            str(nursery._nursery._process.pid)
        ] * 2
        assert (first_line(one), first_line(other)) == ("file 0", "file 1")
    assert not any(about(pid, "").exists() for pid in pids)


def test_a_child_holds_its_file_and_two_pipes_and_no_secret(files, monkeypatch):
    monkeypatch.setenv("DOCAI_PASSWORD", "opensesame")
    nursery._close()
    with open_document(files[0]) as raw:
        pid = raw._sandbox.pid
        raw.page(1)
        held = [str(path.readlink()) for path in about(pid, "fd").iterdir()]
        assert not [path for path in held if path.startswith("socket:")]
        assert len([path for path in held if path.startswith("pipe:")]) == 2
        assert {path for path in held if path.startswith("/") and path != os.devnull} == {
            str(files[0])
        }
        assert b"opensesame" not in about(pid, "environ").read_bytes()


def test_a_child_is_confined(files):
    with open_document(files[0], limits=Limits(memory_mb=777)) as raw:
        pid = raw._sandbox.pid
        limits = about(pid, "limits").read_text()
        assert re.search(rf"Max address space +{777 << 20} +{777 << 20}", limits)
        assert re.search(r"Max file size +0 +0", limits)
        assert "NoNewPrivs:\t1" in about(pid, "status").read_text()
        assert os.getpgid(pid) == pid != os.getpgid(0)


def test_a_child_that_crashes_takes_nobody_with_it(files):
    with open_document(files[0]) as one, open_document(files[1]) as other:
        os.kill(one._sandbox.pid, signal.SIGSEGV)
        with pytest.raises(ParserCrashed, match="SIGSEGV"):
            one._sandbox.call({"do": "page", "page": 1}, 5)
        assert first_line(one) == "file 0"  # by a new child
        assert first_line(other) == "file 1"


def test_a_nursery_that_is_killed_is_replaced(files):
    with open_document(files[0]) as raw:
        os.kill(nursery._nursery._process.pid, signal.SIGKILL)
        end = time.monotonic() + 10
        while about(raw._sandbox.pid, "").exists():  # its children end with it
            assert time.monotonic() < end
            time.sleep(0.02)
        assert first_line(raw) == "file 0"
    with open_document(files[1]) as raw:
        assert first_line(raw) == "file 1"


def test_a_nursery_that_does_not_answer_is_replaced(files, monkeypatch):
    monkeypatch.setattr(nursery, "ANSWERS_WITHIN_S", 1.0)
    monkeypatch.setattr(nursery, "ENDS_WITHIN_S", 0.1)
    nursery._close()
    with open_document(files[0]) as raw:
        os.kill(nursery._nursery._process.pid, signal.SIGSTOP)
        assert first_line(raw) == "file 0"  # by a new child of a new one


def test_threads_share_one_nursery(files):
    def look(path):
        with open_document(path) as raw:
            return first_line(raw)

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(look, files)) == [f"file {i}" for i in range(8)]


def ask(path, queue):
    with open_document(path) as raw:
        queue.put((nursery._nursery._process.pid, first_line(raw)))


def test_a_process_that_was_forked_has_a_nursery_of_its_own(files):
    fork = multiprocessing.get_context("fork")
    with open_document(files[0]) as raw:
        queue = fork.Queue()
        child = fork.Process(target=ask, args=(files[1], queue))
        child.start()
        pid, line = queue.get(timeout=30)
        child.join()
        assert line == "file 1"
        assert pid != nursery._nursery._process.pid
        assert first_line(raw) == "file 0"
