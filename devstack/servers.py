"""The two servers everything stands on: embedded, or those that somebody else runs."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from devstack import ports
from devstack.engine import NAMESPACE, EmbeddedTemporal, Remote, register
from devstack.environment import given
from devstack.postgres import DATABASE, EmbeddedPostgres
from devstack.supervisor import Supervisor
from devstack.voice import say
from workflows.search import SEARCH_ATTRIBUTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A Temporal to work with: how to wait for it, and what else the processes are told about it."""

    address: str
    ui: str | None
    wait: Callable[[], None]
    settings: Mapping[str, str]


def engine(data: Path, supervisor: Supervisor) -> Engine:
    """Return the engine that TEMPORAL_ADDRESS names, or start our own, which may not answer yet."""
    address = given("TEMPORAL_ADDRESS")
    return _external_engine(address) if address else _embedded_engine(data, supervisor)


def database(data: Path, supervisor: Supervisor) -> str:
    """Return the address of the database that DATABASE_URL names, or of our own, once it answers."""
    url = given("DATABASE_URL")
    if url is None:
        return _embedded_database(data, supervisor)
    say("DATABASE_URL is set: using that PostgreSQL, not the embedded one.")
    return url


def _external_engine(address: str) -> Engine:
    say(f"TEMPORAL_ADDRESS is set: using the Temporal at {address}, not the embedded one.")
    remote = Remote(
        address=address,
        namespace=given("TEMPORAL_NAMESPACE") or NAMESPACE,
        tls=(given("TEMPORAL_TLS") or "").lower() in {"1", "true", "yes", "on"},
        api_key=given("TEMPORAL_API_KEY"),
    )
    register(SEARCH_ATTRIBUTES, at=remote)
    return Engine(address=address, ui=given("TEMPORAL_UI_URL"), wait=lambda: None, settings={})


def _embedded_engine(data: Path, supervisor: Supervisor) -> Engine:
    server = EmbeddedTemporal(
        data / "temporal" / "temporal.db",
        port=ports.choose("Temporal", 7233),
        ui_port=ports.choose("the Temporal UI", 8233),
        search_attributes=SEARCH_ATTRIBUTES,
        log=data / "log" / "temporal.log",
    )
    child = supervisor.adopt(server.launch())
    return Engine(
        address=server.address,
        ui=server.ui_url,
        wait=lambda: supervisor.wait_for(child, server.is_ready),
        # What was set for another engine is not for this one; empty is unset.
        settings={"TEMPORAL_NAMESPACE": NAMESPACE, "TEMPORAL_TLS": "false", "TEMPORAL_API_KEY": ""},
    )


def _embedded_database(data: Path, supervisor: Supervisor) -> str:
    # libpq obeys PGSSLMODE, PGOPTIONS and the like, here and in every child; they are for other servers.
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
    port = ports.choose("PostgreSQL", 15432)
    server = EmbeddedPostgres(data / "postgres", port=port, log=data / "log" / "postgres.log")
    supervisor.wait_for(supervisor.adopt(server.launch()), server.is_ready)
    server.create_database(DATABASE)
    return server.url()
