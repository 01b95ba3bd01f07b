"""The page picture as a grid of tokens.

Dimensions: B batch, P image side in pixels, C backbone channels, G patches per side,
V = G * G visual tokens, D model width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from docai.geometry import GRID
from docai.models.config import Backbone, ModelConfig
from docai.models.embeddings import Embeddings


class VisualEmbeddings(nn.Module):
    """Backbone, pooling to a grid, projection; then order and place as for text."""

    boxes: Tensor
    positions: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.patches = config.patches
        self.token_type = config.visual_token_type
        self.backbone = BACKBONES[config.backbone]()
        self.project = nn.Linear(self.backbone.channels, config.width)
        self.norm = nn.LayerNorm(config.width, eps=config.norm_eps)
        self.dropout = nn.Dropout(config.dropout)
        self.register_buffer("boxes", grid_boxes(config.patches), persistent=False)  # (V, 4)
        # Visual positions count from 0 again and share the text's position table.
        self.register_buffer("positions", torch.arange(config.visual_tokens), persistent=False)

    def forward(self, image: Tensor | None, embeddings: Embeddings, batch: int) -> Tensor:
        """(B, V, D). Without an image the tokens carry order and place only."""
        x = embeddings.place(self.positions, self.boxes).expand(batch, -1, -1)  # (B, V, D)
        if self.token_type is not None:
            x = x + embeddings.token_type.weight[self.token_type]
        if image is not None:
            x = x + F.gelu(self.project(self.features(image)))
        return self.dropout(self.norm(x))  # type: ignore[no-any-return]

    def features(self, image: Tensor) -> Tensor:
        """(B, V, C), row by row over the grid."""
        x = self.backbone(image.to(self.project.weight.dtype))  # (B, C, P / stride, P / stride)
        x = F.adaptive_avg_pool2d(x, self.patches)  # (B, C, G, G)
        return x.flatten(2).transpose(1, 2)  # (B, V, C)


class NoVision(nn.Module):
    """No visual tokens at all, whatever image is given: a model of words and boxes."""

    boxes: Tensor
    positions: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("boxes", torch.zeros(0, 4, dtype=torch.long), persistent=False)
        self.register_buffer("positions", torch.zeros(0, dtype=torch.long), persistent=False)

    def forward(self, image: Tensor | None, embeddings: Embeddings, batch: int) -> Tensor:
        """(B, 0, D)."""
        return embeddings.position.weight.new_zeros(batch, 0, embeddings.position.embedding_dim)


def grid_boxes(patches: int) -> Tensor:
    """(V, 4): the box of each patch on the 0..GRID grid, row by row."""
    edges = [GRID * i // patches for i in range(patches + 1)]
    cells = [(row, column) for row in range(patches) for column in range(patches)]
    return torch.tensor([(edges[c], edges[r], edges[c + 1], edges[r + 1]) for r, c in cells])


class PixelNorm(nn.Module):
    """(image - mean) / std per channel, image 0..255 in RGB order."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(std)[:, None, None], persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        return (image - self.mean) / self.std


class ConvNorm(nn.Sequential):
    """Convolution without bias, then batch norm (which has one)."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, *, groups: int = 1
    ) -> None:
        conv = nn.Conv2d(
            inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups, bias=False
        )
        super().__init__(conv, nn.BatchNorm2d(outputs))


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 with a shortcut: the block of ResNet (arXiv 1512.03385, figure 5)."""

    def __init__(self, inputs: int, inner: int, outputs: int) -> None:
        super().__init__()
        self.conv0 = ConvNorm(inputs, inner, 1)
        self.conv1 = ConvNorm(inner, inner, 3)
        self.conv2 = ConvNorm(inner, outputs, 1)
        self.shortcut = ConvNorm(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv2(F.relu(self.conv1(F.relu(self.conv0(x)))))
        return F.relu(y + self.shortcut(x))


class ResNetStage(nn.Module):
    """The released checkpoint's backbone: ResNet's stem and its first stage, 0.23 M weights."""

    channels = 256

    def __init__(self) -> None:
        super().__init__()
        # These are detectron2's numbers, listed there for BGR. The checkpoint was trained on
        # RGB pictures with the numbers in this order, so in this order they stay.
        self.norm = PixelNorm((103.53, 116.28, 123.675), (57.375, 57.12, 58.395))
        self.stem = ConvNorm(3, 64, 7, 2)
        self.blocks = nn.Sequential(
            Bottleneck(64, 64, 256), Bottleneck(256, 64, 256), Bottleneck(256, 64, 256)
        )

    def forward(self, image: Tensor) -> Tensor:
        x = F.relu(self.stem(self.norm(image)))  # (B, 64, P/2, P/2)
        x = F.max_pool2d(x, 3, 2, padding=1)  # (B, 64, P/4, P/4)
        return self.blocks(x)  # type: ignore[no-any-return]  # (B, 256, P/4, P/4)


class SamePadConv(nn.Conv2d):
    """TensorFlow's SAME padding: at stride 2 and even size the odd pixel goes right and below."""

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        height, width = (_same_padding(side, kernel, stride) for side in x.shape[-2:])
        return super().forward(F.pad(x, (*width, *height)))


def _same_padding(side: int, kernel: int, stride: int) -> tuple[int, int]:
    total = max(0, (-(-side // stride) - 1) * stride + kernel - side)
    return total // 2, total - total // 2


class InvertedBottleneck(nn.Module):
    """Widen, filter each channel, narrow: the block of MobileNetV2 (arXiv 1801.04381)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expand: int) -> None:
        super().__init__()
        inner = inputs * expand
        self.expand = _conv_norm6(inputs, inner, 1) if expand > 1 else nn.Identity()
        self.filter = _conv_norm6(inner, inner, kernel, stride, groups=inner)
        self.narrow = _conv_norm(inner, outputs, 1)
        self.shortcut = inputs == outputs and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.narrow(self.filter(self.expand(x)))
        return x + y if self.shortcut else y


def _conv_norm(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    conv = SamePadConv(inputs, outputs, kernel, stride, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01))


def _conv_norm6(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    return _conv_norm(inputs, outputs, kernel, stride, groups).append(nn.ReLU6())


class EfficientNetLite(nn.Module):
    """EfficientNet-Lite0 (arXiv 1905.11946, without squeeze-and-excite and with ReLU6).

    3.4 M weights, half the first stage's time on a CPU, and ImageNet weights that may be
    used commercially.
    """

    channels = 1280
    # (blocks, kernel, stride of the first, expansion, channels out)
    STAGES = (
        (1, 3, 1, 1, 16),
        (2, 3, 2, 6, 24),
        (2, 5, 2, 6, 40),
        (3, 3, 2, 6, 80),
        (3, 5, 1, 6, 112),
        (4, 5, 2, 6, 192),
        (1, 3, 1, 6, 320),
    )

    def __init__(self) -> None:
        super().__init__()
        self.norm = PixelNorm((127.0,) * 3, (128.0,) * 3)
        self.stem = _conv_norm6(3, 32, 3, 2)
        blocks: list[nn.Module] = []
        inputs = 32
        for count, kernel, stride, expand, outputs in self.STAGES:
            for i in range(count):
                step = stride if i == 0 else 1
                blocks.append(InvertedBottleneck(inputs, outputs, kernel, step, expand))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.top = _conv_norm6(inputs, self.channels, 1)

    def forward(self, image: Tensor) -> Tensor:
        x = self.stem(self.norm(image))  # (B, 32, P/2, P/2)
        return self.top(self.blocks(x))  # type: ignore[no-any-return]  # (B, 1280, P/32, P/32)


BACKBONES: dict[Backbone, type[ResNetStage] | type[EfficientNetLite]] = {
    Backbone.RESNET: ResNetStage,
    Backbone.LIGHT: EfficientNetLite,
}
