"""What every route works with, put together once when the process starts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncEngine

from api.engine import Engine
from api.limits import Limiter
from api.showing import Viewing
from api.tokens import Verifier
from fulfillment.domain.people import Actor
from fulfillment.domain.policy import Policy
from fulfillment.gateways.google_oauth import Consent
from fulfillment.gateways.prometheus import Prometheus
from fulfillment.gateways.sealing import Sealer
from fulfillment.gateways.stripe_wallet import StripeWallet
from fulfillment.notifications.house import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """How people let us into calendars elsewhere, and how what they entrust to us is sealed."""

    consent: Consent
    sealer: Sealer


async def nobody(_: str, __: str) -> None:
    """Tell nobody that something has changed about an intent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The way to the workflows, the database to read from, and those who watch the door.

    `house` is who we are to people, and `accounts` is None where nobody may connect a calendar. `wallet` is
    the way to Stripe for what people pay with, None where money is moved by hand; `hook_secrets` are what
    Stripe signs its events with, and `hint` is told which intent (pi_…) an event is about, and its type.
    `prometheus` is None where figures over time come from the history.
    """

    engine: Engine
    database: AsyncEngine
    verifier: Verifier
    limiter: Limiter
    house: House
    accounts: Accounts | None = None
    wallet: StripeWallet | None = None
    hook_secrets: tuple[str, ...] = field(default=(), repr=False)
    hint: Callable[[str, str], Awaitable[None]] = nobody
    prometheus: Prometheus | None = None
    policy: Policy = field(default_factory=Policy)
    approval_key: bytes = b""
    ui: str = ""

    def viewing(self, viewer: Actor) -> Viewing:
        """Return how things look to `viewer`."""
        return Viewing(viewer=viewer, ui=self.ui)


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


# Asynchronous, though they wait for nothing: the framework would send plain functions through a thread.


async def _the_desk(request: Request) -> Desk:
    return desk_of(request)


async def _engine_of(request: Request) -> Engine:
    return desk_of(request).engine


async def _database_of(request: Request) -> AsyncEngine:
    return desk_of(request).database


async def _viewing_of(request: Request) -> Callable[[Actor], Viewing]:
    return desk_of(request).viewing


async def _request_id_of(request: Request) -> str:
    id: str = request.state.request_id
    return id


TheDesk = Annotated[Desk, Depends(_the_desk)]
TheViewing = Annotated[Callable[[Actor], Viewing], Depends(_viewing_of)]
TheEngine = Annotated[Engine, Depends(_engine_of)]
TheDatabase = Annotated[AsyncEngine, Depends(_database_of)]
RequestId = Annotated[str, Depends(_request_id_of)]
