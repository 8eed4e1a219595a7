"""How the pages say no: a page that says what happened, under which request id, and where to go from here."""

from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Scope

from api.problems import Told, problem
from api.ui.places import HOME, STREAMS
from api.ui.rendering import Show
from fulfillment.domain.people import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Apology:
    """What such a page says: a headline, a sentence, and what to do now."""

    title: str
    says: str
    way: str = "Go to the start"


USUAL = Apology(title="That did not work", says="Your request could not be carried out as it was sent.")
APOLOGIES = {
    HTTPStatus.BAD_REQUEST: Apology(
        title="That could not be read", says="What your browser sent was not well-formed."
    ),
    HTTPStatus.FORBIDDEN: Apology(
        title="This is not for you", says="You are signed in, but this is not yours to see or to do."
    ),
    HTTPStatus.NOT_FOUND: Apology(
        title="There is nothing here",
        says="There is nothing at this address, or nothing that is yours to see. "
        "If a link has brought you here, it may belong to another account.",
    ),
    HTTPStatus.REQUEST_TIMEOUT: Apology(
        title="That took too long", says="What you sent did not arrive in time. Please try again."
    ),
    HTTPStatus.CONFLICT: Apology(
        title="Something has changed meanwhile", says="Please look at how things are now, and decide again."
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Apology(
        title="That is too much",
        says="What you sent is larger than we take. Please shorten it and try again.",
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: Apology(
        title="That cannot be right", says="Something in what you sent cannot be taken as it is."
    ),
    HTTPStatus.TOO_MANY_REQUESTS: Apology(
        title="A little slower, please", says="That was too often. Please wait a moment and try again."
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: Apology(
        title="Something went wrong on our side",
        says="It is not your fault, and we have taken note of it.",
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: Apology(
        title="We are out of breath",
        says="One of our servers cannot be reached at the moment. Please try again shortly.",
    ),
}
FOREIGN = Apology(
    title="Please fill this in again",
    says="What you sent did not come from a page of ours, or its page was open for too long. "
    "Nothing has happened.",
)
IN_DOUBT = Apology(
    title="We do not know yet",
    says="No answer came in time, so it may have happened. Go back and look before you try again.",
)
BY_CODE = {"FOREIGN_FORM": FOREIGN, "OUTCOME_UNKNOWN": IN_DOUBT}


def page(scope: Scope, told: Told) -> Response:
    """Return the page that says what is `told`, in the look of all others.

    What asks for a stream gets problem details: nobody looks at that.
    """
    if scope["path"] == STREAMS:
        return problem(scope, told)
    needed: tuple[Role, ...] = scope["state"].get("needed", ())
    drawn = Show(scope)(
        "error.html",
        status=told.status,
        apology=_apology(told),
        fields=told.errors,
        needed=needed if told.code == "ROLE_FORBIDDEN" else (),
        home=HOME,
    )
    drawn.headers.update(told.headers)
    return drawn


def _apology(told: Told) -> Apology:
    try:
        usual = APOLOGIES.get(HTTPStatus(told.status), USUAL)
    except ValueError:
        usual = USUAL
    return BY_CODE.get(told.code, usual)
