import pytest

torch = pytest.importorskip("torch")

from docai.models.config import (  # noqa: E402
    Attention,
    Backbone,
    CoarseConfig,
    HeadConfig,
    HeadKind,
    ModelConfig,
)
from docai.models.model import DocumentModel  # noqa: E402


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Tiny matrices: a second thread costs more than it brings."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def same_weights_every_time():
    torch.manual_seed(0)


@pytest.fixture
def tiny_config():
    """Two layers, all heads, coarse layers and pre-training heads."""
    return ModelConfig(
        vocabulary=60,
        width=32,
        layers=2,
        heads=4,
        feed_forward=48,
        positions=64,
        token_types=3,
        coordinates=1001,
        dropout=0.0,
        attention_dropout=0.0,
        patches=3,
        backbone=Backbone.RESNET,
        pretraining=True,
        coarse=CoarseConfig(layers=2, heads=2, width=16, dropout=0.0, regions=3),
    ).with_heads(
        words=HeadConfig(HeadKind.TOKENS, ("other", "name", "total")),
        answer=HeadConfig(HeadKind.ANSWER),
        page=HeadConfig(HeadKind.PAGE, ("invoice", "receipt")),
        prompt=HeadConfig(HeadKind.PROMPT),
        links=HeadConfig(HeadKind.LINKS, ("key", "value")),
        segments=HeadConfig(HeadKind.SEGMENTS, ("key", "value", "other")),
        pairs=HeadConfig(HeadKind.SEGMENT_LINKS),
    )


@pytest.fixture(params=list(Attention))
def tiny_model(request, tiny_config):
    from dataclasses import replace

    return DocumentModel(replace(tiny_config, attention=request.param)).eval()
