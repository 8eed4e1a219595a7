"""Why somebody did or did not get a reminder, in one plain sentence: what support is asked most."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import assert_never

from fulfillment.domain.assignment.reasons import in_prose, out_of_the_night
from fulfillment.domain.messages import Channel, ReminderKind
from fulfillment.store.tables import DeliveryStatus, ReminderStatus
from fulfillment.store.views.history import Reminded
from fulfillment.store.views.trail import Attempt

CALLED = {
    ReminderKind.PROPOSE_NUDGE: "the nudge to propose a window",
    ReminderKind.CONFIRM_NUDGE: "the nudge to answer a proposal",
    ReminderKind.VISIT_24H: "the reminder 24 hours before the visit",
    ReminderKind.VISIT_2H: "the reminder 2 hours before the visit",
    ReminderKind.VISIT: "the reminder before the visit",
    ReminderKind.START_CHECK: "the question whether the visit has begun",
    ReminderKind.COMPLETION_NUDGE: "the question whether the work is done",
    ReminderKind.PAYOUT_REVIEW: "the nudge to rule on a payout",
    ReminderKind.AUTH_EXPIRING: "the warning that money held on a card is about to be let go",
    ReminderKind.PAYMENT_NUDGE: "the word to the customer that their card has to be seen to",
    ReminderKind.RESUBMIT_NUDGE: "the nudge to resubmit a denied payout",
    ReminderKind.OFFER_EXPIRING: "the warning that an offer is about to end",
}
FAILURES = {
    "no_address": "we know no address to send it to",
    "opted_out": "the recipient has opted out of texts",
    "rejected": "the channel refused it for good",
    "malformed": "it could not be put into a form that the channel takes",
    "gave_up": "the channel was down until it was too late",
}
DOUBTS = {
    "no_answer": "the channel took it and did not say what became of it",
    "sender_died": "the process that sent it died before it could tell",
}
TO_PEOPLE = frozenset({Channel.EMAIL, Channel.SMS})
"""A calendar or a webhook that failed says nothing about why somebody was mailed or texted."""
LATE_ENOUGH_TO_SAY = timedelta(minutes=1)


def why(reminded: Reminded, attempts: Sequence[Attempt] = ()) -> str:  # noqa: PLR0911 - one line a status
    """Return what became of a reminder and for which reason; `attempts` are those to deliver it."""
    what = CALLED[reminded.kind]
    attempts = [each for each in attempts if each.channel in TO_PEOPLE]
    match reminded.status:
        case ReminderStatus.PLANNED:
            return f"{what} waits to be sent{_so_far(attempts)}"
        case ReminderStatus.CLAIMED:
            return f"{what} is being sent{_so_far(attempts)}"
        case ReminderStatus.SENT:
            return f"{what} was sent{_by_what_way(reminded, attempts)}{_circumstances(reminded)}"
        case ReminderStatus.FAILED:
            return f"{what} could not be sent: {_failure(reminded.reason)}"
        case ReminderStatus.UNKNOWN:
            return f"{what} may have arrived: {_doubt(reminded.reason)}, and nobody is texted twice"
        case ReminderStatus.SKIPPED_COVERED:
            return f"{what} was not sent: {_covered(reminded.kind)}"
        case ReminderStatus.SKIPPED_LATE:
            return f"{what} was not sent: its moment came too late for it to be of use{_lateness(reminded)}"
        case ReminderStatus.SKIPPED_OBSOLETE:
            return f"{what} was not sent: by then there was nothing left to remind of"
        case ReminderStatus.SKIPPED_QUIET:
            return f"{what} was not sent: {_at_night(reminded)}"
        case _:
            assert_never(reminded.status)


def _so_far(attempts: Sequence[Attempt]) -> str:
    if not attempts:
        return ""
    last = attempts[-1]
    if last.outcome is DeliveryStatus.DELAYED:
        return f": {last.channel} is down, and it is tried again after {_times(len(attempts))}"
    return f" after {_times(len(attempts))}"


def _times(count: int) -> str:
    return "1 attempt" if count == 1 else f"{count} attempts"


def _by_what_way(reminded: Reminded, attempts: Sequence[Attempt]) -> str:
    at = f" at {_instant(reminded.sent_at)}" if reminded.sent_at else ""
    failed = [each for each in attempts if each.outcome is DeliveryStatus.FAILED]
    other = next((each.channel for each in failed if each.channel != reminded.channel), None)
    return f" by {reminded.channel}{at}" + (f", as {other} could not reach them" if other else "")


def _circumstances(reminded: Reminded) -> str:
    told = _lateness(reminded)
    if reminded.moved_from:
        told += f"; {out_of_the_night(reminded.zone)}, from {_instant(reminded.moved_from)}"
    return told + ("; the sweep found it, as its own timer had not rung" if reminded.swept else "")


def _lateness(reminded: Reminded) -> str:
    late = timedelta(seconds=reminded.late_by_s or 0)
    if late < LATE_ENOUGH_TO_SAY:
        return ""
    return f", {in_prose(timedelta(minutes=late // LATE_ENOUGH_TO_SAY))} late"


def _failure(reason: str | None) -> str:
    return FAILURES.get(
        reason or "", f"the channel said {reason}" if reason else "the channel did not say why"
    )


def _doubt(reason: str | None) -> str:
    return DOUBTS.get(reason or "", "nobody knows what became of it")


def _at_night(reminded: Reminded) -> str:
    quiet = f"the quiet hours of {reminded.zone}" if reminded.zone else "the quiet hours"
    overdue = reminded.n > 1 and reminded.moved_from is None
    after = "the notice that it is overdue said as much" if overdue else "after them it was too late"
    return f"it fell into {quiet}, and {after}"


def _covered(kind: ReminderKind) -> str:
    if kind is ReminderKind.AUTH_EXPIRING:
        return "a more urgent warning was due already"
    return "the visit was agreed after its moment, and the confirmation said all of it"


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
