"""The sweep: the net beneath the timers. In health it finds nothing; what it finds, it mends and counts."""

import asyncio
import time
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
from fulfillment.store import asides, ledger, outbox
from fulfillment.store.asides import Aside
from fulfillment.store.ledger import About, Due
from fulfillment.store.outbox import Waiting
from fulfillment.store.tables import Entity
from fulfillment.store.tasks import Task, open_task
from fulfillment.store.views import lateness
from fulfillment.store.views.lateness import Seen, Watched
from fulfillment.telemetry import SWEEP_DRIFT, SWEEP_SECONDS, at_nought

log: FilteringBoundLogger = structlog.get_logger(__name__)

BY = "reminder-sweep"
PAGE = 100
AT_ONCE = 8
MOST_CHECKED = 500
RUN_MISSING = "run_missing"

at_nought(SWEEP_DRIFT, ("late_reminder", "forgotten_message", "missing_run", "unmarked_overdue"))

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepWanted:
    """How far ahead to look for runs that will be needed, and after which id the last sweep has stopped."""

    lookahead: timedelta
    checked_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What was found: all zeros when everything is well.

    `failed` could not be mended now. `checked` runs were looked at; the next sweep goes on after the id
    `checked_to`, and from the beginning when that is empty.
    """

    late_reminders: int = 0
    forgotten_messages: int = 0
    missing_runs: int = 0
    unmarked_overdue: int = 0
    failed: int = 0
    checked: int = 0
    checked_to: str = ""

    @property
    def is_all_well(self) -> bool:
        return not any(
            (
                self.late_reminders,
                self.forgotten_messages,
                self.missing_runs,
                self.unmarked_overdue,
                self.failed,
            )
        )


class Sweep:
    """`policy` judges for runs that cannot do so themselves; it is that of today, not the run's own."""

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], *, notices: Notices, runs: Runs, policy: Policy
    ) -> None:
        self._sessions = sessions
        self._notices = notices
        self._runs = runs
        self._policy = policy
        self._failed = 0

    @activity.defn(name="sweep_reminders")
    async def sweep_reminders(self, wanted: SweepWanted) -> Swept:
        """Send what is due and unclaimed, and find what is not as the engine should keep it.

        Everything goes through the same ledger and the same claims as in the runs, so that a run that wakes
        later finds its reminder sent. A repeat finds less.
        """
        self._failed = 0
        async with alive():
            began = time.monotonic()
            overdue, late = await self._late()
            checked, checked_to = await self._in_sight(wanted)
            missing = sum(await self._each(self._report_if_missing, checked))
            forgotten = await self._forgotten()
            SWEEP_SECONDS.observe(time.monotonic() - began)
        found = Swept(
            late_reminders=late,
            forgotten_messages=forgotten,
            missing_runs=missing,
            unmarked_overdue=overdue,
            failed=self._failed,
            checked=len(checked),
            checked_to=checked_to,
        )
        _count(found)
        return found

    async def _late(self) -> tuple[int, int]:
        """Claim the reminders of runs that have not woken; return how many are overdue unmarked, and late."""
        overdue, late, last = 0, 0, None
        while page := await self._page(last):
            overdue += sum(_is_overdue_unmarked(each) for each in page)
            late += sum(await self._each(self._remind_instead, page))
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
        """Send what nobody has taken care of, each message once in a sweep; return how many arrived."""
        sent, last, last_aside = 0, None, None
        while page := await self._unsent(last):
            fates = await self._each(self._pass_on, page)
            sent += sum(fate is Fate.SENT for fate in fates)
            last = page[-1]
        while told := await self._untold(last_aside):
            await self._each(self._notices.pass_aside, told)
            last_aside = told[-1]
        return sent

    async def _unsent(self, last: Waiting | None) -> tuple[Waiting, ...]:
        async with self._sessions() as session:
            return await outbox.forgotten(session, after=last, limit=PAGE)

    async def _untold(self, last: Aside | None) -> tuple[Aside, ...]:
        async with self._sessions() as session:
            return await asides.forgotten(session, after=last, limit=PAGE)

    async def _pass_on(self, owed: Waiting) -> Fate:
        return await self._notices.pass_on(owed, by=BY, swept=True)

    async def _in_sight(self, wanted: SweepWanted) -> tuple[tuple[Seen, ...], str]:
        """Return what is open and needed soon, and what is next in turn, with where the turn has come to."""
        until = datetime.now(UTC) + wanted.lookahead
        async with self._sessions() as session:
            late = await lateness.late(session, limit=MOST_CHECKED)
            soon = await lateness.soon_due(session, until=until, limit=MOST_CHECKED)
            turn = await lateness.in_turn(session, after=wanted.checked_to, limit=MOST_CHECKED)
        urgent = [lateness.seen(each) for each in (*late, *soon)]
        checked_to = turn[-1].id if len(turn) == MOST_CHECKED else ""
        return tuple({each.run: each for each in (*urgent, *turn)}.values()), checked_to

    async def _report_if_missing(self, seen: Seen) -> bool:
        """Ask operations to look after something open that no run keeps; return whether that is news."""
        if await self._runs.is_running(seen.run) or not await self._is_still_open(seen):
            return False
        task = Task(
            id=f"{RUN_MISSING}/{seen.entity}/{seen.id}",
            type=RUN_MISSING,
            entity=seen.entity,
            entity_id=seen.id,
            detail=f"{seen.status}, and no run: nobody is reminded, nothing expires",
        )
        async with self._sessions.begin() as session:
            return await open_task(session, task)

    async def _is_still_open(self, seen: Seen) -> bool:
        """Look again: a run that has just ended has written so before."""
        async with self._sessions() as session:
            return await lateness.is_open(session, seen)

    async def _each(self, do: Callable[[T], Awaitable[U]], each_of: Sequence[T]) -> list[U]:
        """Return what `do` returns for each, some at a time; what fails is counted and stops nobody."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(it: T) -> list[U]:
            async with turn:
                try:
                    return [await do(it)]
                except Exception as error:  # noqa: BLE001 - the net must not tear at its first knot
                    log.error("sweep.failed", step=do.__name__, why=type(error).__name__)  # noqa: TRY400
                    self._failed += 1
                    return []

        return [result for results in await asyncio.gather(*map(one, each_of)) for result in results]


def _is_overdue_unmarked(watched: Watched) -> bool:
    """Return whether patience is used up by the row's own account, while nobody has marked that."""
    standing = watched.standing
    due = standing.obligation.sla_due if standing.obligation else None
    held = standing.assignment.held_until(watched.read_at)
    marked = standing.assignment.overdue_at is not None
    return due is not None and due < watched.read_at and not held and not marked


def _count(found: Swept) -> None:
    SWEEP_DRIFT.labels(kind="late_reminder").inc(found.late_reminders)
    SWEEP_DRIFT.labels(kind="forgotten_message").inc(found.forgotten_messages)
    SWEEP_DRIFT.labels(kind="missing_run").inc(found.missing_runs)
    SWEEP_DRIFT.labels(kind="unmarked_overdue").inc(found.unmarked_overdue)
    if not found.is_all_well:
        log.warning(
            "sweep.found",
            late_reminders=found.late_reminders,
            forgotten_messages=found.forgotten_messages,
            missing_runs=found.missing_runs,
            unmarked_overdue=found.unmarked_overdue,
            failed=found.failed,
        )
