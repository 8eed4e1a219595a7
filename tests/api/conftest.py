"""What the tests of the front share: a front, a database, an engine, each real and on a free port."""

from collections.abc import AsyncIterator, Iterator
from threading import Thread

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from api.engine import Engine
from devstack.engine import EmbeddedTemporal
from fulfillment.store.database import engine as database_engine
from tests.api.engines import opened, temporal, working
from tests.api.front import front, knocking
from tests.api.issuer import Issuer
from tests.store import server


@pytest.fixture(scope="session", autouse=True)
def readable_logs(plain_logs: None) -> None:
    """Have tracebacks printed at once; their drawing would outlast the deadlines that are tested here."""


@pytest_asyncio.fixture(scope="session")
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody at the door of a front whose limits are far away."""
    async with knocking(front()) as client:
        yield client


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """A migrated database of our own."""
    return server.fresh()


@pytest_asyncio.fixture(scope="session")
async def postgres(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    engine = database_engine(postgres_url)
    yield engine
    await engine.dispose()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    thread = Thread(target=issuer.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield issuer
    issuer.server.shutdown()
    thread.join()
    issuer.server.server_close()


@pytest.fixture(scope="session")
def tiny_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedTemporal]:
    running = temporal(tmp_path_factory.mktemp("temporal")).start()
    yield running
    running.stop()


@pytest_asyncio.fixture(scope="session")
async def tiny_engine(tiny_server: EmbeddedTemporal) -> AsyncIterator[Engine]:
    async with opened(tiny_server.address) as engine:
        yield engine


@pytest_asyncio.fixture(scope="session")
async def tiny_worker(tiny_engine: Engine) -> AsyncIterator[None]:
    async with working(tiny_engine.client):
        yield
