"""A town whose people and jobs are made afresh for every story, and the steps that many stories share."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from temporalio.client import Client

from api.issuers import DevIssuer
from devstack.waiting import until
from fulfillment.domain.people import Role
from fulfillment.store import directory
from tests.journeys.front import ISSUER
from tests.journeys.people import Json, Person, honoured
from workflows.job import JobWorkflow
from workflows.names import job_run

PRICE = 12_500


def fresh(word: str) -> str:
    return f"{word}-{uuid.uuid4().hex[:12]}"


def window(*, days: float = 5, hours: float = 2, after: datetime | None = None) -> Json:
    """Return a visit of `hours`, `days` after `after` (now, if not said), to the second."""
    start = (after or datetime.now(UTC)).replace(microsecond=0) + timedelta(days=days)
    return {"start": start.isoformat(), "end": (start + timedelta(hours=hours)).isoformat()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    http: httpx2.AsyncClient
    engine: Client
    sessions: async_sessionmaker[AsyncSession]
    issuer: DevIssuer = ISSUER

    def person(self, role: Role, id: str = "") -> Person:
        id = id or fresh(role)
        return Person(id=id, role=role, token=self.issuer.mint(sub=id, role=role), http=self.http)

    def customer(self) -> Person:
        return self.person(Role.CUSTOMER)

    def provider(self) -> Person:
        """Return a provider whom dispatch does not know: they quote, and are never offered anything."""
        return self.person(Role.PROVIDER)

    def ops(self) -> Person:
        return self.person(Role.OPS)

    def admin(self) -> Person:
        return self.person(Role.ADMIN)

    async def tradesman(self, trade: str) -> Person:
        """Return a provider who is in the directory, for that trade."""
        provider = self.provider()
        entry = directory.Person(
            id=provider.id,
            name=f"{provider.id} & Sons",
            email=f"{provider.id}@example.org",
            timezone="Europe/Berlin",
            roles=(Role.PROVIDER,),
            categories=(trade,),
        )
        async with self.sessions.begin() as session:
            await directory.register(session, entry)
        return provider

    async def rows(self, query: str, **values: Any) -> list[Json]:
        """Return what the database has, each row by its columns' names."""
        async with self.sessions() as session:
            found = await session.execute(text(query), values)
            return [dict(row) for row in found.mappings()]

    async def rows_once(self, sees: Callable[[list[Json]], bool], query: str, **values: Any) -> list[Json]:
        """Return what the database has, once it is what the caller waits for."""

        async def look() -> Json:
            return {"rows": await self.rows(query, **values)}

        found: list[Json] = (await until(look, lambda it: sees(it["rows"]), query))["rows"]
        return found

    async def skip(self, *, hours: float, **run: str) -> datetime:
        """Let hours pass for one run (`assignmentId` or `jobId`) and return what time it is there."""
        answer = await self.http.post("/dev/skip", json={**run, "hours": hours})
        assert answer.status_code == 200, answer.text
        return datetime.fromisoformat(answer.json()["now"])

    # Steps that many stories begin with.

    async def posted(self, customer: Person, *, mode: str = "quotes", **more: Any) -> Json:
        return await customer.post("/jobs", job(mode=mode, **more))

    async def quoting(self, customer: Person, **more: Any) -> Json:
        """Return a job that takes quotes."""
        posted = await self.posted(customer, **more)
        return await self.job(posted["id"], "quoting")

    async def job(self, id: str, *statuses: str) -> Json:
        """Return a job as operations read it, once its run is in one of `statuses` and that is written.

        The run is asked, as the read model may still show a status from before the last step.
        """
        run, ops = self.engine.get_workflow_handle(job_run(id)), self.ops()

        async def look() -> Json:
            known = await run.query(JobWorkflow.state)
            return {"status": known.status, "version": known.state_version}

        async def read() -> Json:
            answer = await ops.ask("GET", f"/jobs/{id}?minVersion={now['version']}")
            return {"stateVersion": 0} if answer.status_code == 404 else honoured(answer)

        now = await until(
            look, lambda it: it["status"] in statuses, f"job {id} to be {' or '.join(statuses)}"
        )
        return await until(read, lambda it: it["stateVersion"] >= now["version"], f"job {id} to be written")

    async def deal(self, *, price: int = PRICE, visit: Json | None = None, **more: Any) -> "Deal":
        """Return an assignment whose quote was just accepted; `visit` is the window that came with it."""
        customer = more.pop("customer", None) or self.customer()
        provider = more.pop("provider", None) or self.provider()
        job_id = (await self.quoting(customer, cap=max(30_000, price)))["id"]
        body = {"amount": price, "currency": "EUR"} | ({"window": visit} if visit else {})
        quote = await provider.post(f"/jobs/{job_id}/quotes", body)
        made = await customer.post(f"/jobs/{job_id}/quotes/{quote['id']}/accept", {"version": 1})
        return Deal(town=self, customer=customer, provider=provider, job_id=job_id, id=made["id"])

    async def scheduled(self, *, visit: Json | None = None, **more: Any) -> "Deal":
        """Return an assignment whose visit is agreed."""
        deal = await self.deal(visit=visit or window(), **more)
        await deal.confirm(1)
        return deal

    async def completed(self, **more: Any) -> "Deal":
        """Return an assignment whose payout waits, operations having reported the work as done."""
        deal = await self.scheduled(**more)
        await self.ops().post(f"{deal.path}/complete", {"evidence": ["a photo"]})
        return deal


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """One job in one provider's hands: the two people, and what they say to each other."""

    town: Town
    customer: Person
    provider: Person
    job_id: str
    id: str

    @property
    def path(self) -> str:
        return f"/assignments/{self.id}"

    @property
    def payout(self) -> str:
        return f"/admin/payouts/{self.id}"

    async def propose(self, version: int, *, by: Person | None = None, key: str = "", **when: Any) -> Json:
        """Propose a window, as the provider unless said otherwise."""
        who = by or self.provider
        path = f"/jobs/{self.job_id}/schedule" if who.role is Role.CUSTOMER else f"{self.path}/schedule"
        return await who.post(path, {**window(**when), "expectedVersion": version}, key=key)

    async def confirm(self, version: int, *, by: Person | None = None, key: str = "") -> Json:
        """Confirm a proposal, as the customer unless said otherwise."""
        return await (by or self.customer).post(
            f"{self.path}/schedule/confirm", {"version": version}, key=key
        )

    async def skip(self, *, hours: float) -> datetime:
        return await self.town.skip(assignmentId=self.id, hours=hours)

    async def now(self) -> Json:
        """Return the assignment as the run itself knows it."""
        return await self.customer.get(f"{self.path}/state")

    async def written(self, status: str = "") -> Json:
        """Return the assignment as Postgres has it, once it has all that the run has done, and `status`."""

        async def look() -> Json:
            return await self.customer.get(self.path)

        done = (await self.now())["stateVersion"] if not status else 1
        return await until(
            look,
            lambda it: it["stateVersion"] >= done and status in {"", it["status"]},
            f"assignment {self.id} to be written as {status or 'it is'}",
        )

    async def audit(self) -> list[Json]:
        """Return the steps that were taken, in their order; they have to be numbered 1, 2, 3."""
        return await audit(self.town, "assignment", self.id)


async def audit(town: Town, entity: str, id: str) -> list[Json]:
    """Return the steps of an assignment or a job; they have to be without gap, and the head the last."""
    steps = await town.rows(
        "SELECT * FROM audit_event WHERE entity = :entity AND entity_id = :id AND applied"
        " ORDER BY state_version",
        entity=entity,
        id=id,
    )
    numbers = [step["state_version"] for step in steps]
    assert numbers == list(range(1, len(numbers) + 1))
    (head,) = await town.rows(f"SELECT state_version FROM {entity} WHERE id = :id", id=id)  # noqa: S608
    assert head["state_version"] == len(numbers)
    return steps


def job(*, mode: str = "quotes", trade: str = "", cap: int = 30_000, **more: Any) -> Json:
    """Return the body of a posting."""
    return {
        "title": "Mend the boiler",
        "siteTimezone": "Europe/Berlin",
        "siteAddress": "Lindenstrasse 12, Berlin",
        "priceCap": {"amount": cap, "currency": "EUR"},
        "dispatchMode": mode,
        **({"category": trade} if trade else {}),
        **more,
    }
