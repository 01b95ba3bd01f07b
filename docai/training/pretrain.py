"""Pre-training with the four objectives: from shards of pages to an encoder.

A step is some micro-batches; its loss is the mean of theirs. Which pages a micro-batch has,
what is hidden on them and which activations are dropped all follow from the seed and the
micro-batch's number. So a run that is killed goes on to the same losses, and two processes
that share a step's micro-batches do what one does alone.

    docai train pretrain SHARDS -o RUN                      one process
    torchrun --nproc-per-node 8 -m docai train pretrain ... one process for each GPU
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import torch
import torch.distributed as dist
from torch import Tensor, nn, optim
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset

from docai.errors import UsageError
from docai.models.collators import PretrainingBatch, PretrainingCollator, Rates, Vocabulary
from docai.models.config import Attention
from docai.models.inputs import ModelInput
from docai.models.model import DocumentModel
from docai.models.pretraining import pretraining_losses
from docai.models.tokenizers import WordTokenizer
from docai.models.weights import Card
from docai.options import option
from docai.training import checkpoints
from docai.training.shards import Shards
from docai.training.start import IMAGE_PACKAGE, TEXT_PACKAGE, TextStart, start
from docai.training.terms import terms_of
from docai.training.windows import pretraining_window

LOG = "log.jsonl"
OBJECTIVES = ("mvlm", "rop", "rrp", "tia")
LARGEST_GRADIENT = 1.0  # norm; BERT's
DECAY = 0.01  # of weights; not of biases and norms
LAST_RATE = 0.1  # of the learning rate, at the end


@dataclass(frozen=True, slots=True)
class PretrainOptions:
    """How an encoder is pre-trained."""

    steps: int = option(2000, "optimiser steps in all", at_least=1)
    pages: int = option(4, "pages of a micro-batch; at least two, they lend patches", at_least=2)
    micro_batches: int = option(4, "micro-batches of a step, over all processes", at_least=1)
    max_tokens: int = option(512, "tokens of a page's window", at_least=16)
    learning_rate: float = option(2e-4, "highest learning rate")
    warm_up: float = option(0.06, "share of the steps in which the rate rises", at_most=1)
    precision: str = option("bf16", "arithmetic of the forward pass", choices=("bf16", "fp32"))
    seed: int = option(0, "pages, masks and dropout follow from it")
    checkpoint_minutes: float = option(5.0, "minutes between checkpoints")
    loaders: int = option(0, "processes that prepare pages; 0 prepares them in between")
    activations: str = option(
        "keep",
        "what waits for the backward pass: all results, or only each layer's input",
        choices=("keep", "recompute"),
    )


@dataclass(frozen=True, slots=True)
class Step:
    """What the log has of one step: mean losses over its micro-batches."""

    step: int  # from 1
    mvlm: float
    rop: float
    rrp: float
    tia: float
    learning_rate: float
    tokens: int  # without padding, over all processes
    seconds: float

    @property
    def total(self) -> float:
        return self.mvlm + self.rop + self.rrp + self.tia


class MicroBatches(Dataset[PretrainingBatch]):
    """Micro-batch number n of the endless stream: the pages in a new order every epoch."""

    def __init__(
        self,
        shards: Shards,
        tokenizer: WordTokenizer,
        options: PretrainOptions,
        patches: int,
        rates: Rates = Rates(),  # noqa: B008 - frozen
    ) -> None:
        if len(shards) < options.pages:
            raise UsageError(f"{len(shards)} pages are fewer than a micro-batch has")
        self._shards, self._tokenizer, self._options = shards, tokenizer, options
        vocabulary = Vocabulary(
            tokenizer.size, tokenizer.pad, tokenizer.mask, tokenizer.first_piece
        )
        self._collate = PretrainingCollator(vocabulary, patches, rates)

    def __getitem__(self, number: int) -> PretrainingBatch:
        options = self._options
        generator = torch.Generator().manual_seed(_mixed(options.seed, number))
        first = number * options.pages
        windows = [
            pretraining_window(
                self._shards[self._page(first + i)], self._tokenizer, options.max_tokens, generator
            )
            for i in range(options.pages)
        ]
        return self._collate(windows, generator)

    def _page(self, index: int) -> int:
        epoch, place = divmod(index, len(self._shards))
        return int(_order(self._options.seed, epoch, len(self._shards))[place])


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> Tensor:
    generator = torch.Generator().manual_seed(_mixed(seed, epoch))
    return torch.randperm(count, generator=generator)


def _mixed(seed: int, number: int) -> int:
    """Neighbouring numbers and seeds far apart: a step of Knuth's multiplicative hash."""
    return (seed * 1_000_003 + number) * 0x9E3779B97F4A7C15 % 2**63


class Objectives(nn.Module):
    """The losses as one forward call, which is what DistributedDataParallel wraps."""

    def __init__(self, model: DocumentModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: PretrainingBatch) -> Tensor:
        losses = pretraining_losses(self.model, batch)
        return torch.stack([getattr(losses, name) for name in OBJECTIVES])  # (4,)


def pretrain(
    model: DocumentModel,
    tokenizer: WordTokenizer,
    shards: Shards,
    options: PretrainOptions,
    folder: Path,
    *,
    device: torch.device,
    on_step: Callable[[Step], None] = lambda step: None,
) -> None:
    """Train `model` in place to `options.steps`, going on from `folder`'s newest checkpoint.

    Every step stands in `folder`/log.jsonl. Under torchrun every process calls this.
    """
    rank, world = _processes()
    if options.micro_batches % world:
        raise UsageError(
            f"{options.micro_batches} micro-batches cannot be shared by {world} processes"
        )
    model.to(device)
    trained = _only_what_learns(model)
    model.encoder.checkpointing = options.activations == "recompute"
    optimiser = optim.AdamW(_groups(trained), lr=options.learning_rate)
    begun = 0
    if (checkpoint := checkpoints.newest(folder)) is not None:
        begun = checkpoints.load(checkpoint, model, optimiser)["step"]
    objectives: nn.Module = Objectives(model)
    if world > 1:
        objectives = DistributedDataParallel(objectives)
    stream = _stream(model, tokenizer, shards, options, begun, rank, world)
    saved_at = time.monotonic()
    with _Log(folder, begun) if rank == 0 else nullcontext() as log:
        for step in range(begun + 1, options.steps + 1):
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(step, options)
            result = _one_step(objectives, optimiser, stream, step, options, rank, world, device)
            if log is None:
                continue
            log.write(result)
            on_step(result)
            is_due = time.monotonic() - saved_at > 60 * options.checkpoint_minutes
            if is_due or step == options.steps:
                checkpoints.save(folder, step, model, optimiser, {"options": asdict(options)})
                saved_at = time.monotonic()
    model.eval()


def model_to_pretrain(
    text: TextStart, image: dict[str, Tensor], attention: Attention, seed: int
) -> DocumentModel:
    """The text encoder's size and weights, the backbone's, and the rest fresh from the seed."""
    torch.manual_seed(seed)
    model = DocumentModel(replace(text.config, attention=attention, pretraining=True))
    start(model, text, image)
    return model


def card(name: str, pages: dict[str, int], options: PretrainOptions) -> Card:
    """What the model was made from; `pages` are counted by data set."""
    data = [(f"{origin}, {count} pages", terms_of(origin)) for origin, count in pages.items()]
    seen = options.steps * options.micro_batches * options.pages
    return Card(
        name=name,
        version="1",
        summary=(
            f"An encoder pre-trained with the four objectives of ERNIE-Layout: {options.steps} "
            f"steps, {seen} pages seen, seed {options.seed}. It has no task heads."
        ),
        licence="Apache-2.0, as far as the terms of the data allow",
        data=((TEXT_PACKAGE, "Apache-2.0"), (IMAGE_PACKAGE, "Apache-2.0"), *data),
    )


def learning_rate(step: int, options: PretrainOptions) -> float:
    """Rises in a line, then falls as a cosine does, to LAST_RATE of the highest."""
    warm_up = max(1, round(options.warm_up * options.steps))
    if step <= warm_up:
        return options.learning_rate * step / warm_up
    done = (step - warm_up) / max(1, options.steps - warm_up)
    return options.learning_rate * (
        LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * done)) / 2
    )


def _one_step(
    objectives: nn.Module,
    optimiser: optim.AdamW,
    stream: Iterator[PretrainingBatch],
    step: int,
    options: PretrainOptions,
    rank: int,
    world: int,
    device: torch.device,
) -> Step:
    started = time.perf_counter()
    optimiser.zero_grad(set_to_none=True)
    own = options.micro_batches // world
    losses, tokens = torch.zeros(len(OBJECTIVES)), 0
    for i in range(own):
        batch = _moved(next(stream), device)
        torch.manual_seed(_mixed(options.seed, _number(step, i, options, rank, world)))
        # The processes' gradients are averaged once a step, with the last micro-batch's.
        last = i == own - 1
        wait = nullcontext() if last or world == 1 else objectives.no_sync()  # type: ignore[operator]
        with wait:
            with torch.autocast(device.type, torch.bfloat16, enabled=options.precision == "bf16"):
                parts = objectives(batch)
            (parts.sum() / own).backward()
        losses += parts.detach().float().cpu() / own
        keep = batch.inputs.keep
        tokens += batch.inputs.token_ids.numel() if keep is None else int(keep.sum())
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    nn.utils.clip_grad_norm_(parameters, LARGEST_GRADIENT)
    optimiser.step()
    if world > 1:
        sums = torch.cat([losses / world, torch.tensor([float(tokens)])]).to(device)
        dist.all_reduce(sums)
        losses, tokens = sums[:-1].cpu(), int(sums[-1])
    return Step(
        step=step,
        **dict(zip(OBJECTIVES, losses.tolist(), strict=True)),
        learning_rate=optimiser.param_groups[0]["lr"],
        tokens=tokens,
        seconds=time.perf_counter() - started,
    )


def _number(step: int, i: int, options: PretrainOptions, rank: int, world: int) -> int:
    """Of the `i`th micro-batch that this process has of a step."""
    return (step - 1) * options.micro_batches + i * world + rank


def _stream(
    model: DocumentModel,
    tokenizer: WordTokenizer,
    shards: Shards,
    options: PretrainOptions,
    start: int,
    rank: int,
    world: int,
) -> Iterator[PretrainingBatch]:
    batches = MicroBatches(shards, tokenizer, options, model.config.patches)
    own = range(start * options.micro_batches + rank, options.steps * options.micro_batches, world)
    return iter(DataLoader(batches, batch_size=None, sampler=own, num_workers=options.loaders))


def _only_what_learns(model: DocumentModel) -> dict[str, nn.Parameter]:
    """The weights that the objectives reach. Task heads and the pooler keep theirs.

    Batch norm keeps its statistics: batches are small, and must not depend on how many
    processes share them.
    """
    model.train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    for unreached in (model.encoder.pooler, model.coarse, model.task_heads):
        if unreached is not None:
            unreached.requires_grad_(False)
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def _groups(parameters: dict[str, nn.Parameter]) -> list[dict[str, Any]]:
    matrices = [p for p in parameters.values() if p.ndim > 1]
    vectors = [p for p in parameters.values() if p.ndim <= 1]
    return [
        {"params": matrices, "weight_decay": DECAY},
        {"params": vectors, "weight_decay": 0.0},
    ]


def _moved(batch: PretrainingBatch, device: torch.device) -> PretrainingBatch:
    inputs: ModelInput = batch.inputs.to(device)
    others = (batch.words, batch.following, batch.replaced, batch.covered)
    return PretrainingBatch(inputs, *(tensor.to(device) for tensor in others))


class _Log:
    """log.jsonl, and the same numbers for TensorBoard."""

    def __init__(self, folder: Path, start: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        folder.mkdir(parents=True, exist_ok=True)
        path = folder / LOG
        # What a killed run logged after its last checkpoint is done again.
        kept = [line for line in _log_lines(path) if json.loads(line)["step"] <= start]
        path.write_text("".join(kept), "utf-8")
        self._file = path.open("a", encoding="utf-8")
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=start + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()
        self._board.close()

    def write(self, step: Step) -> None:
        self._file.write(json.dumps(asdict(step)) + "\n")
        self._file.flush()
        for name in (*OBJECTIVES, "total", "learning_rate"):
            self._board.add_scalar(name, getattr(step, name), step.step)
        self._board.add_scalar("tokens per second", step.tokens / step.seconds, step.step)


def _log_lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    # A line that was cut off by a kill has no end.
    return [line for line in path.read_text("utf-8").splitlines(keepends=True) if line[-1] == "\n"]


def _processes() -> tuple[int, int]:
    """This process's number, and how many there are."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


@contextmanager
def processes() -> Iterator[tuple[torch.device, bool]]:
    """This process's device, and whether it is the first; under torchrun, joined to the others."""
    has_gpu = torch.cuda.is_available()
    if "WORLD_SIZE" not in os.environ:
        yield torch.device("cuda" if has_gpu else "cpu"), True
        return
    dist.init_process_group("nccl" if has_gpu else "gloo")
    try:
        local = int(os.environ["LOCAL_RANK"])
        device = torch.device("cuda", local) if has_gpu else torch.device("cpu")
        yield device, dist.get_rank() == 0
        dist.barrier()  # none leaves while others still talk to it
    finally:
        dist.destroy_process_group()
