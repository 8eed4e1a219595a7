"""Local time for rules that know no zones: a zone as the offsets it has, handed over as data.

A run may not ask a zone database (traps E9, E10): inside the sandbox it fails, and an update of the
database would change what a replay sees. So an activity reads the offsets once, and from then on they are
part of what the run knows.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from fulfillment.domain.errors import ValueInvalid
from fulfillment.domain.people import Party

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """What clocks are ahead of UTC by, from the instant `since` on."""

    since: datetime
    ahead: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The clocks of one IANA zone. `offsets` are in order; the first holds before it, too."""

    zone: str
    offsets: tuple[Offset, ...]

    def ahead_at(self, at: datetime) -> timedelta:
        """Return what these clocks are ahead of UTC by at that instant."""
        past = [each for each in self.offsets if each.since <= at]
        return (past[-1] if past else self.offsets[0]).ahead

    def shown_at(self, at: datetime) -> datetime:
        """Return what these clocks show at that instant, without a zone."""
        return (at + self.ahead_at(at)).replace(tzinfo=None)

    def passes(self, local: datetime) -> tuple[datetime, ...]:
        """Return the instants at which these clocks show `local`: one; two where they are set back.

        Where they jump over it, the instant of the jump stands for it.
        """
        here = local.replace(tzinfo=UTC)
        ahead = dict.fromkeys(each.ahead for each in self.offsets)
        shown = sorted(here - each for each in ahead if self.ahead_at(here - each) == each)
        return tuple(shown) or (self._jump_over(here),)

    def _jump_over(self, here: datetime) -> datetime:
        """Return when the clocks jumped over the local time `here`."""
        for before, after in zip(self.offsets, self.offsets[1:], strict=False):
            if after.since + before.ahead <= here < after.since + after.ahead:
                return after.since
        raise AssertionError(f"{here} is shown by no clock of {self.zone} and jumped over by none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """The clocks by which the two sides of an assignment live; None while they are not known."""

    customer: Clock | None = None
    provider: Clock | None = None

    def of(self, party: Party) -> Clock | None:
        """Return the clock on that side; staff work by none."""
        return {Party.CUSTOMER: self.customer, Party.PROVIDER: self.provider}.get(party)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """The part of each day, [start, end) by the clock on the wall, in which nobody is to be disturbed.

    Raises:
        ValueInvalid: start and end are the same.
    """

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise ValueInvalid("quiet hours begin and end at different times")

    def around(self, at: datetime, clock: Clock) -> tuple[datetime, datetime] | None:
        """Return the quiet span [start, end) in which `at` lies, as instants, if it lies in one.

        An hour that the clocks pass twice is quiet both times.
        """
        today = clock.shown_at(at).date()
        spans = (self._night(day, clock) for day in (today - DAY, today))
        return next(((start, end) for start, end in spans if start <= at < end), None)

    def _night(self, day: date, clock: Clock) -> tuple[datetime, datetime]:
        """Return the quiet span that begins on `day`."""
        last = day if self.start < self.end else day + DAY
        first = clock.passes(datetime.combine(day, self.start))[0]
        return first, clock.passes(datetime.combine(last, self.end))[-1]


def quiet_hours(text: str) -> QuietHours | None:
    """Return the quiet hours that `text` spells, such as 21:00-08:00; `none` where nobody sleeps.

    Raises:
        ValueInvalid: it is neither.
    """
    if text == "none":
        return None
    try:
        start, end = (time.fromisoformat(part) for part in text.split("-"))
    except ValueError:
        raise ValueInvalid("it takes two times of day, such as 21:00-08:00, or `none`") from None
    if start.tzinfo or end.tzinfo:
        raise ValueInvalid("the times are by everybody's own clock, so they have no zone")
    return QuietHours(start=start, end=end)
