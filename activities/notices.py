"""Telling people things, for a workflow: what lies in the outbox is sent, marked, and counted."""

import asyncio
from dataclasses import dataclass
from enum import Enum, auto

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.typing import FilteringBoundLogger
from temporalio import activity
from temporalio.exceptions import ApplicationError

from fulfillment.gateways.notices import Message, NoticeFailed, NoticeRefused, Notifier, WhyRefused
from fulfillment.store import outbox
from fulfillment.store.ledger.messages import CHANNEL
from fulfillment.store.outbox import Waiting
from fulfillment.telemetry import REMINDERS_FAILED, REMINDERS_SENT

log: FilteringBoundLogger = structlog.get_logger(__name__)

DELAYED = "NoticeFailed"
"""The type of the failure that says: some are still in the outbox, ask again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Whose messages to send: all that are owed `about` this assignment or job."""

    about: str


class Fate(Enum):
    """What has become of a message in this attempt."""

    SENT = auto()
    REFUSED = auto()
    DELAYED = auto()
    TAKEN = auto()


class Notices:
    def __init__(self, sessions: async_sessionmaker[AsyncSession], notifier: Notifier) -> None:
        self._sessions = sessions
        self._notifier = notifier

    @activity.defn(name="deliver")
    async def deliver(self, delivery: Delivery) -> int:
        """Send what is owed about something, oldest first, and return how many messages went out.

        Each stands for itself. One that is refused is marked as failed for good; one that cannot be sent
        now stays in the outbox, and in the end the activity fails so that it is asked again. A repeat
        sends nothing that was marked; only a message whose sender died between sending and marking goes
        out again, under the same key.
        """
        # The workflow claims, whichever of its activities and runs it is: they follow one another, and
        # each has to finish what the one before it left behind.
        by = activity.info().workflow_id or activity.info().activity_id
        fates: dict[str, Fate] = {}
        # A worker that was frozen must not go on beside its successor: past its time an attempt ends itself.
        patience = activity.info().start_to_close_timeout
        async with asyncio.timeout(patience.total_seconds() if patience else None):
            while fresh := [each for each in await self._owed(delivery, by=by) if each.key not in fates]:
                for each in fresh:
                    fates[each.key] = await self._pass_on(each, by=by)
        _expect_none_delayed(fates)
        return sum(fate is Fate.SENT for fate in fates.values())

    async def _owed(self, delivery: Delivery, *, by: str) -> tuple[Waiting, ...]:
        async with self._sessions() as session:
            return await outbox.waiting(session, delivery.about, by=by)

    async def _pass_on(self, owed: Waiting, *, by: str) -> Fate:
        """Claim, send, mark, each committed before the next begins (trap R9)."""
        async with self._sessions.begin() as session:
            if not await outbox.claim(session, owed.key, by=by):
                return Fate.TAKEN
        try:
            await self._notifier.send(_message(owed))
        except NoticeRefused as refused:
            return await self._give_up(owed, refused.reason)
        except NoticeFailed:
            log.warning("notice.delayed", key=owed.key, attempts=owed.attempts + 1)
            return Fate.DELAYED
        except (TypeError, ValueError) as error:
            # It will fail the same way for ever. The log gets no text of it: that quotes what people wrote.
            log.error("notice.malformed", key=owed.key, why=type(error).__name__)  # noqa: TRY400
            return await self._give_up(owed, WhyRefused.MALFORMED)
        return await self._note_sent(owed)

    async def _note_sent(self, owed: Waiting) -> Fate:
        async with self._sessions.begin() as session:
            news = await outbox.mark_sent(session, owed.key)
        if news and owed.reminder:
            REMINDERS_SENT.labels(kind=owed.reminder.value, channel=CHANNEL).inc()
        return Fate.SENT

    async def _give_up(self, owed: Waiting, why: WhyRefused) -> Fate:
        log.warning("notice.refused", key=owed.key, why=why.value)
        async with self._sessions.begin() as session:
            news = await outbox.mark_failed(session, owed.key, reason=why.value)
        if news and owed.reminder:
            REMINDERS_FAILED.labels(reason=why.value).inc()
        return Fate.REFUSED


def _message(owed: Waiting) -> Message:
    return Message(
        key=owed.key,
        event=owed.event,
        about=owed.about,
        to=owed.to,
        reminder=owed.reminder,
        request_id=owed.request_id,
    )


def _expect_none_delayed(fates: dict[str, Fate]) -> None:
    delayed = sum(fate is Fate.DELAYED for fate in fates.values())
    if delayed:
        raise ApplicationError(
            f"{delayed} of {len(fates)} messages cannot be sent now and stay in the outbox", type=DELAYED
        )
