"""A good command for every route that takes one, ready to be sent, and another body under the same key."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from tests.journeys.people import Json, Person
from tests.journeys.routes import ABSENCE, ABSENT, AWAY
from tests.journeys.stages import MONEY, side_by_side
from tests.journeys.test_waves import offer
from tests.journeys.town import Deal, Town, fresh, job, window


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`other` is a body that asks for something else; where a route asks one thing only, there is none."""

    who: Person
    path: str
    body: Json
    other: Json | None = None


Orders = Mapping[str, Order]
SAID: Json = {"reason": "so that it is said"}
ELSE: Json = {"reason": "so that something else is said"}


async def ready(town: Town) -> Orders:
    """Return an order for each route, none of them sent yet, each about a thing of its own."""
    return await side_by_side(town, MAKERS)


def _about_a_deal(
    begin: Callable[[Town], Awaitable[Deal]],
    who: Callable[[Deal], Person],
    path: Callable[[Deal], str],
    body: Json,
    other: Json | None = None,
) -> Callable[[Town], Awaitable[Order]]:
    async def made(town: Town) -> Order:
        deal = await begin(town)
        return Order(who=who(deal), path=path(deal), body=body, other=other)

    return made


def _customer(deal: Deal) -> Person:
    return deal.customer


def _provider(deal: Deal) -> Person:
    return deal.provider


def _ops(deal: Deal) -> Person:
    return deal.town.ops()


def _admin(deal: Deal) -> Person:
    return deal.town.admin()


def _under(step: str) -> Callable[[Deal], str]:
    return lambda deal: f"{deal.path}/{step}"


async def _accepted(town: Town) -> Deal:
    return await town.deal()


async def _proposed(town: Town) -> Deal:
    return await town.deal(visit=window())


async def _scheduled(town: Town) -> Deal:
    return await town.scheduled()


async def _soon(town: Town) -> Deal:
    deal = await town.scheduled(visit=window(days=0.2))
    await deal.skip(hours=3.5)
    return deal


async def _missed(town: Town) -> Deal:
    deal = await town.scheduled(visit=window(days=0.2))
    await deal.skip(hours=5.4)
    return deal


async def _reported(town: Town) -> Deal:
    deal = await _missed(town)
    await deal.customer.post(f"{deal.path}/no-show")
    return deal


async def _held(town: Town) -> Deal:
    deal = await town.deal()
    await deal.provider.post(f"{deal.path}/hold", {"until": window()["start"], **SAID})
    return deal


async def _completed(town: Town) -> Deal:
    return await town.completed()


async def _disputed(town: Town) -> Deal:
    deal = await town.completed()
    await deal.customer.post(f"{deal.path}/dispute", SAID)
    return deal


async def _denied(town: Town) -> Deal:
    deal = await town.completed()
    await town.admin().post(f"{deal.payout}/deny", {"attempt": 1, "reasonCode": "late", "note": "too late"})
    return deal


async def _posting(town: Town) -> Order:
    return Order(who=town.customer(), path="/jobs", body=job(), other=job(title="Mend the roof"))


async def _calling_off(town: Town) -> Order:
    who = town.customer()
    path = f"/jobs/{(await town.quoting(who))['id']}/cancel"
    return Order(who=who, path=path, body=SAID, other=ELSE)


async def _prolonging(town: Town) -> Order:
    path = f"/jobs/{(await town.quoting(town.customer()))['id']}/extend"
    until = {"until": window(days=40)["start"]}
    return Order(who=town.ops(), path=path, body=SAID | until, other=SAID | {"hours": 3})


async def _unfilled(town: Town) -> str:
    id = (await town.posted(town.customer(), mode="auto", trade=fresh("trade")))["id"]
    await town.job(id, "unfilled")
    return str(id)


async def _widening(town: Town) -> Order:
    path = f"/jobs/{await _unfilled(town)}/widen"
    body = SAID | {"dispatchMode": "quotes"}
    return Order(who=town.ops(), path=path, body=body, other=body | {"dispatchMode": "both"})


async def _assigning(town: Town) -> Order:
    path = f"/jobs/{await _unfilled(town)}/assign"
    body = SAID | MONEY | {"providerId": town.provider().id}
    return Order(who=town.ops(), path=path, body=body, other=body | {"amount": 9_000})


async def _readmitting(town: Town) -> Order:
    deal = await town.deal()
    await deal.provider.post(f"{deal.path}/reject", {"reasonCode": "sick"})
    await town.job(deal.job_id, "quoting")
    body = SAID | {"providerId": deal.provider.id}
    return Order(who=town.ops(), path=f"/jobs/{deal.job_id}/readmit", body=body, other=body | ELSE)


async def _quoting(town: Town) -> Order:
    path = f"/jobs/{(await town.quoting(town.customer()))['id']}/quotes"
    body = MONEY | {"validUntil": window(days=2)["start"], "window": window()}
    return Order(who=town.provider(), path=path, body=body, other=body | {"amount": 9_000})


async def _quoted(town: Town) -> tuple[Person, Person, str]:
    customer, provider = town.customer(), town.provider()
    path = f"/jobs/{(await town.quoting(customer))['id']}/quotes"
    quote = await provider.post(path, MONEY)
    return customer, provider, f"{path}/{quote['id']}"


async def _taking_a_quote_back(town: Town) -> Order:
    _, provider, path = await _quoted(town)
    return Order(who=provider, path=f"{path}/withdraw", body={})


async def _taking_a_quote(town: Town) -> Order:
    customer, _, path = await _quoted(town)
    return Order(who=customer, path=f"{path}/accept", body={"version": 1}, other={"version": 2})


async def _offered(town: Town) -> tuple[Person, str]:
    trade = fresh("trade")
    who = await town.tradesman(trade)
    job_id = (await town.posted(town.customer(), mode="auto", trade=trade))["id"]
    return who, f"/offers/{(await offer(who, job_id))['id']}"


async def _taking_an_offer(town: Town) -> Order:
    who, path = await _offered(town)
    return Order(who=who, path=f"{path}/accept", body={})


async def _declining_an_offer(town: Town) -> Order:
    who, path = await _offered(town)
    body, other = {"reasonCode": "too_far"}, {"reasonCode": "on_holiday"}
    return Order(who=who, path=f"{path}/decline", body=body, other=other)


async def _falling_ill(town: Town) -> Order:
    deal = await town.scheduled(visit=window(days=101))
    await deal.written()
    return Order(
        who=deal.provider,
        path=ABSENT.format(provider_id=deal.provider.id),
        body=AWAY,
        other=AWAY | {"reasonCode": "sick"},
    )


async def _coming_back(town: Town) -> Order:
    ill = await _falling_ill(town)
    begun = await ill.who.post(ill.path, ill.body)
    return Order(who=ill.who, path=f"{begun['links']['self']}/end", body=SAID, other=ELSE)


FIRST = {**window(), "expectedVersion": 0}
LATER = {**window(days=6), "expectedVersion": 0}
DEADLINE = "deadlines/visit_1440m/v1/customer"
RULED: Json = {"attempt": 1, "reason": "bank 1"}
DENIED: Json = {"attempt": 1, "reasonCode": "late", "note": "too late"}
UNTIL = {"until": window()["start"]}

MAKERS: Mapping[str, Callable[[Town], Awaitable[Order]]] = {
    "/jobs": _posting,
    "/jobs/{job_id}/cancel": _calling_off,
    "/jobs/{job_id}/extend": _prolonging,
    "/jobs/{job_id}/widen": _widening,
    "/jobs/{job_id}/assign": _assigning,
    "/jobs/{job_id}/readmit": _readmitting,
    "/jobs/{job_id}/quotes": _quoting,
    "/jobs/{job_id}/quotes/{quote_id}/withdraw": _taking_a_quote_back,
    "/jobs/{job_id}/quotes/{quote_id}/accept": _taking_a_quote,
    "/offers/{offer_id}/accept": _taking_an_offer,
    "/offers/{offer_id}/decline": _declining_an_offer,
    "/jobs/{job_id}/schedule": _about_a_deal(
        _accepted, _customer, lambda deal: f"/jobs/{deal.job_id}/schedule", FIRST, LATER
    ),
    "/assignments/{assignment_id}/schedule": _about_a_deal(
        _accepted, _provider, _under("schedule"), FIRST, LATER
    ),
    "/assignments/{assignment_id}/schedule/confirm": _about_a_deal(
        _proposed, _customer, _under("schedule/confirm"), {"version": 1}, {"version": 2}
    ),
    "/assignments/{assignment_id}/schedule/decline": _about_a_deal(
        _proposed, _customer, _under("schedule/decline"), {"version": 1}, {"version": 1, **SAID}
    ),
    "/assignments/{assignment_id}/schedule/withdraw": _about_a_deal(
        _proposed, _provider, _under("schedule/withdraw"), {"version": 1}, {"version": 1, **SAID}
    ),
    "/assignments/{assignment_id}/reject": _about_a_deal(
        _scheduled, _provider, _under("reject"), {"reasonCode": "sick"}, {"reasonCode": "other"}
    ),
    "/assignments/{assignment_id}/cancel": _about_a_deal(
        _scheduled, _customer, _under("cancel"), SAID, SAID | {"keepJob": True}
    ),
    "/assignments/{assignment_id}/check-in": _about_a_deal(_soon, _provider, _under("check-in"), {}),
    "/assignments/{assignment_id}/complete": _about_a_deal(
        _scheduled, _ops, _under("complete"), {"evidence": ["a photo"]}, {"evidence": ["another photo"]}
    ),
    "/assignments/{assignment_id}/no-show": _about_a_deal(
        _missed, _customer, _under("no-show"), {"note": "waited"}, {"note": "waited for an hour"}
    ),
    "/assignments/{assignment_id}/incident/answer": _about_a_deal(
        _reported, _provider, _under("incident/answer"), {"statement": "I rang"}, {"statement": "I was ill"}
    ),
    "/assignments/{assignment_id}/incident/resolve": _about_a_deal(
        _reported,
        _ops,
        _under("incident/resolve"),
        SAID | {"verdict": "neither"},
        ELSE | {"verdict": "neither"},
    ),
    "/assignments/{assignment_id}/hold": _about_a_deal(
        _accepted, _provider, _under("hold"), SAID | UNTIL, ELSE | UNTIL
    ),
    "/assignments/{assignment_id}/resume": _about_a_deal(_held, _provider, _under("resume"), {}, ELSE),
    "/assignments/{assignment_id}/deadlines/{deadline_id}/skip": _about_a_deal(
        _scheduled, _ops, _under(f"{DEADLINE}/skip"), SAID, ELSE
    ),
    "/assignments/{assignment_id}/deadlines/{deadline_id}/extend": _about_a_deal(
        _scheduled,
        _ops,
        _under(f"{DEADLINE}/extend"),
        SAID | {"to": window(days=4.5)["start"]},
        SAID | {"to": window(days=4.6)["start"]},
    ),
    "/admin/payouts/{payout_id}/approve": _about_a_deal(
        _completed, _admin, lambda deal: f"{deal.payout}/approve", RULED, RULED | {"reason": "bank 2"}
    ),
    "/admin/payouts/{payout_id}/deny": _about_a_deal(
        _completed, _admin, lambda deal: f"{deal.payout}/deny", DENIED, DENIED | {"final": True}
    ),
    "/assignments/{assignment_id}/dispute": _about_a_deal(
        _completed, _customer, _under("dispute"), SAID, ELSE
    ),
    "/admin/payouts/{payout_id}/resolve-dispute": _about_a_deal(
        _disputed,
        _admin,
        lambda deal: f"{deal.payout}/resolve-dispute",
        SAID | {"outcome": "release"},
        SAID | {"outcome": "refund"},
    ),
    ABSENT: _falling_ill,
    f"{ABSENCE}/end": _coming_back,
    "/payouts/{payout_id}/resubmit": _about_a_deal(
        _denied,
        _provider,
        lambda deal: f"/payouts/{deal.id}/resubmit",
        {"evidence": ["an invoice"]},
        {"evidence": ["another invoice"]},
    ),
}
