"""What Alembic runs: on the connection it is handed, or on DOCAI_DATABASE."""

import os

from alembic import context
from sqlalchemy import TypeDecorator

from docai.options import from_environment
from docai.settings import Settings
from docai.store.database import make_engine
from docai.store.models import Base


def rendered(kind, value, context):
    """Our own column types as plain ones: a migration outlives the code of its day."""
    if kind == "type" and isinstance(value, TypeDecorator):
        return f"sa.{value.impl!r}"
    return False


def migrate(connection):
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        render_item=rendered,
        render_as_batch=connection.dialect.name == "sqlite",  # it cannot alter a table in place
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    settings = from_environment(Settings, os.environ).filled()
    with make_engine(settings.database).connect() as connection:
        migrate(connection)
