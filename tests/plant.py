"""Everything as real processes, each of which can be killed: Postgres, Temporal, the worker, the API."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from devstack import child, ports
from devstack.addresses import Addresses
from devstack.child import Child, Program
from devstack.engine import EmbeddedTemporal
from devstack.environment import PROJECT
from devstack.postgres import EmbeddedPostgres
from devstack.processes import is_ready
from fulfillment.store.migrate import upgrade
from workflows.search import SEARCH_ATTRIBUTES


class Plant:
    """Start and kill from the main thread; what waits, outside an event loop. Ask from inside one.

    `durable` is for those who kill the servers; without it they start sooner, and forget.
    """

    def __init__(self, root: Path, environment: Mapping[str, str], *, durable: bool = True) -> None:
        self._root = root
        self._environment = environment
        self.postgres = EmbeddedPostgres(root / "postgres", durable=durable)
        self.temporal = EmbeddedTemporal(
            root / "temporal.db" if durable else None,
            port=ports.free(),
            ui_port=ports.free(),
            search_attributes=SEARCH_ATTRIBUTES,
            log=root / "temporal.log",
        )
        self.api_url = f"http://{ports.LOOPBACK}:{ports.free()}"
        self._children: list[Child] = []
        self.worker: Child
        self.api: Child

    @property
    def addresses(self) -> Addresses:
        return Addresses(
            api=self.api_url,
            worker="",
            temporal=self.temporal.address,
            temporal_ui=self.temporal.ui_url,
            database_url=self.postgres.url(),
            data_dir=str(self._root),
        )

    def start(self) -> None:
        engine = self.temporal.launch()  # boots while the tables are made
        self.postgres.start()
        upgrade(self.postgres.url())
        child.wait_until(self.temporal.is_ready, name=engine.name, watching=[engine])
        self.worker, url = self.launch_worker()
        self.start_api()
        child.wait_until(lambda: is_ready(url), name="worker", watching=[self.worker])

    def start_api(self) -> None:
        self.api = child.start(self._program("api", "-m", "api"))
        self._children.append(self.api)
        child.wait_until(lambda: is_ready(self.api_url), name="api", watching=[self.api])

    def start_worker(self, **environment: str) -> None:
        """Start a worker, which may be told something else in its environment than the others."""
        self.worker, url = self.launch_worker(**environment)
        child.wait_until(lambda: is_ready(url), name="worker", watching=[self.worker])

    def start_another_worker(self, *command: str) -> Child:
        """Return another worker, for whoever asked to stop again; `command` starts it in a way of its own."""
        another, url = self.launch_worker(*command)
        child.wait_until(lambda: is_ready(url), name="worker", watching=[another])
        return another

    def launch_worker(self, *command: str, **environment: str) -> tuple[Child, str]:
        """Start a worker without waiting for it, and return it with the address where it says it is ready."""
        url = f"http://{ports.LOOPBACK}:{ports.free()}"
        program = self._program("worker", *(command or ("worker.py",)))
        own = {"WORKER_HTTP_PORT": url.rpartition(":")[2], **environment}
        worker = child.start(replace(program, env={**(program.env or {}), **own}))
        self._children.append(worker)
        return worker, url

    def kill_worker(self) -> None:
        kill(self.worker)

    def make_whole(self) -> None:
        """Start whatever a test has left dead: the servers, and the worker."""
        for server in (self.postgres, self.temporal):
            if not server_of(server).is_running:
                server.start()
        if not self.worker.is_running:
            self.start_worker()
        if not self.api.is_running:
            self.start_api()

    def stop(self) -> None:
        for each in reversed(self._children):
            each.stop()
        self.temporal.stop()
        self.postgres.stop()

    def steps(self, assignment_id: str) -> list[int]:
        """Return the numbers of the steps that are written down, in the order they were written."""
        rows = self.rows(
            "SELECT state_version FROM audit_event WHERE entity_id = %s AND applied ORDER BY id",
            assignment_id,
        )
        return [number for (number,) in rows]

    def commands(self, assignment_id: str) -> dict[str, int]:
        """Return the step that each command became, by the command's id; none is there twice."""
        rows = self.rows(
            "SELECT command_id, state_version FROM audit_event WHERE entity_id = %s AND applied",
            assignment_id,
        )
        assert len(dict(rows)) == len(rows), "a command was carried out twice"
        return dict(rows)

    def rows(self, query: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        with self.connected() as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def connected(self) -> Iterator[psycopg.Connection]:
        url = self.postgres.url().replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection

    def _program(self, name: str, *command: str) -> Program:
        return Program(
            name=name,
            command=(sys.executable, *command),
            log=self._root / f"{name}.log",
            cwd=PROJECT,
            env={
                **os.environ,
                "APP_ENV": "dev",
                "DATABASE_URL": self.postgres.url(),
                "TEMPORAL_ADDRESS": self.temporal.address,
                "PORT": self.api_url.rpartition(":")[2],
                "DATA_DIR": str(self._root),
                "PUBLIC_URL": self.api_url,
                "MAX_PROPOSALS": "1000",
                "RATE_LIMIT_PROVIDER_COMMANDS": "100000/minute",
                "RATE_LIMIT_CUSTOMER_COMMANDS": "100000/minute",
                "RATE_LIMIT_CUSTOMER_READS": "100000/minute",
                "RATE_LIMIT_ANONYMOUS": "100000/minute",
                **self._environment,
            },
        )


def kill(victim: Child) -> None:
    """End a process and whatever it started, as a power cut would."""
    if victim.is_running:
        os.killpg(victim.process.pid, signal.SIGKILL)
        victim.process.wait()


def server_of(holder: EmbeddedPostgres | EmbeddedTemporal) -> Child:
    running = holder._server
    assert running is not None
    return running


@contextmanager
def running(root: Path, **environment: str) -> Iterator[Plant]:
    """Yield a plant whose parts may be killed, and come back with all they had."""
    with _started(Plant(root, environment)) as plant:
        yield plant


@contextmanager
def short_lived(root: Path, **environment: str) -> Iterator[Plant]:
    """Yield a plant whose servers forget; nobody may kill them."""
    with _started(Plant(root, environment, durable=False)) as plant:
        yield plant


@contextmanager
def _started(plant: Plant) -> Iterator[Plant]:
    try:
        plant.start()
        yield plant
    finally:
        plant.stop()


@contextmanager
def stripe_at(root: Path) -> Iterator[str]:
    """Yield the address of a fake Stripe in a process of its own."""
    port = ports.free()
    url = f"http://{ports.LOOPBACK}:{port}"
    program = Program(
        name="stripe",
        command=(sys.executable, "-m", "tests.gateways.stripe.serving", "--port", str(port)),
        log=root / "stripe.log",
        cwd=PROJECT,
    )
    fake = child.start(program)
    child.wait_until(lambda: "ready" in fake.last_words(), name="stripe", watching=[fake])
    try:
        yield url
    finally:
        fake.stop()
