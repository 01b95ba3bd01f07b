"""Pre-training: the same run whatever interrupts it and however many processes share it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import tiny_run  # noqa: E402

from docai.errors import UsageError  # noqa: E402
from docai.models.weights import read_safetensors  # noqa: E402
from docai.training import checkpoints  # noqa: E402
from docai.training.pretrain import (  # noqa: E402
    OBJECTIVES,
    MicroBatches,
    PretrainOptions,
    learning_rate,
)
from docai.training.shards import HELD_OUT, TRAIN, Shards, ShardWriter, text_hash  # noqa: E402
from docai.training.taught import taught  # noqa: E402
from docai.training.windows import pretraining_window  # noqa: E402


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    tiny_run.write_shards(folder)
    return folder


def log_of(run):
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def losses_of(run):
    return [[step[name] for name in OBJECTIVES] for step in log_of(run)]


def test_all_four_losses_fall_and_unseen_pages_are_understood(pages, tmp_path):
    trained = tiny_run.run(pages, tmp_path, steps=60, learning_rate=3e-3)
    losses = torch.tensor(losses_of(tmp_path))
    fall = losses[-10:].mean(0) / losses[:10].mean(0)
    assert (fall < 0.95).all(), fall
    unseen = micro_batches(pages, HELD_OUT)
    before = taught("fresh", tiny_run.model().eval(), [unseen[0]])
    after = taught("trained", trained, [unseen[0]])
    assert after.order > max(0.9, before.order)
    assert after.words > before.words


def test_a_killed_run_goes_on_to_the_same_losses(pages, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    tiny_run.run(pages, whole, steps=12)
    process = start(pages, killed, "--steps", "12", "--pause", "0.05")
    wait_for(lambda: len(list(killed.glob("checkpoint-*"))) > 0 and len(log_of(killed)) > 4)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 4 < len(log_of(killed)) < 12
    tiny_run.run(pages, killed, steps=12)
    assert losses_of(killed) == losses_of(whole)
    assert [step["step"] for step in log_of(killed)] == [*range(1, 13)]


@pytest.mark.slow
def test_two_processes_do_what_one_does(pages, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    tiny_run.run(pages, one, steps=4, micro_batches=4)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    # Gloo's threads sometimes abort a process that has done its work; a restart finds it done.
    launch.append("--max-restarts=3")
    command = [*launch, tiny_run.__file__, str(pages), str(two), "--steps", "4"]
    done = subprocess.run(
        [*command, "--micro-batches", "4"], capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 0, done.stderr
    torch.testing.assert_close(
        torch.tensor(losses_of(two)), torch.tensor(losses_of(one)), rtol=1e-5, atol=1e-5
    )
    weights = [checkpoints.newest(run) / checkpoints.WEIGHTS for run in (one, two)]
    a, b = map(read_safetensors, weights)
    for name in a:
        torch.testing.assert_close(a[name], b[name], rtol=1e-5, atol=1e-5)


def test_a_micro_batch_follows_from_its_number_alone(pages):
    batches = micro_batches(pages)
    again = micro_batches(pages)
    again[0]
    assert torch.equal(batches[3].inputs.token_ids, again[3].inputs.token_ids)
    assert not torch.equal(batches[3].inputs.token_ids, batches[4].inputs.token_ids)


def test_every_page_is_seen_once_an_epoch(pages):
    batches = micro_batches(pages)
    count = len(Shards([pages], TRAIN))
    for epoch in (0, 1):
        seen = [batches._page(epoch * count + i) for i in range(count)]
        assert sorted(seen) == [*range(count)]


def micro_batches(pages, part=TRAIN):
    options = PretrainOptions(pages=2, max_tokens=40)
    return MicroBatches(Shards([pages], part), tiny_run.tokenizer(), options, 7)


def test_a_page_that_is_too_long_is_cut_where_a_line_begins(pages):
    tokenizer = tiny_run.tokenizer()
    sample = Shards([pages], TRAIN)[0]
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        window = pretraining_window(sample, tokenizer, 30, generator)
        assert len(window.window.token_ids) <= 30
        first = window.words[1]
        assert first == 0 or sample.lines[first] != sample.lines[first - 1]
        lines = [line for line in window.lines if line >= 0]
        assert lines == sorted(lines)
        assert {*lines} == {*range(len(window.line_boxes))}


def test_twins_and_held_out_documents_stay_out_of_training(tmp_path):
    writer = ShardWriter(tmp_path)
    sample = tiny_run.sample(1)
    writer.write(sample, HELD_OUT)
    writer.write(sample, TRAIN)
    assert writer.twins == 1
    assert len(Shards([tmp_path], HELD_OUT)) == 1
    with pytest.raises(UsageError, match="no pages"):
        Shards([tmp_path], TRAIN)


def test_twins_differ_in_marks_and_capitals_only():
    assert text_hash(["Total:", "12.50"]) == text_hash(["TOTAL", "1250"])
    assert text_hash(["Total", "12.50"]) != text_hash(["Total", "12.51"])


def test_pages_come_back_as_they_were_written(tmp_path):
    writer = ShardWriter(tmp_path)
    samples = [tiny_run.sample(i) for i in range(3)]
    for sample in samples:
        writer.write(sample, TRAIN)
    shards = Shards([tmp_path], TRAIN)
    assert [shards[i] for i in range(len(shards))] == samples


def test_the_rate_rises_then_falls_to_a_tenth():
    options = PretrainOptions(steps=100, learning_rate=1.0, warm_up=0.1)
    rates = [learning_rate(step, options) for step in range(1, 101)]
    assert rates[9] == max(rates) == 1.0
    assert rates[:10] == sorted(rates[:10])
    assert rates[9:] == sorted(rates[9:], reverse=True)
    assert rates[-1] == pytest.approx(0.1)


def start(pages, run, *more):
    command = [sys.executable, tiny_run.__file__, str(pages), str(run), *more]
    return subprocess.Popen(command, env=environment())


def environment():
    """Threads would contend, and the sum of a matrix product depends on their number."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parent)}


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return
        except OSError:
            pass
        time.sleep(0.02)
    raise AssertionError("it did not come about in time")
