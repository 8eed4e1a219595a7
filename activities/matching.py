"""Finding, for a workflow, the providers who could take a job."""

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from temporalio import activity

from fulfillment.gateways.matching import Matcher, Search
from fulfillment.store import directory


class DirectoryMatcher:
    """The matcher that stays at home: it looks into our own directory of providers.

    Other doors keep their stay-at-home version beside the Protocol in `fulfillment.gateways`. This one
    needs a table, and gateways and store are siblings that do not know each other; the activities are
    the first place that may know both. So the gateway holds the Protocol and its values, for workflows
    and for any matcher outside, and whoever starts the worker chooses which one is asked.
    """

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions

    async def candidates(self, search: Search) -> tuple[str, ...]:
        async with self._sessions() as session:
            return await directory.candidates(
                session, category=search.category, excluded=search.excluded, limit=search.limit
            )


class Matching:
    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher

    @activity.defn(name="find_candidates")
    async def find_candidates(self, search: Search) -> tuple[str, ...]:
        """Return at most `limit` providers, each once, best first; empty when nobody fits.

        Whatever the matcher says, nobody who is excluded comes through (trap D2). It changes nothing; a
        repeat may answer otherwise, and the workflow goes by the answer in its history.
        """
        found = dict.fromkeys(await self._matcher.candidates(search))
        return tuple(id for id in found if id not in search.excluded)[: search.limit]
