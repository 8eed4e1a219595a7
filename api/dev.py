"""Doors for developers. The router is only built where APP_ENV is dev; elsewhere its paths are 404."""

from datetime import datetime, timedelta

import structlog
from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from api import mailbox
from api.auth import OPEN_TO_ALL
from api.desk import TheDatabase, TheEngine
from api.errors import Missing, TimeSkippingOff
from api.issuers import DEV_LIFETIME, DevIssuer
from api.schemas.dev import Skipped, SkipWanted, Token, TokenWanted
from api.schemas.people import ascii_email
from fulfillment.domain.people import Role
from fulfillment.store import directory
from fulfillment.store.directory import Person
from workflows.names import assignment_run, job_run

log = structlog.stdlib.get_logger(__name__)

HOME = "Europe/Berlin"
"""Where everybody lives whom only dev knows."""


def router(issuer: DevIssuer) -> APIRouter:
    """Return the routes under /dev."""
    routes = APIRouter(prefix="/dev", tags=["dev"])
    routes.include_router(mailbox.router)

    @routes.post("/token", dependencies=[OPEN_TO_ALL])
    async def mint_token(wanted: TokenWanted, database: TheDatabase) -> Token:
        """Give anybody a token for whoever they want to be; somebody new is in the directory at once."""
        role = Role(wanted.role)
        await introduce(database, wanted, role)
        token = issuer.mint(sub=wanted.sub, role=role, name=wanted.name)
        return Token(access_token=token, expires_in=DEV_LIFETIME)

    @routes.post("/skip", dependencies=[OPEN_TO_ALL])
    async def skip_time(wanted: SkipWanted, engine: TheEngine) -> Skipped:
        """Let hours pass for one assignment, or one job, with everything that falls due in them."""
        run = assignment_run(wanted.assignment_id) if wanted.assignment_id else job_run(wanted.job_id or "")
        return Skipped(now=await _skip(engine.client, run, timedelta(hours=wanted.hours)))

    return routes


async def introduce(database: AsyncEngine, wanted: TokenWanted, role: Role) -> None:
    """Put somebody nobody knows yet into the directory, with an address that reaches /dev/emails.

    A new provider does everything. Without a database the token is good all the same; the next one
    introduces them.
    """
    newcomer = Person(
        id=wanted.sub,
        name=wanted.name or wanted.sub,
        email=_email(wanted.sub),
        timezone=HOME,
        roles=(role,),
    )
    try:
        async with AsyncSession(database) as session, session.begin():
            if await directory.find(session, wanted.sub) is None:
                await directory.register(session, newcomer)
    except SQLAlchemyError as error:
        log.warning("dev.person.not_introduced", why=type(error).__name__)


def _email(sub: str) -> str | None:
    """Return the address that somebody called `sub` has in dev, if that fits an address."""
    try:
        return ascii_email(f"{sub}@example.test")
    except ValueError:
        return None


async def _skip(client: Client, run: str, span: timedelta) -> datetime:
    """Fast-forward one run and return what time it is there.

    Raises:
        Missing: it does not run.
    """
    skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
    handle = client.get_workflow_handle(run)
    try:
        await skipper.fast_forward(handle, span)
        return await skipper.get_current_time(handle)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise Missing from None
        if error.status is RPCStatusCode.UNIMPLEMENTED:
            raise TimeSkippingOff from None
        raise
