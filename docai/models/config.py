"""The numbers a model is built from. One field, one meaning, one default.

A config.json must carry every field: an absent one is an error, never a default, because
a checkpoint read under the wrong setting still runs and is quietly wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Self

from docai.errors import ModelError
from docai.geometry import GRID

FORMAT_VERSION = 1


class Layout(StrEnum):
    SHARED = "shared"  # the released code: x and y tables for both edges, and w and h tables
    AXES = "axes"  # the paper: one layer for x0, x1, width and one for y0, y1, height


class Attention(StrEnum):
    BIAS = "bias"  # the released code: bucketed biases added to the scores, same in all layers
    DISENTANGLED = "disentangled"  # the paper: content and place attend to each other


class Backbone(StrEnum):
    RESNET = "resnet"  # the released code's: stem and first stage of a ResNet
    LIGHT = "efficientnet-lite0"  # half the time on a CPU, pretrained weights can be had


class HeadKind(StrEnum):
    TOKENS = "tokens"  # a label for every token
    ANSWER = "answer"  # start and end of an answer to a question
    PAGE = "page"  # one label for the page
    PROMPT = "prompt"  # start and end of everything the prompt asks for
    DESCRIBED = "described"  # the value of each field described in words, and the page's kind
    FORM = "form"  # pieces of a page and their links (docai.models.forms)
    LINKS = "links"  # which key each value belongs to, among entities of tokens
    SEGMENTS = "segments"  # a label for every segment (needs the coarse layers)
    SEGMENT_LINKS = "segment_links"  # which key each value belongs to, among segments


NEEDS_LABELS = {HeadKind.TOKENS, HeadKind.PAGE, HeadKind.LINKS, HeadKind.SEGMENTS}
TAKES_LABELS = NEEDS_LABELS | {HeadKind.SEGMENT_LINKS}
COARSE = {HeadKind.SEGMENTS, HeadKind.SEGMENT_LINKS}


@dataclass(frozen=True, slots=True)
class HeadConfig:
    """`labels` in the order of the scores.

    For links they are the kinds that entities or segments have on the way in; segment links
    work without.
    """

    kind: HeadKind
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.labels and self.kind in NEEDS_LABELS:
            raise ModelError(f"a head of kind '{self.kind}' needs labels")
        if self.labels and self.kind not in TAKES_LABELS:
            raise ModelError(f"a head of kind '{self.kind}' takes no labels")


@dataclass(frozen=True, slots=True)
class CoarseConfig:
    """The multi-grained layers. All numbers are our own: the paper's are not public."""

    layers: int = 4
    heads: int = 4
    width: int = 192  # of a coarse node; narrower than the tokens it is pooled from
    dropout: float = 0.2  # forms are few: the coarse layers overfit first
    regions: int = 6  # clusters of image patches; the largest is taken for blank paper


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Defaults are the base size of the released checkpoint."""

    vocabulary: int = 250002
    width: int = 768
    layers: int = 12
    heads: int = 12
    feed_forward: int = 3072
    positions: int = 514
    token_types: int = 100
    coordinates: int = 1024  # rows of the layout tables; the grid needs GRID + 1 of them
    layout: Layout = Layout.SHARED
    attention: Attention = Attention.BIAS
    dropout: float = 0.1
    attention_dropout: float = 0.1
    norm_eps: float = 1e-12

    # `bias` attention: T5's buckets. None leaves the term out.
    position_buckets: int | None = 32
    position_reach: int = 128  # distances beyond it share the last bucket
    box_buckets: int | None = 64
    box_reach: int = 256  # in grid units

    # `disentangled` attention: the clipping distance k of each axis. The paper's values are
    # not known; these are ours. `box_step` grid units count as a distance of 1.
    position_clip: int = 64
    box_clip: int = 64
    box_step: int = 8

    backbone: Backbone = Backbone.RESNET
    patches: int = 7  # patches * patches visual tokens; 0 for a model that sees no pictures
    # The paper adds a type embedding to visual tokens, the released code adds none (None).
    visual_token_type: int | None = None

    coarse: CoarseConfig | None = None
    pretraining: bool = False  # whether the four objectives' heads are there
    task_heads: Mapping[str, HeadConfig] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ModelError(f"width {self.width} is not a multiple of {self.heads} heads")
        if self.coordinates <= GRID:
            raise ModelError(f"{self.coordinates} coordinates cannot hold the grid 0..{GRID}")
        if self.visual_tokens > self.positions:
            raise ModelError(f"{self.positions} positions are too few for {self.visual_tokens}")
        if self.visual_token_type is not None and self.visual_token_type >= self.token_types:
            raise ModelError(f"visual_token_type {self.visual_token_type} is out of range")
        if not self.patches and (self.pretraining or self.coarse is not None):
            raise ModelError("pre-training and coarse layers look at pictures: patches cannot be 0")
        for name, head in self.task_heads.items():
            if head.kind == HeadKind.PAGE and not self.patches:
                raise ModelError(f"head '{name}' looks at pictures: patches cannot be 0")
            if head.kind in COARSE and self.coarse is None:
                raise ModelError(
                    f"head '{name}' reads segments, and the model has no coarse layers"
                )

    @property
    def visual_tokens(self) -> int:
        return self.patches * self.patches

    @property
    def head_width(self) -> int:
        return self.width // self.heads

    def with_heads(self, **heads: HeadConfig) -> Self:
        """The same encoder with these task heads."""
        return replace(self, task_heads=heads)

    def to_json(self) -> str:
        return json.dumps({"format_version": FORMAT_VERSION, **asdict(self)}, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ModelError where a field is absent, unknown or out of range."""
        try:
            values = json.loads(text)
        except ValueError as error:
            raise ModelError(f"config.json is not JSON: {error}") from error
        if not isinstance(values, dict) or values.pop("format_version", None) != FORMAT_VERSION:
            raise ModelError(f"config.json is not a docai config of version {FORMAT_VERSION}")
        _exactly_the_fields_of(cls, values, "config.json")
        coarse, heads = values.pop("coarse"), values.pop("task_heads")
        try:
            return cls(
                **{
                    **values,
                    "layout": Layout(values["layout"]),
                    "attention": Attention(values["attention"]),
                    "backbone": Backbone(values["backbone"]),
                },
                coarse=None if coarse is None else _coarse(coarse),
                task_heads={name: _head(name, head) for name, head in heads.items()},
            )
        except (TypeError, ValueError, AttributeError) as error:
            raise ModelError(f"config.json: {error}") from error


def _coarse(values: dict[str, Any]) -> CoarseConfig:
    _exactly_the_fields_of(CoarseConfig, values, "config.json, coarse")
    return CoarseConfig(**values)


def _head(name: str, values: dict[str, Any]) -> HeadConfig:
    _exactly_the_fields_of(HeadConfig, values, f"config.json, head '{name}'")
    return HeadConfig(HeadKind(values["kind"]), tuple(values["labels"]))


def _exactly_the_fields_of(kind: type[Any], values: Mapping[str, Any], where: str) -> None:
    wanted = {f.name for f in fields(kind)}
    if missing := sorted(wanted - values.keys()):
        raise ModelError(f"{where}: '{missing[0]}' is missing; say it, it has no default here")
    if unknown := sorted(values.keys() - wanted):
        raise ModelError(f"{where}: '{unknown[0]}' is not a setting of this version")
