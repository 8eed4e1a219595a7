"""The events of Google's calendar API, asked for one at a time, and what its refusals mean to us."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

import httpx2

from fulfillment.gateways.google_oauth import AccessTokens, Consent
from fulfillment.gateways.notices import NoticeFailed, NoticeRefused, WhyRefused

SEQUENCE = "fulfillmentSequence"
"""Where the revision stands in an event: a private property, for programs and in this calendar only."""

NEVER_SAID = -1
"""The revision of an event that says none, which is older than any of ours."""

QUIETLY: Mapping[str, str] = {"sendUpdates": "none"}
"""With every change: people hear of it from us, and Google need not write to them as well."""

GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
OVERTAKEN = frozenset({HTTPStatus.PRECONDITION_FAILED})
TAKEN = frozenset({HTTPStatus.CONFLICT})

LATER = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
"""Refusals that pass. 401 is one because our pass is new: if the consent has ended, the next one says so."""

USAGE_LIMITS = "usageLimits"
"""The domain of the 403s that pass: rates and quotas, and an API that nobody has switched on for us yet."""

REASON = re.compile(r"[A-Za-z]{1,64}")
"""A reason as Google names it. The message beside it is prose and may recite the event, so we leave it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An event as it is now: `etag` names this very state, `sequence` is the revision we last wrote."""

    id: str
    etag: str
    sequence: int
    is_cancelled: bool


class Events:
    """The events of one calendar per person; who it is, the refresh token says.

    Every call raises the same three:
        ConsentGone: the person no longer lets us in.
        NoticeRefused: Google will never do this.
        NoticeFailed: Google is away or busy; ask again.
    """

    def __init__(self, *, consent: Consent, api_base: str, calendar_id: str, timeout: float) -> None:
        self._tokens = AccessTokens(consent)
        self._url = f"{api_base.rstrip('/')}/calendars/{quote(calendar_id, safe='')}/events"
        self._http = httpx2.AsyncClient(timeout=timeout)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def insert(self, event: Mapping[str, object], refresh_token: str) -> bool:
        """Return whether `event` is new; if its id was taken, nothing has changed."""
        answer = await self._ask("POST", self._url, refresh_token, params=QUIETLY, json=event, fine=TAKEN)
        return answer.status_code not in TAKEN

    async def find(self, id: str, refresh_token: str) -> Found | None:
        """Return the event `id`, deleted ones included, or None if there is nothing to be seen."""
        answer = await self._ask("GET", self._at(id), refresh_token, fine=GONE)
        return None if answer.status_code in GONE else _found(id, answer)

    async def change(self, found: Found, change: Mapping[str, object], refresh_token: str) -> Found | None:
        """Merge `change` into the event if it is still as `found`; None says that it is not."""
        answer = await self._ask(
            "PATCH",
            self._at(found.id),
            refresh_token,
            params=QUIETLY,
            headers={"If-Match": found.etag},
            json=change,
            fine=GONE | OVERTAKEN,
        )
        return _found(found.id, answer) if answer.is_success else None

    async def delete(self, found: Found, refresh_token: str) -> bool:
        """Return whether the event is gone, now or since before; False says that it changed since `found`."""
        answer = await self._ask(
            "DELETE",
            self._at(found.id),
            refresh_token,
            params=QUIETLY,
            headers={"If-Match": found.etag},
            fine=GONE | OVERTAKEN,
        )
        return answer.status_code not in OVERTAKEN

    def _at(self, id: str) -> str:
        return f"{self._url}/{quote(id, safe='')}"

    async def _ask(
        self,
        method: str,
        url: str,
        refresh_token: str,
        *,
        fine: AbstractSet[int],
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Mapping[str, object] | None = None,
    ) -> httpx2.Response:
        """Return the answer if it is a success or among `fine`; a pass that has ended is renewed once."""
        request = self._http.build_request(method, url, params=params, headers=headers, json=json)
        answer = await self._send(request, refresh_token)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            answer = await self._send(request, refresh_token)
        if answer.is_success or answer.status_code in fine:
            return answer
        raise _ours(answer)

    async def _send(self, request: httpx2.Request, refresh_token: str) -> httpx2.Response:
        access_token = await self._tokens.of(refresh_token)
        request.headers["Authorization"] = f"Bearer {access_token}"
        try:
            answer = await self._http.send(request)
        except httpx2.HTTPError as error:
            # The kind is enough, and without the cause: its text is not ours to vouch for.
            raise NoticeFailed(f"Google cannot be reached: {type(error).__name__}") from None
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            self._tokens.forget(refresh_token, access_token)
        return answer


def revision(sequence: int) -> Mapping[str, object]:
    """Return the part of an event that says which revision it is."""
    return {"extendedProperties": {"private": {SEQUENCE: str(sequence)}}}


def _found(id: str, answer: httpx2.Response) -> Found:
    event = _object(answer)
    private = _part(_part(event, "extendedProperties"), "private")
    said = private.get(SEQUENCE)
    return Found(
        id=id,
        etag=str(event.get("etag", "*")),
        sequence=int(said) if isinstance(said, str) and said.isdecimal() else NEVER_SAID,
        is_cancelled=event.get("status") == "cancelled",
    )


def _ours(answer: httpx2.Response) -> NoticeRefused | NoticeFailed:
    """Return what `answer` means: come back later, or never."""
    domain, reason = _why(answer)
    text = f"Google says {answer.status_code} {reason}".rstrip()
    passes = answer.status_code in LATER or domain == USAGE_LIMITS
    if answer.is_client_error and not passes:
        return NoticeRefused(WhyRefused.REJECTED, text)
    return NoticeFailed(text)


def _why(answer: httpx2.Response) -> tuple[str, str]:
    """Return the first of the domains and reasons that Google gives, as far as it gives any."""
    try:
        errors = _part(_object(answer), "error").get("errors")
    except NoticeFailed:
        return "", ""
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return "", ""
    reason = str(first.get("reason", ""))
    return str(first.get("domain", "")), reason if REASON.fullmatch(reason) else ""


def _object(answer: httpx2.Response) -> Mapping[str, object]:
    try:
        said: object = answer.json()
    except ValueError:
        raise NoticeFailed("Google's answer is not JSON") from None
    if not isinstance(said, dict):
        raise NoticeFailed("Google's answer is no object")
    return said


def _part(whole: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = whole.get(name)
    return part if isinstance(part, dict) else {}
