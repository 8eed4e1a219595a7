"""Filling in columns that follow from what their row keeps whole, a batch at a time (`ops backfill`).

What the reconciler does for open money, this does for every row there is, and for jobs: after a column was
added, after somebody has changed rows by hand. No step is made, and nobody is told anything.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from psycopg.errors import LockNotAvailable
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from fulfillment.domain.assignment.standing import Standing
from fulfillment.store.ledger.restating import differing, restate_all
from fulfillment.store.ledger.restating_jobs import Rewrite, restate_jobs, rewrite
from fulfillment.store.tables import Entity
from fulfillment.store.views import reconciling, whole
from fulfillment.store.views.reconciling import Scope

LOCK = 1_000
"""Milliseconds that a batch waits for its rows; whoever works on them goes first."""
UNREADABLE = "what it keeps cannot be read"
BUSY = "somebody else has kept it locked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What became of one batch: how many were looked at, up to which id, and what was wrong.

    `columns` counts rows by the column that was otherwise, `changed` the entities they are of, `left` says
    of which nothing was written, and why.
    """

    looked_at: int
    after: str
    changed: int = 0
    columns: Mapping[str, int] = field(default_factory=dict)
    left: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What has to be written of one entity; nothing if `columns` is empty."""

    id: str
    columns: tuple[str, ...]
    what: Standing | Rewrite


class Backfill:
    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions

    async def size(self, entity: Entity, *, after: str = "") -> int:
        """Return how many there are after that id."""
        async with self._sessions() as session:
            return await whole.size(session, entity, after=after)

    async def batches(
        self, entity: Entity, *, after: str = "", size: int, dry: bool = False
    ) -> AsyncIterator[Filled]:
        """Yield what was found and written, batch by batch, in the order of ids; each is a transaction."""
        while True:
            async with self._sessions() as session:
                ids = await whole.in_turn(session, entity, after=after, limit=size)
            if not ids:
                return
            after = ids[-1]
            yield await self.batch(entity, ids, dry=dry)

    async def batch(self, entity: Entity, ids: Sequence[str], *, dry: bool = False) -> Filled:
        """Look at these, and write what is otherwise than it should be; a repeat finds nothing more."""
        found, left = await self._compared(entity, ids)
        wanted = [each for each in found if each.columns]
        busy = set() if dry or not wanted else await self._written(entity, wanted)
        done = [each for each in wanted if each.id not in busy]
        return Filled(
            looked_at=len(found) + len(left),
            after=ids[-1],
            changed=len(done),
            columns=Counter(column for each in done for column in each.columns),
            left=left | dict.fromkeys(sorted(busy), BUSY),
        )

    async def _compared(self, entity: Entity, ids: Sequence[str]) -> tuple[list[_Wanted], dict[str, str]]:
        compare = _assignments if entity is Entity.ASSIGNMENT else _jobs
        async with self._sessions() as session:
            found = await compare(session, ids)
        read = [each for each in found.values() if each]
        return read, {id: UNREADABLE for id, each in found.items() if each is None}

    async def _written(self, entity: Entity, wanted: Sequence[_Wanted]) -> set[str]:
        """Write all at once, or each by itself if one of them is locked; return the ids that still are.

        What has taken another step since it was read is left alone: that step has written all of it.
        """
        if await self._restated(entity, wanted):
            return set()
        return {each.id for each in wanted if not await self._restated(entity, [each])}

    async def _restated(self, entity: Entity, wanted: Sequence[_Wanted]) -> bool:
        try:
            async with self._sessions.begin() as session:
                await session.execute(text(f"SET LOCAL lock_timeout = {LOCK:d}"))
                if entity is Entity.ASSIGNMENT:
                    await restate_all(session, [w.what for w in wanted if isinstance(w.what, Standing)])
                else:
                    await restate_jobs(session, [w.what for w in wanted if isinstance(w.what, Rewrite)])
        except OperationalError as error:
            if isinstance(error.orig, LockNotAvailable):
                return False
            raise
        return True


async def _assignments(session: AsyncSession, ids: Sequence[str]) -> dict[str, _Wanted | None]:
    found: dict[str, _Wanted | None] = {}
    for kept in await reconciling.kept(session, ids, Scope(since=datetime.now(UTC))):
        found[kept.id] = None
        if kept.standing:
            columns = differing(kept.standing, head=kept.head, payout=kept.payout, holds=kept.holds)
            found[kept.id] = _Wanted(id=kept.id, columns=columns, what=kept.standing)
    return found


async def _jobs(session: AsyncSession, ids: Sequence[str]) -> dict[str, _Wanted | None]:
    found: dict[str, _Wanted | None] = {}
    for kept in await whole.jobs(session, ids):
        found[kept.id] = None
        if kept.job:
            how = rewrite(kept.job, head=kept.head, quotes=kept.quotes, offers=kept.offers)
            found[kept.id] = _Wanted(id=kept.id, columns=how.columns, what=how)
    return found
