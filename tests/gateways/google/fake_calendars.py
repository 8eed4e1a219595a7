"""The part of a Google on this machine that keeps calendars: version 3 of the API, for single events."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fulfillment.gateways.google_oauth import SCOPE
from tests.gateways.google.fake_accounts import FakeAccounts
from tests.gateways.google.faults import refusal

Event = dict[str, Any]  # JSON, as Google's clients see it

EVENT_ID = re.compile(r"[a-v0-9]{5,1024}")


class FakeCalendars:
    """The primary calendar of each account. `asked` lists what was asked for, `mails` what Google sent."""

    def __init__(self, accounts: FakeAccounts) -> None:
        self._accounts = accounts
        self._events: dict[tuple[str, str], Event] = {}
        self._changes = 0
        self.asked: list[str] = []
        self.mails: list[str] = []
        self._meanwhile: dict[str, Callable[[], None]] = {}
        self.routes = [
            Route("/calendar/v3/calendars/primary/events", self._entered(self._insert), methods=["POST"]),
            Route(
                "/calendar/v3/calendars/primary/events/{id}",
                self._entered(self._one),
                methods=["GET", "PUT", "PATCH", "DELETE"],
            ),
        ]

    def shown(self, account: str) -> list[Event]:
        """Return the events that the person sees in their calendar."""
        mine = [event for (whose, _), event in self._events.items() if whose == account]
        return [event for event in mine if event["status"] != "cancelled"]

    def event(self, account: str, id: str) -> Event:
        """Return an event as it is kept, deleted or not."""
        return self._events[account, id]

    def edit(self, account: str, id: str, **change: object) -> None:
        """Let the person change their event by hand; `status="cancelled"` is how they delete it."""
        self._keep(account, id, {**self._events[account, id], **change})

    def forget(self, account: str, id: str) -> None:
        """Let a deleted event be gone for good, as in the end they are."""
        del self._events[account, id]

    def meanwhile(self, method: str, happens: Callable[[], None]) -> None:
        """Let `happens` happen just before the next request of that method."""
        self._meanwhile[method] = happens

    def _entered(self, asked: Callable[[Request, str], Any]) -> Callable[[Request], Any]:
        async def at_the_door(request: Request) -> Response:
            self.asked.append(request.method)
            self._meanwhile.pop(request.method, lambda: None)()
            visitor = self._accounts.visitor(request)
            if visitor is None:
                return _no(401, "authError", "Invalid Credentials")
            if SCOPE not in visitor.scope.split():
                return _no(403, "insufficientPermissions", "Insufficient Permission")
            answer: Response = await asked(request, visitor.account)
            if answer.status_code < 300 and request.query_params.get("sendUpdates") in {
                "all",
                "externalOnly",
            }:
                self.mails.append(request.method)
            return answer

        return at_the_door

    async def _insert(self, request: Request, account: str) -> Response:
        event = await request.json()
        if not EVENT_ID.fullmatch(event.get("id", "")):
            return _no(400, "invalid", "Invalid resource id value.")
        if (account, event["id"]) in self._events:
            return _no(409, "duplicate", "The requested identifier already exists.")
        return self._written(account, event["id"], event)

    async def _one(self, request: Request, account: str) -> Response:
        id = request.path_params["id"]
        there = self._events.get((account, id))
        if there is None:
            return _no(404, "notFound", "Not Found")
        if request.method == "GET":
            return JSONResponse(there)
        if request.method == "DELETE" and there["status"] == "cancelled":
            return _no(410, "deleted", "Resource has been deleted")
        if request.headers.get("If-Match", there["etag"]) not in {there["etag"], "*"}:
            return _no(412, "conditionNotMet", "Precondition Failed")
        if request.method == "DELETE":
            self._keep(account, id, {**there, "status": "cancelled"})
            return Response(status_code=204)
        change = await request.json()
        return self._written(account, id, _merged(there, change) if request.method == "PATCH" else change)

    def _written(self, account: str, id: str, event: Event) -> Response:
        try:
            begins, ends = (datetime.fromisoformat(event[end]["dateTime"]) for end in ("start", "end"))
        except (KeyError, ValueError):
            return _no(400, "required", "Missing end time.")
        if ends <= begins:
            return _no(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")
        return JSONResponse(self._keep(account, id, event))

    def _keep(self, account: str, id: str, event: Event) -> Event:
        self._changes += 1
        kept = {"status": "confirmed", **event, "id": id, "etag": f'"{self._changes:016}"'}
        self._events[account, id] = kept
        return kept


def _merged(there: Mapping[str, Any], change: Mapping[str, Any]) -> Event:
    """Return `there` with `change` patched in: objects are merged, null takes away, all else replaces."""
    merged = dict(there)
    for name, value in change.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict) and isinstance(there.get(name), dict):
            merged[name] = _merged(there[name], value)
        else:
            merged[name] = value
    return merged


def _no(status: int, reason: str, message: str, *, domain: str = "global") -> Response:
    return JSONResponse(refusal(status, domain=domain, reason=reason, message=message), status)
