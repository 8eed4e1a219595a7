"""Moments and money as messages show them: in the reader's own zone, and the same in every language (R10)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self

from fulfillment.domain.errors import ValueInvalid
from fulfillment.domain.window import zone_of
from fulfillment.notifications.payload import MoneyTold, WindowTold

# Not from the locale: a worker's machine may have any.
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
USUAL_DECIMALS = 2
CURRENCIES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
"""The currencies that have other decimals than two (ISO 4217)."""
DECIMALS = {code: decimals for decimals, codes in CURRENCIES.items() for code in codes.split()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the reader's clock hangs. `name` is what is printed; an unknown zone (`is_known`) became UTC."""

    name: str
    zone: tzinfo
    is_known: bool

    @classmethod
    def of(cls, timezone: str) -> Self:
        """Return the place of that IANA name, or UTC where there is no such zone."""
        try:
            return cls(name=timezone, zone=zone_of(timezone), is_known=True)
        except ValueInvalid:
            return cls(name="UTC", zone=UTC, is_known=False)

    def moment(self, at: datetime) -> str:
        """Return an instant as `Tue 2026-10-27 10:00 (Europe/Berlin, UTC+01:00)`."""
        local = at.astimezone(self.zone)
        return f"{_day(local)} {local:%H:%M} ({self._zone(_offset(local))})"

    def span(self, window: WindowTold) -> str:
        """Return a window as `Tue 2026-10-27 10:00 to 12:00 (Europe/Berlin, UTC+01:00)`.

        Across midnight it says both dates, and across a change of the clocks both offsets.
        """
        start, end = window.start.astimezone(self.zone), window.end.astimezone(self.zone)
        until = f"{end:%H:%M}" if start.date() == end.date() else f"{_day(end)} {end:%H:%M}"
        offsets = dict.fromkeys((_offset(start), _offset(end)))
        return f"{_day(start)} {start:%H:%M} to {until} ({self._zone(' to '.join(offsets))})"

    def _zone(self, offset: str) -> str:
        return self.name if self.name == "UTC" else f"{self.name}, {offset}"


def money(told: MoneyTold) -> str:
    """Return an amount as `240.00 EUR`, with as many decimals as the currency has."""
    decimals = DECIMALS.get(told.currency, USUAL_DECIMALS)
    whole, rest = divmod(told.amount, 10**decimals)
    return f"{whole}.{rest:0{decimals}} {told.currency}" if decimals else f"{whole} {told.currency}"


def _day(local: datetime) -> str:
    return f"{WEEKDAYS[local.weekday()]} {local.date().isoformat()}"


def _offset(local: datetime) -> str:
    offset = local.utcoffset() or timedelta()
    sign = "-" if offset < timedelta() else "+"
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    return f"UTC{sign}{hours:02}:{minutes:02}"
