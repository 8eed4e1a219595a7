"""The embedded Temporal keeps its runs and knows our search attributes; another one learns them from us."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest
from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from devstack import engine, ports
from devstack.engine import EmbeddedTemporal, Remote
from devstack.errors import Unusable

T = TypeVar("T")

VERSION = SearchAttributeKey.for_int("ScheduleVersion")
ATTRIBUTES = {VERSION.name: "Int"}


def make(folder: Path, *, attributes: Mapping[str, str]) -> EmbeddedTemporal:
    return EmbeddedTemporal(
        folder / "temporal.db",
        port=ports.free(),
        ui_port=ports.free(),
        search_attributes=attributes,
        log=folder / "temporal.log",
    )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedTemporal]:
    server = make(tmp_path, attributes=ATTRIBUTES).start()
    yield server
    server.stop()


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[EmbeddedTemporal]:
    """A server that knows none of our search attributes."""
    server = make(tmp_path, attributes={}).start()
    yield server
    server.stop()


def test_a_run_survives_a_kill_with_what_it_can_be_searched_by(server: EmbeddedTemporal) -> None:
    ask(begin_a_run(server.address))
    assert server._server is not None
    server._server.process.kill()

    server.start()

    run = ask(describe_the_run(server.address))
    assert run.typed_search_attributes[VERSION] == 7


def test_another_server_learns_our_search_attributes(stranger: EmbeddedTemporal) -> None:
    remote = Remote(address=stranger.address, namespace="default", tls=False, api_key=None)

    for _ in range(2):  # a repeat changes nothing
        engine.register(ATTRIBUTES, at=remote)

    ask(begin_a_run(stranger.address))
    assert ask(describe_the_run(stranger.address)).typed_search_attributes[VERSION] == 7


def test_nobody_at_the_address_is_said() -> None:
    remote = Remote(address=f"127.0.0.1:{ports.free()}", namespace="default", tls=False, api_key=None)

    with pytest.raises(Unusable, match="no Temporal answers there"):
        engine.register(ATTRIBUTES, at=remote)


def ask(question: Coroutine[Any, Any, T]) -> T:
    # In a loop of its own: the servers start and stop outside of any.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(question)


async def begin_a_run(address: str) -> None:
    client = await Client.connect(address)
    attributes = TypedSearchAttributes([SearchAttributePair(VERSION, 7)])
    await client.start_workflow("Kept", id="kept", task_queue="nobody", search_attributes=attributes)


async def describe_the_run(address: str) -> WorkflowExecutionDescription:
    client = await Client.connect(address)
    return await client.get_workflow_handle("kept").describe()
