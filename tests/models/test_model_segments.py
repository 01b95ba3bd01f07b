"""A page as a graph of its pieces."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from torch.testing import assert_close  # noqa: E402

from docai.errors import ModelError  # noqa: E402
from docai.models.segments import (  # noqa: E402
    LOOK,
    NOBODY,
    PAIR_FEATURES,
    Nodes,
    SegmentConfig,
    SegmentModel,
    geometry,
    stacked,
)

TINY = SegmentConfig(
    labels=("other", "question", "answer"), value="answer", name="question",
    width=32, layers=2, heads=2, dropout=0.0, vocabulary=40, text_width=16, text_layers=1,
    text_heads=2, text_feed_forward=24, text_positions=64,
)  # fmt: skip


def page(count):
    corners = 30 * torch.rand(count, 2)
    boxes = torch.cat([corners, corners + 1 + 5 * torch.rand(count, 2)], -1)
    keep = torch.ones(count, dtype=torch.bool)
    return Nodes(torch.randn(count, 48), torch.randn(count, LOOK), boxes, keep)


def everything(model, nodes):
    opinion = model(nodes)
    return (
        opinion.labels,
        model.joins(opinion, nodes.keep),
        model.links(opinion, opinion.labels, nodes.keep),
    )


def test_padding_changes_nothing():
    model = SegmentModel(TINY).eval()
    short, long = page(4), page(7)
    alone = everything(model, stacked([short]))
    both = everything(model, stacked([short, long]))
    for one, other in zip(alone, both, strict=True):
        assert_close(other[:1, :4, : one.shape[-1]], one, atol=1e-5, rtol=1e-4)


def test_the_order_of_the_pieces_does_not_matter():
    model = SegmentModel(TINY).eval()
    nodes = page(6)
    order = torch.randperm(6)
    turned = Nodes(nodes.text[order], nodes.look[order], nodes.boxes[order], nodes.keep[order])
    labels, joins, links = everything(model, stacked([nodes]))
    labels2, joins2, links2 = everything(model, stacked([turned]))
    columns = torch.cat([torch.tensor([0]), 1 + order])
    assert_close(labels2[0], labels[0, order], atol=1e-5, rtol=1e-4)
    assert_close(joins2[0], joins[0, order][:, columns], atol=1e-5, rtol=1e-4)
    assert_close(links2[0], links[0, order][:, columns], atol=1e-5, rtol=1e-4)


def test_a_page_means_the_same_wherever_it_lies():
    nodes = page(5)
    moved = replace(nodes, boxes=nodes.boxes + torch.tensor([3.0, 8.0, 3.0, 8.0]))
    a, b = (geometry(n.boxes[None], n.keep[None])[0] for n in (nodes, moved))
    assert_close(a, b, atol=1e-4, rtol=1e-3)


def test_neighbours_are_the_nearest_in_the_row_and_in_the_column():
    # name   smith
    # date   monday   noon
    boxes = torch.tensor([[0, 0, 4, 1], [6, 0, 10, 1], [0, 3, 4, 4], [6, 3, 11, 4], [13, 3, 16, 4]])
    features, gaps, nearest = geometry(boxes[None].float(), torch.ones(1, 5, dtype=torch.bool))
    left, above, right, below = range(4)
    assert nearest[0, 0, right] == 1 and gaps[0, 0, right] == 2
    assert nearest[0, 0, below] == 2 and gaps[0, 0, below] == 2
    assert nearest[0, 4, left] == 3
    assert gaps[0, 0, left] == NOBODY and gaps[0, 4, above] == NOBODY
    assert features.shape == (1, 5, 5, PAIR_FEATURES)
    ranks = features[0, 2, :, -8:-4][:, right]  # of what lies right of "date"
    assert ranks.tolist() == [0, 0, 0, 1, 0.5]


def test_every_weight_of_the_network_receives_a_gradient():
    config = replace(TINY, picture=True)
    (network,) = SegmentModel(config).members
    nodes = stacked([replace(page(5), picture=torch.randn(5, 64)), page(5)][:1])
    read = network(nodes)
    links = network.links(read, read.labels.softmax(-1), nodes.keep)
    gaps = network.gaps(torch.randn(3, 16), torch.randn(3, 16), torch.randn(3, 10))
    scores = (read.labels, network.joins(read, nodes.keep), links)
    sum(((s > -1e6) * s.log_softmax(-1)).square().sum() for s in scores).backward(retain_graph=True)
    gaps.square().sum().backward()
    without = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    # A bias that is the same for all choices changes none of them.
    assert [n for n in without if n not in INDIFFERENT] == []


INDIFFERENT = {"pairs.2.bias"}


def test_prompts_are_labels_that_words_ask_for():
    config = replace(
        TINY, labels=("nothing", "sum", "day"), value="", name="", descriptions=("sum", "day")
    )
    model = SegmentModel(config).eval()
    prompts = model.members[0].prompts
    assert model(stacked([page(4)])).labels.shape == (1, 4, 3)
    before = model(nodes := stacked([page(4)])).labels
    with torch.no_grad():
        prompts.described[0] += 5.0  # other words ask for another thing
    assert not torch.allclose(model(nodes).labels, before)


def test_a_model_without_descriptions_has_no_prompts():
    with pytest.raises(ModelError, match="no descriptions"):
        _ = SegmentModel(TINY).members[0].prompts


def test_members_are_averaged():
    model = SegmentModel(replace(TINY, members=2)).eval()
    nodes = stacked([page(4)])
    alone = [SegmentModel.of(model, [network])(nodes).labels for network in model.members]
    assert_close(model(nodes).labels, (alone[0] + alone[1]) / 2)


def test_the_config_survives_its_json():
    config = replace(TINY, members=3, picture=True)
    assert SegmentConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(
    "changes", [{"labels": ("one",)}, {"value": "answer", "name": ""}, {"name": "nobody"}]
)
def test_a_config_that_cannot_be_is_refused(changes):
    with pytest.raises(ModelError):
        replace(TINY, **changes)
