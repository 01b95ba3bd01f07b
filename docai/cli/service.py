"""What the commands about the service share, and the small ones: `docai migrate`, `docai keys`."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from docai.cli.arguments import add_logging
from docai.cli.status import DONE
from docai.errors import UsageError
from docai.options import from_environment

if TYPE_CHECKING:
    from docai.settings import Settings
    from docai.store.database import Store

log = logging.getLogger("docai")

Given = argparse.Namespace

MISSING = "the service is not installed: pip install 'docai[service]'"


def settings() -> Settings:
    from docai.settings import Settings

    return from_environment(Settings, os.environ).filled()


@contextlib.contextmanager
def opened(*, migrated: bool = True) -> Iterator[Store]:
    """The store that DOCAI_* name. Raises StoreError where its tables are of another version."""
    try:
        from docai.store import migrate
        from docai.store.database import Store
    except ModuleNotFoundError as error:
        raise UsageError(MISSING) from error
    Path(settings().data).mkdir(parents=True, exist_ok=True)
    store = Store.from_settings(settings())
    try:
        if migrated:
            migrate.require_current(store.engine)
        yield store
    finally:
        store.close()


def declare_migrate(parser: argparse.ArgumentParser) -> None:
    help = "the revision to go to, up or down (default: this version's)"
    parser.add_argument("--to", metavar="REVISION", help=help)


def run_migrate(given: Given) -> int:
    with opened(migrated=False) as store:
        from docai.store import migrate

        migrate.move(store.engine, given.to)
    return DONE


def declare_keys(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="new|list|revoke", required=True)
    new = actions.add_parser("new", help="make a key; it is shown this once")
    new.add_argument("--owner", default="local", help="whose documents it opens (default: local)")
    new.add_argument("--name", default="", help="what it is for")
    help = "what it may do: read, write, admin (default: read,write)"
    new.add_argument("--scopes", default="read,write", metavar="S,S", help=help)
    shown = actions.add_parser("list", help="all keys, without their secrets")
    revoke = actions.add_parser("revoke", help="make a key useless")
    revoke.add_argument("id", type=UUID, metavar="ID")
    for sub in (new, shown, revoke):
        add_logging(sub, again=True)


def run_keys(given: Given) -> int:
    with opened() as store:
        from docai.store import keys

        if given.action == "new":
            wanted = given.scopes.split(",")
            if not set(wanted) <= set(keys.Scope):
                raise UsageError(f"--scopes {given.scopes}: choose of {', '.join(keys.Scope)}")
            _, text = keys.make(store, given.owner, given.name, map(keys.Scope, wanted))
            print(text)  # noqa: T201
        elif given.action == "list":
            for key in keys.several(store):
                state = "revoked" if key.revoked_at else " ".join(sorted(key.scopes))
                print(f"{key.id}  {key.owner}  {key.name or '-'}  {state}")  # noqa: T201
        else:
            keys.revoke(store, given.id)
    return DONE
