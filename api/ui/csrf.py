"""Whether a form is ours: it comes from our own pages, and brings what only they know."""

import hmac
from urllib.parse import urlsplit

import structlog
from fastapi import Request

from api.errors import ForeignForm
from api.ui.counter import counter_of
from api.ui.forms import read_form
from api.ui.visitor import Visitor

log = structlog.stdlib.get_logger(__name__)

FIELD = "csrf"
OURS = frozenset({"same-origin", "none"})
"""`none` is a person who acts on the browser itself; no page can make it say so."""


async def expect_own_form(request: Request, visitor: Visitor) -> None:
    """Refuse what another site had the browser send in the name of `visitor`.

    Raises:
        ForeignForm: it comes from elsewhere, or without the token of this session.
    """
    expect_same_site(request)
    brought = (await read_form(request)).text(FIELD)
    if not hmac.compare_digest(brought.encode(), visitor.csrf.encode()):
        raise _refused("Token")


def expect_same_site(request: Request) -> None:
    """Refuse a request that the browser says another site has caused.

    Browsers send one of the two headers with every form; whoever sends neither is none, and has no cookies
    that somebody else filled in.

    Raises:
        ForeignForm: it comes from elsewhere.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site not in OURS:
        raise _refused("Site")
    if site is None and origin is not None and not _is_ours(request, origin):
        raise _refused("Origin")


def _is_ours(request: Request, origin: str) -> bool:
    """Return whether `origin` is that of our pages, as configured or as the browser asked for them."""
    return origin == counter_of(request).origin or (
        urlsplit(origin).netloc == request.headers.get("host") and origin != "null"
    )


def _refused(reason: str) -> ForeignForm:
    log.warning("ui.form.refused", reason=reason)
    return ForeignForm()
