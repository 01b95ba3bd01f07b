"""`docai evaluate speed --model`: one forward of the encoder, side by side with others.

All candidates stand in one process and take turns, round after round, so that whatever else
the machine does falls on all of them; the best round of each is told, in CPU-seconds (which
do not count waiting) and in seconds by the clock. Weights are random: time does not depend
on them. Memory is measured in a process of its own.
"""

from __future__ import annotations

import copy
import importlib
import importlib.util
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from docai.errors import UsageError
from docai.evaluation.report import Report, Table
from docai.models.attention import BiasAttention, BiasTables, DistanceBias, join_heads, split_heads
from docai.models.config import Attention, ModelConfig
from docai.models.inputs import ModelInput
from docai.models.model import DocumentModel
from docai.models.precision import Precision, available, for_inference

# The base size, with a small vocabulary: the word table is only looked up.
BASE = ModelConfig(vocabulary=30522)
TEXT_TOKENS = 512
IMAGE_SIDE = 224
THEIRS = ("layoutlmv3", "lilt")  # of transformers, a development dependency


@dataclass(frozen=True, slots=True)
class Timing:
    """Best of the rounds. `error` is the rms difference to our fp32 bias form, where it is one."""

    name: str
    tokens: int
    cpu_s: float
    wall_s: float
    error: float | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident bytes: the weights, and the most that one forward added to them."""

    weights: int
    forward: int
    layer: int  # what one layer's results take: the forward cannot do with less

    @property
    def ratio(self) -> float:
        return (self.weights + self.forward) / (self.weights + self.layer)


def time_models(
    config: ModelConfig = BASE, *, tokens: int = TEXT_TOKENS, rounds: int = 5, threads: int = 2
) -> list[Timing]:
    """Ours in every form and precision, the reference's way, and transformers' if installed."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.inference_mode():
            return _take_turns(candidates(config, tokens), rounds)
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True, slots=True)
class Candidate:
    name: str
    tokens: int  # in the attention, visual tokens among them
    run: Callable[[], Tensor]
    like: str | None = None  # the candidate whose output this one should give


def candidates(config: ModelConfig, tokens: int) -> list[Candidate]:
    batch = random_page(config, tokens)
    together = tokens + config.visual_tokens
    found = []
    for form in Attention:
        plain = seeded(replace(config, attention=form))
        name = f"{form}, fp32"
        if form == Attention.BIAS:
            slow = reference_way(copy.deepcopy(plain))
            found.append(Candidate("reference's way, fp32", together, _run(slow, batch), name))
        found.append(Candidate(name, together, _run(plain, batch)))
        for precision in sorted(available()):
            label = f"{form}, {precision}" + (" packed" if precision == Precision.FP32 else "")
            model = for_inference(copy.deepcopy(plain), precision)
            found.append(Candidate(label, together, _run(model, batch), name))
    found += [c for c in (_theirs(kind, config, tokens) for kind in THEIRS) if c is not None]
    return found


def random_page(config: ModelConfig, tokens: int) -> ModelInput:
    draw = torch.Generator().manual_seed(0)
    left = torch.randint(0, 900, (1, tokens), generator=draw)
    top = torch.randint(0, 980, (1, tokens), generator=draw)
    image = torch.randint(0, 256, (1, 3, IMAGE_SIDE, IMAGE_SIDE), generator=draw)
    return ModelInput(
        token_ids=torch.randint(5, config.vocabulary, (1, tokens), generator=draw),
        boxes=torch.stack([left, top, left + 80, top + 12], -1),
        image=image.to(torch.uint8),
    )


def seeded(config: ModelConfig) -> DocumentModel:
    torch.manual_seed(0)
    return DocumentModel(config).eval()


def reference_way(model: DocumentModel) -> DocumentModel:
    """The model with the parts put back that the reference computes differently."""
    for module in model.modules():
        if isinstance(module, BiasTables):
            for name, table in module.named_children():
                if isinstance(table, DistanceBias):
                    setattr(module, name, OneHotBias(table))
        for name, child in module.named_children():
            if isinstance(child, BiasAttention):
                setattr(module, name, PlainAttention(child))
    return model


class OneHotBias(nn.Module):
    """A row of zeros with a single one for every pair, times the table."""

    def __init__(self, table: DistanceBias) -> None:
        super().__init__()
        self.table = table

    def forward(self, values: Tensor) -> Tensor:
        table = self.table
        distance = values[:, None, :] - values[:, :, None]  # (B, N, N)
        index = table.bucket_of[distance.clamp(-table.reach, table.reach) + table.reach]
        return F.one_hot(index, len(table.weight)).to(table.weight.dtype) @ table.weight


class PlainAttention(nn.Module):
    """Three projections, and scores, softmax and sum as tensors of their own."""

    def __init__(self, fused: BiasAttention) -> None:
        super().__init__()
        self.heads = fused.heads
        joined = fused.query_key_value
        self.parts = [
            (weight.detach().clone(), bias.detach().clone())
            for weight, bias in zip(joined.weight.chunk(3), joined.bias.chunk(3), strict=True)
        ]
        self.out = fused.out

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        q, k, v = (split_heads(F.linear(x, w, b), 1, self.heads)[0] for w, b in self.parts)
        scores = q / math.sqrt(q.shape[-1]) @ k.transpose(-1, -2) + bias
        return self.out(join_heads(scores.softmax(-1) @ v))  # type: ignore[no-any-return]


def measure_memory(config: ModelConfig = BASE, *, tokens: int = TEXT_TOKENS) -> Memory:
    """In a fresh process, where nothing else lies around. Linux only."""
    if sys.platform != "linux":
        raise UsageError("the memory of a forward is measured on Linux only")
    command = [sys.executable, "-m", "docai.evaluation.model_speed", config.to_json(), str(tokens)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Memory(**json.loads(done.stdout))


def pages_cost(config: ModelConfig = BASE, *, tokens: int = TEXT_TOKENS) -> dict[int, float]:
    """CPU-seconds for 1, 2 and 4 pages, one window each: the cost should grow in step."""
    model, batch = seeded(config), random_page(config, tokens)
    assert batch.image is not None
    costs = {}
    with torch.inference_mode():
        for pages in (1, 2, 4):
            many = ModelInput(
                batch.token_ids.repeat(pages, 1),
                batch.boxes.repeat(pages, 1, 1),
                batch.image.repeat(pages, 1, 1, 1),
            )
            costs[pages] = min(_cpu_seconds(_run(model, many))[0] for _ in range(3))
    return costs


def report(timings: Sequence[Timing], memory: Memory, pages: Mapping[int, float]) -> Report:
    mib = 1 << 20
    header = ("", "tokens", "CPU s", "wall s", "error")
    weights, forward = memory.weights / mib, memory.forward / mib
    tables = (
        Table("One forward, batch 1", header, tuple(map(astuple, timings))),
        Table(
            "Memory of one forward",
            ("", "weights, MiB", "added, MiB", "of weights and one layer"),
            (("resident", weights, forward, memory.ratio),),
            digits=2,
        ),
        Table("Cost by pages", ("pages", "CPU s"), tuple(pages.items()), digits=2),
    )
    return Report("Speed of the model", tables)


def _take_turns(found: Sequence[Candidate], rounds: int) -> list[Timing]:
    outputs = {candidate.name: candidate.run() for candidate in found}  # also warms up
    best = {candidate.name: (math.inf, math.inf) for candidate in found}
    for _ in range(rounds):
        for candidate in found:
            cpu, wall = _cpu_seconds(candidate.run)
            best_cpu, best_wall = best[candidate.name]
            best[candidate.name] = min(cpu, best_cpu), min(wall, best_wall)
    return [
        Timing(
            candidate.name,
            candidate.tokens,
            *best[candidate.name],
            error=None
            if candidate.like is None
            else _relative(outputs[candidate.name], outputs[candidate.like]),
        )
        for candidate in found
    ]


def _cpu_seconds(run: Callable[[], object]) -> tuple[float, float]:
    """(CPU, clock) of one call; all threads of this process count."""
    cpu, clock = time.process_time(), time.perf_counter()
    run()
    return time.process_time() - cpu, time.perf_counter() - clock


def _relative(actual: Tensor, wanted: Tensor) -> float:
    return float((actual.float() - wanted.float()).norm() / wanted.float().norm())


def _run(model: DocumentModel, batch: ModelInput) -> Callable[[], Tensor]:
    return lambda: model.encode(batch).text


def _theirs(kind: str, config: ModelConfig, tokens: int) -> Candidate | None:
    """Transformers' model of our size with random weights, or None where it is not installed."""
    if importlib.util.find_spec("transformers") is None:
        return None
    transformers: Any = importlib.import_module("transformers")
    size = {
        "vocab_size": config.vocabulary,
        "hidden_size": config.width,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "intermediate_size": config.feed_forward,
        "max_position_embeddings": config.positions,
    }
    batch = random_page(config, tokens)
    arguments: dict[str, Tensor | None] = {"input_ids": batch.token_ids, "bbox": batch.boxes}
    if kind == "layoutlmv3":
        sixth = config.width // 6  # four edges, a width and a height, side by side
        split = {"coordinate_size": sixth, "shape_size": sixth}
        model = transformers.LayoutLMv3Model(transformers.LayoutLMv3Config(**size, **split))
        arguments["pixel_values"] = None if batch.image is None else batch.image / 255
        together = tokens + (IMAGE_SIDE // 16) ** 2 + 1
    else:
        model = transformers.LiltModel(transformers.LiltConfig(**size))
        together = tokens
    model.eval()
    return Candidate(f"transformers {kind}", together, lambda: model(**arguments)[0])


def _memory_of_one_forward(config: ModelConfig, tokens: int) -> Memory:
    model, batch = seeded(config), random_page(config, tokens)
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    N = tokens + config.visual_tokens
    # Projections, attention and its bias, and the wide half of the feed-forward part.
    numbers = N * (5 * config.width + 2 * config.feed_forward) + config.heads * N * N
    with torch.inference_mode():
        model.encode(batch)  # what libraries set up once is not the forward's
        before = _resident("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
        model.encode(batch)
    return Memory(weights, max(0, _resident("VmHWM") - before), 4 * numbers)


def _resident(field: str) -> int:
    """Bytes, from Linux's account of this process."""
    status = Path("/proc/self/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    given = _memory_of_one_forward(ModelConfig.from_json(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.write(json.dumps(asdict(given)))
