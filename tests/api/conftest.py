"""What the tests of the front share: a front, a database, an engine, each real and on a free port."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from threading import Thread

import httpx2
import pytest
import pytest_asyncio
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from devstack.postgres import EmbeddedPostgres
from fulfillment.store.database import engine as database_engine
from fulfillment.store.migrate import upgrade
from tests.api.front import front, knocking
from tests.api.issuer import Issuer


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> Iterator[None]:
    """Print log lines plainly: by default, structlog draws tracebacks with all variables, for seconds."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    )
    yield
    structlog.reset_defaults()


@pytest_asyncio.fixture(scope="session")
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody at the door of a front whose limits are far away."""
    async with knocking(front()) as client:
        yield client


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root: Path = tmp_path_factory.mktemp("postgres")
    server = EmbeddedPostgres(root, durable=False).start()
    upgrade(server.url())
    yield server.url()
    server.stop()


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
