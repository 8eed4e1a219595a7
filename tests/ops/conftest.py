"""What tests of the commands share: a database of their own, the town's engine, and a way to type."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

import ops.engine
from ops.__main__ import carried_out, parser
from tests.journeys import front
from tests.journeys.town import Town
from tests.store.conftest import alone, alone_url

__all__ = ["alone", "alone_url"]

Type = Callable[..., Coroutine[Any, Any, int]]
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
Told = Callable[[], tuple[str, str]]


@pytest.fixture
def ops_type(monkeypatch: pytest.MonkeyPatch) -> Type:
    """Carry a command out as its process does, without the seconds that a process takes to load."""
    # It would take over the log of the whole test session.
    monkeypatch.setattr(ops.engine, "configure_logging", lambda **_: None)
    monkeypatch.setenv("APP_ENV", "dev")
    monkeypatch.setenv("DATABASE_URL", NOWHERE)

    async def it(*arguments: str) -> int:
        return await carried_out(parser().parse_args(arguments))

    return it


@pytest.fixture
def in_town(town: Town, town_url: str, ops_type: Type, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Let commands of this process find the town's database and its engine."""
    monkeypatch.setenv("DATABASE_URL", town_url)
    monkeypatch.setenv("TEMPORAL_ADDRESS", front.address_of(town.engine))
    return ops_type


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Return what was said since the last time, to stdout and to stderr; the town logs between the lines."""

    def it() -> tuple[str, str]:
        said = capsys.readouterr()
        lines = said.out.splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith('{"')), said.err

    return it
