"""A trained model made cheaper to run on a CPU: packed fp32, bf16 or int8.

All three are for inference only: they change the model in place and give it back.
"""

from __future__ import annotations

from enum import StrEnum
from typing import cast

import torch
from torch import Tensor, nn

from docai.errors import UsageError
from docai.models.encoder import EncoderLayer
from docai.models.model import DocumentModel
from docai.models.segments import SegmentEnsemble


class Precision(StrEnum):
    FP32 = "fp32"  # the same numbers to rounding, weights laid out for the CPU's fastest kernel
    BF16 = "bf16"  # 8 bits of mantissa everywhere
    INT8 = "int8"  # the encoder layers' linear weights and inputs in 8 bits


TYPICAL_TOKENS = 561  # a full window with its picture; the packed layout is chosen for it


def for_inference(model: DocumentModel, precision: Precision) -> DocumentModel:
    """Raises UsageError where this CPU has no fast arithmetic for it."""
    model.eval().requires_grad_(False)
    if precision not in available():
        raise UsageError(f"this CPU has no fast {precision} arithmetic; use fp32")
    if precision == Precision.BF16:
        return _moved(model, torch.bfloat16)
    packed = Int8Linear if precision == Precision.INT8 else PackedLinear
    if precision == Precision.INT8 or torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        for layer in model.modules():
            if isinstance(layer, EncoderLayer):
                _replace_linears(layer, packed)
    return model


def fastest(model: DocumentModel, device: str) -> DocumentModel:
    """For inference on "cpu" or "cuda:N", in the quickest arithmetic that keeps its answers."""
    if device == "cpu":
        return for_inference(
            model, Precision.BF16 if Precision.BF16 in available() else Precision.FP32
        )
    dtype = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return _moved(model.eval().requires_grad_(False), device, dtype)


def _moved(model: DocumentModel, *to: str | torch.dtype) -> DocumentModel:
    """All but what reads forms: a few numbers of each page, on the CPU in fp32."""
    for part in (model.encoder, model.coarse, model.pretraining, *model.task_heads.values()):
        if part is not None and not isinstance(part, SegmentEnsemble):
            part.to(*to)  # type: ignore[call-overload]
    return model


def available() -> set[Precision]:
    """What this CPU is fast at.

    bf16 runs anywhere, but slower than fp32; int8 is wrong without VNNI, where sums of two
    products are held in 16 bits and saturate.
    """
    found = {Precision.FP32}
    if torch.ops.mkldnn._is_mkldnn_bf16_supported():
        found.add(Precision.BF16)
    if torch.cpu._is_vnni_supported():
        found.add(Precision.INT8)
    return found


class PackedLinear(nn.Module):
    """A linear layer whose weights lie as oneDNN's matrix product wants them."""

    weight: Tensor

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.out_features = linear.out_features
        self.bias = linear.bias
        packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), TYPICAL_TOKENS)
        self.register_buffer("weight", packed, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")
        return cast(Tensor, y)


class Int8Linear(nn.Module):
    """Weights in 8 bits with a scale per output; inputs in 8 bits with a scale per call."""

    weight: Tensor
    scales: Tensor

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.out_features = linear.out_features
        self.bias = linear.bias
        weight = linear.weight.detach()
        scales = weight.abs().amax(1).clamp(min=1e-8) / 127  # (out,)
        eight_bits = (weight / scales[:, None]).round().to(torch.int8)  # (out, in)
        shape = [TYPICAL_TOKENS, linear.in_features]
        packed = torch.ops.onednn.qlinear_prepack(eight_bits, shape)
        self.register_buffer("weight", packed, persistent=False)
        self.register_buffer("scales", scales, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        rows = x.flatten(0, -2)  # (n, in)
        low, high = (float(bound) for bound in rows.aminmax())
        low, high = min(low, 0.0), max(high, 1e-8)  # 0 must have a code of its own
        scale = (high - low) / 255
        zero = round(-low / scale)
        codes = (rows / scale).round_().add_(zero).clamp_(0, 255).to(torch.uint8)  # (n, in)
        y = torch.ops.onednn.qlinear_pointwise(
            codes, scale, zero, self.weight, self.scales, None, self.bias,
            1.0, 0, torch.float32, "none", [], "",
        )  # (n, out)  # fmt: skip
        return cast(Tensor, y).view(*x.shape[:-1], self.out_features)


def _replace_linears(module: nn.Module, packed: type[PackedLinear] | type[Int8Linear]) -> None:
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            setattr(module, name, packed(child))
        elif isinstance(child, nn.ModuleList):
            for i, linear in enumerate(child):
                if isinstance(linear, nn.Linear):
                    child[i] = packed(linear)
        else:
            _replace_linears(child, packed)
