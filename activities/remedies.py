"""What is done about money that does not agree: rows are written, runs are told, people are asked.

Nothing here takes, gives or passes on money. The one thing that is done at the payment provider is to let
go a hold that nobody will ever need (trap M13).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.typing import FilteringBoundLogger

from activities.pictures import Shot
from activities.stories import Stories
from fulfillment.domain.assignment.card import CardSeen, CardState
from fulfillment.domain.assignment.cases import cases
from fulfillment.domain.assignment.commands import RecordRelease
from fulfillment.domain.assignment.deciding import decide
from fulfillment.domain.assignment.drift import DriftKind, Finding
from fulfillment.domain.assignment.entries import entry
from fulfillment.domain.assignment.evolving import apply
from fulfillment.domain.command import Source
from fulfillment.domain.people import SYSTEM
from fulfillment.domain.policy import Policy
from fulfillment.gateways.payments import Cards, PaymentFailed, PaymentRefused, Release
from fulfillment.store import ledger
from fulfillment.store.cases import close_cases
from fulfillment.store.ledger import About
from fulfillment.store.ledger.restating import hold_is_over, restate, take_turn
from fulfillment.store.tables import Entity
from fulfillment.store.tasks import Task, open_task
from fulfillment.store.views import assignments

log: FilteringBoundLogger = structlog.get_logger(__name__)

BY = "reconciler"
"""Who the audit and the cases say it was."""
ENDED = Policy()
"""Nothing is due any more once an assignment has ended, whatever its policy was."""


class Deed(StrEnum):
    """What was done about a finding."""

    WRITTEN = "the rows were written as they should be"
    TOLD = "its run was told to look"
    RELEASED = "the hold was let go"
    PASSED_ON = "passed on to whom it concerns"
    CASE = "a case is open: somebody has to look"
    LEFT = "left to whoever is at it"
    NOTHING = "nothing, this is a dry run"


HEALED = frozenset({Deed.WRITTEN, Deed.TOLD, Deed.RELEASED, Deed.PASSED_ON})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A finding, and what became of it. `is_news` says that it is counted: not all have been before."""

    finding: Finding
    deed: Deed
    is_news: bool = True

    @property
    def is_healed(self) -> bool:
        return self.deed in HEALED


class Remedies:
    """`noted` are the marks of what the last reconciliation left as it was: found again, it is a case."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        *,
        cards: Cards,
        stories: Stories,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sessions = sessions
        self._cards = cards
        self._stories = stories
        self._clock = clock

    async def mend(self, shot: Shot, finding: Finding, *, noted: Collection[str]) -> Outcome:
        """Do what may be done about a finding by itself, and ask a person about the rest, once."""
        match finding.kind:
            case DriftKind.RUN_MISSING:
                # The sweep of reminders looks for these, and opens the task.
                return Outcome(finding=finding, deed=Deed.LEFT, is_news=finding.mark not in noted)
            case DriftKind.PROJECTION_BEHIND:
                return await self._insisted(finding, noted=noted)
            case DriftKind.PROJECTION_DIFFERS:
                return await self._written(shot, finding, noted=noted)
            case DriftKind.CARD_DIFFERS:
                return await self._told(finding, noted=noted)
            case DriftKind.HOLD_LEFT if finding.may_release:
                return await self._released(finding)
            case _:
                return await self._case(finding)

    async def close_settled(self, shot: Shot, found: Collection[str]) -> int:
        """Close the cases about what is in order now, all but those of which the state itself says otherwise.

        `found` are the marks of what was found, if only for a moment; return how many were closed.
        """
        if shot.picture is None or shot.blind:
            return 0
        by_state = {f"{case.type}/{shot.kept.id}" for case in cases(shot.picture.it)}
        settled = shot.kept.cases - set(found) - by_state
        if not settled:
            return 0
        async with self._sessions.begin() as session:
            return await close_cases(session, settled, by=BY, outcome="found in order")

    async def _written(self, shot: Shot, finding: Finding, *, noted: Collection[str]) -> Outcome:
        if finding.about and shot.picture:
            await self._note_release(finding, shot.picture.seen[finding.about])
            return Outcome(finding=finding, deed=Deed.WRITTEN)
        async with self._sessions.begin() as session:
            done = shot.right is not None and await restate(session, shot.right)
        if done:
            return Outcome(finding=finding, deed=Deed.WRITTEN)
        return await self._insisted(finding, noted=noted)

    async def _told(self, finding: Finding, *, noted: Collection[str]) -> Outcome:
        told = await self._stories.doubt(finding.assignment_id, by=BY, reason=finding.what)
        if finding.mark in noted:
            return await self._case(finding)
        return Outcome(finding=finding, deed=Deed.TOLD if told else Deed.LEFT)

    async def _released(self, finding: Finding) -> Outcome:
        """Let the hold go. The case stays as the trace of it, and open if that did not work."""
        opened = await self._case(finding)
        release = Release(assignment_id=finding.assignment_id, intent_id=finding.about)
        try:
            seen = await self._cards.release(release)
        except (PaymentFailed, PaymentRefused) as failure:
            log.warning("reconcile.release.failed", assignment_id=finding.assignment_id, why=str(failure))
            return opened
        await self._note_release(finding, seen)
        if seen.state is not CardState.GONE:
            return opened
        async with self._sessions.begin() as session:
            await close_cases(session, [finding.mark], by=BY, outcome="the hold was let go")
        return Outcome(finding=finding, deed=Deed.RELEASED)

    async def _note_release(self, finding: Finding, seen: CardSeen) -> None:
        """Write that a hold is gone: as a step of the assignment, if its run ended before it could."""
        id, intent = finding.assignment_id, finding.about
        async with self._sessions.begin() as session:
            await take_turn(session, id)
            known = await assignments.assignment(session, id)
            before = known.standing.assignment if known else None
            if before and before.is_closed and intent in before.let_go:
                command = RecordRelease(
                    actor=SYSTEM,
                    command_id=f"release/{intent}/{before.state_version}",
                    source=Source.CLOCK,
                    intent_id=intent,
                    seen=seen,
                )
                at = self._clock()
                events = decide(before, command, at=at, policy=ENDED)
                after = apply(before, events, policy=ENDED)
                step = entry(before, command, events, after, at=at, policy=ENDED)
                about = About(entity=Entity.ASSIGNMENT, id=id, workflow_id=BY, run_id=BY)
                await ledger.record_assignment(session, about, entries=[step])
            if seen.state is CardState.GONE:
                await hold_is_over(session, intent)

    async def _insisted(self, finding: Finding, *, noted: Collection[str]) -> Outcome:
        """Leave it for now; what was left the last time already becomes a case."""
        if finding.mark in noted:
            return await self._case(finding)
        return Outcome(finding=finding, deed=Deed.LEFT)

    async def _case(self, finding: Finding) -> Outcome:
        task = Task(
            id=finding.mark,
            type=finding.kind,
            entity=Entity.ASSIGNMENT,
            entity_id=finding.assignment_id,
            detail=finding.what,
        )
        async with self._sessions.begin() as session:
            opened = await open_task(session, task)
        return Outcome(finding=finding, deed=Deed.CASE, is_news=opened)
