"""Everything as real processes, each of which can be killed: Postgres, Temporal, the worker, the API."""

import asyncio
import os
import signal
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import httpx2
import psycopg

from api.idempotency import command_id
from devstack import child, ports
from devstack.child import Child, Program
from devstack.engine import EmbeddedTemporal
from devstack.environment import PROJECT
from devstack.postgres import EmbeddedPostgres
from devstack.processes import is_ready
from fulfillment.store.migrate import upgrade
from workflows.search import SEARCH_ATTRIBUTES

Json = dict[str, Any]
PROPOSE = "/assignments/{assignment_id}/schedule"
BUDGET = 5.5
"""Seconds within which every request is answered (P5), and half a second for this machine."""


class Plant:
    """Start and kill from the main thread; what waits, outside an event loop. Ask from inside one."""

    def __init__(self, root: Path, **environment: str) -> None:
        self._root = root
        self._environment = environment
        self.postgres = EmbeddedPostgres(root / "postgres")
        self.temporal = EmbeddedTemporal(
            root / "temporal.db",
            port=ports.free(),
            ui_port=ports.free(),
            search_attributes=SEARCH_ATTRIBUTES,
            log=root / "temporal.log",
        )
        self.api_url = f"http://{ports.LOOPBACK}:{ports.free()}"
        self._children: list[Child] = []
        self.worker: Child
        self.api: Child

    def start(self) -> None:
        self.postgres.start()
        self.temporal.start()
        upgrade(self.postgres.url())
        self.start_worker()
        self.start_api()

    def start_api(self) -> None:
        self.api = child.start(self._program("api", "-m", "api"))
        self._children.append(self.api)
        child.wait_until(lambda: is_ready(self.api_url), name="api", watching=[self.api])

    def start_worker(self) -> None:
        self.worker, url = self.launch_worker()
        child.wait_until(lambda: is_ready(url), name="worker", watching=[self.worker])

    def start_another_worker(self, *command: str) -> Child:
        """Return another worker, for whoever asked to stop again; `command` starts it in a way of its own."""
        another, url = self.launch_worker(*command)
        child.wait_until(lambda: is_ready(url), name="worker", watching=[another])
        return another

    def launch_worker(self, *command: str) -> tuple[Child, str]:
        """Start a worker without waiting for it, and return it with the address where it says it is ready."""
        url = f"http://{ports.LOOPBACK}:{ports.free()}"
        program = self._program("worker", *(command or ("worker.py",)))
        worker = child.start(
            replace(program, env={**(program.env or {}), "WORKER_HTTP_PORT": url.rpartition(":")[2]})
        )
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
    plant = Plant(root, **environment)
    try:
        plant.start()
        yield plant
    finally:
        plant.stop()


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, and in how many seconds."""

    status: int
    body: Json
    headers: httpx2.Headers
    seconds: float


def client(url: str, patience: float) -> httpx2.AsyncClient:
    """Return a client of its own; nothing here is encrypted, and reading the certificates is slow."""
    return httpx2.AsyncClient(base_url=url, timeout=patience, verify=False)


class Visitor:
    """Somebody with a token, who looks at the clock while waiting; each request has its own connection."""

    def __init__(self, api_url: str, id: str, token: str) -> None:
        self.id = id
        self._api_url = api_url
        self._headers = {"Authorization": f"Bearer {token}"}

    async def post(self, path: str, body: Json, *, key: str | None = None, patience: float = 15) -> Reply:
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        began = time.monotonic()
        async with client(self._api_url, patience) as http:
            response = await http.post(path, json=body, headers=headers)
        return Reply(response.status_code, response.json(), response.headers, time.monotonic() - began)

    async def put(self, path: str, body: Json) -> Reply:
        began = time.monotonic()
        async with client(self._api_url, 15) as http:
            response = await http.put(path, json=body, headers=self._headers)
        return Reply(response.status_code, response.json(), response.headers, time.monotonic() - began)

    async def get(self, path: str, **query: Any) -> Reply:
        began = time.monotonic()
        async with client(self._api_url, 15) as http:
            response = await http.get(path, params=query, headers=self._headers)
        return Reply(response.status_code, response.json(), response.headers, time.monotonic() - began)


_BODIES: dict[tuple[str, str], Json] = {}


@dataclass(frozen=True, slots=True)
class Parties:
    """An assignment and the two who agree on it."""

    id: str
    customer: Visitor
    provider: Visitor
    job_id: str

    @property
    def path(self) -> str:
        return f"/assignments/{self.id}"

    def command_id(self, key: str) -> str:
        """Return the name under which the proposal of this key is found in the audit."""
        return command_id(actor_id=self.provider.id, method="POST", route=PROPOSE, target=self.id, key=key)

    async def propose(self, version: int, *, key: str | None = None, patience: float = 15) -> Reply:
        """Propose the window of this key, which is the same however often it is sent."""
        named = key or uuid.uuid4().hex
        body = _BODIES.setdefault((self.id, named), window() | {"expectedVersion": version})
        path = f"/assignments/{self.id}/schedule"
        return await self.provider.post(path, body, key=named, patience=patience)

    async def insist(self, version: int, *, key: str) -> Reply:
        """Repeat one proposal under one key until it is answered, as a good client does."""
        async with asyncio.timeout(40):
            while (reply := await self.propose(version, key=key)).status == httpx2.codes.SERVICE_UNAVAILABLE:
                pass
            return reply

    async def confirm(self, version: int, *, key: str) -> Reply:
        path = f"/assignments/{self.id}/schedule/confirm"
        return await self.customer.post(path, {"version": version}, key=key)

    async def version(self) -> int:
        """Return the schedule version that the run itself has."""
        reply = await self.customer.get(f"/assignments/{self.id}/state")
        assert reply.status == httpx2.codes.OK, reply.body
        return int(reply.body["scheduleVersion"])


async def hired(api_url: str) -> Parties:
    """Return a fresh assignment, its provider chosen by a quote; a machine that is busy is waited for."""
    name = uuid.uuid4().hex[:8]
    customer = await signed_in(api_url, f"ada-{name}", "customer")
    provider = await signed_in(api_url, f"bob-{name}", "provider")
    posted = await _until_made(
        customer,
        "/jobs",
        {
            "title": "Mend the boiler",
            "siteTimezone": "Europe/Berlin",
            "priceCap": {"amount": 20_000, "currency": "EUR"},
            "dispatchMode": "quotes",
        },
    )
    job = f"/jobs/{posted['id']}"
    while (await customer.get(job)).body.get("status") != "quoting":
        await asyncio.sleep(0.05)
    quote = await _until_made(provider, f"{job}/quotes", {"amount": 15_000, "currency": "EUR"})
    accepted = await _until_made(customer, f"{job}/quotes/{quote['id']}/accept", {"version": 1})
    return Parties(accepted["id"], customer, provider, posted["id"])


async def _until_made(who: Visitor, path: str, body: Json) -> Json:
    """Post `body` under one key until it is taken, as a good client does."""
    key = uuid.uuid4().hex
    async with asyncio.timeout(60):
        while (reply := await who.post(path, body, key=key)).status == httpx2.codes.SERVICE_UNAVAILABLE:
            await asyncio.sleep(0.1)
    assert reply.status == httpx2.codes.CREATED, reply.body
    return reply.body


async def signed_in(api_url: str, sub: str, role: str) -> Visitor:
    async with client(api_url, 15) as http:
        minted = await http.post("/dev/token", json={"sub": sub, "role": role})
    return Visitor(api_url, sub, minted.json()["accessToken"])


def window() -> Json:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=5)
    return {"start": start.isoformat(), "end": (start + timedelta(hours=2)).isoformat()}
