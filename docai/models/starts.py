"""Weights of text and image models to start training from: a half-trained model costs less.

Dimensions: D model width.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from docai.errors import ModelError
from docai.models.encoder import ErnieLayout
from docai.models.segments import PictureTower, TextTower
from docai.models.vision import EfficientNetLite


def start_from_bert(encoder: ErnieLayout | TextTower, state: Mapping[str, Tensor]) -> None:
    """Fill words, positions, types and layers from a BERT of the same width and depth.

    Layout tables and relative terms begin at zero: random ones drown what BERT knows, and it
    takes longer to get over that than to learn where things are. The visual branch keeps its
    fresh weights, and so do rows of positions or types that BERT has fewer of.
    """
    state = {name.removeprefix("bert."): tensor for name, tensor in state.items()}
    text = encoder.embeddings
    _fill(text.word.weight, state, "embeddings.word_embeddings.weight")
    _fill_rows(text.position.weight, state, "embeddings.position_embeddings.weight")
    _fill_rows(text.token_type.weight, state, "embeddings.token_type_embeddings.weight")
    _fill_module(text.norm, state, "embeddings.LayerNorm")
    for fresh in (text.layout, *([encoder.relations] if isinstance(encoder, ErnieLayout) else ())):
        for weight in fresh.parameters():
            nn.init.zeros_(weight)
    for i, layer in enumerate(encoder.layers):
        prefix = f"encoder.layer.{i}"
        own = dict(layer.named_modules())
        three = [f"{prefix}.attention.self.{part}" for part in ("query", "key", "value")]
        for kind in ("weight", "bias"):
            joined = torch.cat([_found(state, f"{name}.{kind}") for name in three])
            _fill(getattr(own["attention.query_key_value"], kind), {"joined": joined}, "joined")
        for ours, theirs in (
            ("attention.out", "attention.output.dense"),
            ("attention_norm", "attention.output.LayerNorm"),
            ("widen", "intermediate.dense"),
            ("narrow", "output.dense"),
            ("norm", "output.LayerNorm"),
        ):
            _fill_module(own[ours], state, f"{prefix}.{theirs}")
    if f"encoder.layer.{len(encoder.layers)}.output.dense.bias" in state:
        raise ModelError(f"the BERT has more than {len(encoder.layers)} layers")


def start_from_efficientnet(
    backbone: EfficientNetLite | PictureTower, state: Mapping[str, Tensor]
) -> None:
    """Fill the cheap backbone from efficientnet-lite0's weights; its classifier is left out."""
    _fill_conv(backbone.stem, state, "_conv_stem", "_bn0")
    for i, block in enumerate(backbone.blocks):
        prefix, own = f"_blocks.{i}", dict(block.named_children())
        steps = [("filter", "_depthwise_conv", "_bn1"), ("narrow", "_project_conv", "_bn2")]
        if not isinstance(own["expand"], nn.Identity):
            steps.append(("expand", "_expand_conv", "_bn0"))
        for ours, conv, norm in steps:
            _fill_conv(own[ours], state, f"{prefix}.{conv}", f"{prefix}.{norm}")
    if isinstance(backbone, EfficientNetLite):
        _fill_conv(backbone.top, state, "_conv_head", "_bn1")


def _fill_conv(step: nn.Module, state: Mapping[str, Tensor], conv: str, norm: str) -> None:
    own = dict(step.named_children())
    _fill_module(own["0"], state, conv)
    _fill_module(own["1"], state, norm)


def _fill_module(module: nn.Module, state: Mapping[str, Tensor], prefix: str) -> None:
    for name, tensor in module.state_dict().items():
        if name != "num_batches_tracked":
            _fill(tensor, state, f"{prefix}.{name}")


@torch.no_grad()
def _fill(target: Tensor, state: Mapping[str, Tensor], name: str) -> None:
    source = _found(state, name)
    if source.shape != target.shape:
        raise ModelError(f"'{name}' is {list(source.shape)}, and {list(target.shape)} is needed")
    target.copy_(source)


@torch.no_grad()
def _fill_rows(target: Tensor, state: Mapping[str, Tensor], name: str) -> None:
    source = _found(state, name)
    if source.shape[1] != target.shape[1]:
        raise ModelError(f"'{name}' is {source.shape[1]} wide, and {target.shape[1]} is needed")
    rows = min(len(source), len(target))
    target[:rows].copy_(source[:rows])


def _found(state: Mapping[str, Tensor], name: str) -> Tensor:
    if name not in state:
        raise ModelError(f"the weights have no '{name}'")
    return state[name]
