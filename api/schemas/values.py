"""Values that several nouns share: money and visit windows."""

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import Field

from api.schemas.base import Instant, Line, Moment, Sent, SentInstant, Shown
from fulfillment.domain.errors import WindowInvalid
from fulfillment.domain.money import Money
from fulfillment.domain.window import VisitWindow, instant, zone_of

MOST_MINOR = 2**53 - 1

Amount = Annotated[int, Field(ge=1, le=MOST_MINOR, description="In minor units, such as cents.")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217.", examples=["EUR"])]
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]


class MoneySent(Sent):
    amount: Amount
    currency: Currency

    def value(self) -> Money:
        return Money(amount=self.amount, currency=self.currency)


class MoneyShown(Shown):
    amount: Annotated[int, Field(description="In minor units, such as cents.")]
    currency: Currency


class WindowSent(Sent):
    """A visit from `start` up to, not including, `end`: both with an offset from UTC."""

    start: SentInstant
    end: SentInstant

    def value(self) -> VisitWindow:
        return VisitWindow(start=self.start, end=self.end)


class WindowShown(Shown):
    start: Instant
    end: Instant

    @classmethod
    def of(cls, window: VisitWindow | None) -> Self | None:
        return cls(start=window.start, end=window.end) if window else None


class LocalWindowSent(Sent):
    """A visit, by instants with their offset or by the clocks of `timezone`.

    `fold` chooses the first (0) or the second (1) passing of an hour that the clocks repeat.
    """

    start: Moment
    end: Moment
    timezone: Line | None = None
    fold: Annotated[int | None, Field(ge=0, le=1)] = None

    def value(self) -> VisitWindow:
        """Return the window in UTC.

        Raises:
            WindowInvalid, ValueInvalid, DstGap, DstAmbiguous: it names no span of time.
        """
        if self.timezone is not None:
            zone_of(self.timezone)
        return VisitWindow(start=self._utc("start", self.start), end=self._utc("end", self.end))

    def _utc(self, field: str, moment: datetime) -> datetime:
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
        if self.timezone is None:
            raise WindowInvalid(f"{field}: give an offset from UTC, such as +02:00, or a timezone beside it")
        return instant(moment, timezone=self.timezone, fold=self.fold)
