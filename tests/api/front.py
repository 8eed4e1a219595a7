"""A small front to knock at: real guards, real tokens, and a few routes that do what a test needs."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Annotated

import httpx2
from fastapi import APIRouter, Depends, FastAPI
from limits import parse
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from temporalio.client import Client

from api.app import create_app
from api.auth import OPEN_TO_ALL, allow
from api.desk import Desk, RequestId
from api.engine import Engine
from api.idempotency import TheKey
from api.issuers import DevIssuer
from api.limits import Limiter
from api.problems import with_snapshot
from api.schemas.base import Id, Instant, Line, SentInstant, Shown
from api.schemas.base import Sent as SentBody
from api.tokens import Verifier
from doors import HOME
from fulfillment.domain.errors import NotAParty, NotFound, VersionMismatch
from fulfillment.domain.people import Actor, Role
from fulfillment.store.ratelimit import Hits, MemoryHits

ISSUER = DevIssuer(DevIssuer.new_key(), audience="fulfillment")
RATES = {(str(role), kind): parse("1000/minute") for role in Role for kind in ("commands", "reads")}


class Thing(SentBody):
    title_line: Line
    starts_at: SentInstant | None = None
    count: int = 0
    parts: list[Line] = Field(default_factory=list)


class ShownThing(Shown):
    title_line: str
    starts_at: Instant | None
    by: str
    command_id: str
    request_id: str


routes = APIRouter(tags=["things"])
Somebody = Annotated[Actor, Depends(allow(Role.CUSTOMER, Role.OPS))]


@routes.post("/things", status_code=201)
async def make(actor: Somebody, key: TheKey, request_id: RequestId, body: Thing) -> ShownThing:
    """Make a thing."""
    return ShownThing(
        title_line=body.title_line,
        starts_at=body.starts_at,
        by=f"{actor.role}:{actor.id}",
        command_id=key.command_id(actor_id=actor.id, target=""),
        request_id=request_id,
    )


@routes.get("/things")
async def find(actor: Somebody, limit: int = 10) -> list[str]:
    return [actor.id] * limit


@routes.get("/things/{id}")
async def read(actor: Somebody, id: Id) -> str:
    if id == "foreign":
        raise NotAParty(f"{actor.id} is no party to it")
    raise NotFound(id)


@routes.post("/things/{id}/move")
async def move(actor: Somebody, id: Id) -> None:
    raise with_snapshot(VersionMismatch("the schedule is at version 3"), {"id": id, "scheduleVersion": 3})


@routes.get("/broken", dependencies=[OPEN_TO_ALL])
async def broken() -> None:
    raise RuntimeError("a secret of the house")


@routes.get("/endless", dependencies=[OPEN_TO_ALL])
async def endless() -> None:
    await asyncio.sleep(3600)


@routes.post("/endless", dependencies=[OPEN_TO_ALL])
async def endless_too() -> None:
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        await asyncio.sleep(3600)  # as a driver does that tells a frozen server about it


async def no_engine() -> Client:
    raise RuntimeError("there is no engine in this test")


def front(
    *,
    verifier: Verifier = ISSUER,
    hits: Hits | None = None,
    limiter: Limiter | None = None,
    engine: Engine | None = None,
    database: AsyncEngine | None = None,
    routers: Iterable[APIRouter] = (routes,),
) -> FastAPI:
    strangers = parse("1000/minute")
    desk = Desk(
        engine=engine or Engine(no_engine),
        database=database or create_async_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing"),
        verifier=verifier,
        limiter=limiter or Limiter(hits or MemoryHits(), rates=RATES, strangers=strangers),
        house=HOME,
    )
    return create_app(desk=desk, routers=routers, checks={})


@asynccontextmanager
async def knocking(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app, client=("203.0.113.7", 1234))
    async with httpx2.AsyncClient(transport=transport, base_url="http://front") as client:
        yield client


def holding(role: Role = Role.CUSTOMER, sub: str = "ada") -> dict[str, str]:
    """Return the headers of somebody with a valid token."""
    return {"Authorization": f"Bearer {ISSUER.mint(sub=sub, role=role)}"}
