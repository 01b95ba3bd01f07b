"""Prompts: a few trained vectors beside a frozen encoder.

P-tuning (arXiv 2103.10385) trains embeddings at the input and nothing else; visual prompts
(arXiv 2203.12119) do the same beside the image patches. Their state is saved apart from the
encoder's, a few kilobytes for each supplier or field.

Dimensions: P text prompts, Q visual prompts, D model width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from docai.errors import ModelError
from docai.geometry import GRID
from docai.models.embeddings import INITIAL_STD, Embeddings

WHOLE_PAGE = (0, 0, GRID, GRID)


class Prompts(nn.Module):
    """Text prompts stand before the page, like a question; visual prompts see all of it.

    A text prompt's box is empty, as a question's is, and a visual prompt's is the whole page.
    The encoder appends both to the sequence: attention has no order but the positions.
    """

    boxes: Tensor
    positions: Tensor

    def __init__(self, width: int, *, text: int = 0, visual: int = 0) -> None:
        super().__init__()
        if text + visual == 0:
            raise ValueError("no prompts: give text or visual at least one")
        self.text = self.visual = None
        if text:
            self.text = nn.Parameter(torch.randn(text, width) * INITIAL_STD)
        if visual:
            self.visual = nn.Parameter(torch.randn(visual, width) * INITIAL_STD)
        boxes = torch.tensor([(0, 0, 0, 0)] * text + [WHOLE_PAGE] * visual)
        positions = torch.cat([torch.arange(text), torch.arange(visual)])
        self.register_buffer("boxes", boxes, persistent=False)  # (P + Q, 4)
        self.register_buffer("positions", positions, persistent=False)  # (P + Q)

    @torch.no_grad()
    def start_from(self, words: Tensor) -> None:
        """Begin the text prompts at these vectors (at most P, D), the words of a description.

        A start among real words trains faster and more steadily than a random one.
        """
        if self.text is None:
            raise ValueError("these prompts have no text part")
        count = min(len(words), len(self.text))
        self.text[:count] = words[:count]

    def embedded(self, embeddings: Embeddings) -> Tensor:
        """(P + Q, D): with order and place, normalised as a word's embedding would be.

        So a prompt that starts at a word's embedding begins by acting as that word.
        """
        vectors = torch.cat([v for v in (self.text, self.visual) if v is not None])
        vectors = vectors + embeddings.place(self.positions, self.boxes)
        return embeddings.norm(vectors + embeddings.token_type.weight[0])  # type: ignore[no-any-return]


@contextmanager
def only_trainable(model: nn.Module, train: Sequence[nn.Module] = ()) -> Iterator[None]:
    """Inside, every weight of `model` is frozen but those of `train`; outside, as before."""
    before = [(weight, weight.requires_grad) for weight in model.parameters()]
    for weight, _ in before:
        weight.requires_grad_(False)
    for part in train:
        part.requires_grad_(True)
    try:
        yield
    finally:
        for weight, required in before:
            weight.requires_grad_(required)


def save_prompts(prompts: Prompts, path: Path) -> None:
    from safetensors.torch import save_file

    save_file(prompts.state_dict(), path)


def load_prompts(path: Path, *, width: int) -> Prompts:
    """Raises ModelError where the file is damaged or was trained beside another encoder."""
    from docai.models.weights import read_safetensors

    state = read_safetensors(path)
    if not state or not set(state) <= {"text", "visual"}:
        raise ModelError(f"{path.name} holds {sorted(state)}, not prompts")
    for name, vectors in state.items():
        if vectors.ndim != 2 or vectors.shape[1] != width:
            raise ModelError(
                f"{path.name}: '{name}' is {tuple(vectors.shape)}, the encoder is {width} wide"
            )
    count = {name: len(state[name]) if name in state else 0 for name in ("text", "visual")}
    prompts = Prompts(width, text=count["text"], visual=count["visual"])
    prompts.load_state_dict(state)
    return prompts
