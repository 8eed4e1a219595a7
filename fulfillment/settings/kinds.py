"""The kinds of value a setting can have: spans of time, rates, addresses, closed choices."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from limits import parse
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from fulfillment.domain.clocks import quiet_hours
from fulfillment.domain.errors import ValueInvalid


class AppEnv(StrEnum):
    """Where a process runs. `dev` opens doors that stay shut elsewhere, so it has to be asked for by name."""

    DEV = "dev"
    PROD = "prod"


class Algorithm(StrEnum):
    """How a token may be signed: asymmetric ways only, so no public key can pass for a shared secret."""

    RS256 = "RS256"
    ES256 = "ES256"
    EDDSA = "EdDSA"


class LogLevel(StrEnum):
    """The least grave line that is still written."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


def _parts(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _psycopg(url: str) -> str:
    """Return `url` with the scheme by which SQLAlchemy knows psycopg 3."""
    for scheme in ("postgresql+psycopg://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    raise ValueError("it does not begin with postgresql:// or postgresql+psycopg://")


def _quiet(text: str) -> str:
    """Return `text` if the rules read it as quiet hours."""
    try:
        quiet_hours(text)
    except ValueInvalid as error:
        raise ValueError(str(error)) from error
    return text


def _rate(text: str) -> str:
    """Return `text` if the `limits` library reads it as a rate."""
    try:
        parse(text)
    except ValueError as error:
        raise ValueError("it is not a rate such as 120/minute") from error
    return text


# Ten years bound every span: longer ones are slips of the keyboard, and would overflow a date.
Minutes = Annotated[float, Field(ge=0, le=10 * 525_600, allow_inf_nan=False)]
Hours = Annotated[float, Field(ge=0, le=10 * 8_760, allow_inf_nan=False)]
Days = Annotated[float, Field(ge=0, le=10 * 365, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1000)]
Port = Annotated[int, Field(ge=1, le=65535)]
Quiet = Annotated[str, AfterValidator(_quiet)]
Rate = Annotated[str, AfterValidator(_rate)]
Folder = Annotated[Path, AfterValidator(lambda path: path.expanduser().resolve())]
BuildId = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")
]  # a tag of an image, a label, part of a name
WebAddress = Annotated[str, Field(pattern=r"^https?://[^\s]+$")]
DatabaseUrl = Annotated[str, AfterValidator(_psycopg)]


def _long(secret: SecretStr) -> SecretStr:
    """Return `secret` if it is long enough to seal something with."""
    if len(secret.get_secret_value()) < LEAST_SECRET:
        raise ValueError(f"it has fewer than {LEAST_SECRET} characters")
    return secret


LEAST_SECRET = 32
LongSecret = Annotated[SecretStr, AfterValidator(_long)]
CommaSeparated = BeforeValidator(_parts)
