"""The HTTP face, assembled from what it is given."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter, FastAPI

from api import docs, health, openapi, problems
from api.desk import Desk
from api.guards import Guards
from api.health import Check, Doorkeeper, everybody
from api.traces import SILENT
from api.ui import assembly
from api.ui.counter import Counter

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(
    *,
    desk: Desk,
    routers: Iterable[APIRouter],
    checks: Mapping[str, Check],
    metrics_for: Doorkeeper = everybody,
    with_reader: bool = True,
    counter: Counter | None = None,
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """Return the application: the routes given, health and contract, all behind the guards.

    With a `counter` there are the pages for people, too.
    """
    app = FastAPI(openapi_url=None, lifespan=lifespan, redirect_slashes=False, telemetry=SILENT)
    app.state.desk = desk
    for router in (
        *routers,
        health.router(checks, metrics_for=metrics_for),
        docs.router(with_reader=with_reader),
    ):
        # Not `include_router`: it would make every route anew, at the first request, and each takes
        # milliseconds. Nothing is added to them here.
        app.router.routes.extend(router.routes)
    faces = assembly.install(app, counter) if counter else {}
    openapi.install(app)
    problems.install(app, faces=faces)
    app.add_middleware(Guards)
    return app
