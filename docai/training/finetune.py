"""One trainer for every task: AdamW, one cycle of the learning rate, early stopping.

An epoch's draws follow from the seed and its number, and checkpoints within it remember how far
they got, so a run that was stopped goes on to the same weights.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn, optim
from tqdm import tqdm

from docai.options import option
from docai.training import checkpoints

Sample = TypeVar("Sample")

LARGEST_GRADIENT = 1.0
LOOSE = 1.5  # sizes that differ by this factor may share a batch
FIRST_RATE, LAST_RATE = 1 / 25, 1e-4  # of the highest rate, at both ends of the cycle


@dataclass(frozen=True, slots=True)
class FinetuneOptions:
    """How a model is trained on labelled documents."""

    epochs: int = option(15, "times that every document is seen, at most", at_least=1)
    batch: int = option(4, "documents of a step", at_least=1)
    learning_rate: float = option(1e-3, "highest learning rate")
    warm_up: float = option(0.15, "share of the steps in which the rate rises", at_most=1)
    decay: float = option(0.05, "weight decay")
    held_out: float = option(0.1, "share of the documents that says when to stop", at_most=0.5)
    patience: int = option(5, "epochs without a better score before it stops", at_least=1)
    precision: str = option("fp32", "arithmetic of the forward pass", choices=("fp32", "bf16"))
    seed: int = option(0, "draws, order of documents and dropout follow from it")
    checkpoint_minutes: float = option(5.0, "minutes between checkpoints within an epoch")


@dataclass(frozen=True, slots=True)
class Epoch:
    """Mean loss over the epoch's steps; the held-out score, or None where nothing is held out."""

    number: int  # from 1
    loss: float
    score: float | None


def fit(
    model: nn.Module,
    samples: Sequence[Sample],
    loss: Callable[[Sequence[Sample]], Tensor],
    options: FinetuneOptions,
    *,
    size: Callable[[Sample], int] = lambda _: 0,
    score: Callable[[], float] | None = None,
    folder: Path | None = None,
    quiet: bool = False,
) -> list[Epoch]:
    """Train the weights of `model` that require a gradient, and leave it in eval mode.

    `loss` takes a few samples, of about the same `size` so that little is padding. `score`
    (higher is better) judges the model as it stands: with it the best epoch's weights are kept,
    else the last's. With a folder the run is resumed where it was stopped.
    """
    optimiser = optim.AdamW(
        [p for p in model.parameters() if p.requires_grad],
        lr=options.learning_rate,
        weight_decay=options.decay,
        fused=True,  # one pass over all weights
    )
    steps = math.ceil(len(samples) / options.batch)  # of an epoch
    best = _Best(model, folder)
    keeper = _Keeper(model, optimiser, folder, options.checkpoint_minutes)
    done, total, history = keeper.begin()
    bar = tqdm(
        desc="training",
        unit="step",
        initial=done,
        total=options.epochs * steps,
        disable=True if quiet else None,
    )
    for epoch in range(done // steps, options.epochs):
        if score is not None and _stale(history) >= options.patience:
            break
        model.train()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(options.seed * 1_000_003 + epoch)
            draw = random.Random(f"{options.seed} {epoch}")
            batches = _batches(samples, options.batch, size, draw)
            if done > epoch * steps:
                keeper.restore_draws()
            for batch in batches[done - epoch * steps :]:
                rate = one_cycle(done / (options.epochs * steps), options.warm_up)
                for group in optimiser.param_groups:
                    group["lr"] = options.learning_rate * rate
                total += _step(model, optimiser, partial(loss, batch), options)
                done += 1
                bar.update()
                bar.set_postfix(loss=f"{total / (done - epoch * steps):.3f}", refresh=False)
                if keeper.is_due() and done % steps:  # an epoch's end is saved with its score
                    keeper.save(done, total, history)
        model.eval()
        history.append(Epoch(epoch + 1, total / steps, None))
        total = 0.0
        if score is not None:
            history[-1] = replace(history[-1], score=score())
            if _stale(history) == 0:
                best.keep()
        keeper.save(done, total, history)
    bar.close()
    if score is not None:
        best.restore()
    model.eval()
    return history


def _batches(
    samples: Sequence[Sample], count: int, size: Callable[[Sample], int], draw: random.Random
) -> list[list[Sample]]:
    """Every sample once, neighbours in size together; who they are differs from epoch to epoch."""
    rough = [(size(sample) * draw.uniform(1, LOOSE), draw.random(), sample) for sample in samples]
    order = [sample for *_, sample in sorted(rough, key=lambda row: row[:2])]
    batches = [order[i : i + count] for i in range(0, len(order), count)]
    draw.shuffle(batches)
    return batches


def one_cycle(at: float, warm_up: float) -> float:
    """The share of the highest rate when `at` (0..1) of the run is done, by two half cosines.

    >>> round(one_cycle(0.0, 0.1), 3), one_cycle(0.1, 0.1), round(one_cycle(1.0, 0.1), 3)
    (0.04, 1.0, 0.0)
    """
    if at < warm_up:
        return _between(FIRST_RATE, 1.0, at / warm_up)
    return _between(1.0, LAST_RATE, (at - warm_up) / max(1e-9, 1 - warm_up))


def _between(start: float, end: float, at: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * at)) / 2


def _step(
    model: nn.Module,
    optimiser: optim.Optimizer,
    loss: Callable[[], Tensor],
    options: FinetuneOptions,
) -> float:
    bf16 = options.precision == "bf16"
    with torch.autocast("cpu", torch.bfloat16) if bf16 else nullcontext():
        value = loss()
    optimiser.zero_grad()
    value.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), LARGEST_GRADIENT)
    optimiser.step()
    return float(value.detach())


def _stale(history: Sequence[Epoch]) -> int:
    """Epochs since the best score."""
    scores = [epoch.score or 0.0 for epoch in history]
    return len(scores) - 1 - scores.index(max(scores)) if scores else 0


class _Keeper:
    """Where the run stands, on disk every few minutes and after each epoch, if it has a folder."""

    def __init__(
        self, model: nn.Module, optimiser: optim.AdamW, folder: Path | None, minutes: float
    ) -> None:
        self.model, self.optimiser, self.folder = model, optimiser, folder
        self.seconds = 60 * minutes
        self.saved_at = time.monotonic()
        self.draws: list[int] = []

    def begin(self) -> tuple[int, float, list[Epoch]]:
        """Steps done, the sum of this epoch's losses, and the epochs before."""
        last = checkpoints.newest(self.folder) if self.folder is not None else None
        if last is None:
            return 0, 0.0, []
        progress = checkpoints.load(last, self.model, self.optimiser)
        self.draws = progress["draws"]
        return progress["step"], progress["loss"], [Epoch(**row) for row in progress["history"]]

    def restore_draws(self) -> None:
        """Random numbers go on where they stopped within an epoch."""
        torch.set_rng_state(torch.tensor(self.draws, dtype=torch.uint8))

    def is_due(self) -> bool:
        return self.folder is not None and time.monotonic() - self.saved_at > self.seconds

    def save(self, done: int, loss: float, history: Sequence[Epoch]) -> None:
        if self.folder is None:
            return
        rows = [asdict(epoch) for epoch in history]
        draws = torch.get_rng_state().tolist()
        progress = {"history": rows, "loss": loss, "draws": draws}
        checkpoints.save(self.folder, done, self.model, self.optimiser, progress)
        (self.folder / "history.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
        self.saved_at = time.monotonic()


class _Best:
    """The best weights so far, in memory and, where the run can be resumed, on disk."""

    def __init__(self, model: nn.Module, folder: Path | None) -> None:
        self.model = model
        self.path = folder / "best.safetensors" if folder else None
        self.state: dict[str, Tensor] = {}
        if self.path is not None and self.path.is_file():
            from docai.models.weights import read_safetensors

            self.state = read_safetensors(self.path)

    def keep(self) -> None:
        from safetensors.torch import save_file

        state = self.model.state_dict()
        self.state = {name: tensor.detach().clone() for name, tensor in state.items()}
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part = self.path.with_suffix(".part")
            save_file(self.state, part)
            part.replace(self.path)

    def restore(self) -> None:
        if self.state:
            self.model.load_state_dict(self.state)
