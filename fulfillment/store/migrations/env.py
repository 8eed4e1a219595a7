"""Alembic's entry point: `migrate.upgrade` hands in its connection, the command line brings DATABASE_URL."""

from alembic import context
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from fulfillment.settings import AppEnv, Settings
from fulfillment.store.migrate import alone
from fulfillment.store.tables import Table


def main() -> None:
    connection: Connection | None = context.config.attributes.get("connection")
    if connection is not None:
        run(connection)
        return
    # Migrating takes the database and nothing else, so the doors that prod insists on may stay unset.
    url = Settings(app_env=AppEnv.DEV).database_url
    with create_engine(url, poolclass=NullPool).connect() as own, alone(own):
        run(own)


def run(connection: Connection) -> None:
    """Run what the command asks for, each revision in a transaction of its own."""
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        transaction_per_migration=True,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


main()
