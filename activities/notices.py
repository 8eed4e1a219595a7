"""Telling people things, for a workflow: what lies in the outbox is sent, marked, and counted."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.typing import FilteringBoundLogger
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.alive import alive
from fulfillment.domain.messages import Channel
from fulfillment.gateways.notices import WhyRefused
from fulfillment.notifications.delivering import GAVE_UP, Delivering, Ended
from fulfillment.store import asides, outbox
from fulfillment.store.asides import Aside
from fulfillment.store.outbox import Outcome, Waiting
from fulfillment.store.tables import DeliveryStatus, OutboxStatus
from fulfillment.store.tasks import Task, open_task
from fulfillment.telemetry import (
    NOTICE_ATTEMPTS,
    REMINDER_LATENESS,
    REMINDERS_FAILED,
    REMINDERS_SENT,
    REMINDERS_SWEPT,
    at_nought,
)

log: FilteringBoundLogger = structlog.get_logger(__name__)

DELAYED = "NoticeFailed"
"""The type of the failure that says: some are still in the outbox, ask again."""
UNDELIVERED = "notice_undelivered"

at_nought(REMINDERS_FAILED, (*WhyRefused, GAVE_UP))


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Whose messages to send: all that are owed `about` this assignment or job."""

    about: str


class Fate(Enum):
    """What has become of a message in this attempt."""

    SENT = auto()
    ENDED = auto()
    DELAYED = auto()
    TAKEN = auto()


class Notices:
    def __init__(self, sessions: async_sessionmaker[AsyncSession], delivering: Delivering) -> None:
        self._sessions = sessions
        self._delivering = delivering

    @activity.defn(name="deliver")
    async def deliver(self, delivery: Delivery) -> int:
        """Send what is owed about something, oldest first, and return how many people were reached.

        Each message stands for itself. One that can never arrive is marked as failed for good; one that
        cannot be sent now stays in the outbox, and in the end the activity fails so that it is asked again.
        A repeat sends nothing that was marked; only a mail whose sender died between sending and marking
        goes out again, under the same Message-ID. Systems are told when people have been.
        """
        # The workflow claims, whichever of its activities and runs it is: they follow one another, and
        # each has to finish what the one before it left behind.
        by = activity.info().workflow_id or activity.info().activity_id
        fates: dict[str, Fate] = {}
        # A worker that was frozen must not go on beside its successor: past its time an attempt ends itself.
        patience = activity.info().start_to_close_timeout
        async with asyncio.timeout(patience.total_seconds() if patience else None), alive():
            while fresh := [each for each in await self._owed(delivery, by=by) if each.key not in fates]:
                for each in fresh:
                    fates[each.key] = await self.pass_on(each, by=by)
            told = [await self.pass_aside(each) for each in await self._asides(delivery)]
        _expect_none_delayed([*fates.values(), *told])
        return sum(fate is Fate.SENT for fate in fates.values())

    async def pass_on(self, owed: Waiting, *, by: str, swept: bool = False) -> Fate:
        """Claim, send, mark, each committed before the next begins (trap R9)."""
        try:
            async with self._sessions.begin() as session:
                if not await outbox.claim(session, owed.key, by=by):
                    # An attempt of ours that was given up may still be at it; we come back.
                    return Fate.DELAYED if owed.ours else Fate.TAKEN
                prepared = await self._delivering.prepare(session, owed)
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - one message must never stop the others (3.4)
            log.error("notice.malformed", key=owed.key, why=type(error).__name__)  # noqa: TRY400 - no text of it
            return await self._mark(owed, Ended(status=OutboxStatus.FAILED, reason=WhyRefused.MALFORMED))
        ended = await self._delivering.send(prepared)
        for end in ended.by:
            NOTICE_ATTEMPTS.labels(channel=end.channel.value, outcome=end.status.value).inc()
        if ended.status is None:
            async with self._sessions.begin() as session:
                await outbox.release(session, owed.key, by=by)
            return Fate.DELAYED
        return await self._mark(owed, ended, swept=swept)

    async def pass_aside(self, aside: Aside) -> Fate:
        """Begin, tell a system, end, each committed before the next begins."""
        try:
            async with self._sessions.begin() as session:
                letter = await self._delivering.prepare_aside(session, aside)
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            log.error("notice.malformed", key=aside.owed.key, why=type(error).__name__)  # noqa: TRY400 - no text of it
            outcome = Outcome(
                channel=aside.channel, status=DeliveryStatus.FAILED, reason=WhyRefused.MALFORMED
            )
            async with self._sessions.begin() as session:
                await outbox.end(session, aside.owed.key, outcome)
        else:
            if letter is None:
                return Fate.TAKEN
            outcome = await self._delivering.send_aside(letter, aside.channel)
        NOTICE_ATTEMPTS.labels(channel=outcome.channel.value, outcome=outcome.status.value).inc()
        return Fate.DELAYED if outcome.status is DeliveryStatus.DELAYED else Fate.ENDED

    async def _owed(self, delivery: Delivery, *, by: str) -> tuple[Waiting, ...]:
        async with self._sessions() as session:
            return await outbox.waiting(session, delivery.about, by=by)

    async def _asides(self, delivery: Delivery) -> tuple[Aside, ...]:
        async with self._sessions() as session:
            return await asides.waiting(session, delivery.about)

    async def _mark(self, owed: Waiting, ended: Ended, *, swept: bool = False) -> Fate:
        if ended.status is None:
            raise AssertionError("what has to be tried again is not over")
        async with self._sessions.begin() as session:
            news = await outbox.finish(session, owed.key, ended.status, by=ended.by, reason=ended.reason)
            if news and ended.status in {OutboxStatus.FAILED, OutboxStatus.UNKNOWN}:
                await open_task(session, _undelivered(owed, ended))
        if news:
            _count(owed, ended, swept=swept)
        return Fate.SENT if ended.status is OutboxStatus.SENT else Fate.ENDED


def _undelivered(owed: Waiting, ended: Ended) -> Task:
    """Return the task to reach somebody some other way, one for each person, reason and thing (trap R14)."""
    why = _reason(ended)
    return Task(
        id=f"{UNDELIVERED}/{owed.entity}/{owed.about}/{owed.to}/{why}",
        type=UNDELIVERED,
        entity=owed.entity,
        entity_id=owed.about,
        detail=f"{owed.event} did not reach {owed.to}: {why}",
    )


def _count(owed: Waiting, ended: Ended, *, swept: bool) -> None:
    if owed.reminder is None:
        return
    if ended.status is OutboxStatus.SENT:
        channel = _last(ended).channel if ended.by else Channel.EMAIL
        REMINDERS_SENT.labels(kind=owed.reminder.kind.value, channel=channel.value).inc()
        late = owed.reminder.late + owed.age
        REMINDER_LATENESS.labels(kind=owed.reminder.kind.value).observe(late.total_seconds())
        if swept:
            REMINDERS_SWEPT.inc()
    elif ended.status is OutboxStatus.FAILED:
        REMINDERS_FAILED.labels(reason=_reason(ended)).inc()


def _reason(ended: Ended) -> str:
    return ended.reason or (_last(ended).reason if ended.by else None) or "rejected"


def _last(ended: Ended) -> Outcome:
    return ended.by[-1]


def _expect_none_delayed(fates: Sequence[Fate]) -> None:
    delayed = sum(fate is Fate.DELAYED for fate in fates)
    if delayed:
        raise ApplicationError(
            f"{delayed} of {len(fates)} messages cannot be sent now and stay in the outbox", type=DELAYED
        )
