"""Competing clients with little patience, a worker killed again and again, and a strict accountant."""

import asyncio
import random
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx2
import pytest

from tests.chaos.plant import Parties, Plant, hired, running

pytestmark = pytest.mark.chaos

ASSIGNMENTS, CLIENTS = 4, 2
SECONDS = 25.0
ABORTED = 0.2
"""The share of calls that a client gives up on early and repeats under the same key."""
SEED = 20261122


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    with running(tmp_path_factory.mktemp("plant")) as started:
        yield started


@dataclass(slots=True)
class Account:
    """What the clients of one assignment were told: the step that each honoured key became."""

    parties: Parties
    honoured: dict[str, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    aborted: int = 0


def test_nothing_acknowledged_is_lost_or_doubled_whatever_dies(plant: Plant) -> None:
    dice = random.Random(SEED)  # noqa: S311 - the same monkey every time
    accounts = [Account(asyncio.run(hired(plant.api_url))) for _ in range(ASSIGNMENTS)]
    kills = 0

    async def clients(until: float) -> None:
        await asyncio.gather(
            *(_client(each, random.Random(dice.random()), until) for each in accounts for _ in range(CLIENTS))  # noqa: S311
        )

    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        asyncio.run(clients(time.monotonic() + dice.uniform(2, 4)))
        plant.kill_worker()
        kills += 1
        plant.start_worker()
    asyncio.run(clients(time.monotonic() + 2))

    assert kills >= 3
    assert sum(each.aborted for each in accounts) >= 10
    for each in accounts:
        asyncio.run(_agrees(plant, each))


async def _client(account: Account, dice: random.Random, until: float) -> None:
    """Propose on the version one sees, again and again, and keep what one is told."""
    while time.monotonic() < until:
        try:
            version = await account.parties.version()
        except AssertionError:
            continue
        key = uuid.uuid4().hex
        await _tell(account, key, version, dice)


async def _tell(account: Account, key: str, version: int, dice: random.Random) -> None:
    """Send one command until it is answered, giving up early now and then."""
    for _ in range(60):
        impatient = dice.random() < ABORTED
        try:
            reply = await account.parties.propose(
                version, key=key, patience=dice.uniform(0.005, 0.15) if impatient else 15
            )
        except httpx2.TimeoutException:
            account.aborted += 1
            continue
        if reply.status == httpx2.codes.OK:
            account.honoured[key] = int(reply.body["stateVersion"])
            return
        if reply.status == httpx2.codes.CONFLICT:
            account.refused.add(key)
            return


async def _agrees(plant: Plant, account: Account) -> None:
    """Hold what clients were told against the rows: each honoured key is one step, and no refused one is."""
    expected = len(account.honoured) + 1
    async with asyncio.timeout(30):
        while len(plant.steps(account.parties.id)) < expected:
            await asyncio.sleep(0.2)
    steps = plant.steps(account.parties.id)
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) == expected
    assert sorted(account.honoured.values()) == list(range(2, expected + 1))
    assert not account.refused & account.honoured.keys()
