"""What may be asked of an absence: to begin one, and to end it before its time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fulfillment.domain.command import Command, expect_sound
from fulfillment.domain.errors import ValueInvalid
from fulfillment.domain.text import expect_reason
from fulfillment.domain.window import VisitWindow

LONGEST = timedelta(days=180)
"""No visit is agreed further ahead, so nothing beyond it could be touched."""


class AbsenceReason(StrEnum):
    """What customers are told; both are among the reasons for which an assignment is given back."""

    SICK = "sick"
    ON_LEAVE = "on_leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAbsence(Command):
    """A provider takes no visits from `since` up to, not including, `until`.

    `reason` is for the record; customers learn the `reason_code` and no more.
    """

    absence_id: str
    provider_id: str
    since: datetime
    until: datetime
    reason: str
    reason_code: str

    @property
    def span(self) -> VisitWindow:
        return VisitWindow(start=self.since, end=self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndAbsence(Command):
    """The provider is back, or was never away: what is not done yet stays undone."""

    absence_id: str
    reason: str


def code_for(reason: str, given: AbsenceReason | None = None) -> AbsenceReason:
    """Return the code that is `given`, or else the one that the reason is; a reason in prose is a leave."""
    if given is not None:
        return given
    return AbsenceReason(reason) if reason in set(AbsenceReason) else AbsenceReason.ON_LEAVE


def expect_reportable(command: ReportAbsence, *, at: datetime) -> None:
    """Refuse an absence that nobody could have, as seen at the moment `at`.

    One that has begun is taken: people fall ill first and say so afterwards.

    Raises:
        ValueInvalid: it ends before it begins, is over, or is too long; the message names the field.
        ReasonRequired: nobody says why.
    """
    expect_sound(command)
    expect_reason("reason", command.reason)
    if command.until <= command.since:
        raise ValueInvalid(f"to: the absence must end after it begins at {command.since.isoformat()}")
    if command.until <= at:
        raise ValueInvalid(f"to: the absence is over; it is {at.isoformat()} now")
    if command.until - command.since > LONGEST:
        raise ValueInvalid(f"to: an absence lasts {LONGEST.days} days at most")


def expect_endable(command: EndAbsence) -> None:
    """Refuse to end an absence without saying why.

    Raises:
        ReasonRequired, ValueInvalid: the reason is missing or unfit.
    """
    expect_sound(command)
    expect_reason("reason", command.reason)
