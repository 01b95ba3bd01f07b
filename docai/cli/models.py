"""`docai models`: list, show, import and fetch. Only `fetch` touches the network."""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path

from docai.cli.status import DONE
from docai.errors import ModelMissing, UsageError

log = logging.getLogger("docai")


def declare(parser: argparse.ArgumentParser) -> None:
    help = "where models lie (default: DOCAI_MODELS, or docai/models in the user's data folder)"
    parser.add_argument("--models", type=Path, metavar="DIR", help=help)
    actions = parser.add_subparsers(dest="action", metavar="list|show|import|fetch", required=True)
    actions.add_parser("list", help="what is installed and what can be fetched")
    shown = actions.add_parser("show", help="a model's card: data, terms, figures, limits")
    shown.add_argument("name", help="as `docai models list` shows it")
    given = actions.add_parser("import", help="a PaddleNLP .pdparams or a PyTorch state dict")
    given.add_argument("path", type=Path, metavar="PATH", help="the checkpoint; nothing in it runs")
    given.add_argument("--name", help="the model's name here (default: the file's)")
    given.add_argument("--config", type=Path, help="config.json (default: beside the checkpoint)")
    given.add_argument("--tokenizer", type=Path, help="the vocabulary (default: beside it)")
    wanted = actions.add_parser("fetch", help="download a model of the catalogue; resumes")
    wanted.add_argument("name", help="as `docai models list` shows it")
    help = "the sum of a file that has none on record; may be given again"
    wanted.add_argument("--sha256", action="append", default=[], metavar="FILE=HEX", help=help)


def run(given: argparse.Namespace) -> int:
    models = given.models or default_folder()
    if given.action == "list":
        from docai.models import fetch, library, small

        shipped = library.report(small.FOLDER.parent) if small.FOLDER.is_dir() else ()
        lines = [*shipped, *library.report(models), "", "to be had with `docai models fetch`:"]
        lines += [f"{entry.name}  {entry.summary}" for entry in fetch.catalogue().values()]
        print("\n".join(lines))  # noqa: T201
    elif given.action == "show":
        from docai.models import library, small

        folders = (small.FOLDER.parent / given.name, models / given.name)
        card = next((f / library.CARD for f in folders if (f / library.CARD).is_file()), None)
        if card is None:
            raise ModelMissing(f"no model is called {given.name}; `docai models list` shows them")
        print(card.read_text("utf-8"), end="")  # noqa: T201
    elif given.action == "import":
        from docai.models.convert import import_checkpoint

        name = given.name or given.path.stem
        folder = import_checkpoint(
            given.path, into=models, name=name, config=given.config, tokenizer=given.tokenizer
        )
        log.info("imported %s into %s", given.path, folder)
    else:
        from docai.models import fetch

        folder = fetch.fetch(given.name, into=models, sha256=_sums(given.sha256))
        log.info("fetched %s into %s; next: %s", given.name, folder, _next_step(given.name))
    return DONE


def default_folder() -> Path:
    if "DOCAI_MODELS" in os.environ:
        return Path(os.environ["DOCAI_MODELS"])
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "docai" / "models"


def _sums(pairs: list[str]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    if not all(name and digest for name, _, digest in split):
        raise UsageError("--sha256 takes FILE=HEX")
    return {name: digest.lower() for name, _, digest in split}


def _next_step(name: str) -> str:
    from docai.models.fetch import catalogue

    return catalogue()[name].then
