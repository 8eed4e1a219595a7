"""Assignments and jobs at every point where something is refused; nothing changes, so tests share them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from fulfillment.domain.people import Role
from tests.journeys.people import Json, Person
from tests.journeys.test_waves import HOLIDAY, offer
from tests.journeys.town import Deal, Town, fresh, window

NEAR = 0.2
"""Days to a visit that a run is moved beyond."""
MOST_PROPOSALS = 20
AT_ONCE = 8
MONEY: Json = {"amount": 10_000, "currency": "EUR"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What stands on it: people by their part, and ids by their place in a path."""

    people: Mapping[str, Person]
    ids: Mapping[str, str]


Stages = Mapping[str, Stage]
T = TypeVar("T")


async def set_up(town: Town) -> Stages:
    """Return every stage by its name."""
    return await side_by_side(town, BUILDERS)


async def side_by_side(town: Town, makers: Mapping[str, Callable[[Town], Awaitable[T]]]) -> Mapping[str, T]:
    """Return what each of them makes; not all at once, or a slow machine would answer none in time."""
    places = asyncio.Semaphore(AT_ONCE)

    async def made(name: str) -> tuple[str, T]:
        async with places:
            return name, await makers[name](town)

    return dict(await asyncio.gather(*(made(name) for name in makers)))


def _of(deal: Deal, **ids: str) -> Stage:
    town = deal.town
    people = {
        "customer": deal.customer,
        "provider": deal.provider,
        "ops": town.ops(),
        "admin": town.admin(),
        "party as admin": town.person(Role.ADMIN, deal.provider.id),
    }
    places = {
        "job_id": deal.job_id,
        "assignment_id": deal.id,
        "payout_id": deal.id,
        "provider_id": deal.provider.id,
    }
    return Stage(people=people, ids={**places, "deadline_id": "no_such_deadline", **ids})


async def _made(town: Town) -> Stage:
    deal = await town.deal()
    return _of(deal, quote_id=await _quote_of(deal))


async def _proposed(town: Town) -> Stage:
    return _of(await town.deal(visit=window()))


async def _countered(town: Town) -> Stage:
    deal = await town.deal(visit=window())
    await deal.propose(1, by=deal.customer, days=6)
    return _of(deal)


async def _declined(town: Town) -> Stage:
    deal = await town.deal(visit=window())
    await deal.customer.post(f"{deal.path}/schedule/decline", {"version": 1})
    return _of(deal)


async def _lapsed(town: Town) -> Stage:
    deal = await town.deal(visit=window())
    await deal.skip(hours=25)
    return _of(deal)


async def _crowded(town: Town) -> Stage:
    deal = await town.deal()
    for version in range(MOST_PROPOSALS):
        await deal.propose(version)
    return _of(deal)


async def _busy(town: Town) -> Stage:
    visit = window(days=7)
    first = await town.scheduled(visit=visit)
    return _of(await town.deal(visit=visit, provider=first.provider))


async def _scheduled(town: Town) -> Stage:
    deal = await town.scheduled()
    return _of(deal, deadline_id="visit_1440m/v1/customer")


async def _begun(town: Town) -> Stage:
    deal = await town.scheduled(visit=window(days=NEAR))
    await deal.skip(hours=24 * NEAR + 0.1)
    return _of(deal)


async def _under_way(town: Town) -> Stage:
    deal = await town.scheduled(visit=window(days=NEAR))
    await deal.skip(hours=24 * NEAR - 1)
    await deal.provider.post(f"{deal.path}/check-in")
    return _of(deal)


async def _reported(town: Town) -> Stage:
    """Return a visit to which the provider did not come, as the customer says."""
    deal = await town.scheduled(visit=window(days=NEAR))
    await deal.skip(hours=24 * NEAR + 0.6)
    await deal.customer.post(f"{deal.path}/no-show")
    return _of(deal)


async def _answered(town: Town) -> Stage:
    stage = await _reported(town)
    said = {"statement": "the street was closed"}
    await stage.people["provider"].post(f"/assignments/{stage.ids['assignment_id']}/incident/answer", said)
    return stage


async def _held(town: Town) -> Stage:
    deal = await town.deal()
    await deal.provider.post(f"{deal.path}/hold", {"until": window(days=2)["start"], "reason": "parts"})
    return _of(deal)


async def _held_before(town: Town) -> Stage:
    deal = await town.deal()
    await deal.provider.post(f"{deal.path}/hold", {"until": window(days=2)["start"], "reason": "parts"})
    await deal.provider.post(f"{deal.path}/resume")
    return _of(deal)


async def _completed(town: Town) -> Stage:
    return _of(await town.completed())


async def _disputed(town: Town) -> Stage:
    deal = await town.completed()
    await deal.customer.post(f"{deal.path}/dispute", {"reason": "it still leaks"})
    return _of(deal)


async def _denied(town: Town) -> Stage:
    deal = await town.completed()
    denial = {"attempt": 1, "reasonCode": "late", "note": "too late"}
    await town.admin().post(f"{deal.payout}/deny", denial)
    return _of(deal)


async def _paid(town: Town) -> Stage:
    deal = await town.completed()
    await town.admin().post(f"{deal.payout}/approve", {"attempt": 1, "reason": "bank 1"})
    await deal.written("paid")
    await town.job(deal.job_id, "completed")
    return _of(deal, quote_id=await _quote_of(deal))


async def _rejected(town: Town) -> Stage:
    """Return an assignment given back; its job takes quotes again, from others."""
    deal = await town.deal()
    quote = await _quote_of(deal)
    await deal.provider.post(f"{deal.path}/reject", {"reasonCode": "sick"})
    await town.job(deal.job_id, "quoting")
    return _of(deal, quote_id=quote)


async def _quote_of(deal: Deal) -> str:
    (quote,) = await deal.customer.all(f"/jobs/{deal.job_id}/quotes")
    return str(quote["id"])


async def _quoting(town: Town) -> Stage:
    """Return a job with one quote, whose customer is a provider, too."""
    customer, provider = town.customer(), town.provider()
    job_id = (await town.quoting(customer))["id"]
    quote = await provider.post(f"/jobs/{job_id}/quotes", MONEY)
    people = {
        "customer": customer,
        "provider": provider,
        "ops": town.ops(),
        "customer as provider": town.person(Role.PROVIDER, customer.id),
    }
    return Stage(people=people, ids={"job_id": job_id, "quote_id": quote["id"]})


async def _called_off(town: Town) -> Stage:
    """Return a job that is over, with the quote it had."""
    stage = await _quoting(town)
    await stage.people["customer"].post(f"/jobs/{stage.ids['job_id']}/cancel", {"reason": "never mind"})
    await town.job(stage.ids["job_id"], "cancelled")
    return stage


async def _unfilled(town: Town) -> Stage:
    """Return a job for operations; the provider on this stage gave it back."""
    customer, provider = town.customer(), town.provider()
    job_id = (await town.quoting(customer))["id"]
    quote = await provider.post(f"/jobs/{job_id}/quotes", MONEY)
    made = await customer.post(f"/jobs/{job_id}/quotes/{quote['id']}/accept", {"version": 1})
    await provider.post(f"/assignments/{made['id']}/reject", {"reasonCode": "sick"})
    await town.job(job_id, "quoting")
    await town.skip(jobId=job_id, hours=49)
    await town.job(job_id, "unfilled")
    people = {"customer": customer, "provider": provider, "ops": town.ops()}
    return Stage(people=people, ids={"job_id": job_id})


async def _offered(town: Town) -> Stage:
    """Return a job that went to one of five; ids are the others' offers, by what became of them."""
    trade = fresh("trade")
    filled, winner, *silent, decliner = [await town.tradesman(trade) for _ in range(5)]
    job_id = (await town.posted(town.customer(), mode="auto", trade=trade))["id"]
    offers = {who: (await offer(who, job_id))["id"] for who in (*silent, decliner)}
    await decliner.post(f"/offers/{offers[decliner]}/decline", HOLIDAY)
    await town.skip(jobId=job_id, hours=2.1)
    offers |= {who: (await offer(who, job_id))["id"] for who in (filled, winner)}
    await winner.post(f"/offers/{offers[winner]}/accept")
    await town.job(job_id, "accepted")
    parts = {"expired": silent[0], "declined": decliner, "filled": filled, "accepted": winner}
    return Stage(people=parts, ids={part: offers[who] for part, who in parts.items()})


BUILDERS: Mapping[str, Callable[[Town], Awaitable[Stage]]] = {
    "made": _made,
    "proposed": _proposed,
    "countered": _countered,
    "declined": _declined,
    "lapsed": _lapsed,
    "crowded": _crowded,
    "busy": _busy,
    "scheduled": _scheduled,
    "begun": _begun,
    "under way": _under_way,
    "reported": _reported,
    "answered": _answered,
    "held": _held,
    "held before": _held_before,
    "completed": _completed,
    "disputed": _disputed,
    "denied": _denied,
    "paid": _paid,
    "rejected": _rejected,
    "quoting": _quoting,
    "called off": _called_off,
    "unfilled": _unfilled,
    "offered": _offered,
}
