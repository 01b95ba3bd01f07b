"""The documents keep up with the code."""

import dataclasses
from pathlib import Path

import pytest

from docai import errors
from docai.cli.commands import COMMANDS
from docai.ingest.limits import Limits
from docai.pipeline import ReadOptions
from docai.settings import Settings
from docai.training.pages import PagesOptions
from docai.training.pretrain import PretrainOptions

ROOT = Path(__file__).resolve().parents[1]
DOCS = {path.name: path.read_text("utf-8") for path in (ROOT / "docs").glob("*.md")}
ERRORS = [e for e in vars(errors).values() if isinstance(e, type) and e is not errors.DocaiError]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command):
    assert f"\ndocai {command} " in DOCS["commands.md"]


OPTIONS = [
    (ReadOptions, "commands.md"),
    (Limits, "commands.md"),
    (Settings, "service.md"),
    (PagesOptions, "pretraining.md"),
    (PretrainOptions, "pretraining.md"),
]


@pytest.mark.parametrize(("options", "file"), OPTIONS)
def test_every_option_is_documented_with_its_default(options, file):
    for field in dataclasses.fields(options):
        shown = (
            ""
            if field.default is None
            else f"{field.default:g}"
            if isinstance(field.default, float)
            else field.default
        )
        row = f"| {field.name} | {shown} |".replace("|  |", "| |")
        assert row in DOCS[file]


@pytest.mark.parametrize("error", [e for e in ERRORS if e.code not in ("error", "input")])
def test_every_error_code_is_documented(error):
    assert error.code in DOCS["json.md"]


def test_every_error_has_a_code_of_its_own():
    codes = [error.code for error in ERRORS if issubclass(error, errors.DocaiError)]
    assert len(codes) == len(set(codes))


def test_every_room_is_in_the_picture():
    rooms = {path.stem for path in (ROOT / "docai").iterdir() if path.suffix == ".py"}
    rooms |= {path.parent.name for path in (ROOT / "docai").glob("*/__init__.py")}
    for room in rooms - {"__init__", "__main__"}:
        assert f"  {room}" in DOCS["architecture.md"], room
