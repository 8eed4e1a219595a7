"""Whether a process lives, whether it can work, and what it has counted; for the API and the worker alike."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from api import problems
from api.errors import Missing, Unauthenticated
from api.guards import Guards
from api.traces import SILENT
from fulfillment.patience import within
from fulfillment.telemetry import exposed

log = structlog.stdlib.get_logger(__name__)

PATIENCE = 1.0
"""Seconds that one check may take."""

Check = Callable[[], Awaitable[None]]
"""Returns when all is well, and raises when not: NotReady with a reason, or whatever went wrong."""
Doorkeeper = Callable[[Request], None]
Reader = Callable[[], Awaitable[None]]
"""Brings what is about to be scraped up to date; raises nothing."""


class NotReady(Exception):
    """Something this process needs is not as it should be; the message says what."""


def everybody(_: Request) -> None:
    """Let anybody read the metrics: right for a port that only operators can reach."""


def holders_of(token: str | None) -> Doorkeeper:
    """Return a doorkeeper who wants `Authorization: Bearer <token>`; without a token nobody gets in."""

    def let_in(request: Request) -> None:
        if token is None:
            raise Missing
        given = request.headers.get("authorization", "").encode("latin-1", errors="replace")
        if not hmac.compare_digest(given, f"Bearer {token}".encode()):
            raise Unauthenticated

    return let_in


async def nothing() -> None:
    """Read nothing: what a process has counted itself is up to date."""


def router(
    checks: Mapping[str, Check], *, metrics_for: Doorkeeper = everybody, read: Reader = nothing
) -> APIRouter:
    """Return /healthz, /readyz (which runs `checks`) and /metrics (before which it runs `read`)."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/healthz")
    async def is_alive() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get("/readyz")
    async def is_ready() -> JSONResponse:
        reasons = dict(zip(checks, await asyncio.gather(*map(_reason, checks.values())), strict=True))
        ready = not any(reasons.values())
        said = {
            "status": "ready" if ready else "not ready",
            "checks": {name: {"ok": not why, "reason": why} for name, why in reasons.items()},
        }
        return JSONResponse(said, status_code=200 if ready else 503)

    @routes.get("/metrics")
    async def counted(request: Request) -> Response:
        metrics_for(request)
        await read()
        return Response(exposed(), media_type=CONTENT_TYPE_LATEST)

    return routes


def application(checks: Mapping[str, Check], *, read: Reader = nothing) -> FastAPI:
    """Return an application that has nothing but the above, for a process that is no API."""
    app = FastAPI(openapi_url=None, telemetry=SILENT)
    app.include_router(router(checks, read=read))
    problems.install(app)
    app.add_middleware(Guards)
    return app


async def _reason(check: Check) -> str | None:
    """Return why `check` fails, in words that give no address away; nothing when it does not."""
    try:
        await within(PATIENCE, check())
    except NotReady as error:
        return str(error)
    except TimeoutError:
        return f"no answer within {PATIENCE:.0f} s"
    except Exception as error:  # noqa: BLE001  # a check may fail in any way; that is what it is for
        log.warning("health.check.failed", reason=type(error).__name__)
        return f"failed with {type(error).__name__}"
    return None
