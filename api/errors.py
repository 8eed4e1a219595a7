"""What the API itself refuses, or cannot do, before or beside the rules of the domain.

ApiError
├── Malformed          400  not JSON, or JSON that two parsers could read differently
├── BadIdempotencyKey  400  the header is there and holds no key
├── Unauthenticated    401  no token, or none we accept
├── ForeignForm        403  a form that does not come from our own pages
├── Missing            404  nothing here
│   └── RunMissing     404  the engine has no such run; a route may know better
├── TooSlow            408  the body took too long to arrive
├── RunClosed          409  the run has ended; a route says what became of it
├── TooLarge           413  the body is over the limit
├── WrongMediaType     415  a body that is not plain application/json
│   └── FormExpected   415  the same where pages send forms
├── InvalidBody        422  well-formed, with fields that are wrong
├── InvalidParameter   422  the same for the query
├── TooManyRequests    429  a rate limit, or too many waiting for one target
├── Internal           500  our mistake; the log has the rest, under the request id
├── TimeSkippingOff    501  only the engine of the dev stack lets hours pass in a moment
├── Unavailable        503  a server of ours is away, and nothing has happened
└── OutcomeUnknown     503  a server of ours went silent; it may have happened, and the same key tells
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

NOTHING_HERE = "There is nothing here, or nothing that is yours to see."
"""The one text of every 404, so that a stranger's id and a missing one cannot be told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """What is wrong with one field. `field` is its path as it was sent, such as `windows[0].start`."""

    field: str
    message: str


class ApiError(Exception):
    """Base of what the API refuses on its own account; `says` is what the caller reads by default."""

    status: ClassVar[int]
    code: ClassVar[str]
    says: ClassVar[str]

    def __init__(
        self,
        detail: str = "",
        *,
        errors: tuple[FieldError, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.says)
        self.errors = errors
        self.headers = dict(headers or {})


class Malformed(ApiError):
    status, code = 400, "MALFORMED"
    says = "This request needs a body of well-formed JSON."


class BadIdempotencyKey(ApiError):
    status, code = 400, "INVALID_IDEMPOTENCY_KEY"
    says = "An Idempotency-Key is 1 to 200 visible ASCII characters, given once."


class Unauthenticated(ApiError):
    status, code = 401, "UNAUTHENTICATED"
    says = "This needs a valid token: Authorization: Bearer <token>."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class ForeignForm(ApiError):
    status, code = 403, "FOREIGN_FORM"
    says = "This form did not come from our own page, or its page has grown too old. Please fill it in again."


class Missing(ApiError):
    status, code = 404, "NOT_FOUND"
    says = NOTHING_HERE


class RunMissing(Missing):
    """The engine knows no run of that id."""


class TooSlow(ApiError):
    status, code = 408, "REQUEST_TIMEOUT"
    says = "The body took too long to arrive."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Connection": "close"})


class RunClosed(ApiError):
    """The run has ended, so it takes no new command."""

    status, code = 409, "CLOSED"
    says = "This has ended; nothing more can happen to it."


class TooLarge(ApiError):
    status, code = 413, "BODY_TOO_LARGE"
    says = "The body is too large."


class WrongMediaType(ApiError):
    status, code = 415, "UNSUPPORTED_MEDIA_TYPE"
    says = "A body is sent here as application/json, in UTF-8 and uncompressed."


class FormExpected(WrongMediaType):
    says = "A form is sent here as application/x-www-form-urlencoded, in UTF-8 and uncompressed."


class InvalidBody(ApiError):
    status, code = 422, "INVALID_BODY"
    says = "Some fields of the body are wrong; `errors` names them."


class InvalidParameter(ApiError):
    status, code = 422, "INVALID_PARAMETER"
    says = "Some parameters are wrong; `errors` names them."


class TooManyRequests(ApiError):
    """`retry_after` is in seconds."""

    status, code = 429, "TOO_MANY_REQUESTS"
    says = "Too many requests; please try again a little later."

    def __init__(self, detail: str = "", *, retry_after: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class Internal(ApiError):
    status, code = 500, "INTERNAL"
    says = "Something went wrong on our side. Please quote the request id when you ask about it."


class TimeSkippingOff(ApiError):
    status, code = 501, "TIME_SKIPPING_OFF"
    says = "This Temporal does not skip time; it takes frontend.WorkflowTimeSkippingEnabled=true."


class Unavailable(ApiError):
    """`retry_after` is in seconds."""

    status, code = 503, "ENGINE_UNAVAILABLE"
    says = "A server behind this one cannot be reached. Nothing has happened; please try again shortly."

    def __init__(self, detail: str = "", *, retry_after: int = 2) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class OutcomeUnknown(ApiError):
    status, code = 503, "OUTCOME_UNKNOWN"
    says = (
        "No answer came in time, so this may have happened. Repeat it with the same Idempotency-Key to know."
    )

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "2"})
