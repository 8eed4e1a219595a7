"""A database of a test's own, for what sees every row there is; the other tests share one."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from fulfillment.store.database import engine as database_engine
from tests.store import server


@pytest.fixture
def alone_url() -> str:
    return server.fresh()


@pytest_asyncio.fixture
async def alone(alone_url: str) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    engine = database_engine(alone_url, pool_size=12)
    yield async_sessionmaker(engine)
    await engine.dispose()
