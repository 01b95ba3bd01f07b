import math

import torch
from tiny_pages import random_inputs

from docai.models.config import HeadConfig, HeadKind
from docai.models.heads import (
    IGNORE,
    Biaffine,
    Entities,
    answer_loss,
    link_loss,
    page_loss,
    prompt_loss,
    token_loss,
    without_self,
)
from docai.models.model import DocumentModel


def test_token_loss_by_hand():
    """Two labelled tokens: one sure and right (loss log(1 + 1/3)), one undecided (log 2)."""
    scores = torch.tensor([[[math.log(3), 0.0], [0.0, 0.0], [9.0, 9.0]]])
    labels = torch.tensor([[0, 1, IGNORE]])
    expected = (math.log(4 / 3) + math.log(2)) / 2
    assert math.isclose(token_loss(scores, labels).item(), expected, rel_tol=1e-6)


def test_padding_has_no_token_loss():
    scores = torch.randn(1, 3, 2)
    labels, keep = torch.tensor([[0, 1, 1]]), torch.tensor([[True, True, False]])
    expected = token_loss(scores[:, :2], labels[:, :2])
    torch.testing.assert_close(token_loss(scores, labels, keep), expected)


def test_nothing_labelled_is_no_loss_and_not_nan():
    none = torch.full((1, 3), IGNORE)
    assert token_loss(torch.randn(1, 3, 2), none).item() == 0
    assert page_loss(torch.randn(1, 2), none[:, 0]).item() == 0


def test_an_answer_past_the_window_has_no_loss():
    scores = torch.randn(2, 2, 4)
    both = answer_loss(scores, torch.tensor([1, 4]), torch.tensor([2, 7]))
    only = answer_loss(scores[:, :1], torch.tensor([1]), torch.tensor([2]))
    torch.testing.assert_close(both, only)


def test_an_answer_cannot_lie_in_the_question(tiny_config):
    model = DocumentModel(tiny_config).eval()
    batch = random_inputs()
    batch.token_types[:, 6:] = 1
    with torch.no_grad():
        start, end = model(batch)["answer"]
    assert start.argmax(-1).max() < 6 and end.argmax(-1).max() < 6
    assert (start[:, 6:] < -1e7).all()


def test_prompt_loss_by_hand():
    """Score 0 is a probability of one half everywhere: log 2 per pointer."""
    flags = torch.tensor([[True, False, False]])
    loss = prompt_loss(torch.zeros(2, 1, 3), flags, flags, torch.tensor([[True, True, False]]))
    assert math.isclose(loss.item(), math.log(2), rel_tol=1e-6)


def test_biaffine_equals_its_slow_twin():
    layer, x = Biaffine(6, 4, dropout=0.0).eval(), torch.randn(1, 3, 6)
    with torch.no_grad():
        scores = layer(x)
        value, key = layer.value(x)[0], layer.key(x)[0]
        for i in range(3):
            none = layer.none.weight[0] @ value[i] + layer.none.bias[0]
            torch.testing.assert_close(scores[0, i, 0], none)
            for j in range(3):
                pair = (layer.product.weight @ value[i]) @ key[j] / 2
                alone = layer.key_alone.weight[0] @ key[j] + layer.key_alone.bias[0]
                torch.testing.assert_close(scores[0, i, 1 + j], pair + alone)


def test_nothing_is_its_own_key_and_padding_is_nobodys():
    scores = without_self(torch.zeros(1, 3, 4), torch.tensor([[True, True, False]]))
    allowed = (scores == 0).int()[0].tolist()
    assert allowed == [[1, 0, 1, 0], [1, 1, 0, 0], [1, 1, 1, 0]]


def test_links_learn_which_key_belongs_to_which_value(tiny_config):
    """Value 1 belongs to key 0, value 3 to key 2, keys to none."""
    config = tiny_config.with_heads(links=HeadConfig(HeadKind.LINKS, ("key", "value")))
    model = DocumentModel(config).train()
    batch = random_inputs(batch=1)
    spans = torch.tensor([[[0, 2], [2, 4], [4, 6], [6, 8]]])
    entities = Entities(spans, torch.tensor([[0, 1, 0, 1]]), torch.ones(1, 4, dtype=torch.bool))
    keys = torch.tensor([[0, 1, 0, 3]])
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(80):
        optimizer.zero_grad()
        link_loss(model(batch, entities=entities)["links"], keys).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        assert torch.equal(model(batch, entities=entities)["links"].argmax(-1), keys)
