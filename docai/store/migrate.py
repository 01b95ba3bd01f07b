"""The tables made and changed, by the scripts in migrations/."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from docai.errors import StoreError, UsageError
from docai.store.models import Base

SCRIPTS = Path(__file__).resolve().parents[2] / "migrations"


def upgrade(engine: Engine, to: str = "head") -> None:
    """Up to a revision; does nothing where the database is there already."""
    with engine.begin() as connection:
        command.upgrade(_config(connection), to)


def downgrade(engine: Engine, to: str) -> None:
    with engine.begin() as connection:
        command.downgrade(_config(connection), to)


def move(engine: Engine, to: str | None) -> None:
    """Up or down to the revision, or up to the newest. Raises UsageError for an unknown one."""
    scripts = ScriptDirectory(str(SCRIPTS))
    wanted = to or scripts.get_current_head() or "base"
    known = [script.revision for script in scripts.walk_revisions()]  # newest first
    if wanted not in (*known, "base"):
        raise UsageError(f"there is no revision {to!r}; there are {', '.join(known)} and base")
    older = known[known.index(wanted) + 1 :] if wanted in known else []
    found = current(engine)
    if found is None or found in older:
        upgrade(engine, wanted)
    elif found != wanted:
        downgrade(engine, wanted)


def current(engine: Engine) -> str | None:
    """The revision that the database is at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def differences(engine: Engine) -> list[str]:
    """What a migration from the database to the models would have to change; empty is good."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [str(change) for change in compare_metadata(context, Base.metadata)]


def require_current(engine: Engine) -> None:
    """Raises StoreError where the tables are not those of this version."""
    newest = ScriptDirectory(str(SCRIPTS)).get_current_head()
    found = current(engine)
    if found != newest:
        raise StoreError(f"the database is at revision {found}, not {newest}: run `docai migrate`")


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config
