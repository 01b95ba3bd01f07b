"""Which models are installed. Imports nothing heavy, so that `docai models list` is quick."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

WEIGHTS = "model.safetensors"
CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
CARD = "README.md"
ABOUT = "about.json"


@dataclass(frozen=True, slots=True)
class Installed:
    """One model folder; `fault` says what is wrong with it, or is None."""

    name: str
    folder: Path
    version: str = ""
    summary: str = ""
    licence: str = ""
    sha256: str = ""
    bytes: int = 0
    fault: str | None = None


def installed(models: Path) -> Iterator[Installed]:
    """Every model folder in `models`, by name, damaged ones included."""
    if not models.is_dir():
        return
    for folder in sorted(models.iterdir()):
        if folder.is_dir() and not folder.name.startswith("."):
            yield describe(folder)


def describe(folder: Path) -> Installed:
    absent = [f for f in (ABOUT, CONFIG, WEIGHTS, TOKENIZER) if not (folder / f).is_file()]
    if absent:
        return Installed(folder.name, folder, fault=f"{absent[0]} is missing")
    try:
        about = json.loads((folder / ABOUT).read_text("utf-8"))
        return Installed(
            name=folder.name,
            folder=folder,
            version=about["version"],
            summary=about["summary"],
            licence=about["licence"],
            sha256=about["sha256"],
            bytes=(folder / WEIGHTS).stat().st_size,
        )
    except (ValueError, KeyError, TypeError) as error:
        return Installed(folder.name, folder, fault=f"{ABOUT} is damaged: {error}")


def report(models: Path) -> Iterator[str]:
    """The lines of `docai models list`."""
    found = list(installed(models))
    if not found:
        yield f"no models in {models}; `docai models fetch` and `docai models import` add some"
    for model in found:
        if model.fault:
            yield f"{model.name}: damaged: {model.fault}"
            continue
        size_mb = model.bytes / 1e6
        yield f"{model.name} {model.version}  {size_mb:.0f} MB  sha256 {model.sha256[:12]}"
        yield f"    {model.summary} Licence: {model.licence}"
