"""The sweep: the net beneath the timers. In health it finds nothing; what it finds, it mends and counts."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.typing import FilteringBoundLogger
from temporalio import activity

from activities.alive import alive
from activities.clocks import ClocksWanted, clocks
from activities.notices import Fate, Notices
from activities.runs import Runs
from fulfillment.domain.assignment.patience import falls_due
from fulfillment.domain.assignment.standing import reminds
from fulfillment.domain.policy import Policy
from fulfillment.store import ledger, outbox
from fulfillment.store.ledger import About, Due
from fulfillment.store.outbox import Waiting
from fulfillment.store.tables import Entity
from fulfillment.store.tasks import Task, open_task
from fulfillment.store.views import lateness
from fulfillment.store.views.lateness import Watched
from fulfillment.telemetry import SWEEP_DRIFT

log: FilteringBoundLogger = structlog.get_logger(__name__)

BY = "reminder-sweep"
PAGE = 100
AT_ONCE = 8
MOST_CHECKED = 500
RUN_MISSING = "run_missing"
TURNS = 288
"""Each sweep also looks at one slice of all open assignments, so that each is seen about once a day."""
ALL_IDS = 2**32

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepWanted:
    """How far ahead to look for runs that will be needed, and which slice of the rest is in turn."""

    lookahead: timedelta
    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What was found: all zeros when everything is well."""

    late_reminders: int = 0
    forgotten_messages: int = 0
    missing_runs: int = 0
    unmarked_overdue: int = 0
    checked: int = 0


class Sweep:
    """`policy` judges for runs that cannot do so themselves; it is that of today, not the run's own."""

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], *, notices: Notices, runs: Runs, policy: Policy
    ) -> None:
        self._sessions = sessions
        self._notices = notices
        self._runs = runs
        self._policy = policy

    @activity.defn(name="sweep_reminders")
    async def sweep_reminders(self, wanted: SweepWanted) -> Swept:
        """Send what is due and unclaimed, and find what is not as the engine should keep it.

        Everything goes through the same ledger and the same claims as in the runs, so that a run that wakes
        later finds its reminder sent. A repeat finds less.
        """
        async with alive():
            overdue, late = await self._late()
            forgotten = await self._forgotten()
            checked = await self._in_sight(wanted)
            missing = sum(await _at_once(self._report_if_missing, checked))
        found = Swept(
            late_reminders=late,
            forgotten_messages=forgotten,
            missing_runs=missing,
            unmarked_overdue=overdue,
            checked=len(checked),
        )
        _count(found)
        return found

    async def _late(self) -> tuple[int, int]:
        """Claim the reminders of runs that have not woken; return how many are overdue unmarked, and late."""
        overdue, late, last = 0, 0, None
        while page := await self._page(last):
            overdue += sum(_is_overdue_unmarked(each) for each in page)
            late += sum(await _at_once(self._remind_instead, page))
            last = page[-1]
        return overdue, late

    async def _page(self, last: Watched | None) -> tuple[Watched, ...]:
        async with self._sessions() as session:
            return await lateness.late(session, after=last, limit=PAGE)

    async def _remind_instead(self, watched: Watched) -> int:
        """Write the reminders that a run owes by now, and send them; return how many were new."""
        assignment, at = watched.standing.assignment, watched.read_at
        async with self._sessions.begin() as session:
            policy = await self._policy_for(session, watched)
            due = [
                Due(reminder=reminder, at=at, swept=True)
                for deadline in watched.standing.coming
                if deadline.due < at and reminds(assignment, deadline)
                for reminder in falls_due(assignment, deadline, at=at, policy=policy)
            ]
            about = About(entity=Entity.ASSIGNMENT, id=assignment.id, workflow_id=BY, run_id=BY)
            new = await ledger.record_swept(session, about, due)
        async with self._sessions() as session:
            waiting = await outbox.waiting(session, assignment.id, by=BY)
        for each in waiting:
            if each.reminder:
                await self._notices.pass_on(each, by=BY, swept=True)
        return new

    async def _policy_for(self, session: AsyncSession, watched: Watched) -> Policy:
        it = watched.standing.assignment
        wanted = ClocksWanted(
            customer_id=it.customer_id,
            provider_id=it.provider_id,
            site_timezone=it.site_timezone,
            at=watched.read_at,
        )
        return replace(self._policy, clocks=await clocks(session, wanted))

    async def _forgotten(self) -> int:
        """Send what nobody has taken care of, page by page; return how many messages that were."""
        sent = 0
        while page := await self._unsent():
            fates = await _at_once(self._pass_on, page)
            sent += sum(fate is Fate.SENT for fate in fates)
            if all(fate is Fate.TAKEN for fate in fates):
                break
        return sent

    async def _unsent(self) -> tuple[Waiting, ...]:
        async with self._sessions() as session:
            return await outbox.forgotten(session, limit=PAGE)

    async def _pass_on(self, owed: Waiting) -> Fate:
        return await self._notices.pass_on(owed, by=BY, swept=True)

    async def _in_sight(self, wanted: SweepWanted) -> tuple[Watched, ...]:
        """Return the assignments whose runs are needed soon, and those of the slice that is in turn."""
        until = datetime.now(UTC) + wanted.lookahead
        since, end = slice_of(wanted.turn)
        async with self._sessions() as session:
            late = await lateness.late(session, limit=MOST_CHECKED)
            soon = await lateness.soon_due(session, until=until, limit=MOST_CHECKED)
            others = await lateness.in_turn(session, since=since, until=end, limit=MOST_CHECKED)
        return tuple({each.id: each for each in (*late, *soon, *others)}.values())

    async def _report_if_missing(self, watched: Watched) -> bool:
        """Ask operations to look after an open assignment that no run keeps; return whether that is news."""
        if await self._runs.is_running(f"assignment-{watched.id}"):
            return False
        task = Task(
            id=f"{RUN_MISSING}/{Entity.ASSIGNMENT}/{watched.id}",
            type=RUN_MISSING,
            entity=Entity.ASSIGNMENT,
            entity_id=watched.id,
            detail=f"{watched.standing.assignment.status}, and no run: nobody is reminded, nothing expires",
        )
        async with self._sessions.begin() as session:
            return await open_task(session, task)


def _is_overdue_unmarked(watched: Watched) -> bool:
    """Return whether patience is used up by the row's own account, while nobody has marked that."""
    standing = watched.standing
    due = standing.obligation.sla_due if standing.obligation else None
    held = standing.assignment.held_until(watched.read_at)
    marked = standing.assignment.overdue_at is not None
    return due is not None and due < watched.read_at and not held and not marked


def slice_of(turn: int) -> tuple[str, str]:
    """Return the first id of a slice and of the next one; the ids we make are spread evenly."""
    first, following = (ALL_IDS * each // TURNS for each in (turn % TURNS, turn % TURNS + 1))
    return f"{first:08x}", f"{following:08x}" if following < ALL_IDS else "g"


def _count(found: Swept) -> None:
    SWEEP_DRIFT.labels(kind="late_reminder").inc(found.late_reminders)
    SWEEP_DRIFT.labels(kind="forgotten_message").inc(found.forgotten_messages)
    SWEEP_DRIFT.labels(kind="missing_run").inc(found.missing_runs)
    SWEEP_DRIFT.labels(kind="unmarked_overdue").inc(found.unmarked_overdue)
    if found.late_reminders or found.forgotten_messages or found.missing_runs or found.unmarked_overdue:
        log.warning(
            "sweep.found",
            late_reminders=found.late_reminders,
            forgotten_messages=found.forgotten_messages,
            missing_runs=found.missing_runs,
            unmarked_overdue=found.unmarked_overdue,
        )


async def _at_once(do: Callable[[T], Awaitable[U]], each_of: Sequence[T]) -> list[U]:
    """Return what `do` returns for each, some at a time."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(it: T) -> U:
        async with turn:
            return await do(it)

    return await asyncio.gather(*(one(it) for it in each_of))
