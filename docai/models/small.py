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


def is_used() -> bool:
    """Whether it and its packages are there, and nobody asked to do without."""
    if os.environ.get(WANTED, NAME) != NAME or not FOLDER.is_dir():
        return False
    return all(importlib.util.find_spec(package) is not None for package in NEEDED)


@cache
def info() -> ModelInfo:
    about = json.loads((FOLDER / ABOUT).read_text("utf-8"))
    return ModelInfo(NAME, about["version"], about["sha256"])


@cache
def reader() -> Loaded[DocumentModel]:
    """Loaded once a process, in the arithmetic that this processor is fastest at."""
    from dataclasses import replace

    from docai.models.precision import Precision, available, for_inference
    from docai.models.weights import load

    loaded = load(FOLDER)
    fast = Precision.BF16 if Precision.BF16 in available() else Precision.FP32
    return replace(loaded, model=for_inference(loaded.model, fast))
