"""An event of Stripe's is kept once, and found again until it was passed on (traps M8 and M10)."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from fulfillment.store import stripe_events
from fulfillment.store.stripe_events import Event
from tests.domain.people import NOON
from tests.store.diaries import Sessions, fresh_id

NOW = timedelta(0)


def event() -> Event:
    id = fresh_id("evt_")
    return Event(id=id, type="payment_intent.succeeded", intent_id=f"pi_{id}", created_at=NOON)


async def kept(sessions: Sessions, each: Event) -> bool:
    async with sessions.begin() as session:
        return await stripe_events.keep(session, each)


async def handle(sessions: Sessions, each: Event) -> None:
    async with sessions.begin() as session:
        await stripe_events.handled(session, each.id)


async def waiting(sessions: Sessions, *, limit: int = 100, older_than: timedelta = NOW) -> list[Event]:
    async with sessions() as session:
        return [*await stripe_events.unhandled(session, limit=limit, older_than=older_than)]


async def test_of_sixteen_times_one_is_the_first(sessions: Sessions) -> None:
    told = event()

    firsts = await asyncio.gather(*(kept(sessions, told) for _ in range(16)))

    assert sorted(firsts) == [False] * 15 + [True]


async def test_what_was_not_passed_on_is_found_first_come_first(alone: Sessions) -> None:
    one, two, three = event(), event(), event()
    for each in (two, one, three):
        await kept(alone, each)

    await handle(alone, one)

    assert await waiting(alone) == [two, three]
    assert await waiting(alone, limit=1) == [two]


async def test_what_has_just_come_is_left_to_whoever_took_it(alone: Sessions) -> None:
    await kept(alone, event())

    assert await waiting(alone, older_than=timedelta(minutes=1)) == []


async def test_what_was_passed_on_stays_so_when_it_comes_again(alone: Sessions) -> None:
    told = event()
    await kept(alone, told)
    await handle(alone, told)
    await handle(alone, told)

    assert await kept(alone, told) is False
    assert await waiting(alone) == []


async def test_what_is_about_no_intent_waits_for_nobody(alone: Sessions) -> None:
    assert await kept(alone, replace(event(), intent_id=None)) is True

    assert await waiting(alone) == []
