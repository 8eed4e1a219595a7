"""Delivering: a message goes to its person, and beside that to systems; each attempt is on record (trap R9).

The person is mailed, or texted where a mail can never reach them: one channel follows another only when the
one before it has failed for good. The marketplace's own systems are told by webhook, and the visit is written
into the person's calendar, each on its own: no system that is down holds up what a person is told.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.typing import FilteringBoundLogger

from fulfillment.domain.messages import Channel, ReminderKind
from fulfillment.gateways.notices import NoticeFailed, NoticeRefused, WhyRefused
from fulfillment.gateways.sms import FateUnknown
from fulfillment.notifications.case import Case, look_up
from fulfillment.notifications.channels import Senders
from fulfillment.notifications.letter import Letter
from fulfillment.notifications.service import NotificationsService
from fulfillment.store import asides, outbox
from fulfillment.store.asides import Aside
from fulfillment.store.outbox import Outcome, Tried, Waiting
from fulfillment.store.tables import DeliveryStatus, OutboxStatus
from fulfillment.tracing import span

log: FilteringBoundLogger = structlog.get_logger(__name__)

Sessions = async_sessionmaker[AsyncSession]

TO_THE_PERSON = (Channel.EMAIL, Channel.SMS)
ONCE_ONLY = frozenset({Channel.SMS})
"""Channels whose receiver cannot tell a repeat: what may have gone out is not sent again."""
OF_VISITS = frozenset({ReminderKind.VISIT, ReminderKind.VISIT_24H, ReminderKind.VISIT_2H})

SLOW, PAUSE = 4.0, 20.0
"""Seconds. A channel that has taken this long to fail is left alone for a while; others wait for us."""

GAVE_UP = "gave_up"
FAILED = frozenset({DeliveryStatus.FAILED, DeliveryStatus.SKIPPED})
ARRIVED = frozenset({DeliveryStatus.SENT, DeliveryStatus.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a channel that is down is tried: for a notice, and for a reminder after its moment."""

    notices: timedelta = timedelta(hours=24)
    reminders: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A message ready to be sent. Without a `letter` it has nothing to say any more.

    `route` are the channels that lead to the person, `tried` is how far each had come before, `begun` the one
    that is noted as begun now.
    """

    case: Case
    letter: Letter | None
    route: tuple[Channel, ...] = ()
    tried: Mapping[Channel, Tried]
    begun: Channel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What has become of a message: None while it has to be tried again; `by` is how its channels ended."""

    status: OutboxStatus | None
    by: tuple[Outcome, ...] = ()
    reason: str = ""


class Delivering:
    def __init__(
        self,
        sessions: Sessions,
        *,
        service: NotificationsService,
        senders: Senders,
        patience: Patience | None = None,
    ) -> None:
        self._sessions = sessions
        self._service = service
        self._senders = senders
        self._patience = patience or Patience()
        self._paused: dict[Channel, float] = {}

    async def prepare(self, session: AsyncSession, owed: Waiting) -> Prepared:
        """Return the message made up as things are now, and note that it begins; systems are told later.

        Commit before `send`: what nobody can see has not begun.

        Raises:
            LookupError: what it is about is not written down.
        """
        case = await look_up(session, owed)
        if case.is_obsolete:
            return Prepared(case=case, letter=None, tried={})
        letter = await self._service.compose(session, case)
        tried = await outbox.tried(session, owed.key)
        route = await self._open(session, TO_THE_PERSON, letter, tried)
        await asides.open_all(session, owed.key, await self._open(session, asides.CHANNELS, letter, tried))
        begun = _following(route, tried)
        if begun:
            await outbox.begin(session, owed.key, begun)
        return Prepared(case=case, letter=letter, route=route, tried=tried, begun=begun)

    async def _open(
        self, session: AsyncSession, route: Sequence[Channel], letter: Letter, tried: Mapping[Channel, Tried]
    ) -> tuple[Channel, ...]:
        """Return the channels of a route that know a way to the recipient, or were on their way already."""
        ours = [channel for channel in route if channel in self._senders]
        reach = [each in tried or await self._senders[each].reaches(session, letter) for each in ours]
        return tuple(channel for channel, reaches in zip(ours, reach, strict=True) if reaches)

    async def send(self, prepared: Prepared) -> Ended:
        """Send to the person, and return what has become of the message."""
        if prepared.letter is None:
            return Ended(status=OutboxStatus.SKIPPED, reason="obsolete")
        ends = await self._along(prepared)
        if not ends:
            return Ended(status=OutboxStatus.FAILED, reason=WhyRefused.NO_ADDRESS)
        status = {
            DeliveryStatus.SENT: OutboxStatus.SENT,
            DeliveryStatus.UNKNOWN: OutboxStatus.UNKNOWN,
            DeliveryStatus.DELAYED: None,
        }.get(ends[-1].status, OutboxStatus.FAILED)
        return Ended(status=status, by=ends)

    async def prepare_aside(self, session: AsyncSession, aside: Aside) -> Letter | None:
        """Return the message to tell a system, and note that this begins; None if somebody else tells it.

        Raises:
            LookupError: what it is about is not written down.
        """
        if not await asides.begin(session, aside):
            return None
        return await self._service.compose(session, await look_up(session, aside.owed))

    async def send_aside(self, letter: Letter, channel: Channel) -> Outcome:
        """Tell a system, and return how that ended, once it is on record."""
        outcome = self._patiently(letter.case, await self._attempt(channel, letter))
        async with self._sessions.begin() as session:
            await outbox.end(session, letter.case.owed.key, outcome)
        return outcome

    async def _along(self, prepared: Prepared) -> tuple[Outcome, ...]:
        """Return how the channels to the person ended, up to the first that did not fail."""
        ends: list[Outcome] = []
        for channel in prepared.route:
            before = prepared.tried.get(channel)
            if before and before.status in FAILED | ARRIVED:
                ends.append(_as_before(channel, before))
            else:
                ends.append(await self._through(channel, prepared, before))
            if ends[-1].status not in FAILED:
                break
        return tuple(ends)

    async def _through(self, channel: Channel, prepared: Prepared, before: Tried | None) -> Outcome:
        """Return how an attempt on one channel ended, once that is on record."""
        key, letter = prepared.case.owed.key, prepared.letter
        if letter is None:
            raise AssertionError("a message without a letter takes no route")
        if _may_have_gone_out(channel, before):
            outcome = Outcome(channel=channel, status=DeliveryStatus.UNKNOWN, reason="sender_died")
        else:
            if channel is not prepared.begun:
                async with self._sessions.begin() as session:
                    await outbox.begin(session, key, channel)
            outcome = self._patiently(prepared.case, await self._attempt(channel, letter))
        async with self._sessions.begin() as session:
            await outbox.end(session, key, outcome)
        return outcome

    async def _attempt(self, channel: Channel, letter: Letter) -> Outcome:
        if self._paused.get(channel, 0.0) > time.monotonic():
            return Outcome(channel=channel, status=DeliveryStatus.DELAYED, reason="channel_paused")
        began = time.monotonic()
        outcome = await self._told(channel, letter)
        if outcome.status is DeliveryStatus.DELAYED and time.monotonic() - began > SLOW:
            self._paused[channel] = time.monotonic() + PAUSE
        return outcome

    async def _told(self, channel: Channel, letter: Letter) -> Outcome:
        owed, payload = letter.case.owed, letter.payload
        told = {"key": owed.key, "channel": channel.value, "request_id": payload.request_id}
        try:
            with span(f"send by {channel}"):
                id = await self._senders[channel].send(letter)
        except NoticeRefused as refused:
            log.warning("notice.refused", why=refused.reason.value, **told)
            return Outcome(channel=channel, status=DeliveryStatus.FAILED, reason=refused.reason)
        except FateUnknown:
            log.warning("notice.fate_unknown", **told)
            return Outcome(channel=channel, status=DeliveryStatus.UNKNOWN, reason="no_answer")
        except NoticeFailed:
            log.warning("notice.delayed", attempts=owed.attempts + 1, **told)
            return Outcome(channel=channel, status=DeliveryStatus.DELAYED, reason="channel_down")
        except SQLAlchemyError:
            raise  # our own books are not at hand; whoever comes next finds this one begun
        except Exception as error:  # noqa: BLE001 - one message must never stop the others (3.4)
            # It will fail the same way for ever. The log gets no text of it: that quotes what people wrote.
            log.error("notice.malformed", why=type(error).__name__, **told)  # noqa: TRY400
            return Outcome(channel=channel, status=DeliveryStatus.FAILED, reason=WhyRefused.MALFORMED)
        log.info(
            "notice.sent",
            notice=payload.type,
            reminder=payload.reminder.kind.value if payload.reminder else None,
            to_role=payload.recipient.role.value,
            to_id=payload.recipient.id,
            **told,
        )
        return Outcome(channel=channel, status=DeliveryStatus.SENT, message_id=id)

    def _patiently(self, case: Case, outcome: Outcome) -> Outcome:
        """Return `outcome`, or that the channel is given up on, when it has been down for too long."""
        if outcome.status is not DeliveryStatus.DELAYED or not self._is_too_late(case):
            return outcome
        return replace(outcome, status=DeliveryStatus.FAILED, reason=GAVE_UP)

    def _is_too_late(self, case: Case) -> bool:
        owed, reminder = case.owed, case.owed.reminder
        if reminder is None:
            return owed.age > self._patience.notices
        if reminder.late + owed.age > self._patience.reminders:
            return True
        agreed = case.assignment.agreed if case.assignment else None
        return reminder.kind in OF_VISITS and agreed is not None and owed.now >= agreed.window.start


def _following(route: Sequence[Channel], tried: Mapping[Channel, Tried]) -> Channel | None:
    """Return the channel that comes next on a route; None at its end."""
    for channel in route:
        before = tried.get(channel)
        if before is None or before.status not in FAILED:
            ended = before is not None and before.status in ARRIVED
            return None if ended or _may_have_gone_out(channel, before) else channel
    return None


def _as_before(channel: Channel, tried: Tried) -> Outcome:
    return Outcome(channel=channel, status=tried.status, reason=tried.reason, message_id=tried.message_id)


def _may_have_gone_out(channel: Channel, before: Tried | None) -> bool:
    return channel in ONCE_ONLY and before is not None and before.status is DeliveryStatus.BEGUN
