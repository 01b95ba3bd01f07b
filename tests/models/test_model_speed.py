import pytest
import torch

from docai.evaluation.model_speed import (
    Memory,
    candidates,
    measure_memory,
    pages_cost,
    reference_way,
    report,
    seeded,
    time_models,
)
from docai.models.config import ModelConfig

TINY = ModelConfig(vocabulary=50, width=48, layers=2, heads=4, feed_forward=64, positions=128)


def test_the_references_way_gives_our_numbers():
    """What is timed as the reference's way must be the same model, only slower."""
    by_name = {c.name: c for c in candidates(TINY, 20)}
    with torch.inference_mode():
        slow, fast = by_name["reference's way, fp32"].run(), by_name["bias, fp32"].run()
    torch.testing.assert_close(slow, fast)
    ours = seeded(TINY)
    changed = reference_way(seeded(TINY)).state_dict().keys()
    assert changed != ours.state_dict().keys()


@pytest.mark.filterwarnings("ignore")  # transformers' own, where it is installed
def test_all_forms_are_timed_side_by_side():
    timings = time_models(TINY, tokens=20, rounds=1, threads=1)
    names = [timing.name for timing in timings]
    assert {"reference's way, fp32", "bias, fp32", "disentangled, fp32"} <= set(names)
    assert len(set(names)) == len(names)
    assert all(timing.cpu_s > 0 and timing.tokens >= 20 for timing in timings)
    errors = {timing.name: timing.error for timing in timings}
    assert errors["bias, fp32 packed"] < 1e-5
    forward, memory, pages = report(timings, Memory(2 << 20, 1 << 20, 1 << 20), {1: 0.5}).tables
    assert [row[0] for row in forward.shown()] == names
    assert memory.shown() == [("resident", "2.00", "1.00", "1.00")]
    assert pages.shown() == [("1", "0.50")]


@pytest.mark.slow
def test_memory_is_measured_in_a_process_of_its_own():
    memory = measure_memory(TINY, tokens=20)
    assert memory.weights > 100_000 and memory.layer > 0
    assert memory.forward >= 0


def test_the_cost_of_more_pages_is_told():
    assert list(pages_cost(TINY, tokens=20)) == [1, 2, 4]
