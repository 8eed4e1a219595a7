"""The monitor: looks at how things stand, and tells whoever is on call what has changed (T10.2)."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.typing import FilteringBoundLogger
from temporalio import activity
from temporalio.service import RPCError

from activities.gauges import Engine
from fulfillment.domain.alerts import FAILURES_WITHIN, Alarm, Name, Thresholds, Vitals, alarms
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.gateways.alerting import Begun, Desk, Event, Over
from fulfillment.gateways.notices import NoticeFailed, NoticeRefused
from fulfillment.store.views.pulse import Pulse, failed_reminders, pulse

log: FilteringBoundLogger = structlog.get_logger(__name__)

NOT_OUR_TURN = frozenset({PayoutStatus.DENIED, PayoutStatus.AWAITING_CUSTOMER_PAYMENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Which alerts are open, as far as whoever is on call has been told; `untold` changes reached nobody."""

    open: tuple[Name, ...] = ()
    begun: tuple[Name, ...] = ()
    over: tuple[Name, ...] = ()
    untold: tuple[Name, ...] = ()


class OpsMonitor:
    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        engine: Engine,
        *,
        desk: Desk,
        thresholds: Thresholds,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sessions = sessions
        self._engine = engine
        self._desk = desk
        self._thresholds = thresholds
        self._clock = clock

    @activity.defn(name="monitor_operations")
    async def monitor_operations(self, before: Told) -> Told:
        """Tell what has begun and what is over since `before`, and return what has been told by now.

        What nobody takes is left as it was, and is news in the next look again. A repeat tells what this one
        has told once more, under the same key.
        """
        found = alarms(await self._vitals(), self._thresholds)
        news = _news(found, before.open, at=self._clock())
        answers = await asyncio.gather(*map(self._is_taken, news.values()))
        taken = {name for name, is_taken in zip(news, answers, strict=True) if is_taken}
        now_open = (set(before.open) | taken) - (set(before.open) & taken)
        return Told(
            open=_in_order(now_open),
            begun=_in_order(taken - set(before.open)),
            over=_in_order(taken & set(before.open)),
            untold=_in_order(set(news) - taken),
        )

    async def _is_taken(self, event: Event) -> bool:
        try:
            await self._desk.tell(event)
        except (NoticeFailed, NoticeRefused) as error:
            log.warning("monitor.untold", why=str(error))
            return False
        return True

    async def _vitals(self) -> Vitals:
        async with self._sessions() as session:
            now = await pulse(session)
            failures = await failed_reminders(session, within=FAILURES_WITHIN)
        return _vitals_of(now, failures, await self._runs_in_trouble())

    async def _runs_in_trouble(self) -> int | None:
        try:
            return sum((await self._engine.in_trouble()).values())
        except RPCError as error:
            log.warning("monitor.engine.unread", why=error.status.name)
            return None


def _news(found: Mapping[Name, Alarm | None], told: Collection[Name], *, at: datetime) -> dict[Name, Event]:
    """Return what is wrong and was not told, and what was told and is well again."""
    news: dict[Name, Event] = {}
    for name, alarm in found.items():
        if alarm and name not in told:
            news[name] = Begun(alarm=alarm, at=at)
        elif alarm is None and name in told:
            news[name] = Over(name=name)
    return news


def _vitals_of(now: Pulse, failures: int, in_trouble: int | None) -> Vitals:
    ours = [pile for status, pile in now.payouts.items() if status not in NOT_OUR_TURN]
    return Vitals(
        reminder_failures=failures,
        oldest_message=max((pile.oldest for pile in now.outbox.values()), default=timedelta()),
        payouts=sum(pile.count for pile in ours),
        oldest_payout=max((pile.oldest for pile in ours), default=timedelta()),
        ending_holds=sum(each.count for each in now.ending.values()),
        runs_in_trouble=in_trouble,
    )


def _in_order(names: Collection[Name]) -> tuple[Name, ...]:
    return tuple(name for name in Name if name in names)
