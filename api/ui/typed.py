"""What people type, as the bodies of the API take it: amounts in the major unit, times by some clock."""

import re
from datetime import UTC, datetime

from api.errors import FieldError, InvalidBody
from api.ui.forms import Form
from fulfillment.domain.errors import DomainError, DstGap
from fulfillment.domain.money import MOST
from fulfillment.domain.window import instant
from fulfillment.notifications.moments import DECIMALS, USUAL_DECIMALS

AMOUNT = re.compile(r"(?P<whole>[0-9]{1,9})(?:[.,](?P<rest>[0-9]{1,4}))?", re.ASCII)
LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", re.ASCII)
CURRENCIES = ("EUR", "CHF", "CZK", "DKK", "GBP", "NOK", "PLN", "SEK", "USD")
"""Those to choose from on pages; the API takes any."""


def money_sent(form: Form, amount: str, currency: str) -> dict[str, object]:
    """Return what was typed into two fields as money in minor units: `240`, `240.00` or `240,00`.

    Raises:
        InvalidBody: it is no amount, or has more decimals than its currency.
    """
    unit = form.text(currency).strip().upper()
    typed = AMOUNT.fullmatch(form.text(amount).strip())
    if typed is None:
        said = (
            "Please fill this in." if not form.text(amount).strip() else "This is no amount such as 240.00."
        )
        raise wrong(amount, said)
    decimals = DECIMALS.get(unit, USUAL_DECIMALS)
    rest = typed["rest"] or ""
    if len(rest) > decimals:
        raise wrong(amount, f"{unit} has {decimals or 'no'} decimals. Please do not separate thousands.")
    minor = int(typed["whole"] + rest.ljust(decimals, "0"))
    if not 0 < minor <= MOST:
        raise wrong(
            amount, "This is more than we can take on." if minor else "This has to be more than nothing."
        )
    return {"amount": minor, "currency": unit}


def instant_sent(form: Form, name: str, timezone: str, *, fold: int = 0) -> str:
    """Return what was typed as a local time as an instant, in the way bodies take it.

    Of an hour that the clocks show twice it is the first, unless `fold` says otherwise.

    Raises:
        InvalidBody: it is no time, or one that the clocks jump over.
    """
    typed = form.text(name).strip()
    if not LOCAL.fullmatch(typed):
        said = "This is no day and time." if typed else "Please fill this in."
        raise wrong(name, said)
    try:
        return (
            instant(datetime.fromisoformat(typed), timezone=timezone, fold=fold).astimezone(UTC).isoformat()
        )
    except DstGap:
        raise wrong(name, "The clocks jump over this time on that day.") from None
    except (DomainError, ValueError):
        raise wrong(name, "There is no such day or time.") from None


def wrong(name: str, says: str) -> InvalidBody:
    """Return the refusal of one field."""
    return InvalidBody(errors=(FieldError(field=name, message=says),))
