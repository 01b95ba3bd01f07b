"""The reference implementation's own numbers, at a small size with every part of full shape.

tests/data/parity holds weights, inputs and outputs of PaddleNLP 2.8.1's ernie_layout in
eval mode (meta.json says which case is what). Each weight there was drawn at random, so a
forgotten bias, a wrong epsilon or a swapped axis shows.
"""

import functools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from docai.models.attention import bucket  # noqa: E402
from docai.models.config import HeadConfig, HeadKind  # noqa: E402
from docai.models.convert import config_from_reference, from_port, from_reference  # noqa: E402
from docai.models.heads import answer_loss, page_loss, token_loss  # noqa: E402
from docai.models.inputs import ModelInput  # noqa: E402
from docai.models.vision import grid_boxes  # noqa: E402

PARITY = Path(__file__).parents[1] / "data" / "parity"
OUTPUT = 1e-5  # of max(1, largest value): float32 sums in another order
GRADIENT = 1e-4  # of the gradient's own size: the first conv's sums run over 12,544 places

HEADS = {
    "token_classification": {
        "classifier": HeadConfig(HeadKind.TOKENS, tuple(f"label {i}" for i in range(7)))
    },
    "question_answering": {"answer": HeadConfig(HeadKind.ANSWER)},
    "question_answering_no_types": {"answer": HeadConfig(HeadKind.ANSWER)},
    "sequence_classification": {
        "classifier": HeadConfig(HeadKind.PAGE, tuple(f"class {i}" for i in range(5)))
    },
    "uie_x": {"prompt": HeadConfig(HeadKind.PROMPT)},
}
CHANGES = {
    "no_rel": {"has_relative_attention_bias": False},
    "no_spatial": {"has_spatial_attention_bias": False},
    "pool4x4": {"image_feature_pool_shape": [4, 4, 256]},
}
WEIGHTLESS = {
    "rel_pos_bias": "no_rel",
    "rel_pos_x_bias": "no_spatial",
    "rel_pos_y_bias": "no_spatial",
}


@functools.cache
def npz(name):
    with np.load(PARITY / f"{name}.npz") as arrays:
        return dict(arrays)


def meta():
    return json.loads((PARITY / "meta.json").read_text())


def reference_weights(case):
    head = case.removesuffix("_no_types")
    state = {}
    for name, array in npz("weights").items():
        owner, _, weight = name.rpartition("/")
        if owner in ("", head) and WEIGHTLESS.get(weight.rpartition(".")[2]) != case:
            state[weight] = torch.from_numpy(array)
    return state


@functools.cache
def model(case):
    values = {**meta()["config"], **CHANGES.get(case, {})}
    config = config_from_reference(values, HEADS.get(case, {}), pretraining=case == "pretraining")
    return from_reference(config, reference_weights(case))


def given(case, name):
    array = npz("cases").get(f"{case}/in/{name}")
    return None if array is None else torch.from_numpy(array)


def expected(case, name):
    return torch.from_numpy(np.asarray(npz("cases")[f"{case}/out/{name}"]))


def inputs(case):
    mask = given(case, "attention_mask")
    return ModelInput(
        token_ids=given(case, "input_ids"),
        boxes=given(case, "bbox"),
        image=given(case, "image"),
        keep=None if mask is None else mask == 1,
        token_types=given(case, "token_type_ids"),
        positions=given(case, "position_ids"),
    )


def assert_equal(actual, wanted, tolerance=OUTPUT):
    actual = actual.detach()
    assert actual.shape == wanted.shape
    size = max(1.0, float(wanted.abs().max()))
    assert float((actual - wanted).abs().max()) <= tolerance * size


@pytest.mark.parametrize(
    "case",
    ["base", "no_image", "defaults", "position_ids", "long", "no_rel", "no_spatial", "pool4x4"],
)
def test_encoder(case):
    with torch.no_grad():
        encoded = model(case).encode(inputs(case))
    sequence = torch.cat([encoded.text, encoded.visual], 1)
    assert_equal(sequence, expected(case, "sequence_output"))
    assert_equal(encoded.pooled, expected(case, "pooled_output"))


def test_every_step_of_the_encoder():
    encoder, batch = model("base").encoder, inputs("base")
    seen = {}
    for i, layer in enumerate(encoder.layers):
        layer.register_forward_hook(lambda _, __, out, i=i: seen.__setitem__(f"layer{i}", out))
    encoder.relations.register_forward_hook(lambda _, __, out: seen.__setitem__("bias", out))
    positions = torch.arange(24).expand(2, 24)
    with torch.no_grad():
        text = encoder.embeddings(batch.token_ids, batch.boxes, positions, batch.token_types)
        visual = encoder.visual(batch.image, encoder.embeddings, 2)
        assert_equal(encoder.visual.features(batch.image), expected("base", "visual_features"))
        encoder(batch)
        scores = encoder.layers[0].attention.scores(torch.cat([text, visual], 1), seen["bias"])
    assert_equal(text, expected("base", "text_embeddings"))
    assert_equal(visual, expected("base", "visual_embeddings"))
    assert_equal(seen["layer0"], expected("base", "layer0"))
    assert_equal(seen["layer1"], expected("base", "layer1"))
    bias = expected("base", "rel_pos_bias")[0] + expected("base", "rel_2d_pos_bias_b0")
    assert_equal(seen["bias"][0], bias)  # the first row has no padding
    assert_equal(scores[1].softmax(-1), expected("base", "attention_probs_layer0_b1"))
    boxes = encoder.visual.boxes.expand(2, -1, -1)
    assert torch.equal(boxes, expected("base", "visual_bbox"))


def test_backbone():
    backbone, image = model("base").encoder.visual.backbone, given("backbone", "image").float()
    with torch.no_grad():
        stem = torch.relu(backbone.stem(backbone.norm(image)))
        stem = torch.nn.functional.max_pool2d(stem, 3, 2, padding=1)
        features = backbone(image)
    assert list(stem.shape) == expected("backbone", "stem_shape").tolist()
    assert list(features.shape) == expected("backbone", "res2_shape").tolist()
    assert_equal(stem[:, :4, ::4, ::4], expected("backbone", "stem_after_maxpool_ch0_4"))


def test_bucket_and_grid_tables_are_exactly_the_references():
    tables = {name: torch.from_numpy(array) for name, array in npz("tables").items()}
    distance = tables["distance"]
    assert torch.equal(bucket(distance, buckets=32, reach=128), tables["bucket_1d_32_128"])
    assert torch.equal(bucket(distance, buckets=64, reach=256), tables["bucket_2d_64_256"])
    assert torch.equal(grid_boxes(7), tables["visual_bbox_7x7"])
    assert torch.equal(grid_boxes(4), tables["visual_bbox_4x4"])


def test_distances_are_bucketed_as_key_minus_query_at_every_reach():
    relations = model("base").encoder.relations
    tables = {name: torch.from_numpy(array) for name, array in npz("tables").items()}
    far = torch.tensor([[0, 1100]])
    for table, wanted in (
        (relations.position, "bucket_1d_32_128"),
        (relations.x, "bucket_2d_64_256"),
    ):
        ahead = table.weight[tables[wanted][-1]]  # a key 1100 after the query
        torch.testing.assert_close(table(far)[0, 0, 1], ahead)


def test_token_classification_with_its_loss_and_gradients():
    case = "token_classification"
    net, batch = model(case), inputs(case)
    net.zero_grad()
    scores = net(batch)["classifier"]
    loss = token_loss(scores, given(case, "labels"), batch.keep)
    loss.backward()
    assert_equal(scores, expected(case, "logits"))
    assert_equal(loss, expected(case, "loss"))

    weights = dict(net.named_parameters())
    queries = weights["encoder.layers.0.attention.query_key_value.weight"].grad[:48].t()
    x_table = weights["encoder.embeddings.layout.x.weight"].grad
    rows = expected(case, "grad:ernie_layout.embeddings.x_position_embeddings.weight:rows").long()
    gradients = {
        "classifier.weight": weights["task_heads.classifier.classify.weight"].grad.t(),
        "ernie_layout.embeddings.x_position_embeddings.weight:values": x_table[rows],
        "ernie_layout.encoder.layer.0.attention.self.query.weight": queries,
        "ernie_layout.encoder.rel_pos_bias": weights["encoder.relations.position.weight"].grad,
        "ernie_layout.encoder.rel_pos_x_bias": weights["encoder.relations.x.weight"].grad,
        "ernie_layout.encoder.rel_pos_y_bias": weights["encoder.relations.y.weight"].grad,
        "ernie_layout.visual.backbone.conv._conv.weight": weights[
            "encoder.visual.backbone.stem.0.weight"
        ].grad,
        "ernie_layout.visual_proj.weight": weights["encoder.visual.project.weight"].grad.t(),
    }
    for name, gradient in gradients.items():
        wanted = expected(case, f"grad:{name}")
        assert gradient.shape == wanted.shape
        assert float((gradient - wanted).abs().max() / wanted.abs().max()) < GRADIENT, name
    untouched = torch.ones(len(x_table), dtype=torch.bool)
    untouched[rows] = False
    assert not x_table[untouched].any()


@pytest.mark.parametrize("case", ["question_answering", "question_answering_no_types"])
def test_question_answering(case):
    with torch.no_grad():
        start, end = scores = model(case)(inputs(case))["answer"]
    assert_equal(start, expected(case, "start_logits"))
    assert_equal(end, expected(case, "end_logits"))
    if given(case, "start_positions") is not None:
        loss = answer_loss(scores, given(case, "start_positions"), given(case, "end_positions"))
        assert_equal(loss, expected(case, "loss"))


def test_sequence_classification():
    case = "sequence_classification"
    with torch.no_grad():
        scores = model(case)(inputs(case))["classifier"]
    assert_equal(scores, expected(case, "logits"))
    assert_equal(page_loss(scores, given(case, "labels")), expected(case, "loss"))


def test_masked_words():
    case = "pretraining"
    net = model(case)
    with torch.no_grad():
        encoded = net.encode(inputs(case))
        states = torch.cat([encoded.text, encoded.visual], 1)
        words = net.pretraining.words(states, net.encoder.embeddings.word.weight)
    assert_equal(words[0], expected(case, "logits_first_row"))
    masked = words.flatten(0, 1)[given(case, "masked_positions")]
    assert_equal(masked, expected(case, "logits_masked"))


def test_prompted_spans():
    with torch.no_grad():
        start, end = model("uie_x")(inputs("uie_x"))["prompt"].sigmoid()
    assert_equal(start, expected("uie_x", "start_prob"))
    assert_equal(end, expected("uie_x", "end_prob"))


def test_every_case_of_the_reference_is_compared():
    compared = {
        *HEADS,
        *CHANGES,
        "base",
        "backbone",
        "no_image",
        "defaults",
        "position_ids",
        "long",
    }
    assert {case["case"] for case in meta()["cases"]} == compared | {"pretraining"}


def port_names(state):
    """The reference's state dict as its PyTorch port's conversion script writes it."""
    renamed = {}
    for name, tensor in state.items():
        for i, block in enumerate("abc"):
            for j in range(3):
                stem = f"resnet.layer0.{i}"
                name = name.replace(f"res2{block}.conv{j}._conv", f"{stem}.conv{j + 1}")
                name = name.replace(f"res2{block}.conv{j}._batch_norm", f"{stem}.batch_norm{j + 1}")
        name = name.replace("res2a.short._conv", "resnet.layer0.0.shortcut.0")
        name = name.replace("res2a.short._batch_norm", "resnet.layer0.0.shortcut.1")
        name = name.replace("backbone.conv._conv", "backbone.conv1")
        name = name.replace("backbone.conv._batch_norm", "backbone.batch_norm1")
        name = name.replace("._mean", ".running_mean").replace("._variance", ".running_var")
        if name.endswith(("rel_pos_bias", "rel_pos_x_bias", "rel_pos_y_bias")):
            name, tensor = f"{name}.weight", tensor.t()
        elif tensor.ndim == 2 and "embeddings" not in name:
            tensor = tensor.t()
        renamed[name] = tensor
    return renamed


def test_the_pytorch_ports_state_dict_gives_the_same_model():
    weights = reference_weights("base")
    again = from_reference(model("base").config, from_port(port_names(weights)))
    with torch.no_grad():
        pooled = again.encode(inputs("base")).pooled
    assert_equal(pooled, expected("base", "pooled_output"))


def test_absent_bias_flags_are_an_error():
    values = meta()["config"]
    for flag in ("has_relative_attention_bias", "has_spatial_attention_bias"):
        with pytest.raises(Exception, match=flag):
            config_from_reference({k: v for k, v in values.items() if k != flag}, {})


def test_the_first_mismatch_of_a_checkpoint_is_named():
    config, weights = model("base").config, reference_weights("base")
    with pytest.raises(Exception, match=r"no 'visual_proj\.bias'"):
        from_reference(
            config, {k: v for k, v in weights.items() if not k.endswith("visual_proj.bias")}
        )
    with pytest.raises(Exception, match="'stray' has no place"):
        from_reference(config, {**weights, "stray": torch.zeros(1)})
    narrow = replace(config, feed_forward=95)
    with pytest.raises(Exception, match=r"layer\.0\.intermediate\.dense\.weight"):
        from_reference(narrow, weights)
