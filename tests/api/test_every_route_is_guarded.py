"""A route names the roles it is for, or is in the short table of those that are open."""

import pytest
from cryptography.fernet import Fernet
from fastapi import APIRouter
from fastapi.routing import RouteContext, iter_route_contexts

from api import codec, dev, main
from api.auth import guard_of, is_open
from api.ui.assembly import ROUTERS
from api.ui.guards import SignedIn
from fulfillment.gateways.payload_keys import PayloadKeys
from tests.api.front import ISSUER, front
from workflows.sealed import Sealing

# Open on purpose: for machines that watch us, and for people who have no token yet.
OPEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("POST", "/dev/token"),
    ("POST", "/dev/skip"),
    # Whoever has the token reads the feed; calendars send no other.
    ("GET", "/calendar/{token}.ics"),
    # Google sends people back here; the state says who they are.
    ("GET", "/calendar/google/callback"),
    # Stripe has no token of ours; its signature says who it is.
    ("POST", "/webhooks/stripe"),
    # A browser asks whether it may ask; it sends no token with that.
    ("OPTIONS", "/codec/decode"),
    ("OPTIONS", "/codec/encode"),
    ("GET", "/dev/emails"),
    ("GET", "/dev/emails/{message_id}"),
    ("GET", "/dev/emails/{message_id}/html"),
    ("GET", "/dev/emails/{message_id}/visit.ics"),
    ("GET", "/dev/emails/{message_id}/raw"),
}
OPEN_PAGES = {
    # Style and script are everybody's, and who is not signed in yet has to get somewhere.
    ("GET", "/ui/static/{name}"),
    ("GET", "/ui/sign-in"),
    ("POST", "/ui/sign-in"),
    ("GET", "/ui/sign-in/start"),
    # The provider sends people back here; cookie and state say who they are.
    ("GET", "/ui/sign-in/callback"),
}


def unguarded(*routers: APIRouter) -> set[tuple[str, str]]:
    """Return method and path of every route of an app with `routers` that has no guard."""
    return {
        (method, str(route.path_format))
        for route in iter_route_contexts(front(routers=routers).routes)
        if not is_guarded(route)
        for method in route.methods or {"?"}
    }


def is_guarded(route: RouteContext) -> bool:
    dependant = getattr(route, "dependant", None)
    return dependant is not None and guard_of(dependant) is not None


def test_every_route_is_guarded_or_open_on_purpose() -> None:
    sealing = Sealing(keys=PayloadKeys([Fernet.generate_key().decode()]))

    assert unguarded(*main.ROUTERS, dev.router(ISSUER), codec.router(sealing, ui="")) <= OPEN


def test_every_page_is_guarded_or_open_on_purpose() -> None:
    assert unguarded(*ROUTERS) - OPEN <= OPEN_PAGES


def test_a_page_is_guarded_by_a_session_and_never_by_a_token() -> None:
    guards = {
        type(guard_of(route.dependant))
        for route in iter_route_contexts(front(routers=ROUTERS).routes)
        if str(route.path_format).startswith("/ui") and is_guarded(route)
    }

    assert guards == {SignedIn}


def test_what_is_open_and_does_work_is_counted_by_address() -> None:
    routes = iter_route_contexts(front(routers=[dev.router(ISSUER)]).routes)
    (mint,) = [route for route in routes if route.path_format == "/dev/token"]

    assert is_open(mint.dependant)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_route_without_a_guard_is_found(method: str) -> None:
    forgetful = APIRouter(prefix="/forgotten")
    forgetful.add_api_route("/{id}", lambda: None, methods=[method])
    outer = APIRouter()
    outer.include_router(forgetful, prefix="/deep")

    assert unguarded(outer) - OPEN == {(method, "/deep/forgotten/{id}")}
