"""A model for other runtimes: compiled by torch, or as an ONNX file.

Both are refused with a reason where they cannot work. What they give equals eager to
ONNX_TOLERANCE, and export_onnx looks before it says so.

Dimensions: B batch, T text tokens, P image side.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from docai.errors import ModelError, UsageError
from docai.models.config import COARSE, HeadKind
from docai.models.inputs import ModelInput
from docai.models.model import DocumentModel

ONNX_TOLERANCE = 1e-4  # largest difference to eager, of max(1, largest value)
NAMES = ("token_ids", "boxes", "image", "keep", "token_types", "positions")


def compiled(model: DocumentModel) -> DocumentModel:
    """`torch.compile` of the model, one graph for all lengths. It compiles on the first call."""
    if not any(shutil.which(name) for name in ("c++", "g++", "clang++", "cl")):
        raise UsageError("torch.compile needs a C++ compiler, and none is on the PATH")
    return cast(DocumentModel, torch.compile(model, dynamic=True))


class _Traced(nn.Module):
    """Tensors in, a tuple of tensors out: what an exported graph can have."""

    def __init__(self, model: DocumentModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        token_ids: Tensor,
        boxes: Tensor,
        image: Tensor,
        keep: Tensor,
        token_types: Tensor,
        positions: Tensor,
    ) -> tuple[Tensor, ...]:
        inputs = ModelInput(token_ids, boxes, image, keep, token_types, positions)
        return tuple(self.model(inputs).values())


def export_onnx(model: DocumentModel, path: Path, *, example: ModelInput) -> float:
    """Write `path`, run it, and return its largest difference to eager.

    `example` needs an image; batch and length stay free in the file. Inputs are NAMES, all
    of them; outputs are the heads by name. Raises UsageError where the model or this
    installation cannot be exported, ModelError where the file does not say what eager says.
    """
    _check_exportable(model)
    arguments = complete(example)
    heads = list(model.config.task_heads)
    model = model.eval()
    B, T = torch.export.Dim("batch"), torch.export.Dim("tokens", min=2)
    shapes: dict[str, dict[int, Any]] = {name: {0: B, 1: T} for name in NAMES} | {"image": {0: B}}
    # The plain attention kernel: ONNX takes it apart, and the fused one hides its strides.
    with sdpa_kernel(SDPBackend.MATH):
        torch.onnx.export(
            _Traced(model),
            tuple(arguments[name] for name in NAMES),
            str(path),
            input_names=list(NAMES),
            output_names=heads,
            dynamic_shapes=shapes,
            dynamo=True,
            verbose=False,
        )
    with torch.no_grad():
        wanted = _Traced(model)(**arguments)
    difference = largest_difference(
        run_onnx(path, arguments), dict(zip(heads, wanted, strict=True))
    )
    if difference > ONNX_TOLERANCE:
        raise ModelError(f"{path.name} differs from the model by {difference:.1e}; do not use it")
    return difference


def run_onnx(path: Path, arguments: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The file's outputs by name."""
    onnxruntime: Any = importlib.import_module("onnxruntime")

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    results = session.run(names, {name: tensor.numpy() for name, tensor in arguments.items()})
    return {name: torch.from_numpy(array) for name, array in zip(names, results, strict=True)}


def complete(inputs: ModelInput) -> dict[str, Tensor]:
    """All of NAMES, with the defaults written out: a graph has no optional inputs."""
    if inputs.image is None:
        raise UsageError("an exported model takes an image; give the example one")
    B, T = inputs.token_ids.shape
    defaults = {
        "keep": torch.ones(B, T, dtype=torch.bool),
        "token_types": torch.zeros(B, T, dtype=torch.int64),
        "positions": torch.arange(T).repeat(B, 1),
    }
    given = {name: getattr(inputs, name) for name in NAMES}
    return {name: defaults[name] if t is None else t for name, t in given.items()}


def largest_difference(actual: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> float:
    """Over all outputs, relative to max(1, largest value)."""
    return max(
        float((actual[name] - tensor).abs().max() / tensor.abs().max().clamp(min=1))
        for name, tensor in wanted.items()
    )


def _check_exportable(model: DocumentModel) -> None:
    for package in ("onnx", "onnxscript"):
        if importlib.util.find_spec(package) is None:
            raise UsageError(f"exporting needs the package '{package}': pip install {package}")
    for name, head in model.config.task_heads.items():
        if head.kind in COARSE | {HeadKind.LINKS, HeadKind.DESCRIBED}:
            raise UsageError(
                f"head '{name}' reads segments, entities or descriptions, which an exported graph "
                "does not take"
            )
    if not model.config.task_heads:
        raise UsageError("the model has no heads, so an exported graph would say nothing")
