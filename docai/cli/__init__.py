"""The `docai` command.

Results go to standard output or to -o, words for people to standard error. Exit status: 0 all
done; 1 some documents failed; 2 wrong usage; 3 nothing could be read; 4 an engine or model is
missing; 130 interrupted.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from docai import __version__
from docai.cli.arguments import add_logging
from docai.cli.commands import COMMANDS
from docai.cli.status import DONE, INTERRUPTED, MISSING, NOTHING_READ, WRONG_USAGE
from docai.errors import DocaiError, EngineMissing, ModelMissing, UsageError
from docai.log import set_up_logging

log = logging.getLogger("docai")


def main() -> None:
    """Runs the command and exits with its status."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """The exit status of `docai ARGUMENTS`; argparse itself exits with 2 on wrong usage."""
    given = _parser(arguments).parse_args(arguments)
    set_up_logging(_level(given), as_json=given.json_log)
    try:
        status: int = given.run(given)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `docai read … | head`; nobody is left to write to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:  # of the output: what a document's file does wrong is a DocaiError
        log.error("the result cannot be written: %s", error)
        return WRONG_USAGE
    except DocaiError as error:
        log.error("%s", error)
        if isinstance(error, UsageError):
            return WRONG_USAGE
        return MISSING if isinstance(error, EngineMissing | ModelMissing) else NOTHING_READ


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Knows every command's name; only the one called gets its arguments, for a quick start."""
    parser = argparse.ArgumentParser(prog="docai", description="Documents in, checked data out.")
    parser.add_argument("--version", action="version", version=f"docai {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.help, description=command.help + ".")
        if name in arguments:
            add_logging(sub)
            command.declare(sub)
            sub.set_defaults(run=command.run)
    return parser


def _level(given: argparse.Namespace) -> int:
    return logging.ERROR if given.quiet else logging.DEBUG if given.verbose else logging.INFO
