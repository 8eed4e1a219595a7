"""A worker dies in the middle of a command, or beside another one: what is answered is done, once."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.chaos.parties import BUDGET, Parties, Reply, hired
from tests.plant import Plant, kill

pytestmark = pytest.mark.chaos

RECOVERY = 10.0
"""Seconds after which commands are honoured again while another worker runs (P7)."""


def test_a_confirmation_cut_short_while_it_takes_the_providers_time_is_carried_out_once(
    plant: Plant,
) -> None:
    parties = asyncio.run(hired(plant.api_url))
    assert asyncio.run(parties.insist(0, key="first")).status == 200

    # The worker asks for the provider's time, has to queue for it, and dies while it waits.
    async def cut_short() -> Reply:
        asked = asyncio.create_task(parties.confirm(1, key="yes"))
        await _somebody_waits(plant)
        plant.kill_worker()
        return await asked

    with _nobodys_time_to_be_had(plant):
        first = asyncio.run(cut_short())
    plant.start_worker()

    # The client asks again under the same key, until it knows.
    answered = asyncio.run(_confirmed(parties))
    again = asyncio.run(parties.confirm(1, key="yes"))

    assert (first.status, first.seconds < BUDGET) == (503, True)
    assert answered.body["status"] == "scheduled"
    assert (again.body, again.headers["Idempotent-Replayed"]) == (answered.body, "true")
    assert asyncio.run(_all_steps(plant, parties, number=3)) == [1, 2, 3]
    assert plant.rows("SELECT count(*) FROM provider_hold WHERE assignment_id = %s", parties.id) == [(1,)]


def test_beside_a_second_worker_it_goes_on_within_ten_seconds(plant: Plant) -> None:
    several = [asyncio.run(hired(plant.api_url)) for _ in range(4)]
    another = plant.start_another_worker()
    plant.kill_worker()
    began = time.monotonic()

    async def all_propose() -> list[Reply]:
        return await asyncio.gather(*(each.insist(0, key="k") for each in several))

    replies = asyncio.run(all_propose())
    took = time.monotonic() - began
    kill(another)

    assert {reply.status for reply in replies} == {200}
    assert took < RECOVERY


@contextmanager
def _nobodys_time_to_be_had(plant: Plant) -> Iterator[None]:
    """Lock the table of holds: whoever wants a provider's time waits."""
    with plant.connected() as connection, connection.transaction():
        connection.execute("LOCK TABLE provider_hold IN ACCESS EXCLUSIVE MODE")
        yield


async def _somebody_waits(plant: Plant) -> None:
    waiting = "SELECT 1 FROM pg_locks WHERE relation = 'provider_hold'::regclass AND NOT granted"
    async with asyncio.timeout(5):
        while not plant.rows(waiting):
            await asyncio.sleep(0.02)


async def _confirmed(parties: Parties) -> Reply:
    async with asyncio.timeout(30):
        while (reply := await parties.confirm(1, key="yes")).status == 503:
            pass
    assert reply.status == 200, reply.body
    return reply


async def _all_steps(plant: Plant, parties: Parties, *, number: int) -> list[int]:
    async with asyncio.timeout(15):
        while len(steps := plant.steps(parties.id)) < number:
            await asyncio.sleep(0.1)
    return steps
