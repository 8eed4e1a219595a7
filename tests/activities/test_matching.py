from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from temporalio.testing import ActivityEnvironment

from activities.matching import DirectoryMatcher, Matching
from fulfillment.domain.people import Role
from fulfillment.gateways.matching import Search
from fulfillment.store import directory
from fulfillment.store.database import engine as database_engine
from fulfillment.store.directory import Person
from tests.store import server
from tests.store.diaries import fresh_id

Sessions = async_sessionmaker[AsyncSession]


@pytest.fixture(scope="module")
def database_url() -> str:
    """A directory in which nobody is whom another test has put there."""
    return server.fresh()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sessions(database_url: str) -> AsyncIterator[Sessions]:
    own = database_engine(database_url)
    yield async_sessionmaker(own)
    await own.dispose()


class Forgetful:
    """A matcher that heeds neither the excluded nor the limit, and repeats itself."""

    async def candidates(self, search: Search) -> tuple[str, ...]:
        return ("bob", "bea", "bob", "ben", "bill")


async def registered(
    sessions: Sessions, category: str, *, roles: Sequence[Role] = (Role.PROVIDER,), active: bool = True
) -> str:
    """Put somebody new into the directory and return their id."""
    person = Person(
        id=fresh_id("p-"), name="Somebody", roles=tuple(roles), categories=(category,), active=active
    )
    async with sessions.begin() as session:
        await directory.register(session, person)
    return person.id


async def found(sessions: Sessions, search: Search) -> tuple[str, ...]:
    matching = Matching(DirectoryMatcher(sessions))
    return await ActivityEnvironment().run(matching.find_candidates, search)


async def test_whatever_the_matcher_says_nobody_excluded_comes_through() -> None:
    search = Search(job_id="j1", category="garden", limit=2, excluded=("bea",))

    candidates = await ActivityEnvironment().run(Matching(Forgetful()).find_candidates, search)

    assert candidates == ("bob", "ben")


async def test_the_directory_knows_who_does_what(sessions: Sessions) -> None:
    trade = fresh_id("trade-")
    fitting = await registered(sessions, trade)
    await registered(sessions, fresh_id("trade-"))
    await registered(sessions, trade, active=False)
    await registered(sessions, trade, roles=(Role.CUSTOMER,))

    assert await found(sessions, Search(job_id="j1", category=trade, limit=10)) == (fitting,)


async def test_the_directory_leaves_out_who_gave_the_job_back(sessions: Sessions) -> None:
    trade = fresh_id("trade-")
    lost, other = await registered(sessions, trade), await registered(sessions, trade)

    assert await found(sessions, Search(job_id="j1", category=trade, limit=10, excluded=(lost,))) == (other,)


async def test_nobody_is_made_to_fit(sessions: Sessions) -> None:
    trade = fresh_id("trade-")
    only = await registered(sessions, trade)

    assert await found(sessions, Search(job_id="j1", category=trade, limit=10, excluded=(only,))) == ()


async def test_a_wave_is_no_larger_than_asked_for(sessions: Sessions) -> None:
    trade = fresh_id("trade-")
    for _ in range(3):
        await registered(sessions, trade)

    assert len(await found(sessions, Search(job_id="j1", category=trade, limit=2))) == 2
