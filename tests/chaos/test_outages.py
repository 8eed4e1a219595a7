"""Each part of the system is killed in turn, and what was promised is still kept."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from tests.chaos.plant import BUDGET, Parties, Plant, Reply, hired, kill, running, server_of

pytestmark = pytest.mark.chaos

OUTAGE = 15.0
RECOVERY = 15.0


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    with running(tmp_path_factory.mktemp("plant")) as started:
        yield started


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.08])
def test_a_worker_killed_between_a_command_and_its_answer_loses_and_doubles_nothing(
    plant: Plant, delay: float
) -> None:
    parties = asyncio.run(hired(plant.api_url))

    async def ask() -> Reply:
        asking = asyncio.create_task(parties.propose(0, key="the-one"))
        await asyncio.sleep(delay)  # where in the command the worker dies is what the test varies
        plant.kill_worker()
        return await asking

    first = asyncio.run(ask())
    plant.start_worker()
    second = asyncio.run(parties.insist(0, key="the-one"))
    asyncio.run(_written(plant, [parties], steps=2))
    read = asyncio.run(parties.customer.get(f"/assignments/{parties.id}"))

    assert first.status in {200, 503}
    assert first.seconds < BUDGET
    assert second.status == 200
    assert read.body["scheduleVersion"] == second.body["scheduleVersion"] == 1


def test_without_a_worker_a_command_is_answered_in_time_and_its_key_tells_later(plant: Plant) -> None:
    parties = asyncio.run(hired(plant.api_url))
    plant.kill_worker()

    unknown = asyncio.run(parties.propose(0, key="k"))
    read = asyncio.run(parties.customer.get(f"/assignments/{parties.id}"))
    plant.start_worker()
    told = asyncio.run(parties.insist(0, key="k"))

    assert (unknown.status, unknown.body["code"]) == (503, "OUTCOME_UNKNOWN")
    assert "retry-after" in unknown.headers
    assert unknown.seconds < BUDGET
    assert read.status == 200
    assert told.body["scheduleVersion"] == 1
    asyncio.run(_written(plant, [parties], steps=2))


def test_with_postgres_away_commands_go_on_and_their_rows_follow(plant: Plant) -> None:
    first, second, third = (asyncio.run(hired(plant.api_url)) for _ in range(3))
    assert asyncio.run(third.insist(0, key="before")).status == 200
    kill(server_of(plant.postgres))

    async def outage() -> list[Reply]:
        replies, versions, end = [], {first: 0, second: 0}, time.monotonic() + OUTAGE
        while time.monotonic() < end:
            for each, version in versions.items():
                replies.append(await each.propose(version))
                versions[each] += replies[-1].status == 200
        return replies

    replies = asyncio.run(outage())
    read = asyncio.run(first.customer.get(f"/assignments/{first.id}"))
    confirmed = asyncio.run(third.confirm(1, key="confirm"))
    plant.postgres.start()

    honoured = [reply for reply in replies if reply.status == 200]
    assert len(honoured) >= max(20, 0.95 * len(replies))
    assert max(reply.seconds for reply in (*replies, read, confirmed)) < BUDGET
    assert (read.status, confirmed.status) == (503, 503)
    asyncio.run(_written(plant, [first, second], steps=len(honoured) + 2))
    again = asyncio.run(_until_confirmed(third))
    assert (again.status, again.body["status"]) == (200, "scheduled")


def test_a_temporal_that_is_killed_comes_back_with_every_assignment(plant: Plant) -> None:
    several = [asyncio.run(hired(plant.api_url)) for _ in range(4)]
    assert {asyncio.run(each.insist(0, key="before")).status for each in several} == {200}
    kill(server_of(plant.temporal))

    refused = asyncio.run(several[0].propose(1, key="while-away"))
    plant.temporal.start()
    back = time.monotonic()
    told = asyncio.run(several[0].insist(1, key="while-away"))
    after = [told, *(asyncio.run(each.insist(1, key="after")) for each in several[1:])]

    assert (refused.status, refused.seconds < BUDGET) == (503, True)
    assert {reply.status for reply in after} == {200}
    assert time.monotonic() - back < RECOVERY
    asyncio.run(_written(plant, several, steps=3 * len(several)))


async def _until_confirmed(parties: Parties) -> Reply:
    async with asyncio.timeout(30):
        while (reply := await parties.confirm(1, key="confirm")).status == 503:
            pass
        return reply


async def _written(plant: Plant, several: list[Parties], *, steps: int) -> None:
    """Wait until the rows of `several` are there, `steps` in all and none twice or left out."""
    async with asyncio.timeout(RECOVERY):
        while sum(len(plant.steps(each.id)) for each in several) < steps:
            await asyncio.sleep(0.1)
    for each in several:
        numbers = plant.steps(each.id)
        assert numbers == list(range(1, len(numbers) + 1))
    assert sum(len(plant.steps(each.id)) for each in several) == steps
