"""The API as its process puts it together, with limits that no test comes near unless it wants to."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import httpx2
from fastapi import FastAPI
from limits import parse
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, Interceptor

from api import checks, codec, connection, dev
from api.app import create_app
from api.connection import Address
from api.desk import Accounts, Desk
from api.engine import Engine
from api.hints import Hints
from api.issuers import DevIssuer
from api.limits import Limiter, Steady
from api.main import ROUTERS
from api.ui.cookies import Cookies
from api.ui.counter import Counter, origin_of
from api.ui.entrance import Entrance
from api.ui.hub import Hub
from api.ui.sessions import Sessions
from api.unread import BodyUnread
from doors import HOME
from fulfillment.domain.people import Role
from fulfillment.domain.policy import Policy
from fulfillment.gateways.stripe_wallet import StripeWallet
from fulfillment.notifications.house import House
from fulfillment.store.database import engine as database_engine
from fulfillment.store.news import hear
from fulfillment.store.ratelimit import PostgresHits

ISSUER = DevIssuer(DevIssuer.new_key(), audience="fulfillment")
APPROVAL_KEY = b"the key of both processes in this test session"
SESSION_KEY = "the key of the cookies in this test session"
LIFETIME, IDLE = timedelta(hours=12), timedelta(hours=2)
PICKING = Entrance(picker=ISSUER)
PLENTY = "100000/minute"
UI = "http://127.0.0.1:1"
AT_HOME = Policy()
STRIPE_KEY = "sk_test_of_nobody"
HOOK_SECRET = "whsec_of_these_tests"  # noqa: S105


@dataclass(frozen=True, slots=True)
class EngineAt:
    """Where the engine is, and who listens in on what is asked of it."""

    address: Address
    interceptors: Sequence[Interceptor] = ()


def assembled(
    *,
    database_url: str,
    engine: str | EngineAt,
    rate: str = PLENTY,
    house: House = HOME,
    accounts: Accounts | None = None,
    policy: Policy = AT_HOME,
    stripe: str = "",
    entrance: Entrance = PICKING,
) -> FastAPI:
    """Return the application on these servers; `rate` is everybody's limit, and `stripe` where cards pay.

    `entrance` is how people sign in to the pages.
    """
    database = database_engine(database_url, pool_size=10)
    wallet = StripeWallet(key=STRIPE_KEY, base=stripe) if stripe else None
    at = engine if isinstance(engine, EngineAt) else EngineAt(Address(host=engine))
    sealing = at.address.sealing
    front = Engine(partial(connection.connect, at.address, interceptors=at.interceptors))
    served = counter(database, house=house, entrance=entrance)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with front, served.hub:
            yield
        await database.dispose()
        if wallet:
            await wallet.aclose()

    rates = {(role.value, kind): parse(rate) for role in Role for kind in ("commands", "reads")}
    app = create_app(
        desk=Desk(
            engine=front,
            database=database,
            verifier=ISSUER,
            limiter=Limiter(Steady(PostgresHits(database)), rates=rates, strangers=parse(rate)),
            house=house,
            accounts=accounts,
            wallet=wallet,
            hook_secrets=(HOOK_SECRET,) if stripe else (),
            hint=Hints(front, database).pass_on,
            policy=policy,
            approval_key=APPROVAL_KEY,
            ui=f"{UI}/namespaces/default",
        ),
        routers=(*ROUTERS, dev.router(ISSUER), *((codec.router(sealing, ui=UI),) if sealing else ())),
        checks={
            "database": checks.database_answers(database),
            "migrations": checks.schema_is_current(database),
            "engine": checks.engine_answers(lambda: front.client),
        },
        counter=served,
        lifespan=lifespan,
    )
    app.add_middleware(BodyUnread)
    return app


def counter(
    database: AsyncEngine,
    *,
    house: House = HOME,
    entrance: Entrance = PICKING,
    lifetime: timedelta = LIFETIME,
    idle: timedelta = IDLE,
) -> Counter:
    """Return what the pages work with."""
    cookies = Cookies(SESSION_KEY, secure=house.pages.startswith("https:"))
    sessions = Sessions(database, cookies, key=SESSION_KEY, lifetime=lifetime, idle=idle)
    return Counter(
        brand=house.brand,
        origin=origin_of(house.pages),
        cookies=cookies,
        sessions=sessions,
        entrance=entrance,
        hub=Hub(partial(hear, database.url.render_as_string(hide_password=False))),
    )


@asynccontextmanager
async def knocking(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client of `app` while it lives; no socket lies in between."""
    transport = httpx2.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://town", timeout=30) as client,
    ):
        yield client


def address_of(client: Client) -> str:
    return client.service_client.config.target_host
