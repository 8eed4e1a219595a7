"""A Google on this machine: accounts, consents and calendars behind real HTTP, and trouble on demand.

google = FakeGoogle()
async with google.at_work():
    ada = google.accounts.consented("ada")
    await google.calendar().put(entry, ada)
    assert google.calendars.shown("ada")
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from api.serve import served
from fulfillment.gateways.google import GoogleCalendar
from fulfillment.gateways.google_oauth import Consent
from tests.gateways.google.fake_accounts import FakeAccounts
from tests.gateways.google.fake_calendars import FakeCalendars
from tests.gateways.google.faults import Fault, Troubled

PATIENCE = 5.0
"""Seconds that our doors wait for this Google, which has no network to cross."""

CALENDAR_API, TOKEN_ENDPOINT, REVOKE_ENDPOINT = "/calendar/v3", "/token", "/revoke"


class FakeGoogle:
    """The whole of it; `url` is where it is while it is at work."""

    def __init__(self) -> None:
        self.accounts = FakeAccounts()
        self.calendars = FakeCalendars(self.accounts)
        self.app = Troubled(Starlette(routes=[*self.accounts.routes, *self.calendars.routes]))
        self.url = ""

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        async with served(self.app, host="127.0.0.1", port=0) as port:
            self.url = f"http://127.0.0.1:{port}"
            yield

    def meets(self, *faults: Fault) -> None:
        """Let the next requests meet `faults`, each one of them."""
        self.app.waiting.extend(faults)

    @property
    def api_base(self) -> str:
        return f"{self.url}{CALENDAR_API}"

    def consent(
        self, *, client_secret: str = FakeAccounts.client_secret, timeout: float = PATIENCE
    ) -> Consent:
        """Return our side of the dance with it."""
        return Consent(
            client_id=self.accounts.client_id,
            client_secret=client_secret,
            redirect_uri=self.accounts.redirect_uri,
            authorize_url=f"{self.url}/authorize",
            token_url=f"{self.url}{TOKEN_ENDPOINT}",
            revoke_url=f"{self.url}{REVOKE_ENDPOINT}",
            timeout=timeout,
        )

    def calendar(self, *, timeout: float = PATIENCE) -> GoogleCalendar:
        """Return the door to its calendars."""
        return GoogleCalendar(consent=self.consent(), api_base=self.api_base, timeout=timeout)
