import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_pages import random_inputs

from docai.errors import ModelError
from docai.models.config import HeadConfig, HeadKind, ModelConfig
from docai.models.inputs import MAX_PADDING, ModelInput, Window, batches_by_length, stack

BOX = [10, 20, 30, 40]


def one_token(box):
    return ModelInput(torch.tensor([[5, 6]]), torch.tensor([[BOX, box]]))


@pytest.mark.parametrize(
    "box",
    [[0, 0, 1001, 10], [-1, 0, 5, 10], [30, 0, 20, 10], [0, 30, 10, 20]],
    ids=["off the page", "negative", "right of itself", "upside down"],
)
def test_a_bad_box_is_named(box):
    with pytest.raises(ValueError, match=r"box 1 of row 0 is .* grid 0\.\.1000"):
        one_token(box)


def test_the_whole_grid_is_allowed():
    assert one_token([0, 0, 1000, 1000]).boxes.max() == 1000


def test_shapes_that_do_not_fit_are_refused():
    ids = torch.zeros(2, 3, dtype=torch.long)
    boxes = torch.zeros(2, 3, 4, dtype=torch.long)
    with pytest.raises(ValueError, match=r"boxes are \(2, 4, 4\), not \(2, 3, 4\)"):
        ModelInput(ids, torch.zeros(2, 4, 4, dtype=torch.long))
    with pytest.raises(ValueError, match="image"):
        ModelInput(ids, boxes, image=torch.zeros(1, 3, 8, 8))
    with pytest.raises(ValueError, match=r"keep is torch\.int64, not bool"):
        ModelInput(ids, boxes, keep=torch.ones(2, 3, dtype=torch.long))


def test_windows_are_padded_to_the_longest():
    short = Window([1, 2], [(0, 0, 1, 1)] * 2)
    long = Window([3, 4, 5], [(2, 2, 3, 3)] * 3, positions=[0, 1, 0])
    batch = stack([short, long], pad_id=9)
    assert batch.token_ids.tolist() == [[1, 2, 9], [3, 4, 5]]
    assert batch.keep.tolist() == [[True, True, False], [True, True, True]]
    assert batch.positions.tolist() == [[0, 1, 0], [0, 1, 0]]
    assert batch.boxes[0].tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]]


def test_windows_of_one_length_have_no_mask():
    assert stack([Window([1], [(0, 0, 1, 1)])] * 2, pad_id=0).keep is None


@given(st.lists(st.integers(1, 512), max_size=60))
def test_batches_hold_every_window_once_and_little_padding(lengths):
    batches = batches_by_length(lengths, max_tokens=4096)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        padded = len(batch) * max(lengths[i] for i in batch)
        real = sum(lengths[i] for i in batch)
        assert padded <= 4096
        assert padded - real <= MAX_PADDING * padded


def test_work_grows_linearly_with_pages():
    lengths = [512, 480, 300, 290, 512, 70]
    work = [
        sum(len(b) * max(many[i] for i in b) for b in batches_by_length(many, max_tokens=4096))
        for many in (lengths * 10, lengths * 20)
    ]
    assert work[1] <= 2 * work[0]


def test_moving_keeps_everything():
    batch = random_inputs(padded=2)
    moved = batch.to("cpu")
    assert torch.equal(moved.keep, batch.keep)
    assert torch.equal(moved.image, batch.image)


def test_a_config_survives_its_json(tiny_config):
    assert ModelConfig.from_json(tiny_config.to_json()) == tiny_config


@pytest.mark.parametrize("field", ["position_buckets", "box_buckets", "attention", "coarse"])
def test_an_absent_field_is_an_error(tiny_config, field):
    import json

    values = json.loads(tiny_config.to_json())
    del values[field]
    with pytest.raises(ModelError, match=f"'{field}' is missing"):
        ModelConfig.from_json(json.dumps(values))


def test_an_unknown_field_and_an_unknown_form_are_errors(tiny_config):
    with pytest.raises(ModelError, match="'colour' is not a setting"):
        ModelConfig.from_json(tiny_config.to_json().replace('"width"', '"colour": 1, "width"', 1))
    with pytest.raises(ModelError, match="sideways"):
        ModelConfig.from_json(tiny_config.to_json().replace('"bias"', '"sideways"'))


def test_configs_that_cannot_be_built_are_refused():
    with pytest.raises(ModelError, match="multiple"):
        ModelConfig(width=10, heads=3)
    with pytest.raises(ModelError, match="grid"):
        ModelConfig(coordinates=1000)
    with pytest.raises(ModelError, match="coarse"):
        ModelConfig().with_heads(boxes=HeadConfig(HeadKind.SEGMENTS, ("a",)))
    with pytest.raises(ModelError, match="needs labels"):
        HeadConfig(HeadKind.TOKENS)
    with pytest.raises(ModelError, match="takes no labels"):
        HeadConfig(HeadKind.ANSWER, ("a",))
