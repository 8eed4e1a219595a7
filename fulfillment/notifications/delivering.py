"""Delivering: a message goes along its routes, and each attempt is on record before and after (trap R9).

The routes are all taken: to the person by mail, or by text where mail cannot reach them; to the marketplace's
own systems by webhook; into the person's calendar. On a route one channel follows another only when the one
before it has failed for good.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.typing import FilteringBoundLogger

from fulfillment.domain.messages import Channel, ReminderKind
from fulfillment.gateways.notices import NoticeFailed, NoticeRefused, WhyRefused
from fulfillment.gateways.sms import FateUnknown
from fulfillment.notifications.case import Case, look_up
from fulfillment.notifications.channels import Senders
from fulfillment.notifications.letter import Letter
from fulfillment.notifications.service import NotificationsService
from fulfillment.store import outbox
from fulfillment.store.outbox import Outcome, Tried, Waiting
from fulfillment.store.tables import DeliveryStatus, OutboxStatus

log: FilteringBoundLogger = structlog.get_logger(__name__)

Sessions = async_sessionmaker[AsyncSession]

ROUTES = ((Channel.EMAIL, Channel.SMS), (Channel.WEBHOOK,), (Channel.CALENDAR,))
"""The first leads to the person."""
ONCE_ONLY = frozenset({Channel.SMS})
"""Channels whose receiver cannot tell a repeat: what may have gone out is not sent again."""
OF_VISITS = frozenset({ReminderKind.VISIT, ReminderKind.VISIT_24H, ReminderKind.VISIT_2H})

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

    `tried` is how far each channel had come before, `begun` the channels that are noted as begun now.
    """

    case: Case
    letter: Letter | None
    routes: tuple[tuple[Channel, ...], ...] = ()
    tried: Mapping[Channel, Tried]
    begun: frozenset[Channel] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What has become of a message: None while a channel has to be tried again.

    `by` are the ends that counted, `attempts` all that was tried now.
    """

    status: OutboxStatus | None
    by: tuple[Outcome, ...] = ()
    reason: str = ""
    attempts: tuple[Outcome, ...] = ()


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

    async def prepare(self, session: AsyncSession, owed: Waiting) -> Prepared:
        """Return the message made up as things are now, and note on each route that it begins.

        Commit before `send`: what nobody can see has not begun.

        Raises:
            LookupError: what it is about is not written down.
        """
        case = await look_up(session, owed)
        if case.is_obsolete:
            return Prepared(case=case, letter=None, tried={})
        letter = await self._service.compose(session, case)
        tried = await outbox.tried(session, owed.key)
        routes = [await self._open(session, route, letter, tried) for route in ROUTES]
        following = (_following(route, tried) for route in routes)
        begun = frozenset(channel for channel in following if channel)
        for channel in sorted(begun):
            await outbox.begin(session, owed.key, channel)
        return Prepared(case=case, letter=letter, routes=tuple(routes), tried=tried, begun=begun)

    async def _open(
        self, session: AsyncSession, route: Sequence[Channel], letter: Letter, tried: Mapping[Channel, Tried]
    ) -> tuple[Channel, ...]:
        """Return the channels of a route that know a way to the recipient, or were on their way already."""
        ours = [channel for channel in route if channel in self._senders]
        reach = [each in tried or await self._senders[each].reaches(session, letter) for each in ours]
        return tuple(channel for channel, reaches in zip(ours, reach, strict=True) if reaches)

    async def send(self, prepared: Prepared) -> Ended:
        """Send along all routes, and return what has become of the message.

        The route to the person decides: a message that reached them is sent, whatever a webhook says. But
        while any channel has to be tried again, the message stays in the outbox.
        """
        if prepared.letter is None:
            return Ended(status=OutboxStatus.SKIPPED, reason="obsolete")
        ends = [await self._along(route, prepared) for route in prepared.routes]
        attempts = tuple(outcome for end in ends for outcome in end)
        if any(end and end[-1].status is DeliveryStatus.DELAYED for end in ends):
            return Ended(status=None, attempts=attempts)
        to_person = ends[0]
        if not to_person:
            known = [prepared.tried[each] for each in prepared.routes[0]]
            reason = "" if known else WhyRefused.NO_ADDRESS
            return Ended(status=OutboxStatus.FAILED, reason=reason, attempts=attempts)
        ended_as = {
            DeliveryStatus.SENT: OutboxStatus.SENT,
            DeliveryStatus.UNKNOWN: OutboxStatus.UNKNOWN,
        }
        status = ended_as.get(to_person[-1].status, OutboxStatus.FAILED)
        return Ended(status=status, by=to_person, attempts=attempts)

    async def _along(self, route: Sequence[Channel], prepared: Prepared) -> tuple[Outcome, ...]:
        """Return how the channels of a route ended, up to the first that did not fail."""
        ends: list[Outcome] = []
        for channel in route:
            before = prepared.tried.get(channel)
            if before and before.status in FAILED:
                continue
            if before and before.status in ARRIVED:
                return (Outcome(channel=channel, status=before.status),)
            ends.append(await self._through(channel, prepared, before))
            if ends[-1].status not in FAILED:
                break
        return tuple(ends)

    async def _through(self, channel: Channel, prepared: Prepared, before: Tried | None) -> Outcome:
        """Return how an attempt on one channel ended, once that is on record."""
        key = prepared.case.owed.key
        if _may_have_gone_out(channel, before):
            outcome = Outcome(channel=channel, status=DeliveryStatus.UNKNOWN, reason="sender_died")
        else:
            if channel not in prepared.begun:
                async with self._sessions.begin() as session:
                    await outbox.begin(session, key, channel)
            outcome = self._patiently(prepared.case, await self._attempt(channel, prepared))
        async with self._sessions.begin() as session:
            await outbox.end(session, key, outcome)
        return outcome

    async def _attempt(self, channel: Channel, prepared: Prepared) -> Outcome:
        key, letter = prepared.case.owed.key, prepared.letter
        if letter is None:
            raise AssertionError("a message without a letter takes no route")
        told = {"key": key, "channel": channel.value, "request_id": letter.payload.request_id}
        try:
            id = await self._senders[channel].send(letter)
        except NoticeRefused as refused:
            log.warning("notice.refused", why=refused.reason.value, **told)
            return Outcome(channel=channel, status=DeliveryStatus.FAILED, reason=refused.reason)
        except FateUnknown:
            log.warning("notice.fate_unknown", **told)
            return Outcome(channel=channel, status=DeliveryStatus.UNKNOWN, reason="no_answer")
        except NoticeFailed:
            log.warning("notice.delayed", attempts=prepared.case.owed.attempts + 1, **told)
            return Outcome(channel=channel, status=DeliveryStatus.DELAYED, reason="channel_down")
        except (TypeError, ValueError) as error:
            # It will fail the same way for ever. The log gets no text of it: that quotes what people wrote.
            log.error("notice.malformed", why=type(error).__name__, **told)  # noqa: TRY400
            return Outcome(channel=channel, status=DeliveryStatus.FAILED, reason=WhyRefused.MALFORMED)
        reminder, to = letter.payload.reminder, letter.payload.recipient
        log.info(
            "notice.sent",
            notice=letter.payload.type,
            reminder=reminder.kind.value if reminder else None,
            to_role=to.role.value,
            to_id=to.id,
            **told,
        )
        return Outcome(channel=channel, status=DeliveryStatus.SENT, message_id=id)

    def _patiently(self, case: Case, outcome: Outcome) -> Outcome:
        """Return `outcome`, or that the channel is given up on, when it has been down for too long."""
        if outcome.status is not DeliveryStatus.DELAYED or not self._is_too_late(case):
            return outcome
        return replace(outcome, status=DeliveryStatus.FAILED, reason="gave_up")

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


def _may_have_gone_out(channel: Channel, before: Tried | None) -> bool:
    return channel in ONCE_ONLY and before is not None and before.status is DeliveryStatus.BEGUN
