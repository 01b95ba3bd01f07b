"""One trainer for every task."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.testing import assert_close  # noqa: E402

from docai.training.finetune import FinetuneOptions, fit, one_cycle  # noqa: E402
from docai.training.folds import folds, held_out  # noqa: E402


class Line(nn.Module):
    """y = w x, with dropout so that the random numbers matter."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.weight = nn.Linear(4, 1)
        self.dropout = nn.Dropout(0.5)

    def loss(self, samples):
        x = torch.stack(samples)
        return (self.weight(self.dropout(x)) - x.sum(1, keepdim=True)).square().mean()


SAMPLES = [torch.randn(4, generator=torch.Generator().manual_seed(i)) for i in range(10)]
OPTIONS = FinetuneOptions(epochs=6, batch=3, learning_rate=0.05, decay=0.0)


def run(line, options, **more):
    return fit(line, SAMPLES, line.loss, options, quiet=True, **more)


@pytest.mark.parametrize("minutes", [5.0, 0.0], ids=["after an epoch", "within one"])
def test_a_run_that_was_stopped_goes_on_to_the_same_weights(minutes, tmp_path):
    options = replace(OPTIONS, checkpoint_minutes=minutes)
    whole = Line()
    whole_history = run(whole, OPTIONS, folder=tmp_path / "whole")

    class Stopped(Exception):
        pass

    def stop_in_epoch_four(samples):
        stop_in_epoch_four.calls += 1
        if stop_in_epoch_four.calls > 14:  # four steps an epoch
            raise Stopped
        return first.loss(samples)

    stop_in_epoch_four.calls = 0
    first = Line()
    with pytest.raises(Stopped):
        fit(first, SAMPLES, stop_in_epoch_four, options, quiet=True, folder=tmp_path / "parts")
    second = Line()
    history = run(second, options, folder=tmp_path / "parts")
    assert history == whole_history
    assert_close(second.state_dict(), whole.state_dict(), rtol=0, atol=0)


def test_the_best_epoch_is_kept_and_waiting_has_an_end():
    line = Line()
    weights, scores = [], iter([0.1, 0.9, 0.3, 0.2, 0.5, 0.4])

    def score():
        weights.append(line.weight.weight.detach().clone())
        return next(scores)

    history = run(line, FinetuneOptions(epochs=6, batch=3, patience=3), score=score)
    assert [epoch.score for epoch in history] == [0.1, 0.9, 0.3, 0.2, 0.5]
    assert_close(line.weight.weight.detach(), weights[1])


def test_the_best_weights_outlive_a_stop(tmp_path):
    line = Line()
    options = FinetuneOptions(epochs=3, batch=3)
    run(line, options, score=iter([0.1, 0.9, 0.2]).__next__, folder=tmp_path)
    again = Line()
    run(again, options, score=iter([]).__next__, folder=tmp_path)  # nothing is left to train
    assert_close(again.state_dict(), line.state_dict())


def test_a_run_that_was_stopped_while_it_was_judged_judges_again(tmp_path):
    options = replace(OPTIONS, checkpoint_minutes=0.0, epochs=3)
    whole = run(Line(), options, score=iter([0.1, 0.2, 0.3]).__next__)
    with pytest.raises(StopIteration):  # no second score
        run(Line(), options, score=iter([0.1]).__next__, folder=tmp_path)
    again = run(Line(), options, score=iter([0.2, 0.3]).__next__, folder=tmp_path)
    assert again == whole


def test_the_seed_decides_everything():
    a, b, c = Line(), Line(), Line()
    run(a, OPTIONS)
    run(b, OPTIONS)
    run(c, FinetuneOptions(epochs=6, batch=3, learning_rate=0.05, decay=0.0, seed=1))
    assert_close(a.state_dict(), b.state_dict(), rtol=0, atol=0)
    assert not torch.equal(a.weight.weight, c.weight.weight)


def test_it_learns():
    line = Line()
    history = run(line, FinetuneOptions(epochs=60, batch=5, learning_rate=0.05, decay=0.0))
    assert history[-1].loss < history[0].loss / 2


def test_the_rate_rises_and_falls_once():
    rates = [one_cycle(i / 100, 0.15) for i in range(101)]
    top = rates.index(max(rates))
    assert (top, rates[top]) == (15, 1.0)
    assert rates == sorted(rates[:top]) + sorted(rates[top:], reverse=True)


def test_every_document_is_tested_once_by_a_model_that_did_not_see_it():
    names = [f"form {i}" for i in range(11)]
    parts = folds(names, 4, seed=2)
    assert sorted(name for _, test in parts for name in test) == sorted(names)
    assert all(not set(train) & set(test) for train, test in parts)
    assert all(len(train) + len(test) == 11 for train, test in parts)


def test_a_held_out_part_is_never_empty_and_never_everything():
    assert [len(part) for part in held_out(range(10), 0.01, 0)] == [9, 1]
    assert [len(part) for part in held_out(range(2), 0.5, 0)] == [1, 1]
    assert [len(part) for part in held_out(range(10), 0.0, 0)] == [10, 0]
