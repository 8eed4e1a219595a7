"""What there is to choose from in the forms of providers: codes of the API, and what people call them."""

from fulfillment.domain.absence.commands import AbsenceReason
from fulfillment.domain.assignment.state import RejectReason

Choices = tuple[tuple[str, str], ...]

REJECTIONS: Choices = (
    ("", "Please choose"),
    (RejectReason.SICK.value, "I am ill"),
    (RejectReason.ON_LEAVE.value, "I am on leave"),
    (RejectReason.CONFLICT.value, "I have another appointment"),
    (RejectReason.EQUIPMENT.value, "I lack the right equipment"),
    (RejectReason.LOCATION.value, "The place is out of my reach"),
    (RejectReason.OTHER.value, "Something else"),
)
"""Why work is given back."""

REFUSALS_OF_OFFERS: Choices = (
    ("", "Please choose"),
    ("no_time", "I have no time then"),
    ("too_far", "It is too far away"),
    ("price_too_low", "The price is too low"),
    ("not_my_trade", "It is not my kind of work"),
    ("other", "Something else"),
)
"""Why an offer is declined."""

ABSENCES: Choices = (
    ("", "Please choose"),
    (AbsenceReason.SICK.value, "I am ill"),
    (AbsenceReason.ON_LEAVE.value, "I am on leave"),
)
"""Why somebody is away. Customers learn neither; the code is for our team."""
