"""People who talk to a plant, a connection for each request, and look at the clock while they wait."""

import asyncio
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from api.idempotency import command_id

Json = dict[str, Any]
PROPOSE = "/assignments/{assignment_id}/schedule"
BUDGET = 5.5
"""Seconds within which every request is answered (P5), and half a second for this machine."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, and in how many seconds."""

    status: int
    body: Json
    headers: httpx2.Headers
    seconds: float


def client(url: str, patience: float) -> httpx2.AsyncClient:
    """Return a client of its own; nothing here is encrypted, and reading the certificates is slow."""
    return httpx2.AsyncClient(base_url=url, timeout=patience, verify=False)


class Visitor:
    """Somebody with a token, who looks at the clock while waiting; each request has its own connection."""

    def __init__(self, api_url: str, id: str, token: str) -> None:
        self.id = id
        self._api_url = api_url
        self._headers = {"Authorization": f"Bearer {token}"}

    async def post(self, path: str, body: Json, *, key: str | None = None, patience: float = 15) -> Reply:
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        began = time.monotonic()
        async with client(self._api_url, patience) as http:
            response = await http.post(path, json=body, headers=headers)
        return Reply(response.status_code, response.json(), response.headers, time.monotonic() - began)

    async def put(self, path: str, body: Json) -> Reply:
        began = time.monotonic()
        async with client(self._api_url, 15) as http:
            response = await http.put(path, json=body, headers=self._headers)
        return Reply(response.status_code, response.json(), response.headers, time.monotonic() - began)

    async def get(self, path: str, **query: Any) -> Reply:
        began = time.monotonic()
        async with client(self._api_url, 15) as http:
            response = await http.get(path, params=query, headers=self._headers)
        return Reply(response.status_code, response.json(), response.headers, time.monotonic() - began)


_BODIES: dict[tuple[str, str], Json] = {}


@dataclass(frozen=True, slots=True)
class Parties:
    """An assignment and the two who agree on it."""

    id: str
    customer: Visitor
    provider: Visitor
    job_id: str

    @property
    def path(self) -> str:
        return f"/assignments/{self.id}"

    def command_id(self, key: str) -> str:
        """Return the name under which the proposal of this key is found in the audit."""
        return command_id(actor_id=self.provider.id, method="POST", route=PROPOSE, target=self.id, key=key)

    async def propose(self, version: int, *, key: str | None = None, patience: float = 15) -> Reply:
        """Propose the window of this key, which is the same however often it is sent."""
        named = key or uuid.uuid4().hex
        body = _BODIES.setdefault((self.id, named), window() | {"expectedVersion": version})
        path = f"/assignments/{self.id}/schedule"
        return await self.provider.post(path, body, key=named, patience=patience)

    async def insist(self, version: int, *, key: str) -> Reply:
        """Repeat one proposal under one key until it is answered, as a good client does."""
        async with asyncio.timeout(40):
            while (reply := await self.propose(version, key=key)).status == httpx2.codes.SERVICE_UNAVAILABLE:
                pass
            return reply

    async def confirm(self, version: int, *, key: str) -> Reply:
        path = f"/assignments/{self.id}/schedule/confirm"
        return await self.customer.post(path, {"version": version}, key=key)

    async def version(self) -> int:
        """Return the schedule version that the run itself has."""
        reply = await self.customer.get(f"/assignments/{self.id}/state")
        assert reply.status == httpx2.codes.OK, reply.body
        return int(reply.body["scheduleVersion"])


async def hired(api_url: str, *, provider: Visitor | None = None, visit: Json | None = None) -> Parties:
    """Return a fresh assignment, its provider chosen by a quote, in which `visit` is proposed.

    A machine that is busy is waited for.
    """
    name = uuid.uuid4().hex[:8]
    customer = await signed_in(api_url, f"ada-{name}", "customer")
    provider = provider or await signed_in(api_url, f"bob-{name}", "provider")
    posted = await _until_made(
        customer,
        "/jobs",
        {
            "title": "Mend the boiler",
            "siteTimezone": "Europe/Berlin",
            "priceCap": {"amount": 20_000, "currency": "EUR"},
            "dispatchMode": "quotes",
        },
    )
    job = f"/jobs/{posted['id']}"
    while (await customer.get(job)).body.get("status") != "quoting":
        await asyncio.sleep(0.05)
    asked = {"amount": 15_000, "currency": "EUR"} | ({"window": visit} if visit else {})
    quote = await _until_made(provider, f"{job}/quotes", asked)
    accepted = await _until_made(customer, f"{job}/quotes/{quote['id']}/accept", {"version": 1})
    return Parties(accepted["id"], customer, provider, posted["id"])


async def _until_made(who: Visitor, path: str, body: Json) -> Json:
    """Post `body` under one key until it is taken, as a good client does."""
    key = uuid.uuid4().hex
    async with asyncio.timeout(60):
        while (reply := await who.post(path, body, key=key)).status == httpx2.codes.SERVICE_UNAVAILABLE:
            await asyncio.sleep(0.1)
    assert reply.status == httpx2.codes.CREATED, reply.body
    return reply.body


async def signed_in(api_url: str, sub: str, role: str) -> Visitor:
    async with client(api_url, 15) as http:
        minted = await http.post("/dev/token", json={"sub": sub, "role": role})
    return Visitor(api_url, sub, minted.json()["accessToken"])


def window() -> Json:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=5)
    return {"start": start.isoformat(), "end": (start + timedelta(hours=2)).isoformat()}
