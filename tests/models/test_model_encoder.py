from dataclasses import replace

import pytest
import torch
from tiny_pages import random_inputs, random_segments

from docai.errors import ModelError
from docai.models.config import Attention, Backbone, HeadConfig, HeadKind, Layout
from docai.models.heads import Entities
from docai.models.inputs import ModelInput
from docai.models.model import DocumentModel


def entities(batch=2):
    spans = torch.tensor([[[1, 3], [4, 6], [7, 8]]]).repeat(batch, 1, 1)
    keep = torch.ones(batch, 3, dtype=torch.bool)
    return Entities(spans, torch.tensor([[0, 1, 1]]).repeat(batch, 1), keep)


def test_every_head_answers_in_its_shape(tiny_model):
    with torch.no_grad():
        scores = tiny_model(random_inputs(), segments=random_segments(), entities=entities())
    assert {name: tuple(score.shape) for name, score in scores.items()} == {
        "words": (2, 10, 3),
        "answer": (2, 2, 10),
        "page": (2, 2),
        "prompt": (2, 2, 10),
        "links": (2, 3, 4),
        "segments": (2, 3, 3),
        "pairs": (2, 3, 4),
    }


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("backbone", list(Backbone))
def test_every_weight_receives_a_gradient(tiny_model, layout, backbone):
    config = replace(
        tiny_model.config,
        layout=layout,
        backbone=backbone,
        visual_token_type=2,
        # Small tables, so that one page can touch each row of the weights that matter.
        positions=12,
    )
    model = DocumentModel(config).train()
    scores = model(random_inputs(), segments=random_segments(), entities=entities())
    pretraining = model.pretraining
    encoded = model.encoder(random_inputs(), with_scores=True)
    outputs = [
        *scores.values(),
        encoded.pooled,
        encoded.scores,
        pretraining.words(encoded.text, model.encoder.embeddings.word.weight),
        pretraining.replaced_patches(encoded.text[:, 0]),
        pretraining.covered_tokens(encoded.text),
    ]
    sum((out.clamp(min=-1e4) * torch.randn_like(out)).sum() for out in outputs).backward()
    still = [n for n, w in model.named_parameters() if w.grad is None or not w.grad.any()]
    assert still == []


@pytest.mark.parametrize("attention", list(Attention))
def test_padding_does_not_leak(tiny_config, attention):
    model = DocumentModel(replace(tiny_config, attention=attention)).eval()
    short = random_inputs(batch=1, tokens=6)
    grown = torch.cat([short.token_ids, torch.tensor([[7, 8, 9, 10]])], 1)
    boxes = torch.cat([short.boxes, torch.full((1, 4, 4), 500)], 1)
    keep = torch.arange(10)[None] < 6
    padded = ModelInput(grown, boxes, short.image, keep)
    with torch.no_grad():
        alone, beside = model.encode(short), model.encode(padded)
    torch.testing.assert_close(beside.text[:, :6], alone.text)
    torch.testing.assert_close(beside.visual, alone.visual)
    torch.testing.assert_close(beside.pooled, alone.pooled)


def test_batch_order_does_not_matter(tiny_model):
    batch = random_inputs(batch=3, padded=4)
    order = torch.tensor([2, 0, 1])
    moved = ModelInput(
        batch.token_ids[order],
        batch.boxes[order],
        batch.image[order],
        batch.keep[order],
        batch.token_types[order],
    )
    with torch.no_grad():
        straight, shuffled = tiny_model.encode(batch), tiny_model.encode(moved)
    torch.testing.assert_close(shuffled.text, straight.text[order])
    torch.testing.assert_close(shuffled.visual, straight.visual[order])


def test_a_page_without_a_picture_is_read_too(tiny_model):
    batch = random_inputs(image=False)
    with torch.no_grad():
        encoded = tiny_model.encode(batch)
    assert encoded.visual.shape == (2, 9, 32)
    assert torch.isfinite(encoded.text).all()


def test_checkpointing_changes_memory_and_nothing_else(tiny_model):
    batch = random_inputs()
    gradients = []
    for checkpointing in (False, True):
        tiny_model.train().zero_grad()
        # Batch norm keeps statistics in train mode; take it out of the comparison.
        tiny_model.encoder.visual.eval()
        tiny_model.encoder.checkpointing = checkpointing
        tiny_model.encoder(batch).text.square().sum().backward()
        gradients.append([p.grad.clone() for p in tiny_model.encoder.layers.parameters()])
    for plain, recomputed in zip(*gradients, strict=True):
        torch.testing.assert_close(recomputed, plain)


def test_bf16_autocast_is_near_and_keeps_its_gradients(tiny_model):
    """bf16 has 8 bits: 2 layers stay within 3 % of the largest value."""
    batch = random_inputs(padded=3)
    exact = tiny_model.encode(batch).text
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = tiny_model.encode(batch).text
    assert (rough.float() - exact).abs().max() < 0.03 * exact.abs().max()
    rough.float().square().sum().backward()
    for name, weight in tiny_model.encoder.relations.named_parameters():
        assert weight.grad is not None and weight.grad.any(), name


def test_the_order_of_tokens_in_memory_says_nothing_beyond_their_positions(tiny_model):
    """Shuffled tokens that keep their positions and boxes give the same vectors, shuffled."""
    batch = random_inputs(batch=1)
    first, order = torch.tensor([0]), torch.randperm(9) + 1
    order = torch.cat([first, order])
    positions = torch.arange(10)[None]
    moved = ModelInput(
        batch.token_ids[:, order], batch.boxes[:, order], batch.image, positions=positions[:, order]
    )
    with torch.no_grad():
        straight, shuffled = tiny_model.encode(batch), tiny_model.encode(moved)
    torch.testing.assert_close(shuffled.text, straight.text[:, order])


@pytest.mark.parametrize("layout", list(Layout))
def test_each_edge_of_a_box_is_seen(tiny_config, layout):
    model = DocumentModel(replace(tiny_config, layout=layout, box_buckets=None)).eval()
    here = torch.tensor([[[100, 200, 300, 400]]])
    place = model.encoder.embeddings.layout
    with torch.no_grad():
        for edge in range(4):
            there = here.clone()
            there[..., edge] += 10
            assert (place(there) - place(here)).abs().max() > 1e-3


def test_a_window_too_long_is_refused_with_a_reason(tiny_model):
    with pytest.raises(ValueError, match="65 tokens and 64 positions; cut the page into windows"):
        tiny_model.encode(random_inputs(batch=1, tokens=65))


def test_a_model_without_patches_reads_words_alone(tiny_config):
    config = replace(tiny_config, patches=0, coarse=None, pretraining=False, task_heads={})
    model = DocumentModel(config).eval()
    assert not any("backbone" in name for name, _ in model.named_parameters())
    inputs = random_inputs()
    with torch.no_grad():
        encoded = model.encode(inputs)
        blind = model.encode(replace(inputs, image=None))
    assert encoded.text.shape == (2, 10, config.width)
    assert encoded.visual.shape == (2, 0, config.width)
    assert torch.equal(encoded.text, blind.text)


@pytest.mark.parametrize(
    "wanted",
    [
        {"pretraining": True},
        {"coarse": None, "task_heads": {"page": HeadConfig(HeadKind.PAGE, ("a", "b"))}},
    ],
)
def test_what_looks_at_pictures_needs_patches(tiny_config, wanted):
    with pytest.raises(ModelError, match="patches cannot be 0"):
        replace(tiny_config, patches=0, **{"pretraining": False, "coarse": None, **wanted})
