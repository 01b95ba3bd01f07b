"""`docai up` and `docai jobs` as a user meets them."""

import re
import signal
import subprocess
import sys
import time
import urllib.request

import psutil
import pytest
import servers
from service import kill, small_pdf

from docai.cli import run
from docai.cli.jobs import arrivals

DOCAI = [sys.executable, "-m", "docai"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A data folder, and one with two invoices and something that is none."""
    monkeypatch.setenv("DOCAI_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("DOCAI_BROKER", raising=False)
    (tmp_path / "in").mkdir()
    for number in range(2):
        (tmp_path / "in" / f"{number}.pdf").write_bytes(small_pdf(f"Invoice number {number}"))
    (tmp_path / "in" / "notes.txt").write_text("buy tea")
    return tmp_path


def docai(capsys, *arguments):
    """(exit status, standard output)"""
    status = run(arguments)
    return status, capsys.readouterr().out


def test_a_job_is_submitted_watched_over_and_cancelled_while_nothing_runs(place, capsys):
    assert docai(capsys, "jobs", "list")[0] == 3  # the tables are not made yet
    assert docai(capsys, "migrate")[0] == 0
    status, id = docai(capsys, "jobs", "submit", str(place / "in"), "--task", "invoice")
    assert status == 1  # notes.txt was refused
    id = id.strip()
    assert "active: 2 queued" in docai(capsys, "jobs", "show", id)[1]
    assert docai(capsys, "jobs", "pause", id)[0] == 0
    assert "paused" in docai(capsys, "jobs", "list")[1]
    assert docai(capsys, "jobs", "show", id, "--owner", "bob")[0] == 3
    assert docai(capsys, "jobs", "cancel", id)[0] == 0
    out = place / "out.csv"
    assert docai(capsys, "jobs", "results", id, "--format", "csv", "-o", str(out))[0] == 0
    assert [line.split(",")[1] for line in out.read_text().splitlines()] == [
        "file", "0.pdf", "1.pdf",
    ]  # fmt: skip


def test_keys_are_shown_once_and_can_be_revoked(place, capsys):
    docai(capsys, "migrate")
    status, text = docai(capsys, "keys", "new", "--owner", "ann", "--name", "laptop")
    assert (status, text.startswith("docai_")) == (0, True)
    listed = docai(capsys, "keys", "list")[1]
    assert "ann  laptop  read write" in listed
    assert text.strip() not in listed
    assert docai(capsys, "keys", "revoke", listed.split()[0])[0] == 0
    assert "revoked" in docai(capsys, "keys", "list")[1]
    assert docai(capsys, "keys", "new", "--scopes", "everything")[0] == 2


def test_a_watched_folder_gives_each_whole_file_once(tmp_path):
    path, known = tmp_path / "a.pdf", {}
    looks = iter(range(100))

    def pause():
        look = next(looks)
        if look < 3:
            path.write_bytes(b"x" * (look + 1))  # it is still being copied
        if look == 6:
            (tmp_path / "b.pdf").write_bytes(b"y")
        if look > 20:
            raise StopIteration

    found = []
    with pytest.raises(RuntimeError):  # what a generator makes of StopIteration
        for arrived in arrivals(tmp_path, known, pause):
            found.append([(path.name, stamp[0]) for path, stamp in arrived])
    assert found == [[("a.pdf", 3)], [("b.pdf", 1)]]
    assert {path.name for path in known} == {"a.pdf", "b.pdf"}


@pytest.mark.slow
def test_up_runs_everything_restarts_what_dies_and_leaves_nothing_behind(place):
    port = servers.free_port()
    log = place / "up.log"
    with log.open("wb") as file:
        command = [*DOCAI, "up", "--port", str(port), "--processes", "1", "--no-web"]
        up = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        wait_until(lambda: "shown this once" in log.read_text())
        assert re.search(r"your key, shown this once: docai_\w+", log.read_text())
        again = subprocess.run([*command], capture_output=True, text=True)
        assert again.returncode == 2
        assert "is up on" in again.stderr
        wait_until(lambda: is_ready(port))
        children = psutil.Process(up.pid).children()
        assert len(children) == 4
        for child in children:
            if not child.cmdline()[-1].startswith("app"):
                kill(child.pid)
        wait_until(lambda: log.read_text().count("starting it again") == 3)
        submit = [*DOCAI, "jobs", "submit", str(place / "in"), "--task", "invoice", "--wait"]
        done = subprocess.run(submit, capture_output=True, text=True, timeout=90)
        assert "finished: 2 done" in done.stderr
        everyone = psutil.Process(up.pid).children(recursive=True)
        up.send_signal(signal.SIGINT)
        assert up.wait(timeout=60) == 0
        wait_until(lambda: not any(child.is_running() for child in everyone), timeout_s=10)
    finally:
        kill(up.pid)
        up.wait()
    with log.open("wb") as file:
        second = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        wait_until(lambda: "docai is up" in log.read_text())
        assert "your key" not in log.read_text()  # there is one already
    finally:
        second.send_signal(signal.SIGTERM)
        assert second.wait(timeout=60) == 0


def is_ready(port):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=5).status == 200
    except OSError:
        return False


def wait_until(condition, timeout_s=120):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)
