"""People of a small marketplace, and the steps by which a job of theirs gets into any state, over the API.

Each step has its own Idempotency-Key and each window hangs on the instant its job was posted, so whoever was
cut short goes on where they stopped, and whoever repeats a step changes nothing.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Self

from devstack.client import Api, Person, Refused
from devstack.people import RESIDENTS
from devstack.waiting import until

AT_ONCE = 4

Json = dict[str, Any]
Story = Callable[["Marketplace", str], Awaitable[None]]


class Marketplace:
    """The people, by the names of the demo's, and the steps that several stories share."""

    def __init__(self, api: Api, people: dict[str, Person]) -> None:
        self.api = api
        self.people = people

    @classmethod
    async def of_strangers(cls, api: Api) -> Self:
        """Return a marketplace whose people play the same parts, and whom nobody has met before."""
        mark = secrets.token_hex(4)
        ids = {each.id: f"{each.id}-{mark}" for each in RESIDENTS}
        people = [api.person(ids[each.id], each.role, each.name) for each in RESIDENTS]
        return cls(api, dict(zip(ids, await asyncio.gather(*people), strict=True)))

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    async def tell(self, stories: Sequence[tuple[str, Story]]) -> None:
        turn = asyncio.Semaphore(AT_ONCE)

        async def tell_one(title: str, story: Story) -> None:
            async with turn:
                await story(self, title)

        await asyncio.gather(*(tell_one(title, story) for title, story in stories))

    async def post(
        self, title: str, trade: str, mode: str = "quotes", *, by: str = "ada", cap: int = 30_000
    ) -> Json:
        return await self[by].post("/jobs", job_of(title, trade, mode, cap=cap), key=f"seed/{title}")

    async def quote(
        self, job: Json, *, by: str = "bob", amount: int = 18_500, visit: Json | None = None
    ) -> Json:
        customer = next(each for each in self.people.values() if each.id == job["customerId"])
        await until(
            lambda: customer.get(f"/jobs/{job['id']}", minVersion=1),
            lambda it: it["status"] in {"quoting", "offering", "requeued", "unfilled"},
            f"{job['title']!r} to take quotes",
        )
        body = {"amount": amount, "currency": "EUR"} | ({"window": visit} if visit else {})
        return await self[by].post(f"/jobs/{job['id']}/quotes", body, key=f"seed/{job['id']}/{by}")

    async def accepted(
        self, title: str, *, by: str = "bob", amount: int = 18_500, with_window: bool = False
    ) -> Json:
        """Return the assignment of a job whose quote was accepted, the quote bringing a window if asked."""
        job = await self.post(title, "heating", cap=max(30_000, amount))
        visit = window(job, days=3) if with_window else None
        quote = await self.quote(job, by=by, amount=amount, visit=visit)
        path = f"/jobs/{job['id']}/quotes/{quote['id']}/accept"
        return await self["ada"].post(path, {"version": 1}, key=f"seed/{title}/accept") | {"job": job}

    async def scheduled(self, title: str, *, by: str = "bob", amount: int = 18_500, **when: float) -> Json:
        """Return an assignment whose visit is agreed, by default in two days."""
        assignment = await self.accepted(title, by=by, amount=amount)
        path = f"/assignments/{assignment['id']}/schedule"
        visit = window(assignment["job"], **(when or {"days": 2}))
        await self[by].post(path, visit | {"expectedVersion": 0}, key=f"seed/{title}/propose")
        await self["ada"].post(f"{path}/confirm", {"version": 1}, key=f"seed/{title}/confirm")
        return assignment

    async def completed(self, title: str, *, by: str = "bob", amount: int = 18_500, **when: float) -> Json:
        """Return an assignment whose payout waits, operations having reported the work as done."""
        assignment = await self.scheduled(title, by=by, amount=amount, **when)
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


def job_of(title: str, trade: str, mode: str, *, cap: int = 30_000) -> Json:
    return {
        "title": title,
        "category": trade,
        "siteTimezone": "Europe/Berlin",
        "siteAddress": "Lindenstrasse 12, Berlin",
        "priceCap": {"amount": cap, "currency": "EUR"},
        "dispatchMode": mode,
    }


def window(job: Json, **ahead: float) -> Json:
    """Return a window of two hours, that far after the job was posted, on a quarter of an hour."""
    posted = datetime.fromisoformat(job["createdAt"])
    start = (posted + timedelta(**ahead)).replace(minute=15, second=0, microsecond=0) + timedelta(hours=1)
    return {"start": start.isoformat(), "end": (start + timedelta(hours=2)).isoformat()}
