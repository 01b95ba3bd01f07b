from dataclasses import replace

import pytest
import torch
from tiny_pages import random_boxes, random_inputs, random_segments

from docai.models.config import HeadConfig, HeadKind
from docai.models.heads import link_loss, mean_cross_entropy
from docai.models.inputs import Segments
from docai.models.mmlayout import (
    PAIR_FEATURES,
    TEXT_SHAPE,
    mean_of,
    membership,
    pair_features,
    region_boxes,
    salient_regions,
    text_shape,
)
from docai.models.model import DocumentModel
from docai.models.vision import grid_boxes


def test_text_shape_tells_a_key_from_an_amount():
    key, amount = text_shape("Invoice No.:"), text_shape("1.234,50 €")
    assert len(key) == len(amount) == TEXT_SHAPE
    assert key[3] == 1 and amount[3] == 0  # ends in a colon
    assert key[1] == 0 and amount[1] == 0.6  # share of digits
    assert amount[8] == 1  # a currency sign
    assert all(0 <= x <= 1 for x in (*key, *amount, *text_shape("")))


def test_a_node_is_the_mean_of_its_tokens():
    x = torch.tensor([[[1.0], [3.0], [8.0], [100.0]]])
    groups = membership(torch.tensor([[0, 0, 1, -1]]), 3)
    assert mean_of(groups, x)[0, :, 0].tolist() == [2.0, 8.0, 0.0]


def test_pairs_mirror_each_other():
    """What lies right of a is left of b: edges and centres change sign, the rest is shared."""
    features = pair_features(random_boxes(1, 4))
    assert features.shape == (1, 4, 4, PAIR_FEATURES)
    other = features.transpose(1, 2)
    torch.testing.assert_close(features[..., :6], -other[..., :6])  # edges and centres
    torch.testing.assert_close(features[..., 6:8], other[..., 6:8])  # gaps
    torch.testing.assert_close(features[..., 16:18], other[..., 16:18])  # overlaps
    torch.testing.assert_close(features[..., 18:], -other[..., 18:])  # ratios of sizes


def test_two_boxes_of_one_line():
    """Same top and bottom, a gap of 100: full overlap in y, none in x."""
    features = pair_features(torch.tensor([[[0, 0, 100, 20], [200, 0, 300, 20]]]))[0, 0, 1]
    assert features[6:8].tolist() == pytest.approx([0.1, 0.0])
    assert features[16:18].tolist() == [0.0, 1.0]
    assert torch.isfinite(pair_features(torch.zeros(1, 2, 4, dtype=torch.long))).all()


def test_regions_are_the_patches_that_look_alike_and_lie_together():
    """Paper everywhere, a picture top left, a stamp bottom right."""
    look = torch.zeros(1, 49, 4)
    look[..., 0] = 1
    picture, stamp = [0, 1, 7, 8], [40, 41, 47, 48]
    look[0, picture] = torch.tensor([0.0, 5.0, 0.0, 0.0])
    look[0, stamp] = torch.tensor([0.0, 0.0, 5.0, 0.0])
    groups = salient_regions(look, grid_boxes(7), 3)
    found = {tuple(group.nonzero()[:, 0].tolist()) for group in groups[0]}
    assert found == {tuple(picture), tuple(stamp), ()}
    boxes = region_boxes(groups, grid_boxes(7))[0].tolist()
    assert [0, 0, 285, 285] in boxes
    assert [714, 714, 1000, 1000] in boxes
    assert [0, 0, 0, 0] in boxes


def test_a_token_without_a_segment_is_left_as_it_was(tiny_config):
    model = DocumentModel(tiny_config).eval()
    batch, segments = random_inputs(), random_segments()
    with torch.no_grad():
        fine, coarse = model.encode(batch), model.encode(batch, segments=segments)
    torch.testing.assert_close(coarse.text[:, 0], fine.text[:, 0])
    assert (coarse.text[:, 1:] - fine.text[:, 1:]).abs().amax(-1).min() > 0


def test_padding_segments_do_not_leak(tiny_config):
    model = DocumentModel(tiny_config).eval()
    batch, segments = random_inputs(), random_segments()
    more = Segments(
        members=segments.members,
        boxes=torch.cat([segments.boxes, random_boxes(2, 2)], 1),
        shape=torch.cat([segments.shape, torch.ones(2, 2, TEXT_SHAPE)], 1),
        keep=torch.tensor([[True] * 3 + [False] * 2] * 2),
    )
    with torch.no_grad():
        few, padded = model(batch, segments=segments), model(batch, segments=more)
    torch.testing.assert_close(padded["segments"][:, :3], few["segments"])
    torch.testing.assert_close(padded["pairs"][:, :3, :4], few["pairs"])
    assert (padded["pairs"][:, :3, 4:] < -1e7).all()


def test_the_order_of_segments_does_not_matter(tiny_config):
    model = DocumentModel(tiny_config).eval()
    batch, segments = random_inputs(), random_segments()
    order = torch.tensor([2, 0, 1])
    back = order.argsort()
    members = torch.where(segments.members < 0, -1, back[segments.members.clamp(min=0)])
    moved = Segments(
        members, segments.boxes[:, order], segments.shape[:, order], segments.keep[:, order]
    )
    with torch.no_grad():
        straight = model(batch, segments=segments)["segments"]
        shuffled = model(batch, segments=moved)["segments"]
    torch.testing.assert_close(shuffled, straight[:, order])


def test_labels_and_links_of_a_form_are_learnt_from_where_segments_lie(tiny_config):
    """Four keys on the left, their values to the right; the words say nothing."""
    config = replace(tiny_config, pretraining=False).with_heads(
        segments=HeadConfig(HeadKind.SEGMENTS, ("key", "value")),
        pairs=HeadConfig(HeadKind.SEGMENT_LINKS, ("key", "value")),
    )
    model = DocumentModel(config).train()
    model.encoder.visual.backbone.eval()
    rows = [100, 300, 500, 700]
    boxes = [(x, y, x + 200, y + 20) for y in rows for x in (100, 500)]
    labels = torch.tensor([[0, 1] * 4])
    keys = torch.tensor([[0, 1, 0, 3, 0, 5, 0, 7]])
    segments = Segments(
        members=torch.arange(8)[None],
        boxes=torch.tensor([boxes]),
        shape=torch.zeros(1, 8, TEXT_SHAPE),
        keep=torch.ones(1, 8, dtype=torch.bool),
        labels=labels,
    )
    batch = replace(
        random_inputs(batch=1, tokens=8),
        token_ids=torch.full((1, 8), 7),
        boxes=torch.tensor([boxes]),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(80):
        optimizer.zero_grad()
        scores = model(batch, segments=segments)
        loss = mean_cross_entropy(scores["segments"].flatten(0, 1), labels.flatten())
        (loss + link_loss(scores["pairs"], keys)).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        scores = model(batch, segments=segments)
    assert torch.equal(scores["segments"].argmax(-1), labels)
    assert torch.equal(scores["pairs"].argmax(-1), keys)


def test_a_head_that_wants_labels_says_so(tiny_config):
    config = tiny_config.with_heads(pairs=HeadConfig(HeadKind.SEGMENT_LINKS, ("key", "value")))
    with pytest.raises(ValueError, match="label"):
        DocumentModel(config)(random_inputs(), segments=random_segments())


def test_members_must_name_segments_that_are_there():
    with pytest.raises(ValueError, match="names segment 3 of 3"):
        replace(random_segments(), members=torch.tensor([[0, 3], [0, 1]]))
