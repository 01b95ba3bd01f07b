"""Fields and kinds that are asked for in words: one pass of the page, a product with each text."""

import math

import pytest

torch = pytest.importorskip("torch")

from tiny_pages import random_inputs  # noqa: E402

from docai.models.config import HeadConfig, HeadKind, ModelConfig  # noqa: E402
from docai.models.described import field_loss  # noqa: E402
from docai.models.model import DocumentModel  # noqa: E402
from docai.models.weights import Card, load, save  # noqa: E402


@pytest.fixture
def model():
    config = ModelConfig(
        vocabulary=60, width=16, layers=3, heads=2, feed_forward=24, positions=32, token_types=2,
        dropout=0.0, attention_dropout=0.0, patches=0,
        task_heads={"answer": HeadConfig(HeadKind.ANSWER), "ask": HeadConfig(HeadKind.DESCRIBED)},
    )  # fmt: skip
    model = DocumentModel(config).eval()
    model.task_heads["ask"].begin_with(model.encoder)
    return model


def seen(model, batch):
    return model.seen_by(model.task_heads["ask"], batch)[1]


def test_a_fresh_head_sees_what_the_whole_encoder_sees(model):
    """It takes the place of the last layers, whose weights it begins with."""
    batch = random_inputs(padded=3, image=False)
    with torch.no_grad():
        torch.testing.assert_close(seen(model, batch), model.encoder(batch).text)


def test_each_description_is_asked_on_its_own(model):
    head, batch = model.task_heads["ask"], random_inputs(image=False)
    texts = torch.randn(3, 16)
    with torch.no_grad():
        page = seen(model, batch)
        fields, kinds = head.fields(page, texts), head.kinds(page, texts)
        assert fields.shape == (2, 2, 3, 10) and kinds.shape == (2, 3)
        torch.testing.assert_close(fields[:, :, 1:2], head.fields(page, texts[1:2]))
        torch.testing.assert_close(kinds[:, 1:2], head.kinds(page, texts[1:2]))


def test_padding_does_not_leak(model):
    batch = random_inputs(batch=1, padded=4, image=False)
    short = type(batch)(
        batch.token_ids[:, :6], batch.boxes[:, :6], token_types=batch.token_types[:, :6]
    )
    with torch.no_grad():
        torch.testing.assert_close(seen(model, batch)[:, :6], seen(model, short))


def test_the_loss_of_a_field_by_hand():
    """Two of four equal tokens are right: -log(1/2), for the start; one for the end: log 4."""
    starts = torch.tensor([[False, True, False, True]])
    ends = torch.tensor([[False, False, False, True]])
    loss = field_loss(torch.zeros(2, 1, 4), starts, ends)
    assert math.isclose(loss.item(), (math.log(2) + math.log(4)) / 2, rel_tol=1e-6)


def test_every_weight_receives_a_gradient(model):
    head, batch = model.task_heads["ask"], random_inputs(image=False)
    page = seen(model, batch)
    texts = torch.randn(2, 16)
    (head.fields(page, texts).square().mean() + head.kinds(page, texts).square().mean()).backward()
    still = [
        name for name, weight in head.named_parameters()
        if weight.grad is None or not weight.grad.abs().sum()
    ]  # fmt: skip
    # The first layer of `place` waits for the second, which begins at zero.
    assert all(name.startswith("place.0") for name in still)


def test_it_is_saved_and_loaded_with_the_model(model, tmp_path):
    from docai.models.tokenizers import from_wordpiece

    vocabulary = tmp_path / "vocab.txt"
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"]))
    card = Card("tiny", "1", "tiny", "none", ())
    folder = save(model, from_wordpiece(vocabulary, lowercase=True), card, tmp_path)
    batch, again = random_inputs(image=False), load(folder).model
    with torch.no_grad():
        torch.testing.assert_close(
            seen(again, batch),
            seen(model, batch),
        )
