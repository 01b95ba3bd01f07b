"""Random pages of a few tokens, for the models of conftest.py."""

import torch

from docai.models.inputs import ModelInput, Segments
from docai.models.mmlayout import text_shape

SIDE = 56  # pixels of a test image; pooling adapts


def random_boxes(*shape):
    """Boxes on the grid, any size, never inside out."""
    x = torch.randint(0, 1001, (*shape, 2)).sort(-1).values
    y = torch.randint(0, 1001, (*shape, 2)).sort(-1).values
    return torch.stack([x[..., 0], y[..., 0], x[..., 1], y[..., 1]], -1)


def random_inputs(batch=2, tokens=10, *, padded=0, image=True):
    """`padded` tokens at the end of the last row are padding."""
    keep = torch.ones(batch, tokens, dtype=torch.bool)
    if padded:
        keep[-1, -padded:] = False
    pixels = torch.randint(0, 256, (batch, 3, SIDE, SIDE), dtype=torch.uint8)
    return ModelInput(
        token_ids=torch.randint(5, 60, (batch, tokens)),
        boxes=random_boxes(batch, tokens),
        image=pixels if image else None,
        keep=keep if padded else None,
        token_types=torch.zeros(batch, tokens, dtype=torch.long),
    )


def random_segments(batch=2, tokens=10, count=3):
    """Token t is in segment t % count, but token 0 is in none."""
    members = torch.arange(tokens).remainder(count).repeat(batch, 1)
    members[:, 0] = -1
    shape = torch.tensor([text_shape(t) for t in ("Total:", "12.50", "Thank you")[:count]])
    return Segments(
        members=members,
        boxes=random_boxes(batch, count),
        shape=shape.expand(batch, -1, -1),
        keep=torch.ones(batch, count, dtype=torch.bool),
    )
