"""A town with an engine of its own, which keeps a file and may be told keys and a collector."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from starlette.types import ASGIApp
from temporalio.client import Interceptor

import doors
import worker
from api import connection
from api.connection import Address
from api.serve import served
from devstack import ports
from devstack.engine import EmbeddedTemporal
from tests.journeys import front
from tests.journeys.town import Town
from workflows.sealed import Sealing
from workflows.search import SEARCH_ATTRIBUTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """The town; `url` is its API's, `engine` keeps its file in `files`."""

    town: Town
    url: str
    engine: EmbeddedTemporal
    files: Path


@contextmanager
def engine_in(files: Path) -> Iterator[EmbeddedTemporal]:
    """Yield an engine that keeps its file in `files`; to be started outside of an event loop."""
    engine = EmbeddedTemporal(
        files / "temporal.db",
        port=ports.free(),
        ui_port=ports.free(),
        search_attributes=SEARCH_ATTRIBUTES,
        log=files / "log",
    )
    try:
        yield engine.start()
    finally:
        engine.stop()


@asynccontextmanager
async def running(
    database: AsyncEngine,
    engine: EmbeddedTemporal,
    files: Path,
    *,
    sealing: Sealing | None = None,
    interceptors: Sequence[Interceptor] = (),
    wrapped_in: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> AsyncIterator[Apart]:
    """Yield a town whose worker and API work in this process; `wrapped_in` goes around the API."""
    address, sessions = Address(host=engine.address, sealing=sealing), async_sessionmaker(database)
    client = await connection.connect(address, interceptors=interceptors)
    stories, payments, notices = worker.build(
        client,
        sessions=sessions,
        doors=doors.at_home(sessions, doors.HOME),
        approval_key=front.APPROVAL_KEY,
    )
    app = wrapped_in(
        front.assembled(
            database_url=database.url.render_as_string(hide_password=False),
            engine=front.EngineAt(address, interceptors),
        )
    )
    async with stories, payments, notices, served(app, host="127.0.0.1", port=0) as port:
        url = f"http://127.0.0.1:{port}"
        async with httpx2.AsyncClient(base_url=url, timeout=30) as http:
            town = Town(http=http, engine=client, sessions=sessions)
            yield Apart(town=town, url=url, engine=engine, files=files)
