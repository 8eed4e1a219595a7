"""Doors for developers. The router is only built where APP_ENV is dev; elsewhere its paths are 404."""

from datetime import datetime, timedelta

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from api.auth import OPEN_TO_ALL
from api.desk import TheDatabase, TheEngine
from api.errors import Missing, TimeSkippingOff
from api.issuers import DEV_LIFETIME, DevIssuer
from api.schemas.dev import Skipped, SkipWanted, Token, TokenWanted
from fulfillment.domain.people import Role
from fulfillment.store import directory
from fulfillment.store.directory import Person
from workflows.names import assignment_run, job_run


def router(issuer: DevIssuer) -> APIRouter:
    """Return the routes under /dev."""
    routes = APIRouter(prefix="/dev", tags=["dev"])

    @routes.post("/token", dependencies=[OPEN_TO_ALL])
    async def mint_token(wanted: TokenWanted, database: TheDatabase) -> Token:
        """Give anybody a token for whoever they want to be; a new provider is known to dispatch at once."""
        role = Role(wanted.role)
        if role is Role.PROVIDER:
            await _introduce(AsyncSession(database), wanted)
        token = issuer.mint(sub=wanted.sub, role=role, name=wanted.name)
        return Token(access_token=token, expires_in=DEV_LIFETIME)

    @routes.post("/skip", dependencies=[OPEN_TO_ALL])
    async def skip_time(wanted: SkipWanted, engine: TheEngine) -> Skipped:
        """Let hours pass for one assignment, or one job, with everything that falls due in them."""
        run = assignment_run(wanted.assignment_id) if wanted.assignment_id else job_run(wanted.job_id or "")
        return Skipped(now=await _skip(engine.client, run, timedelta(hours=wanted.hours)))

    return routes


async def _introduce(session: AsyncSession, wanted: TokenWanted) -> None:
    """Put a provider nobody knows yet into the directory, as one who does everything."""
    async with session, session.begin():
        if await directory.find(session, wanted.sub) is None:
            newcomer = Person(id=wanted.sub, name=wanted.name or wanted.sub, roles=(Role.PROVIDER,))
            await directory.register(session, newcomer)


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
