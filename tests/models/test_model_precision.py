import copy
from dataclasses import replace

import pytest
import torch
from tiny_pages import random_inputs, random_segments

from docai.errors import UsageError
from docai.models import precision as module
from docai.models.config import HeadConfig, HeadKind
from docai.models.deploy import (
    ONNX_TOLERANCE,
    compiled,
    complete,
    export_onnx,
    largest_difference,
    run_onnx,
)
from docai.models.model import DocumentModel
from docai.models.precision import Int8Linear, PackedLinear, Precision, available, for_inference

# Processors without VNNI add products of 8 bits in 16 and saturate; for_inference refuses them.
needs_int8 = pytest.mark.skipif(Precision.INT8 not in available(), reason="this CPU has no VNNI")


@pytest.mark.parametrize("precision", list(Precision))
def test_each_precision_stays_within_its_tolerance(tiny_model, precision):
    """Of the largest value: rounding for fp32, two layers of 8 bits for the others."""
    if precision not in available():
        pytest.skip(f"this CPU has no fast {precision}")
    tolerance = {Precision.FP32: 1e-5, Precision.BF16: 0.03, Precision.INT8: 0.04}[precision]
    batch, segments = random_inputs(), random_segments()
    with torch.no_grad():
        exact = tiny_model(batch, segments=segments)
        rough = for_inference(copy.deepcopy(tiny_model), precision)(batch, segments=segments)
    for name, scores in exact.items():
        possible = scores > -1e7  # a barred pair's score is a large number in any precision
        difference = (rough[name].float() - scores)[possible].abs().max()
        assert difference <= tolerance * scores[possible].abs().max().clamp(min=1), name


@pytest.mark.parametrize("packed", [PackedLinear, pytest.param(Int8Linear, marks=needs_int8)])
def test_a_packed_layer_says_what_the_layer_said(packed):
    linear, x = torch.nn.Linear(64, 48), torch.randn(2, 7, 64)
    with torch.no_grad():
        exact, rough = linear(x), packed(linear)(x)
    assert rough.shape == exact.shape
    tolerance = 1e-5 if packed is PackedLinear else 0.02
    assert float((rough - exact).norm() / exact.norm()) < tolerance


@needs_int8
def test_int8_keeps_zero_exact():
    """Inputs of one sign only: the code of 0 must still be 0, or padding would speak."""
    linear = torch.nn.Linear(8, 4, bias=False)
    with torch.no_grad():
        assert not Int8Linear(linear)(torch.zeros(3, 8)).any()
        exact, rough = linear(torch.ones(1, 8)), Int8Linear(linear)(torch.ones(1, 8))
    torch.testing.assert_close(rough, exact, atol=0.02, rtol=0)


def test_a_precision_that_the_cpu_lacks_is_refused(tiny_model, monkeypatch):
    monkeypatch.setattr(module, "available", lambda: {Precision.FP32})
    with pytest.raises(UsageError, match="no fast int8"):
        for_inference(tiny_model, Precision.INT8)


def exportable(config):
    """One layer, and heads that an exported graph can have."""
    config = replace(config, layers=1, coarse=None, pretraining=False, task_heads={}).with_heads(
        words=HeadConfig(HeadKind.TOKENS, ("a", "b")),
        page=HeadConfig(HeadKind.PAGE, ("a", "b", "c")),
    )
    return DocumentModel(config).eval()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the exporter's own, from inside torch and onnxscript
def test_onnx_equals_eager_at_any_size(tiny_model, tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    model, path = exportable(tiny_model.config), tmp_path / "model.onnx"
    assert export_onnx(model, path, example=random_inputs(padded=3)) <= ONNX_TOLERANCE
    other = random_inputs(batch=3, tokens=17)
    with torch.no_grad():
        assert largest_difference(run_onnx(path, complete(other)), model(other)) <= ONNX_TOLERANCE


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the compiler's own, from inside torch
def test_compiled_equals_eager(tiny_config):
    model, batch = exportable(tiny_config), random_inputs(padded=3)
    try:
        fast = compiled(model)
    except UsageError as refusal:
        pytest.skip(str(refusal))
    with torch.no_grad():
        assert largest_difference(fast(batch), model(batch)) <= 1e-4


def test_what_cannot_be_exported_is_refused_with_a_reason(tiny_model, tmp_path, monkeypatch):
    path = tmp_path / "model.onnx"
    with pytest.raises(UsageError, match=r"'links' reads segments, entities|'segments' reads"):
        export_onnx(tiny_model, path, example=random_inputs())
    with pytest.raises(UsageError, match="no heads"):
        bare = DocumentModel(tiny_model.config.with_heads())
        export_onnx(bare, path, example=random_inputs())
    with pytest.raises(UsageError, match="image"):
        complete(random_inputs(image=False))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="compiler"):
        compiled(tiny_model)
