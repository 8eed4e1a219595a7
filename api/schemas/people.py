"""A person as they are reached: what they say about themselves, and what we know."""

from typing import Annotated, Self

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field

from api.schemas.base import Line, Sent, Shown
from fulfillment.store.directory import Person

LONGEST_EMAIL = 254


def ascii_email(address: str) -> str:
    """Return the address in the form that every mail server knows it by.

    Raises:
        ValueError: it is no address, or none that every server takes.
    """
    try:
        # No question to any name server: `example.test` is good enough, and nobody waits for a network.
        found = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise ValueError("this is no e-mail address") from None
    if found.ascii_email is None:
        raise ValueError("it has letters before the @ that not every mail server takes")
    return found.ascii_email


Email = Annotated[str, Field(max_length=LONGEST_EMAIL), AfterValidator(ascii_email)]
Phone = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$", description="E.164.", examples=["+493012345"])]
Locale = Annotated[
    str,
    Field(
        max_length=35,
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$",
        description="BCP 47.",
        examples=["de-DE"],
    ),
]
Zone = Annotated[Line, Field(description="IANA name.", examples=["Europe/Berlin"])]


class PersonSent(Sent):
    """All that a person says about how to reach them; null where there is none."""

    name: Line
    email: Email | None
    phone: Phone | None
    timezone: Zone
    locale: Locale
    sms_consent: bool


class PersonShown(Shown):
    id: str
    name: str
    email: str | None
    phone: str | None
    timezone: str
    locale: str
    sms_consent: bool
    sms_opted_out: Annotated[
        bool, Field(description="Whether they have answered STOP; another phone is asked anew.")
    ]

    @classmethod
    def of(cls, person: Person) -> Self:
        return cls.model_validate(person)
