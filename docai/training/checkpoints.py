"""Where a run stands, on disk: weights, the optimiser's moments, and a few numbers.

Safetensors and JSON, never a pickle. A checkpoint appears under its name only when it is
whole, so a run that is killed while writing goes on from the one before.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import nn, optim

from docai.errors import ModelError
from docai.models.weights import fill, read_safetensors

PREFIX = "checkpoint-"
KEPT = 2  # the newest, and the one before it
WEIGHTS, MOMENTS, PROGRESS = "model.safetensors", "optimiser.safetensors", "progress.json"


def save(
    folder: Path, step: int, model: nn.Module, optimiser: optim.AdamW, progress: dict[str, Any]
) -> Path:
    """Write `folder`/checkpoint-STEP and drop the oldest ones."""
    partial = folder / f".{PREFIX}partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, partial / WEIGHTS)
    moments = {
        f"{name}:{kind}": tensor
        for name, parameter in model.named_parameters()
        for kind, tensor in optimiser.state.get(parameter, {}).items()
    }
    save_file(moments, partial / MOMENTS)
    (partial / PROGRESS).write_text(json.dumps({**progress, "step": step}) + "\n", "utf-8")
    done = folder / f"{PREFIX}{step:08}"
    shutil.rmtree(done, ignore_errors=True)
    partial.rename(done)
    for old in _checkpoints(folder)[:-KEPT]:
        shutil.rmtree(old)
    return done


def newest(folder: Path) -> Path | None:
    return next(reversed(_checkpoints(folder)), None)


def load(checkpoint: Path, model: nn.Module, optimiser: optim.AdamW) -> dict[str, Any]:
    """Put both back where they stood; returns the progress, `step` among it.

    Raises ModelError where the checkpoint is of another model or damaged.
    """
    fill(model, read_safetensors(checkpoint / WEIGHTS), checkpoint.name)
    moments = read_safetensors(checkpoint / MOMENTS)
    parameters = dict(model.named_parameters())
    for key, tensor in moments.items():
        name, _, kind = key.rpartition(":")
        if name not in parameters:
            raise ModelError(f"{checkpoint.name}: the model has no '{name}'")
        state = optimiser.state[parameters[name]]
        # AdamW counts its steps on the CPU, wherever the weights are.
        state[kind] = tensor if kind == "step" else tensor.to(parameters[name].device)
    try:
        return dict(json.loads((checkpoint / PROGRESS).read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise ModelError(f"{checkpoint.name}: its {PROGRESS} cannot be read") from error


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{PREFIX}*"))
