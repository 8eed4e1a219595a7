"""People who have signed in already, for tests that only ask and change nothing of theirs."""

from dataclasses import dataclass

import httpx2
from fastapi import FastAPI

from fulfillment.domain.people import Role
from tests.api.ui.browser import Browser
from tests.api.ui.people import of_no_trade
from tests.journeys.town import Town, fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Somebody at a browser, and the token that their forms bring along in this session."""

    browser: Browser
    csrf: str
    session: str | None

    @property
    def is_as_it_was(self) -> bool:
        return self.session is not None and self.browser.cookie() == self.session


class Seats:
    """Has people of each role sit there while the tests run; whoever has another session is replaced."""

    def __init__(self, app: FastAPI, town: Town) -> None:
        self._app = app
        self._town = town
        self._taken: dict[tuple[Role, int], Seat] = {}

    async def of(self, role: Role, *, nth: int = 1) -> Seat:
        """Return the `nth` one of that role."""
        known = self._taken.get((role, nth))
        if known is None or not known.is_as_it_was:
            known = self._taken[role, nth] = await self._sit_down(role)
        return known

    async def leave(self) -> None:
        for seat in self._taken.values():
            await seat.browser.close()

    async def _sit_down(self, role: Role) -> Seat:
        browser = Browser(httpx2.ASGITransport(self._app))
        await browser.sign_in(fresh(role), role)
        await of_no_trade(self._town)
        return Seat(browser=browser, csrf=await browser.csrf(), session=browser.cookie())
