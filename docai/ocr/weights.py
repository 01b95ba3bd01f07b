"""The weights that travel with docai or with a package it depends on: where, and unharmed?"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from docai.errors import EngineMissing
from docai.ocr.base import ModelFile

OURS = Path(__file__).parent / "weights"

# What each of our files must hash to; weights/*/README.md says where they are from.
SHA256 = {
    "pp-ocrv6-tiny/det/inference.onnx": (
        "193bab7a04fca699a6c82e6abb5b81bdb28177f0abd4062552b04908dafb19f8"
    ),
    "pp-ocrv6-tiny/rec/inference.onnx": (
        "9ef676d6ed3c88256a2d92c640c44f25b0c40947e111b14b8be8f594091563e6"
    ),
    "pp-ocrv6-tiny/characters.txt": (
        "2af150bab777d86fa1ce821f6a37eabea90f1bb99ab9c41f031262e892a747bc"
    ),
}


def ours(name: str) -> Path:
    """One of the files in SHA256, checked: a damaged model reads nonsense, it does not fail."""
    path = OURS / name
    if not path.is_file():
        raise EngineMissing(f"the model file {path} is missing; reinstall docai")
    if sha256(path) != SHA256[name]:
        raise EngineMissing(f"the model file {path} is damaged; reinstall docai")
    return path


def in_package(package: str, name: str, remedy: str) -> Path:
    """A file inside an installed package, which is not imported for it."""
    folder = package_folder(package)
    if folder is None:
        raise EngineMissing(f"the package {package} is not installed; {remedy}")
    if not (folder / name).is_file():
        raise EngineMissing(f"the installed {package} has no {name}; {remedy}")
    return folder / name


def package_folder(package: str) -> Path | None:
    """Where a package's files are, or None where it is not installed."""
    spec = find_spec(package)
    locations = spec.submodule_search_locations if spec else None
    return Path(next(iter(locations))) if locations else None


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def described(path: Path) -> ModelFile:
    return ModelFile("/".join(path.parts[-3:]), sha256(path), path.stat().st_size)
