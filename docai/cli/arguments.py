"""What the commands' arguments have in common; options come from the dataclasses they fill."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docai.cli.output import Output
from docai.cli.status import DONE, NOTHING_READ, SOME_FAILED
from docai.document import Document
from docai.errors import DocaiError, EngineMissing, ModelMissing, UsageError
from docai.names import SCHEMES
from docai.options import Options, from_environment, parse

if TYPE_CHECKING:
    from docai.pipeline import Reading

log = logging.getLogger("docai")


def add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", help="documents; - is standard input")
    add_output(parser)


def add_logging(parser: argparse.ArgumentParser, *, again: bool = False) -> None:
    """`again` is for the actions of a command that has them already: -q may stand after both."""
    default = argparse.SUPPRESS if again else False
    for flags, help in (
        (("-q", "--quiet"), "errors only"),
        (("-v", "--verbose"), "say what is done"),
        (("--json-log",), "log lines as JSON"),
    ):
        parser.add_argument(*flags, action="store_true", default=default, help=help)


def add_output(parser: argparse.ArgumentParser) -> None:
    help = "a file, or a folder (default: standard output)"
    parser.add_argument("-o", "--output", type=Path, help=help)


def add_names(parser: argparse.ArgumentParser) -> None:
    help = "whose field names to use (default: docai)"
    parser.add_argument("--names", choices=tuple(SCHEMES), default="docai", help=help)


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Every option of ReadOptions and Limits."""
    from docai.ingest.limits import Limits
    from docai.pipeline import ReadOptions

    add_options(parser, "reading", ReadOptions)
    add_options(parser, "limits of one file", Limits)


def add_options(parser: argparse.ArgumentParser, title: str, cls: type[Any]) -> None:
    group = parser.add_argument_group(title, "(also from the environment: DOCAI_ and the name)")
    for field in _fields(cls):
        shown = "" if field.default is None else f" (default: {field.default})"
        choices = "|".join(field.metadata["choices"])
        group.add_argument(
            _flag(field),
            help=field.metadata["help"] + shown,
            metavar=choices or field.name.split("_")[-1].upper(),
        )


def options(cls: type[Options], given: argparse.Namespace) -> Options:
    """The defaults, over them the environment, over that the command line."""
    changes = {
        field.name: parse(field, text, f"{_flag(field)} ")
        for field in _fields(cls)
        if (text := getattr(given, field.name)) is not None
    }
    from_outside: Any = from_environment(cls, os.environ)
    changed: Options = dataclasses.replace(from_outside, **changes)
    return changed


@contextlib.contextmanager
def reading(path: str, given: argparse.Namespace) -> Iterator[Reading]:
    """The document at `path` as the command line wants it read; caveats are logged at the end."""
    from docai import pipeline
    from docai.ingest.limits import Limits

    wanted, limits = options(pipeline.ReadOptions, given), options(Limits, given)
    with pipeline.reading(path, wanted, limits=limits) as document:
        yield document
        for caveat in document.caveats:
            name = document.source.filename
            log.warning("%s, page %s: %s", name, caveat.page, caveat.message)


def read(path: str, given: argparse.Namespace) -> Document:
    with reading(path, given) as document:
        return document.document()


def each_file(given: argparse.Namespace, suffix: str, write: Callable[[str, Output], None]) -> int:
    """Writes every file's result, or its error, in the order given; returns the exit status."""
    from docai import serialize

    failed = 0
    with Output(given.output, suffix, several=len(given.files) > 1).opened() as output:
        for path in given.files:
            try:
                write(path, output)
            except (UsageError, EngineMissing, ModelMissing):
                raise
            except DocaiError as error:
                failed += 1
                log.error("%s", error)
                if suffix == "json":
                    output.json(path, serialize.error_to_json(Path(path).name, error))
    if not failed:
        return DONE
    return SOME_FAILED if failed < len(given.files) else NOTHING_READ


def _fields(cls: Any) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(cls)


def _flag(field: dataclasses.Field[Any]) -> str:
    return "--" + field.name.replace("_", "-")
