"""Events of the payment provider's that nobody has passed on: told now to whom they concern (trap M10)."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.typing import FilteringBoundLogger

from activities.remedies import Deed, Outcome
from activities.stories import Stories
from fulfillment.domain.assignment.drift import DriftKind, Finding
from fulfillment.store import hints, stripe_events
from fulfillment.store.hints import Concerns
from fulfillment.store.stripe_events import Event
from fulfillment.store.views import card_holds

log: FilteringBoundLogger = structlog.get_logger(__name__)

SPEAKER = "stripe"
OLD = timedelta(minutes=2)
"""What came later is still in the hands of whoever took it."""
FOREIGN = timedelta(days=1)
"""Runs write down their holds within seconds; one that nobody knows after a day is none of ours."""
MOST = 1000


class Unheard:
    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        *,
        stories: Stories,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sessions = sessions
        self._stories = stories
        self._clock = clock

    async def pass_on(self, *, noted: Collection[str], dry: bool = False) -> tuple[Outcome, ...]:
        """Pass on what waits, first come first; what cannot be passed on waits on. A repeat finds less."""
        async with self._sessions() as session:
            waiting = await stripe_events.unhandled(session, limit=MOST, older_than=OLD)
        return tuple([await self._heard(event, noted=noted, dry=dry) for event in waiting])

    async def _heard(self, event: Event, *, noted: Collection[str], dry: bool) -> Outcome:
        if dry:
            return Outcome(finding=_finding(event), deed=Deed.NOTHING)
        try:
            id = await self._tell(event)
        except Exception as error:  # noqa: BLE001 - the next event may concern a run that can be reached
            log.warning("reconcile.hint.not_passed_on", event_id=event.id, why=type(error).__name__)
            id = None
        finding = _finding(event, id or "")
        if id is None:
            return Outcome(finding=finding, deed=Deed.LEFT, is_news=finding.mark not in noted)
        async with self._sessions.begin() as session:
            await stripe_events.handled(session, event.id)
        return Outcome(finding=finding, deed=Deed.PASSED_ON)

    async def _tell(self, event: Event) -> str | None:
        """Tell whom `event` concerns and return which assignment that is; None as long as nobody knows."""
        if event.intent_id is None or not hints.is_news(event.type):
            return ""
        async with self._sessions() as session:
            known = await card_holds.hold(session, event.intent_id)
        if known is None:
            return "" if event.created_at < self._clock() - FOREIGN else None
        match hints.concerns(event.type, known):
            case Concerns.AFTERCARE:
                await self._stories.look_after(known.assignment_id)
            case Concerns.THE_RUN:
                await self._stories.doubt(known.assignment_id, by=SPEAKER, reason=event.type)
            case Concerns.NOBODY:
                pass
        return known.assignment_id


def _finding(event: Event, assignment_id: str = "") -> Finding:
    return Finding(
        kind=DriftKind.HINT_UNHANDLED,
        assignment_id=assignment_id,
        about=event.id,
        what=f"{event.type} about {event.intent_id} was not passed on",
    )
