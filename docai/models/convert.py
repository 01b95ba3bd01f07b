"""Checkpoints of the reference implementation and of its PyTorch port, as ours.

The reference is PaddleNLP's ernie_layout: its linear weights are [in, out], ours and the
port's are [out, in]. Query, key and value are three layers there and one here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from docai.errors import ModelError
from docai.models.config import HeadConfig, HeadKind, ModelConfig
from docai.models.model import DocumentModel
from docai.models.unpickle import read_pdparams, read_torch
from docai.models.weights import Card, read_safetensors, save

PREFIX = "ernie_layout."
BACKBONE_CHANNELS = 256  # of the one backbone that the reference has


@dataclass(frozen=True, slots=True)
class Origin:
    """Which arrays of the reference a weight of ours is made of, joined along the first axis."""

    names: tuple[str, ...]
    transpose: bool = False


def config_from_reference(
    values: Mapping[str, Any], heads: Mapping[str, HeadConfig], *, pretraining: bool = False
) -> ModelConfig:
    """Our config from the reference's config.json.

    The bias flags must be there: the reference reads an absent one as "no bias", builds no
    table, and drops the checkpoint's in silence.
    """
    if "init_args" in values:  # the older form, nested one call inside the other
        values = {**values, **_innermost(values)}
    for flag in ("has_relative_attention_bias", "has_spatial_attention_bias"):
        if values.get(flag) is None:
            raise ModelError(
                f"the checkpoint's config does not say '{flag}'; the released models have true: "
                "add it to the config if yours was trained with it"
            )
    if values.get("has_visual_segment_embedding"):
        raise ModelError("has_visual_segment_embedding does not run in the reference either")
    if values.get("hidden_act", "gelu") != "gelu":
        raise ModelError(f"hidden_act '{values['hidden_act']}' is not gelu, the only one there is")
    try:
        rows, columns, channels = values["image_feature_pool_shape"]
        if rows != columns or channels != BACKBONE_CHANNELS:
            raise ModelError(
                f"image_feature_pool_shape {[rows, columns, channels]} is not n, n, 256"
            )
        return ModelConfig(
            vocabulary=values["vocab_size"],
            width=values["hidden_size"],
            layers=values["num_hidden_layers"],
            heads=values["num_attention_heads"],
            feed_forward=values["intermediate_size"],
            positions=values["max_position_embeddings"],
            token_types=values["type_vocab_size"],
            coordinates=values["max_2d_position_embeddings"],
            dropout=values["hidden_dropout_prob"],
            attention_dropout=values["attention_probs_dropout_prob"],
            norm_eps=values["layer_norm_eps"],
            position_buckets=(
                values["rel_pos_bins"] if values["has_relative_attention_bias"] else None
            ),
            position_reach=values["max_rel_pos"],
            box_buckets=(
                values["rel_2d_pos_bins"] if values["has_spatial_attention_bias"] else None
            ),
            box_reach=values["max_rel_2d_pos"],
            patches=rows,
            pretraining=pretraining,
            task_heads=heads,
        )
    except KeyError as error:
        raise ModelError(f"the checkpoint's config does not say {error}") from error


def from_reference(config: ModelConfig, state: Mapping[str, Tensor]) -> DocumentModel:
    """A model with the reference's weights.

    Raises ModelError naming the first array that is absent, left over or of the wrong shape.
    Heads that the checkpoint does not have keep their fresh weights.
    """
    state = {name.removeprefix(PREFIX): tensor for name, tensor in state.items()}
    model = DocumentModel(config)
    wanted = model.state_dict()
    used: set[str] = set()
    ours: dict[str, Tensor] = {}
    for name, origin in origins(config, state):
        parts = []
        for part in origin.names:
            if part not in state:
                raise ModelError(f"the checkpoint has no '{part}', which '{name}' is made of")
            used.add(part)
            parts.append(state[part].t() if origin.transpose else state[part])
        shapes = [list(part.shape) for part in parts]
        tail = {tuple(shape[1:]) for shape in shapes}
        rows = sum(shape[0] for shape in shapes if shape)
        if len(tail) != 1 or [rows, *tail.pop()] != list(wanted[name].shape):
            raise ModelError(
                f"'{origin.names[0]}' is {shapes[0]}{' transposed' if origin.transpose else ''}, "
                f"which does not fit '{name}' {list(wanted[name].shape)}"
            )
        ours[name] = torch.cat(parts).to(torch.float32).contiguous()
    left = sorted(name for name in state if name not in used and not _is_constant(name))
    if left:
        raise ModelError(f"the checkpoint's '{left[0]}' has no place in this configuration")
    model.load_state_dict({**wanted, **ours})
    return model.eval()


def from_port(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The PyTorch port's state dict under the reference's names and shapes."""
    return {
        _reference_name(name): tensor.t() if _is_turned(name, tensor) else tensor
        for name, tensor in state.items()
        if not name.endswith("num_batches_tracked")
    }


def import_checkpoint(
    path: Path, *, into: Path, name: str, config: Path | None = None, tokenizer: Path | None = None
) -> Path:
    """Write the checkpoint at `path` as our model folder `into/name`, and return that folder.

    `config` and `tokenizer` default to the files of the usual names beside it. Nothing in the
    checkpoint is executed; one that does not fit is refused with the first mismatch named.
    """
    from docai.models.tokenizers import from_sentencepiece

    config = config or _beside(path, "config.json", "model_config.json")
    tokenizer = tokenizer or _beside(path, "sentencepiece.bpe.model")
    state = read_checkpoint(path)
    try:
        values = json.loads(config.read_text("utf-8"))
    except ValueError as error:
        raise ModelError(f"{config.name} is not JSON: {error}") from error
    heads, pretraining = heads_in(state)
    model = from_reference(config_from_reference(values, heads, pretraining=pretraining), state)
    card = Card(
        name=name,
        version="1",
        summary=f"Converted from {path.name}.",
        licence="the licence of the checkpoint it was converted from",
        data=(),
    )
    return save(model, from_sentencepiece(tokenizer), card, into)


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Any of the three formats, under the reference's names and shapes."""
    if not path.is_file():
        raise ModelError(f"{path} is not there, or is a folder; name the weights file itself")
    match path.suffix:
        case ".pdparams":
            return read_pdparams(path)
        case ".safetensors":
            return from_port(read_safetensors(path))
        case ".bin" | ".pt" | ".pth":
            return from_port(read_torch(path))
        case other:
            raise ModelError(f"'{other}' is none of .pdparams, .bin, .pt, .pth and .safetensors")


def heads_in(state: Mapping[str, Tensor]) -> tuple[dict[str, HeadConfig], bool]:
    """The task heads whose weights a checkpoint carries, and whether it has the MVLM head."""
    heads: dict[str, HeadConfig] = {}
    if "classifier.weight" in state and PREFIX + "pooler.dense.weight" in state:
        width = len(state[PREFIX + "pooler.dense.bias"])
        rows, labels = state["classifier.weight"].shape
        kind = HeadKind.PAGE if rows == 3 * width else HeadKind.TOKENS
        heads["classifier"] = HeadConfig(kind, tuple(f"label {i}" for i in range(labels)))
    if "qa_outputs.weight" in state:
        heads["answer"] = HeadConfig(HeadKind.ANSWER)
    if "linear_start.weight" in state:
        heads["prompt"] = HeadConfig(HeadKind.PROMPT)
    return heads, "cls.predictions.transform.weight" in state


def origins(config: ModelConfig, state: Mapping[str, Tensor]) -> Iterator[tuple[str, Origin]]:
    """Every weight of ours that the reference has, and what it is made of."""
    for name, origin in _encoder(config):
        yield f"encoder.{name}", origin
    for name, head in config.task_heads.items():
        for weight, origin in _head(head.kind):
            if origin.names[0] in state:
                yield f"task_heads.{name}.{weight}", origin
    if config.pretraining:
        yield from (
            (f"pretraining.{weight}", origin)
            for weight, origin in (
                *_linear("transform", "cls.predictions.transform"),
                *_same("norm", "cls.predictions.layer_norm", "weight", "bias"),
                ("word_bias", Origin(("cls.predictions.decoder_bias",))),
            )
        )


def _encoder(config: ModelConfig) -> Iterator[tuple[str, Origin]]:
    for ours, theirs in (
        ("word", "word_embeddings"),
        ("position", "position_embeddings"),
        ("token_type", "token_type_embeddings"),
        *((f"layout.{axis}", f"{axis}_position_embeddings") for axis in "xywh"),
    ):
        yield from _same(f"embeddings.{ours}", f"embeddings.{theirs}", "weight")
    yield from _same("embeddings.norm", "embeddings.LayerNorm", "weight", "bias")
    yield from _backbone()
    yield from _linear("visual.project", "visual_proj")
    yield from _same("visual.norm", "visual_LayerNorm", "weight", "bias")
    if config.position_buckets is not None:
        yield "relations.position.weight", Origin(("encoder.rel_pos_bias",))
    if config.box_buckets is not None:
        yield "relations.x.weight", Origin(("encoder.rel_pos_x_bias",))
        yield "relations.y.weight", Origin(("encoder.rel_pos_y_bias",))
    for i in range(config.layers):
        ours, theirs = f"layers.{i}", f"encoder.layer.{i}"
        three = [f"{theirs}.attention.self.{part}" for part in ("query", "key", "value")]
        joined = f"{ours}.attention.query_key_value"
        yield f"{joined}.weight", Origin(tuple(f"{p}.weight" for p in three), transpose=True)
        yield f"{joined}.bias", Origin(tuple(f"{p}.bias" for p in three))
        yield from _linear(f"{ours}.attention.out", f"{theirs}.attention.output.dense")
        yield from _same(
            f"{ours}.attention_norm", f"{theirs}.attention.output.LayerNorm", "weight", "bias"
        )
        yield from _linear(f"{ours}.widen", f"{theirs}.intermediate.dense")
        yield from _linear(f"{ours}.narrow", f"{theirs}.output.dense")
        yield from _same(f"{ours}.norm", f"{theirs}.output.LayerNorm", "weight", "bias")
    yield from _linear("pooler", "pooler.dense")


def _backbone() -> Iterator[tuple[str, Origin]]:
    pairs = [("stem", "conv"), ("blocks.0.shortcut", "res2a.short")]
    pairs += [
        (f"blocks.{i}.conv{j}", f"res2{block}.conv{j}")
        for i, block in enumerate("abc")
        for j in range(3)
    ]
    for ours, theirs in pairs:
        ours, theirs = f"visual.backbone.{ours}", f"visual.backbone.{theirs}"
        yield f"{ours}.0.weight", Origin((f"{theirs}._conv.weight",))
        norm = f"{theirs}._batch_norm"
        yield from _same(f"{ours}.1", norm, "weight", "bias")
        yield f"{ours}.1.running_mean", Origin((f"{norm}._mean",))
        yield f"{ours}.1.running_var", Origin((f"{norm}._variance",))


def _head(kind: HeadKind) -> Iterator[tuple[str, Origin]]:
    match kind:
        case HeadKind.TOKENS | HeadKind.PAGE:
            yield from _linear("classify", "classifier")
        case HeadKind.ANSWER:
            yield from _linear("span", "qa_outputs")
        case HeadKind.PROMPT:
            pointers = ("linear_start", "linear_end")
            yield "span.weight", Origin(tuple(f"{p}.weight" for p in pointers), transpose=True)
            yield "span.bias", Origin(tuple(f"{p}.bias" for p in pointers))
        case _:  # the reference has no other heads
            return


def _linear(ours: str, theirs: str) -> Iterator[tuple[str, Origin]]:
    yield f"{ours}.weight", Origin((f"{theirs}.weight",), transpose=True)
    yield f"{ours}.bias", Origin((f"{theirs}.bias",))


def _same(ours: str, theirs: str, *parts: str) -> Iterator[tuple[str, Origin]]:
    for part in parts:
        yield f"{ours}.{part}", Origin((f"{theirs}.{part}",))


def _is_constant(name: str) -> bool:
    """What the reference saves and ours knows: positions, pixel constants, the tied decoder."""
    return name.endswith(("position_ids", "pixel_mean", "pixel_std", "decoder_weight"))


def _reference_name(name: str) -> str:
    name = re.sub(
        r"resnet\.layer0\.(\d)\.(conv|batch_norm)(\d)",
        lambda m: (
            f"res2{'abc'[int(m[1])]}.conv{int(m[3]) - 1}."
            + ("_conv" if m[2] == "conv" else "_batch_norm")
        ),
        name,
    )
    for port, reference in (
        (r"resnet\.layer0\.0\.shortcut\.0", "res2a.short._conv"),
        (r"resnet\.layer0\.0\.shortcut\.1", "res2a.short._batch_norm"),
        (r"backbone\.conv1\.", "backbone.conv._conv."),
        (r"backbone\.batch_norm1\.", "backbone.conv._batch_norm."),
        (r"running_mean$", "_mean"),
        (r"running_var$", "_variance"),
        (r"(rel_pos\w*_bias)\.weight$", r"\1"),
    ):
        name = re.sub(port, reference, name)
    return name


def _is_turned(name: str, tensor: Tensor) -> bool:
    """Whether the port holds this one transposed: linear weights and the bias tables."""
    return tensor.ndim == 2 and "embeddings" not in name and name.endswith("weight")


def _innermost(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for argument in values.get("init_args", ()):
        if isinstance(argument, Mapping):
            found |= argument
            found |= _innermost(argument)
    return found


def _beside(path: Path, *names: str) -> Path:
    for name in names:
        if (path.parent / name).is_file():
            return path.parent / name
    raise ModelError(f"no {' or '.join(names)} beside {path.name}; say where it is")
