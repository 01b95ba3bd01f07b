"""docai-small, the model that ships with docai: what it is, and its reader once it is loaded.

Importing this is cheap; torch comes with the first question.
"""

from __future__ import annotations

import importlib.util
import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from docai.models.library import ABOUT
from docai.results import ModelInfo

if TYPE_CHECKING:
    from docai.models.model import DocumentModel
    from docai.models.weights import Loaded

FOLDER = Path(__file__).parent / "shipped" / "docai-small"
NAME = "docai-small"
NEEDED = ("torch", "safetensors", "tokenizers")  # the extra `model`
WANTED = "DOCAI_MODEL"  # names the model; "rules" does without one
CPU = "cpu"


def is_used() -> bool:
    """Whether it and its packages are there, and nobody asked to do without."""
    if os.environ.get(WANTED, NAME) != NAME or not FOLDER.is_dir():
        return False
    return all(importlib.util.find_spec(package) is not None for package in NEEDED)


@cache
def info() -> ModelInfo:
    about = json.loads((FOLDER / ABOUT).read_text("utf-8"))
    return ModelInfo(NAME, about["version"], about["sha256"])


def use_threads(count: int) -> None:
    """How many threads this process's model may take; 0 leaves it to torch, which takes all cores.

    Said before the first question: a process among several on one machine has its share only.
    """
    global _threads
    _threads = count


_threads = 0


def reader(device: str = CPU) -> Loaded[DocumentModel]:
    """Loaded once a process, in the arithmetic that its processor or "cuda:N" is fastest at."""
    return _loaded(device)


@cache
def _loaded(device: str) -> Loaded[DocumentModel]:
    from dataclasses import replace

    import torch

    from docai.models.precision import fastest
    from docai.models.weights import load

    if _threads:
        torch.set_num_threads(_threads)
    loaded = load(FOLDER)
    return replace(loaded, model=fastest(loaded.model, device))
