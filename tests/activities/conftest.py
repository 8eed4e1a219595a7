"""A migrated database of these tests' own; fresh ids keep them apart."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from fulfillment.store.database import engine
from tests.store import server


@pytest.fixture(scope="session")
def database_url() -> str:
    return server.fresh()


@pytest_asyncio.fixture(scope="session")
async def sessions(database_url: str) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    own = engine(database_url, pool_size=10)
    yield async_sessionmaker(own)
    await own.dispose()
