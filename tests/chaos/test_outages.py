"""Each part of the system is killed in turn, and what was promised is still kept."""

import asyncio
import time

import pytest

from tests.chaos.parties import BUDGET, Parties, Reply, hired, window
from tests.plant import Plant, kill, server_of

pytestmark = pytest.mark.chaos

OUTAGE = 15.0
RECOVERY = 15.0
AT_ONCE = 2.0


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
    by_job = asyncio.run(_countered(third))
    reads = [asyncio.run(first.customer.get(path)) for path in (first.path, "/assignments", "/jobs")]
    confirmed = asyncio.run(_said_yes(third))
    plant.postgres.start()

    honoured = [reply for reply in replies if reply.status == 200]
    assert len(honoured) >= max(20, 0.95 * len(replies))
    assert max(reply.seconds for reply in (*replies, by_job, *reads, confirmed)) < BUDGET
    assert by_job.status == 200
    assert {(reply.status, reply.body["code"]) for reply in reads} == {(503, "ENGINE_UNAVAILABLE")}
    assert confirmed.status == 503
    asyncio.run(_written(plant, [first, second], steps=len(honoured) + 2))
    again = asyncio.run(_until_confirmed(third))
    assert (again.status, again.body["status"]) == (200, "scheduled")
    asyncio.run(_written(plant, [third], steps=4))


def test_without_worker_and_engine_people_can_still_read(plant: Plant) -> None:
    parties = asyncio.run(hired(plant.api_url))
    asyncio.run(_written(plant, [parties], steps=1))
    plant.kill_worker()
    kill(server_of(plant.temporal))

    async def all_read() -> list[Reply]:
        own = [parties.path, f"{parties.path}/timeline", f"/jobs/{parties.job_id}", "/assignments", "/jobs"]
        return [await parties.customer.get(path) for path in own]

    reads = asyncio.run(all_read())
    asked = asyncio.run(parties.customer.get(f"{parties.path}/state"))
    told = asyncio.run(parties.propose(0, key="k"))
    plant.temporal.start()
    plant.start_worker()
    again = asyncio.run(parties.insist(0, key="k"))

    assert {(reply.status, reply.seconds < AT_ONCE) for reply in reads} == {(200, True)}
    assert {(reply.status, reply.body["code"]) for reply in (asked, told)} == {(503, "ENGINE_UNAVAILABLE")}
    assert max(asked.seconds, told.seconds) < BUDGET
    assert (again.status, again.body["scheduleVersion"]) == (200, 1)
    asyncio.run(_written(plant, [parties], steps=2))


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
    for each in several:
        read, state = (asyncio.run(each.customer.get(path)) for path in (each.path, f"{each.path}/state"))
        assert read.body | {"projectedAt": None} == state.body, "the rows are not what the run says"


async def _countered(parties: Parties) -> Reply:
    """Propose as the customer, by the job, whose assignment only the run can name while Postgres is away."""
    body = window() | {"expectedVersion": 1}
    return await parties.customer.post(f"/jobs/{parties.job_id}/schedule", body, key="by-job")


async def _until_confirmed(parties: Parties) -> Reply:
    """Say yes as the provider: the customer's proposal took the place of their own."""
    async with asyncio.timeout(30):
        while (reply := await _said_yes(parties)).status == 503:
            pass
        return reply


async def _said_yes(parties: Parties) -> Reply:
    return await parties.provider.post(f"{parties.path}/schedule/confirm", {"version": 2}, key="confirm")


async def _written(plant: Plant, several: list[Parties], *, steps: int) -> None:
    """Wait until the rows of `several` are there, `steps` in all and none twice or left out."""
    async with asyncio.timeout(RECOVERY):
        while sum(len(plant.steps(each.id)) for each in several) < steps:
            await asyncio.sleep(0.1)
    for each in several:
        numbers = plant.steps(each.id)
        assert numbers == list(range(1, len(numbers) + 1))
    assert sum(len(plant.steps(each.id)) for each in several) == steps
