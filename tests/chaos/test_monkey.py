"""Competing clients with little patience, workers killed again and again, and a strict accountant."""

import asyncio
import math
import random
import time
import uuid
from dataclasses import dataclass, field

import httpx2
import pytest

from devstack.child import Child
from tests.chaos.parties import Parties, Reply, hired
from tests.plant import Plant, kill

pytestmark = pytest.mark.chaos

ASSIGNMENTS, CLIENTS = 6, 2
SECONDS = 20.0
BETWEEN_KILLS = (2.0, 4.0)
ABORTED = 0.35
"""The share of calls that a client gives up on early and repeats under the same key."""
HUNG_UP = (0.005, 1.0)
"""Seconds after which it gives up, often few: some calls are cut before they count, some after."""
SETTLED = 30.0
# Runs that are renewed often: then a repeat meets the memory that travels along, and not the engine's own.
RESTLESS = """
import asyncio
import workflows.story
workflows.story.COMMANDS_PER_RUN = 15
import worker
asyncio.run(worker.main())
"""
SEED = 20261122


@dataclass(slots=True)
class Account:
    """What the clients of one assignment were told: the step that each honoured key became, or a no."""

    parties: Parties
    honoured: dict[str, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    aborted: int = 0


def test_nothing_acknowledged_is_lost_or_doubled_whatever_dies(plant: Plant) -> None:
    dice = random.Random(SEED)  # noqa: S311 - the same monkey every time
    plant.kill_worker()
    workers = [plant.start_another_worker("-c", RESTLESS) for _ in range(2)]
    accounts = [Account(asyncio.run(hired(plant.api_url))) for _ in range(ASSIGNMENTS)]

    async def under_fire() -> int:
        until = time.monotonic() + SECONDS
        competing = [
            asyncio.create_task(_compete(each, random.Random(dice.random()), until))  # noqa: S311
            for each in accounts
            for _ in range(CLIENTS)
        ]
        kills = await _keep_killing(plant, workers, dice, until)
        await asyncio.gather(*competing)
        return kills

    try:
        kills = asyncio.run(under_fire())
        for each in accounts:
            asyncio.run(_agrees(plant, each))
    finally:
        for worker in workers:
            kill(worker)

    assert kills >= SECONDS / BETWEEN_KILLS[1] - 1
    assert sum(each.aborted for each in accounts) >= 10
    assert sum(len(each.honoured) for each in accounts) >= 5 * ASSIGNMENTS


async def _keep_killing(plant: Plant, workers: list[Child], dice: random.Random, until: float) -> int:
    """Kill one of two workers now and then, whatever it has in its hands, and start another in its place."""
    kills = 0
    while time.monotonic() < until:
        await asyncio.sleep(dice.uniform(*BETWEEN_KILLS))
        place = dice.randrange(len(workers))
        kill(workers[place])
        workers[place], _ = plant.launch_worker("-c", RESTLESS)
        kills += 1
    return kills


async def _compete(account: Account, dice: random.Random, until: float) -> None:
    """Propose on the version last seen, again and again, and keep what one is told."""
    version = 0
    while time.monotonic() < until:
        key = uuid.uuid4().hex
        reply = await _answered(account, key, version, dice)
        if reply.status == httpx2.codes.CONFLICT:
            account.refused.add(key)
            version = reply.body["snapshot"]["scheduleVersion"]
            continue
        assert reply.body["scheduleVersion"] == version + 1, "a stale version was accepted"
        account.honoured[key] = reply.body["stateVersion"]
        version += 1


async def _answered(account: Account, key: str, version: int, dice: random.Random) -> Reply:
    """Send one command until it is answered for good, hanging up early now and then."""
    async with asyncio.timeout(60):
        while True:
            patience = math.exp(dice.uniform(*map(math.log, HUNG_UP))) if dice.random() < ABORTED else 15
            try:
                reply = await account.parties.propose(version, key=key, patience=patience)
            except httpx2.TimeoutException:
                account.aborted += 1
                continue
            if reply.status in {httpx2.codes.OK, httpx2.codes.CONFLICT}:
                return reply
            assert reply.status in {429, 503}, reply.body


async def _agrees(plant: Plant, account: Account) -> None:
    """Hold what clients were told against the rows: each honoured key is one step, and no refused one is."""
    expected = len(account.honoured) + 1
    async with asyncio.timeout(SETTLED):
        while len(plant.steps(account.parties.id)) < expected:
            await asyncio.sleep(0.2)
    steps, commands = plant.steps(account.parties.id), plant.commands(account.parties.id)
    assert steps == list(range(1, expected + 1))
    told = {account.parties.command_id(key): number for key, number in account.honoured.items()}
    assert told.items() <= commands.items(), "what was answered is not there, or is another step"
    refused = {account.parties.command_id(key) for key in account.refused}
    assert not refused & commands.keys(), "what was refused was carried out"
    read = await account.parties.customer.get(account.parties.path)
    assert read.body["stateVersion"] == expected, "the head is not the last step"
