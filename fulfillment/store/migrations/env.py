"""Alembic's entry point: `migrate.upgrade` hands in its connection, the command line brings DATABASE_URL."""

import sys

from alembic import context
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from fulfillment.settings import AppEnv, WrongSetting, read
from fulfillment.store.migrate import alone, bounded
from fulfillment.store.tables import Table


def main() -> None:
    connection: Connection | None = context.config.attributes.get("connection")
    if connection is not None:
        run(connection)
        return
    with create_engine(_url(), poolclass=NullPool).connect() as own, alone(own):
        run(own)


def run(connection: Connection) -> None:
    """Run what the command asks for, each revision in a transaction of its own that waits for nobody long."""
    bounded(connection)
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        transaction_per_migration=True,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _url() -> str:
    """Return where the database is; migrating takes nothing else, so what prod insists on may stay unset."""
    try:
        return read(app_env=AppEnv.DEV).database_url
    except WrongSetting as wrong:
        sys.exit(str(wrong))


main()
