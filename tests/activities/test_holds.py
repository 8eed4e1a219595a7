"""A workflow that asks for a provider's time learns whether it has it, in words it can act on."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.holds import Holds, Reservation, Settled
from fulfillment.domain.window import VisitWindow
from fulfillment.store.tables import HoldRow
from tests.domain.people import LATER, NEXT_WEEK
from tests.store.diaries import fresh_id

Sessions = async_sessionmaker[AsyncSession]


def reservation(provider: str, *, wanted: VisitWindow = NEXT_WEEK, claim: int = 1) -> Reservation:
    return Reservation(
        assignment_id=fresh_id("a-"), provider_id=provider, wanted=wanted, agreed=None, version=1, claim=claim
    )


def settled(taken: Reservation, agreed: VisitWindow | None, *, claim: int) -> Settled:
    return Settled(
        assignment_id=taken.assignment_id,
        provider_id=taken.provider_id,
        agreed=agreed,
        version=taken.version,
        claim=claim,
    )


async def run(activity: Callable[..., Any], given: Any) -> None:
    await ActivityEnvironment().run(activity, given)


async def held(sessions: Sessions, assignment_id: str) -> int | None:
    """Return how many windows are held, None if there is no row."""
    async with sessions() as session:
        spans = await session.scalar(select(HoldRow.spans).where(HoldRow.assignment_id == assignment_id))
    return None if spans is None else len(spans)


async def test_of_eight_that_race_one_has_it_and_the_others_are_told_for_good(sessions: Sessions) -> None:
    provider = fresh_id("p-")
    rivals = [reservation(provider) for _ in range(8)]

    ends = await asyncio.gather(
        *(run(Holds(sessions).reserve_hold, each) for each in rivals), return_exceptions=True
    )

    refused = [end for end in ends if isinstance(end, ApplicationError)]
    assert len(refused) == 7
    assert {(end.type, end.non_retryable) for end in refused} == {("ProviderBusy", True)}


async def test_a_repeat_is_no_refusal(sessions: Sessions) -> None:
    taken = reservation(fresh_id("p-"))

    await run(Holds(sessions).reserve_hold, taken)
    await run(Holds(sessions).reserve_hold, taken)

    assert await held(sessions, taken.assignment_id) == 1


async def test_what_was_settled_meanwhile_stays_so(sessions: Sessions) -> None:
    taken = reservation(fresh_id("p-"))
    await run(Holds(sessions).settle_hold, settled(taken, None, claim=2))

    with pytest.raises(ApplicationError) as late:
        await run(Holds(sessions).reserve_hold, taken)

    assert (late.value.type, late.value.non_retryable) == ("HoldOvertaken", True)
    assert await held(sessions, taken.assignment_id) == 0


async def test_settling_gives_back_what_was_not_agreed(sessions: Sessions) -> None:
    provider = fresh_id("p-")
    taken = reservation(provider, wanted=LATER)
    await run(Holds(sessions).reserve_hold, taken)

    await run(Holds(sessions).settle_hold, settled(taken, NEXT_WEEK, claim=2))

    await run(Holds(sessions).reserve_hold, reservation(provider, wanted=LATER))
    assert await held(sessions, taken.assignment_id) == 1


async def test_it_survives_the_way_through_the_engine() -> None:
    given = reservation(fresh_id("p-"))

    (payload,) = await pydantic_data_converter.encode([given])
    (arrived,) = await pydantic_data_converter.decode([payload], [Reservation])

    assert arrived == given
