"""The database that the settings lead to, for as long as one command takes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.settings import read
from fulfillment.store.database import engine as database_engine


@asynccontextmanager
async def reading() -> AsyncIterator[AsyncSession]:
    """Open a session for reading.

    Raises:
        WrongSetting: the environment cannot be worked with.
    """
    database = database_engine(read().database_url, pool_size=1)
    try:
        async with AsyncSession(database) as session:
            yield session
    finally:
        await database.dispose()
