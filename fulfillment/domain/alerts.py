"""When somebody is told that something is wrong: the rules of the monitor.

The names are those of the alerts of Prometheus, so that one page says what to do about either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

FAILURES_WITHIN = timedelta(minutes=15)
MESSAGE_WAITS = timedelta(minutes=15)
HOUR = timedelta(hours=1)


class Name(StrEnum):
    """What can be wrong."""

    REMINDER_FAILURES = "ReminderFailures"
    OUTBOX_STUCK = "OutboxStuck"
    PAYOUTS_PENDING = "PayoutsPending"
    PAYOUTS_WAIT_LONG = "PayoutsWaitLong"
    HOLDS_ENDING = "HoldsEnding"
    RUNS_IN_TROUBLE = "RunsInTrouble"


class Severity(StrEnum):
    """`critical` wakes somebody, `warning` waits for the day."""

    CRITICAL = "critical"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What is still well; whatever is above it is not."""

    reminder_failures: int = 10
    payouts: int = 50
    payout_age: timedelta = timedelta(hours=48)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """How things stand. Payouts are those that wait for us; what could not be found out is None."""

    reminder_failures: int
    oldest_message: timedelta
    payouts: int
    oldest_payout: timedelta
    ending_holds: int
    runs_in_trouble: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """What is wrong, and how gravely, in one sentence that names nobody."""

    name: Name
    severity: Severity
    summary: str


def alarms(vitals: Vitals, thresholds: Thresholds) -> Mapping[Name, Alarm | None]:
    """Return what is wrong, None for what is well; what is not known is left out."""
    known = {
        Name.REMINDER_FAILURES: _failures(vitals.reminder_failures, thresholds),
        Name.OUTBOX_STUCK: _stuck(vitals.oldest_message),
        Name.PAYOUTS_PENDING: _pending(vitals.payouts, thresholds),
        Name.PAYOUTS_WAIT_LONG: _waiting(vitals.oldest_payout, thresholds),
        Name.HOLDS_ENDING: _ending(vitals.ending_holds),
    }
    if vitals.runs_in_trouble is None:
        return known
    return {**known, Name.RUNS_IN_TROUBLE: _trouble(vitals.runs_in_trouble)}


def _failures(count: int, thresholds: Thresholds) -> Alarm | None:
    if count <= thresholds.reminder_failures:
        return None
    return _warning(Name.REMINDER_FAILURES, f"{count} reminders could not be sent within 15 minutes")


def _stuck(oldest: timedelta) -> Alarm | None:
    if oldest <= MESSAGE_WAITS:
        return None
    minutes = int(oldest.total_seconds() // 60)
    return _warning(Name.OUTBOX_STUCK, f"A message has been waiting to be sent for {minutes} minutes")


def _pending(count: int, thresholds: Thresholds) -> Alarm | None:
    if count <= thresholds.payouts:
        return None
    return _warning(Name.PAYOUTS_PENDING, f"{count} payouts wait for somebody of ours")


def _waiting(oldest: timedelta, thresholds: Thresholds) -> Alarm | None:
    if oldest <= thresholds.payout_age:
        return None
    return _warning(
        Name.PAYOUTS_WAIT_LONG, f"A payout has been waiting for somebody of ours for {oldest // HOUR} hours"
    )


def _ending(count: int) -> Alarm | None:
    if not count:
        return None
    return _critical(Name.HOLDS_ENDING, f"{count} holds on cards end within 24 hours")


def _trouble(count: int) -> Alarm | None:
    if not count:
        return None
    return _critical(Name.RUNS_IN_TROUBLE, f"{count} runs cannot go on: their workflow tasks fail")


def _warning(name: Name, summary: str) -> Alarm:
    return Alarm(name=name, severity=Severity.WARNING, summary=summary)


def _critical(name: Name, summary: str) -> Alarm:
    return Alarm(name=name, severity=Severity.CRITICAL, summary=summary)
