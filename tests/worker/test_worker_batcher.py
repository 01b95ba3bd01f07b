"""Batches by length, halved where memory ends; with a real, tiny DocumentModel."""

import pytest

torch = pytest.importorskip("torch")

from docai.errors import EngineError, UsageError  # noqa: E402
from docai.models.config import HeadConfig, HeadKind, ModelConfig  # noqa: E402
from docai.models.inputs import Window, stack  # noqa: E402
from docai.models.model import DocumentModel  # noqa: E402
from docai.stages import Stage, timed  # noqa: E402
from worker.batcher import GOOD_BEFORE_GROWTH, Batcher, device_of  # noqa: E402

LENGTHS = (3, 30, 5, 29, 4, 31, 6, 28)


def window(length):
    boxes = [(10 * i, 10 * i, 10 * i + 5, 10 * i + 5) for i in range(length)]
    return Window([1 + (7 * i) % 50 for i in range(length)], boxes)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = ModelConfig(
        vocabulary=60, width=32, layers=2, heads=4, feed_forward=48, positions=64
    ).with_heads(words=HeadConfig(HeadKind.TOKENS, ("other", "total")))
    return DocumentModel(config).eval()


class Runner:
    """The model, on a device that holds so many tokens; remembers the batches it was given."""

    def __init__(self, model, room=10**9):
        self.model, self.room, self.batches = model, room, []

    def __call__(self, windows):
        lengths = [len(w.token_ids) for w in windows]
        if max(lengths) * len(lengths) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        self.batches.append(lengths)
        with torch.inference_mode():
            scores = self.model(stack(windows, pad_id=0))["words"]
        return [row[: len(w.token_ids)] for row, w in zip(scores, windows, strict=True)]


def check(values, windows, model):
    alone = Runner(model)
    for value, each in zip(values, windows, strict=True):
        torch.testing.assert_close(value, alone([each])[0], rtol=1e-4, atol=1e-5)


def test_windows_of_like_length_go_together_and_come_back_in_order(model):
    windows, run = [window(length) for length in LENGTHS], Runner(model)
    check(Batcher(run, max_tokens=128)(windows), windows, model)
    assert run.batches[0] == [31, 30, 29, 28]
    assert all(max(batch) * len(batch) <= 128 for batch in run.batches)


def test_batches_are_counted_and_timed(model):
    with timed() as clock:
        run = Runner(model, room=64)
        Batcher(run, max_tokens=512)([window(length) for length in LENGTHS])
    assert (clock.batches, clock.windows) == (len(run.batches), len(LENGTHS))
    assert clock.seconds()[Stage.MODEL] > 0


def test_out_of_memory_halves_the_batches_and_loses_no_window(model):
    windows, run = [window(length) for length in LENGTHS], Runner(model, room=64)
    freed = []
    batcher = Batcher(run, max_tokens=512, free=lambda: freed.append(1))
    check(batcher(windows), windows, model)
    assert freed
    assert batcher.max_tokens <= 64
    assert sorted(length for batch in run.batches for length in batch) == sorted(LENGTHS)


def test_batches_grow_back_after_a_while_but_not_beyond_the_start(model):
    run = Runner(model, room=64)
    batcher = Batcher(run, max_tokens=128)
    batcher([window(31)] * 4)
    small = batcher.max_tokens
    batcher._run = lambda windows: [None] * len(windows)
    for _ in range(4 * GOOD_BEFORE_GROWTH):
        batcher([window(10)])
    assert small < batcher.max_tokens == 128


def test_a_window_that_does_not_fit_alone_is_an_error_of_the_engine(model):
    with pytest.raises(EngineError, match="single window of 31 tokens") as caught:
        Batcher(Runner(model, room=16))([window(31), window(3)])
    assert caught.value.retryable


def test_the_cpus_own_words_for_too_little_memory_are_understood():
    tries = []

    def run(windows):
        tries.append(len(windows))
        if len(windows) > 1:
            torch.empty(1 << 60, dtype=torch.uint8)  # more than any machine has
        return [None] * len(windows)

    assert Batcher(run)([window(5)] * 4) == [None] * 4
    assert tries[0] == 4
    assert tries[-1] == 1


def test_other_errors_are_not_swallowed(model):
    with pytest.raises(RuntimeError, match="size"):
        Batcher(lambda windows: torch.ones(2) @ torch.ones(3))([window(5)])


def test_the_device_is_what_was_asked_for_or_an_error():
    assert device_of("cpu") == "cpu"
    assert device_of("auto") == ("cuda:0" if torch.cuda.is_available() else "cpu")
    for wrong in ("gpu", "cuda", "cuda:x", "cuda:99", "cpu:1"):
        with pytest.raises(UsageError, match="DOCAI_DEVICE"):
            device_of(wrong)
