"""Weights in a quarter of their size, to ship: 8 bits each, and a scale for every row.

Vectors stay as they are: biases and norms weigh little and matter much. What is unpacked
differs from what was packed by half a step of the row at most, 1/254 of its largest weight.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

SCALE = "#scale"  # of the tensor whose name stands before it, (rows, 1) float32


def packed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Every matrix in 8 bits."""
    small: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if tensor.ndim != 2 or not tensor.dtype.is_floating_point:
            small[name] = tensor.contiguous()
            continue
        scale = tensor.abs().amax(1, keepdim=True).clamp(min=1e-12).float() / 127
        small[name] = (tensor.float() / scale).round().to(torch.int8)
        small[name + SCALE] = scale
    return small


def unpacked(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same names as were packed; a state that never was is given back as it is."""
    return {
        name: tensor * state[name + SCALE] if name + SCALE in state else tensor
        for name, tensor in state.items()
        if not name.endswith(SCALE)
    }
