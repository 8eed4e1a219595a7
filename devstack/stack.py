"""Bring the stack up, each part after those it needs, and keep it up."""

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.exc import OperationalError

from devstack import ports, processes, record, servers
from devstack.addresses import Addresses
from devstack.errors import Unusable
from devstack.record import Ready, Running
from devstack.supervisor import GLANCE, Supervisor, stopping_on_signals
from devstack.voice import say


def up(data: Path, *, parent: int | None = None) -> None:
    """Run the stack on `data` until told to stop, or until `parent` is no longer our parent process.

    Raises:
        KeyboardInterrupt: we were told to stop, and everything has stopped.
        DevStackError: something did not start, or a child has died; the rest has stopped.
    """
    began = time.monotonic()
    record.open_directory(data)
    with record.held(data), stopping_on_signals(), Supervisor() as supervisor:
        addresses = _bring_up(data, supervisor)
        seeded = asyncio.run(_seed(addresses, supervisor))
        announcement = (f"READY in {time.monotonic() - began:.1f} s", "", *addresses.lines(), "", *seeded)
        say("\n".join(announcement))
        ready = Ready(addresses=addresses, announcement=announcement)
        record.write(data, Running(pid=os.getpid(), ready=ready))
        supervisor.watch(until=lambda: parent not in (None, os.getppid()))


def _bring_up(data: Path, supervisor: Supervisor) -> Addresses:
    """Start everything on `data` and return once worker and API say that they are ready."""
    # Temporal boots while PostgreSQL makes its data and the schema comes up to date.
    engine = servers.engine(data, supervisor)
    database_url = servers.database(data, supervisor)
    _migrate(database_url)
    engine.wait()
    addresses = Addresses(
        api=f"http://{ports.LOOPBACK}:{ports.choose('the API', 8000)}",
        worker=f"http://{ports.LOOPBACK}:{ports.choose('the worker', 9090)}",
        temporal=engine.address,
        temporal_ui=engine.ui,
        database_url=database_url,
        data_dir=str(data),
    )
    processes.start(addresses, supervisor, engine_settings=engine.settings)
    return addresses


def _migrate(database_url: str) -> None:
    from fulfillment.store.migrate import upgrade  # noqa: PLC0415 - loads Alembic, while Temporal boots

    try:
        upgrade(database_url)
    except OperationalError as error:
        raise Unusable(f"The database cannot be brought up to date: {error.orig}") from error


async def _seed(addresses: Addresses, supervisor: Supervisor) -> Sequence[str]:
    """Return what the seed has to say, with an eye on the children: without them it would wait for ever."""
    from devstack.seed import seed  # noqa: PLC0415 - loads half the system, while the servers boot

    seeding = asyncio.create_task(seed(addresses))
    while not seeding.done():
        supervisor.expect_all_alive()
        await asyncio.wait({seeding}, timeout=GLANCE)
    return seeding.result()
