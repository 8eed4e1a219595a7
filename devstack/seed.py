"""A small marketplace with a job in every state, made over the API as people would make it.

Each step has its own Idempotency-Key and each window hangs on the instant its job was posted, so a seed
that was cut short goes on where it stopped, and one that is repeated changes nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from devstack.addresses import Addresses
from devstack.client import Api, Person, Refused
from devstack.people import RESIDENTS, entry_of, signed_in
from devstack.waiting import until
from fulfillment.store import directory
from fulfillment.store.database import engine as database_engine

AT_ONCE = 4
CONFIRMED = 3
"""The step of an assignment at which its first window is agreed: opened, proposed, confirmed."""

Json = dict[str, Any]
Story = Callable[["Marketplace", str], Awaitable[None]]


async def seed(addresses: Addresses) -> Sequence[str]:
    """Make the marketplace unless it is there, and return what to tell the person at the keyboard.

    Raises:
        DevStackError: the system did not get where it should.
    """
    await _fill_directory(addresses.database_url)
    async with Api(addresses.api) as api:
        people = await signed_in(api)
        marketplace = Marketplace(api, people)
        known = await people["ada"].get("/jobs", limit=100)
        if not any(job["title"] == LAST for job in known["items"]):
            await marketplace.tell(STORIES)
            await people["ada"].post("/jobs", _job(LAST, "heating", "quotes"), key="seed/last")
    return _greeting(addresses)


class Marketplace:
    """The people, and the steps that several stories share."""

    def __init__(self, api: Api, people: dict[str, Person]) -> None:
        self.api = api
        self.people = people

    def __getitem__(self, id: str) -> Person:
        return self.people[id]

    async def tell(self, stories: Sequence[tuple[str, Story]]) -> None:
        turn = asyncio.Semaphore(AT_ONCE)

        async def tell_one(title: str, story: Story) -> None:
            async with turn:
                await story(self, title)

        await asyncio.gather(*(tell_one(title, story) for title, story in stories))

    async def post(
        self, title: str, trade: str, mode: str = "quotes", *, by: str = "ada", cap: int = 30_000
    ) -> Json:
        return await self[by].post("/jobs", _job(title, trade, mode, cap=cap), key=f"seed/{title}")

    async def quote(
        self, job: Json, *, by: str = "bob", amount: int = 18_500, window: Json | None = None
    ) -> Json:
        await until(
            lambda: self[job["customerId"]].get(f"/jobs/{job['id']}", minVersion=1),
            lambda it: it["status"] in {"quoting", "offering", "requeued", "unfilled"},
            f"{job['title']!r} to take quotes",
        )
        body = {"amount": amount, "currency": "EUR"} | ({"window": window} if window else {})
        return await self[by].post(f"/jobs/{job['id']}/quotes", body, key=f"seed/{job['id']}/{by}")

    async def accepted(
        self, title: str, *, by: str = "bob", amount: int = 18_500, window: bool = False
    ) -> Json:
        """Return the assignment of a job whose quote was accepted, the quote bringing a window if asked."""
        job = await self.post(title, "heating", cap=max(30_000, amount))
        visit = _window(job, days=3) if window else None
        quote = await self.quote(job, by=by, amount=amount, window=visit)
        path = f"/jobs/{job['id']}/quotes/{quote['id']}/accept"
        return await self["ada"].post(path, {"version": 1}, key=f"seed/{title}/accept") | {"job": job}

    async def scheduled(self, title: str, *, by: str = "bob", amount: int = 18_500, **when: float) -> Json:
        """Return an assignment whose visit is agreed, by default two days and some hours from now."""
        assignment = await self.accepted(title, by=by, amount=amount)
        path = f"/assignments/{assignment['id']}/schedule"
        window = _window(assignment["job"], **(when or {"days": 2 + _spread(title)}))
        await self[by].post(path, window | {"expectedVersion": 0}, key=f"seed/{title}/propose")
        await self["ada"].post(f"{path}/confirm", {"version": 1}, key=f"seed/{title}/confirm")
        return assignment

    async def completed(self, title: str, *, by: str = "bob", amount: int = 18_500) -> Json:
        """Return an assignment whose payout waits, operations having reported the work as done."""
        assignment = await self.scheduled(title, by=by, amount=amount)
        done = {"evidence": ["Photo of the finished work", "Signed by the customer"]}
        await self["olga"].post(f"/assignments/{assignment['id']}/complete", done, key=f"seed/{title}/done")
        return assignment

    async def skip(self, **what: Any) -> bool:
        """Let hours pass for a run; return whether the engine does that, for not every cluster does."""
        try:
            await self.api.post("/dev/skip", what)
        except Refused as refused:
            if refused.code != "TIME_SKIPPING_OFF":
                raise
            return False
        return True


# The stories, each named after where it stands at the end.


async def quoting(market: Marketplace, title: str) -> None:
    job = await market.post(title, "painting")
    await market.quote(job, by="bea", amount=24_000)
    await market.quote(job, by="ben", amount=21_500)


async def offering(market: Marketplace, title: str) -> None:
    await market.post(title, "plumbing", "auto", by="cem")


async def unfilled(market: Marketplace, title: str) -> None:
    await market.post(title, "beekeeping", "auto", by="cem")


async def cancelled_job(market: Marketplace, title: str) -> None:
    job = await market.post(title, "painting", by="cem")
    await market["cem"].post(
        f"/jobs/{job['id']}/cancel", {"reason": "We are moving"}, key=f"seed/{title}/off"
    )


async def expired(market: Marketplace, title: str) -> None:
    job = await market.post(title, "painting", by="cem")
    known = await market["cem"].get(f"/jobs/{job['id']}", minVersion=1)
    if known["status"] != "expired":
        await market.skip(jobId=job["id"], hours=24 * 61)


async def awaiting_a_proposal(market: Marketplace, title: str) -> None:
    await market.accepted(title)


async def awaiting_an_answer(market: Marketplace, title: str) -> None:
    await market.accepted(title, by="ben", window=True)


async def overdue(market: Marketplace, title: str) -> None:
    assignment = await market.accepted(title)
    if not (await _written(market, assignment))["reminderOverdue"]:
        await market.skip(assignmentId=assignment["id"], hours=25)


async def scheduled(market: Marketplace, title: str) -> None:
    await market.scheduled(title)


async def rescheduling(market: Marketplace, title: str) -> None:
    assignment = await market.scheduled(title, by="ben")
    window = _window(assignment["job"], days=6) | {"note": "A day later would suit us better"}
    path = f"/jobs/{assignment['jobId']}/schedule"
    await market["ada"].post(path, window | {"expectedVersion": 2}, key=f"seed/{title}/move")


async def in_progress(market: Marketplace, title: str) -> None:
    assignment = await market.scheduled(title, by="ben", hours=3)
    known = await _written(market, assignment, least=CONFIRMED)
    if known["status"] == "scheduled" and not await market.skip(assignmentId=assignment["id"], hours=2.5):
        return
    await market["ben"].post(f"/assignments/{assignment['id']}/check-in", key=f"seed/{title}/in")


async def payout_pending(market: Marketplace, title: str) -> None:
    await market.completed(title, by="bea")


async def payout_half_approved(market: Marketplace, title: str) -> None:
    assignment = await market.completed(title, amount=87_000)
    path = f"/admin/payouts/{assignment['id']}/approve"
    await market["ruth"].post(path, {"attempt": 1, "reason": "Transfer 2026-118"}, key=f"seed/{title}/yes")


async def payout_denied(market: Marketplace, title: str) -> None:
    assignment = await market.completed(title, by="ben")
    denial = {"attempt": 1, "reasonCode": "evidence_missing", "note": "The photo shows another boiler"}
    await market["ruth"].post(f"/admin/payouts/{assignment['id']}/deny", denial, key=f"seed/{title}/no")


async def paid(market: Marketplace, title: str) -> None:
    assignment = await market.completed(title, by="bea")
    path = f"/admin/payouts/{assignment['id']}/approve"
    await market["ruth"].post(path, {"attempt": 1, "reason": "Transfer 2026-104"}, key=f"seed/{title}/yes")


async def requeued(market: Marketplace, title: str) -> None:
    assignment = await market.scheduled(title)
    path = f"/assignments/{assignment['id']}/reject"
    await market["bob"].post(path, {"reasonCode": "sick", "note": "Flu"}, key=f"seed/{title}/back")


async def cancelled(market: Marketplace, title: str) -> None:
    assignment = await market.scheduled(title, by="ben")
    path = f"/assignments/{assignment['id']}/cancel"
    await market["ada"].post(path, {"reason": "It works again by itself"}, key=f"seed/{title}/off")


STORIES: Sequence[tuple[str, Story]] = (
    ("Paint the hallway", quoting),
    ("Unblock the kitchen drain", offering),
    ("Move a swarm of bees", unfilled),
    ("Paint the garden shed", cancelled_job),
    ("Paint the ceiling of the stairs", expired),
    ("Service the boiler", awaiting_a_proposal),
    ("Fit a new thermostat", awaiting_an_answer),
    ("Bleed the radiators", overdue),
    ("Replace the heating pump", scheduled),
    ("Check the pressure of the boiler", rescheduling),
    ("Find the leak in the cellar", in_progress),
    ("Exchange the taps", payout_pending),
    ("Install a heat exchanger", payout_half_approved),
    ("Repair the burner", payout_denied),
    ("Mend the bathroom heater", paid),
    ("Replace the expansion tank", requeued),
    ("Silence the rattling pipes", cancelled),
)
LAST = "Insulate the pipes"
"""Posted when everything else is there; a seed that finds it has nothing to do."""


def _job(title: str, trade: str, mode: str, *, cap: int = 30_000) -> Json:
    return {
        "title": title,
        "category": trade,
        "siteTimezone": "Europe/Berlin",
        "siteAddress": "Lindenstrasse 12, Berlin",
        "priceCap": {"amount": cap, "currency": "EUR"},
        "dispatchMode": mode,
    }


def _window(job: Json, **ahead: float) -> Json:
    """Return a window of two hours, that far after the job was posted, on a quarter of an hour."""
    posted = datetime.fromisoformat(job["createdAt"])
    start = (posted + timedelta(**ahead)).replace(minute=15, second=0, microsecond=0) + timedelta(hours=1)
    return {"start": start.isoformat(), "end": (start + timedelta(hours=2)).isoformat()}


def _spread(title: str) -> float:
    """Return a part of some days that differs between stories, so that no provider is in two places."""
    place = [name for name, _ in STORIES].index(title)
    return place * 0.25


async def _written(market: Marketplace, assignment: Json, *, least: int = 1) -> Json:
    return await market["olga"].get(f"/assignments/{assignment['id']}", minVersion=least)


async def _fill_directory(database_url: str) -> None:
    database = database_engine(database_url)
    async with AsyncSession(database) as session, session.begin():
        for resident in RESIDENTS:
            await directory.register(session, entry_of(resident))
    await database.dispose()


def _greeting(addresses: Addresses) -> Sequence[str]:
    """Return who there is to sign in as, and a line to paste."""
    sign_in = f"curl -s {addresses.api}/dev/token -H 'Content-Type: application/json' -d"
    pick = "python3 -c 'import json,sys; print(json.load(sys.stdin)[\"accessToken\"])'"
    admin = '{"sub": "ruth", "role": "admin"}'
    people = [f"  {each.role.value:<10}{each.id:<6}{each.name}" for each in RESIDENTS]
    return (
        "Sign in as any of these (POST /dev/token gives a token for sub and role):",
        *people,
        "",
        "Try: the payouts that wait for an admin",
        f"  TOKEN=$({sign_in} '{admin}' | {pick})",
        f'  curl -s {addresses.api}/admin/payouts -H "Authorization: Bearer $TOKEN"',
        "",
        "Next: `make demo` follows one job live, from its posting to a paid provider.",
    )
