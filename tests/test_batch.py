"""Bulk runs against everything that goes wrong overnight."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pages import text
from PIL import Image

from docai import batch
from docai.errors import EngineMissing, UsageError
from docai.ingest.limits import Limits
from docai.pipeline import ReadOptions

JOB = batch.Job("invoice", ReadOptions(), Limits())


def answer_by_name(path: Path, output: Path, job: batch.Job) -> batch.Outcome:
    """Stands in for reading: the file's name says what happens, and every try is noted."""
    with (output / "tries").open("a") as tries:
        tries.write(path.name + "\n")
    if "kill" in path.name:
        os.kill(os.getpid(), signal.SIGKILL)
    if "bug" in path.name:
        raise ZeroDivisionError
    if "hang" in path.name:
        time.sleep(60)
    if "slow" in path.name:
        time.sleep(0.2)
    return batch.extract_one(path, output, job)


@pytest.fixture
def folder(pdf, tmp_path):
    def make(*names: str) -> list[Path]:
        (tmp_path / "in").mkdir()
        return [
            pdf(text(f"Invoice {name}", "Total 12.00 EUR"), name=f"in/{name}.pdf") for name in names
        ]

    return make


def run(paths, output, *, workers=2, **kwargs):
    return batch.run(paths, output, kwargs.pop("job", JOB), workers=workers, **kwargs)


def tries(output):
    return sorted((output / "tries").read_text().split())


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_file_gets_a_result_and_a_row(folder, tmp_path):
    paths = folder("a", "b", "c")
    broken = tmp_path / "in" / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4 nothing else")
    summary = run([*paths, broken], tmp_path / "out")
    assert (summary.done, summary.failed, summary.skipped) == (3, 1, 0)
    table = rows(tmp_path / "out" / "results.csv")
    assert [row["status"] for row in table] == ["done", "done", "done", "failed"]
    assert table[3]["error"].startswith("broken_document: broken.pdf")
    results = sorted((tmp_path / "out" / "documents").iterdir())
    assert len(results) == 3
    assert json.loads(results[0].read_text())["source"]["filename"] == "a.pdf"


def test_a_second_run_does_nothing_again_and_a_changed_file_anew(folder, tmp_path):
    paths, output = folder("a", "b"), tmp_path / "out"
    run(paths, output, handle=answer_by_name)
    assert run(paths, output, handle=answer_by_name).skipped == 2
    paths[1].write_bytes(paths[0].read_bytes() + b"\n")
    assert run(paths, output, handle=answer_by_name).done == 1
    assert tries(output) == ["a.pdf", "b.pdf", "b.pdf"]


def test_other_settings_are_another_job(folder, tmp_path):
    paths, output = folder("a"), tmp_path / "out"
    run(paths, output)
    other = batch.Job("receipt", ReadOptions(), Limits())
    assert run(paths, output, job=other).done == 1


@pytest.mark.parametrize("way", ["kill", "bug"])
def test_a_file_that_kills_its_worker_is_set_aside_and_the_others_are_done(folder, tmp_path, way):
    paths, output = folder("a", way, "b", "c"), tmp_path / "out"
    summary = run(paths, output, handle=answer_by_name)
    assert (summary.done, summary.failed) == (3, 1)
    assert tries(output) == sorted(["a.pdf", "b.pdf", "c.pdf", f"{way}.pdf", f"{way}.pdf"])
    (poisoned,) = [row for row in rows(output / "results.csv") if row["status"] == "failed"]
    assert poisoned["error"].startswith("poisoned:")


def test_a_file_that_hangs_costs_its_time_limit_only(folder, tmp_path):
    paths, output = folder("hang", "a"), tmp_path / "out"
    job = batch.Job("invoice", ReadOptions(), Limits(document_timeout_s=8))
    summary = run(paths, output, job=job, handle=answer_by_name)
    assert (summary.done, summary.failed) == (1, 1)
    assert "timeout:" in rows(output / "results.csv")[0]["error"]


def test_failures_stay_unless_they_are_to_be_tried_again(tmp_path):
    output, broken = tmp_path / "out", tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4 nothing else")
    assert run([broken], output).failed == 1
    assert run([broken], output).skipped == 1
    assert run([broken], output, retry_failed=True).failed == 1


def test_a_run_killed_with_signal_9_goes_on_where_it_was(folder, tmp_path):
    names = [f"slow{i}" for i in range(12)]
    paths, output = folder(*names), tmp_path / "out"
    program = (
        "import sys; from pathlib import Path; import test_batch as t\n"
        "if __name__ == '__main__':\n"
        "    t.run([Path(p) for p in sys.argv[2:]], Path(sys.argv[1]), handle=t.answer_by_name)\n"
    )
    script = tmp_path / "program.py"
    script.write_text(program)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, script, output, *paths]
    with subprocess.Popen(command, env=environment) as process:
        journal = output / "journal.jsonl"
        while process.poll() is None:
            if journal.exists() and journal.read_text().count("\n") >= 4:
                break
            time.sleep(0.02)
        process.kill()
    time.sleep(1)  # the orphaned workers finish the file they hold, find nobody, and end
    journalled = {Path(outcome.path).name for outcome in batch.read_journal(output)}
    assert 4 <= len(journalled) < 12
    with journal.open("a") as file:
        file.write('{"path": "cut sho')  # as a crash of the machine would leave it
    summary = run(paths, output, handle=answer_by_name)
    assert summary.skipped == len(journalled)
    assert summary.done == 12 - len(journalled)
    for name in journalled:
        assert tries(output).count(name) == 1
    assert {row["status"] for row in rows(output / "results.csv")} == {"done"}
    assert len(rows(output / "results.csv")) == 12
    assert not list(output.rglob("*.part"))


def test_a_file_that_grows_while_it_is_read_is_read_again(folder, tmp_path):
    (path,), output = folder("growing"), tmp_path / "out"
    (tmp_path / "whole").write_bytes(path.read_bytes())
    path.write_bytes(path.read_bytes()[:300])
    assert run([path], output, handle=answer_as_the_copy_ends).failed == 1
    assert run([path], output).done == 1


def answer_as_the_copy_ends(path, output, job):
    outcome = batch.extract_one(path, output, job)
    path.write_bytes((output.parent / "whole").read_bytes())
    return outcome


def test_a_result_that_is_gone_is_made_again(folder, tmp_path):
    paths, output = folder("a", "b"), tmp_path / "out"
    run(paths, output)
    next((output / "documents").glob("a-*.json")).unlink()
    summary = run(paths, output)
    assert (summary.done, summary.skipped) == (1, 1)


def test_names_of_any_bytes_and_lengths_get_a_result(pdf, tmp_path):
    plain = pdf(text("Invoice 7")).read_bytes()
    paths = [tmp_path / "n\udcff.pdf", tmp_path / ("文" * 80 + ".pdf")]
    for path in paths:
        path.write_bytes(plain)
    assert run(paths, tmp_path / "out").done == 2
    assert len((tmp_path / "out" / "results.csv").read_bytes().splitlines()) == 3


def test_missing_pages_make_a_partial_result_and_earlier_failures_count(tmp_path):
    fax, output = tmp_path / "fax.tif", tmp_path / "out"
    small, large = (Image.new("L", (side, side), 255) for side in (100, 1200))
    small.save(fax, save_all=True, append_images=[large])
    job = batch.Job("invoice", ReadOptions(), Limits(max_megapixels=1))
    run([fax], output, job=job)
    (row,) = rows(output / "results.csv")
    assert row["status"] == "partial"
    assert "page 2" in row["error"]
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4")
    run([fax, broken], output, job=job)
    assert run([fax, broken], output, job=job).failed_before == 1


def test_a_missing_engine_stops_the_run_and_nothing_counts_as_done(tmp_path):
    scan, output = tmp_path / "scan.png", tmp_path / "out"
    Image.new("L", (200, 200), 255).save(scan)
    with pytest.raises(EngineMissing):
        run([scan], output, handle=without_engine)
    assert run([scan], output).done == 1


def without_engine(path, output, job):
    return batch._failure(path, batch._stamp(path), job, EngineMissing("not installed"), 0)


def test_two_runs_into_one_folder_are_refused(folder, tmp_path):
    paths, output = folder("a"), tmp_path / "out"
    output.mkdir()
    with batch._locked(output), pytest.raises(UsageError, match="another run"):
        run(paths, output)


def test_folders_are_searched_but_not_hidden_files_nor_the_results(folder, tmp_path):
    paths = folder("a", "b")
    (tmp_path / "in" / ".DS_Store").write_bytes(b"x")
    (tmp_path / "in" / "out").mkdir()
    (tmp_path / "in" / "out" / "results.csv").write_bytes(b"x")
    found = batch.files_under([tmp_path / "in"], outside=tmp_path / "in" / "out")
    assert found == paths


def test_a_folder_that_cannot_be_listed_stops_the_run_before_it_begins(tmp_path, monkeypatch):
    (tmp_path / "in" / "locked").mkdir(parents=True)
    listed = os.scandir

    def scandir(folder):
        if Path(folder).name == "locked":
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(os, "scandir", scandir)  # root may list every folder

    with pytest.raises(UsageError, match="locked cannot be listed"):
        batch.files_under([tmp_path / "in"], outside=tmp_path / "out")


def test_files_of_the_same_name_keep_their_own_results(pdf, tmp_path):
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
    paths = [pdf(text("one"), name="x/a.pdf"), pdf(text("two"), name="y/a.pdf")]
    run(paths, tmp_path / "out")
    assert len(list((tmp_path / "out" / "documents").iterdir())) == 2
