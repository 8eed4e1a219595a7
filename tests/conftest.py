"""What tests of several kinds share: databases, a Temporal that skips time, a worker and an API at work.

All of it is the real thing and starts once in a session; fresh ids keep tests apart. The journeys have a
Temporal of their own, because queue names are fixed and the workflow tests have a witness on theirs.
"""

import gc
import os
from collections.abc import AsyncIterator, Generator, Iterator

import httpx2
import pytest
import pytest_asyncio
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from temporalio.client import Client
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

import doors
import worker
from fulfillment.store.database import engine as database_engine
from tests.journeys import front
from tests.journeys.town import Town
from tests.skipping import SkippingServer
from tests.store import server

# A slow machine is no fault of the code, and a red build can be had again by anybody.
settings.register_profile("laptop", deadline=None)
settings.register_profile(
    "ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("ci" if os.environ.get("CI") else "laptop")


BROWSER = "tests/browser/"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "chaos: kills real processes; slower than the rest")
    config.addinivalue_line("markers", "nightly: every case of what other tests try in part; not run by day")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what uses the browser's stack first: one process does all of it, and would be the last to end."""
    items.sort(key=lambda item: not item.nodeid.startswith(BROWSER))


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what stays anyway: all modules, and some thousands of tests."""
    gc.collect()
    gc.freeze()


class _ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives each process a file at a time, and all that use the browser's stack to one of them."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    return _ByFile(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Spell out what no encoding takes: poisoned texts are logged, and reports go from process to process."""
    report = yield
    report.sections = [
        (name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections
    ]
    return report


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def database_url() -> str:
    """A migrated database for tests that write its rows themselves."""
    return server.fresh()


@pytest_asyncio.fixture(scope="session")
async def sessions(database_url: str) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    own = database_engine(database_url, pool_size=10)
    yield async_sessionmaker(own)
    await own.dispose()


# A town: one database, one Temporal, one worker and one API, as people meet them.


@pytest.fixture(scope="session")
def town_url() -> str:
    """A migrated database that only the town's worker writes."""
    return server.fresh()


@pytest_asyncio.fixture(scope="session")
async def town_database(town_url: str) -> AsyncIterator[AsyncEngine]:
    own = database_engine(town_url, pool_size=10)
    yield own
    await own.dispose()


@pytest_asyncio.fixture(scope="session")
async def town_engine() -> AsyncIterator[SkippingServer]:
    async with SkippingServer.started() as running:
        yield running


@pytest_asyncio.fixture(scope="session")
async def running_worker(town_engine: SkippingServer, town_database: AsyncEngine) -> AsyncIterator[Client]:
    """Yield the engine's client beside the workers of all three queues, whose doors stay at home."""
    sessions = async_sessionmaker(town_database)
    stories, payments, notices = worker.build(
        town_engine.client,
        sessions=sessions,
        doors=doors.at_home(sessions, doors.HOME),
        approval_key=front.APPROVAL_KEY,
    )
    async with stories, payments, notices:
        yield town_engine.client


@pytest_asyncio.fixture(scope="session")
async def api(
    plain_logs: None, running_worker: Client, town_engine: SkippingServer, town_url: str
) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody at the door of the API, put together as the process puts it together."""
    app = front.assembled(database_url=town_url, engine=front.address_of(town_engine.client))
    async with front.knocking(app) as client:
        yield client


@pytest.fixture(scope="session")
def town(api: httpx2.AsyncClient, running_worker: Client, town_database: AsyncEngine) -> Town:
    """People, and what they do with each other, over HTTP."""
    return Town(http=api, engine=running_worker, sessions=async_sessionmaker(town_database))
