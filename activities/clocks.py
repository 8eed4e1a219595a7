"""Reading, for a workflow, by which clocks people live: zones as data, which a run may keep (trap E9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from temporalio import activity

from fulfillment.domain.clocks import Clock, Clocks
from fulfillment.domain.errors import DomainError
from fulfillment.domain.zones import clock_of
from fulfillment.store import directory
from fulfillment.store.directory import Person

AHEAD = timedelta(days=3 * 365)
"""Far enough for the latest visit that can be agreed now, its payout, and what holds may add to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClocksWanted:
    """Whose clocks; somebody who is not in the directory is taken to live where the work is."""

    customer_id: str
    provider_id: str
    site_timezone: str
    at: datetime


class People:
    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions

    @activity.defn(name="read_clocks")
    async def read_clocks(self, wanted: ClocksWanted) -> Clocks:
        """Return the clocks of both sides for the years around `at`.

        It changes nothing; a repeat may answer otherwise, when somebody has moved, and the workflow goes by
        the answer in its history.
        """
        async with self._sessions() as session:
            return await clocks(session, wanted)


async def clocks(session: AsyncSession, wanted: ClocksWanted) -> Clocks:
    """Return the clocks that are wanted."""
    people = await directory.find_all(session, wanted.customer_id, wanted.provider_id)
    return Clocks(
        customer=_clock(people, wanted.customer_id, wanted),
        provider=_clock(people, wanted.provider_id, wanted),
    )


def _clock(people: Mapping[str, Person], id: str, wanted: ClocksWanted) -> Clock | None:
    person = people.get(id)
    # From the turn of the year, so that everybody of a zone shares one answer.
    since = datetime(wanted.at.year, 1, 1, tzinfo=UTC) - timedelta(days=1)
    for zone in (person.timezone if person else wanted.site_timezone, wanted.site_timezone):
        try:
            return clock_of(zone, since=since, until=since + AHEAD)
        except DomainError:
            continue
    return None
