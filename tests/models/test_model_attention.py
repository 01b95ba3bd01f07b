import math
from dataclasses import replace

import pytest
import torch
from tiny_pages import random_boxes

from docai.models.attention import (
    BOTTOM,
    LEFT,
    BiasAttention,
    BiasTables,
    DisentangledAttention,
    RelativeTables,
    bucket,
    padding_mask,
)
from docai.models.config import Attention, ModelConfig

CONFIG = ModelConfig(
    vocabulary=9,
    width=8,
    layers=1,
    heads=2,
    feed_forward=8,
    attention_dropout=0.0,
    position_clip=3,
    box_clip=4,
    box_step=50,
)


@pytest.fixture
def page():
    x = torch.randn(2, 6, 8)
    positions = torch.tensor([[0, 1, 2, 3, 0, 1], [0, 1, 2, 3, 4, 5]])  # the picture counts anew
    keep = torch.tensor([[True] * 6, [True, True, True, True, False, False]])
    return x, positions, random_boxes(2, 6), keep


def heads_of(linear, x, part):
    """The `part`-th third (query, key, value) of head h at token i: f(b, i, h) -> (4,)."""
    y = linear(x)
    return lambda b, i, h: y[b, i, part * 8 + h * 4 : part * 8 + (h + 1) * 4]


def attend_slowly(layer, x, keep, score):
    """Softmax and sum, one token of one head at a time."""
    value = heads_of(layer.query_key_value, x, 2)
    out = torch.zeros(2, 6, 8)
    for b in range(2):
        for h in range(2):
            for i in range(6):
                seen = [j for j in range(6) if keep[b, j]]
                weights = torch.stack([score(b, h, i, j) for j in seen]).softmax(0)
                mixed = sum(w * value(b, j, h) for w, j in zip(weights, seen, strict=True))
                out[b, i, h * 4 : (h + 1) * 4] = mixed
    return layer.out(out)


def test_bias_attention_equals_its_slow_twin(page):
    x, positions, boxes, keep = page
    layer, tables = BiasAttention(CONFIG), BiasTables(CONFIG)
    query, key = (heads_of(layer.query_key_value, x, part) for part in range(2))

    def score(b, h, i, j):
        total = query(b, i, h) @ key(b, j, h) / math.sqrt(4)
        for table, value, size in (
            (tables.position, positions[b], (32, 128)),
            (tables.x, boxes[b, :, LEFT], (64, 256)),
            (tables.y, boxes[b, :, BOTTOM], (64, 256)),
        ):
            row = bucket(value[j] - value[i], buckets=size[0], reach=size[1])
            total = total + table.weight[row, h]
        return total

    with torch.no_grad():
        fast = layer(x, tables(positions, boxes, padding_mask(keep)))
        torch.testing.assert_close(fast, attend_slowly(layer, x, keep, score))


def test_disentangled_attention_equals_its_slow_twin(page):
    x, positions, boxes, keep = page
    layer, tables = DisentangledAttention(CONFIG), RelativeTables(CONFIG)
    query, key = (heads_of(layer.query_key_value, x, part) for part in range(2))
    clips = (3, 4, 4)
    axes = (positions, boxes[..., LEFT] // 50, boxes[..., BOTTOM] // 50)
    projected = [
        linear(table.weight)
        for linear, table in zip(layer.relative_query_key, tables.tables, strict=True)
    ]

    def delta(values, i, j, k):
        difference = int(values[i] - values[j])
        if difference <= -k:
            return 0
        return 2 * k - 1 if difference >= k else difference + k

    def score(b, h, i, j):
        total = query(b, i, h) @ key(b, j, h)
        for values, rows, k in zip(axes, projected, clips, strict=True):
            relative_query, relative_key = rows[:, :8], rows[:, 8:]
            head = slice(h * 4, (h + 1) * 4)
            total = total + query(b, i, h) @ relative_key[delta(values[b], i, j, k), head]
            total = total + key(b, j, h) @ relative_query[delta(values[b], j, i, k), head]
        return total / math.sqrt(3 * 4)

    with torch.no_grad():
        fast = layer(x, tables(positions, boxes, padding_mask(keep)))
        torch.testing.assert_close(fast, attend_slowly(layer, x, keep, score))


@pytest.mark.parametrize("form", list(Attention))
def test_scores_are_what_the_softmax_sees(page, form):
    x, positions, boxes, keep = page
    tables, layer = {
        Attention.BIAS: (BiasTables(CONFIG), BiasAttention(CONFIG)),
        Attention.DISENTANGLED: (RelativeTables(CONFIG), DisentangledAttention(CONFIG)),
    }[form]
    relations = tables(positions, boxes, padding_mask(keep))
    with torch.no_grad():
        value = layer.query_key_value(x)[..., 16:].view(2, 6, 2, 4).transpose(1, 2)
        mixed = layer.scores(x, relations).softmax(-1) @ value
        expected = layer.out(mixed.transpose(1, 2).reshape(2, 6, 8))
        torch.testing.assert_close(layer(x, relations), expected)


@pytest.mark.parametrize("form", list(Attention))
def test_every_relative_weight_learns(page, form):
    x, positions, boxes, _ = page
    tables, layer = {
        Attention.BIAS: (BiasTables(CONFIG), BiasAttention(CONFIG)),
        Attention.DISENTANGLED: (RelativeTables(CONFIG), DisentangledAttention(CONFIG)),
    }[form]
    layer(x, tables(positions, boxes, None)).square().sum().backward()
    for name, weight in [*layer.named_parameters(), *tables.named_parameters()]:
        assert weight.grad is not None and weight.grad.any(), name


def test_no_step_builds_a_vector_for_every_pair(page):
    """A [B, H, N, N, K] tensor would hold N * N * H * K numbers; nothing comes near."""
    tokens = 40
    config = replace(CONFIG, width=64, heads=2)
    x, boxes = torch.randn(1, tokens, 64), random_boxes(1, tokens)
    largest = 0

    class Watch(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            nonlocal largest
            out = func(*args, **(kwargs or {}))
            if isinstance(out, torch.Tensor):
                largest = max(largest, out.numel())
            return out

    for tables, layer in (
        (BiasTables(config), BiasAttention(config)),
        (RelativeTables(config), DisentangledAttention(config)),
    ):
        with Watch():
            layer(x, tables(torch.arange(tokens)[None], boxes, None))
    assert 0 < largest <= tokens * tokens * 2 * 3  # heads, and three axes at once at most
