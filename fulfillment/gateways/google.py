"""Google Calendar: a visit as an event in the calendar of somebody who let us in, kept up to date.

Three facts about Google's side shape what happens here:

- We choose an event's id, and a second event with that id is refused. So a repeat adds nothing.
- A deleted event lives on as `cancelled`: its id stays taken, and the status `confirmed` brings it back.
- A write with `If-Match` happens only if the event is still as we saw it. Each event carries the revision we
  last wrote, which says whether ours is newer; the etag makes that judgement hold until it is written.
"""

import re
import uuid
from base64 import b32hexencode
from collections.abc import Mapping
from dataclasses import dataclass

from fulfillment.domain.ids import derived
from fulfillment.domain.window import VisitWindow
from fulfillment.gateways.google_events import Events, revision
from fulfillment.gateways.google_oauth import REQUEST_TIMEOUT, Consent
from fulfillment.gateways.notices import NoticeFailed, NoticeRefused

API_BASE = "https://www.googleapis.com/calendar/v3"

TRIES = 3
"""How often we judge anew when somebody else has changed the event meanwhile, before we come back later."""

EVENT_ID = re.compile(r"[a-v0-9]{5,1024}")


def event_id(assignment: str, person: str) -> str:
    """Return the id that the visit of `assignment` always has in the calendar of `person`.

    Google wants the letters of base32hex. Who and what it is about cannot be read from it.
    """
    return b32hexencode(uuid.UUID(derived("google", assignment, person)).bytes).decode().rstrip("=").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """A visit as one calendar shows it; `id` is an `event_id`, `sequence` counts revisions from 0.

    `timezone` is the visit's, by its IANA name; `url` leads to the assignment. It names no guests: Google
    would put the event into the guest's calendar too, beside the one that we keep there ourselves.
    """

    id: str
    sequence: int
    summary: str
    description: str
    location: str
    window: VisitWindow
    timezone: str
    url: str

    def __post_init__(self) -> None:
        if not EVENT_ID.fullmatch(self.id):
            raise ValueError("id: 5 to 1024 of the letters a to v and the digits")
        if self.sequence < 0:
            raise ValueError("sequence: counts from 0")
        if not self.url.startswith(("http://", "https://")):
            raise ValueError("url: a web address, for Google takes no other")


class GoogleCalendar:
    """The calendars of all who let us in; whose it is, the refresh token says."""

    def __init__(
        self,
        *,
        consent: Consent,
        api_base: str = API_BASE,
        calendar_id: str = "primary",
        timeout: float = REQUEST_TIMEOUT,
    ) -> None:
        """Write into the calendar `calendar_id` of each person; `timeout` is in seconds, per answer."""
        self._events = Events(consent=consent, api_base=api_base, calendar_id=calendar_id, timeout=timeout)

    async def aclose(self) -> None:
        """Let go of the connections; nothing can be asked afterwards."""
        await self._events.aclose()

    async def put(self, entry: CalendarEntry, refresh_token: str) -> None:
        """Make the calendar say what `entry` says, unless it knows this revision or a newer one.

        What we do not speak of, such as a colour or an alarm, stays as the person has set it. If they have
        deleted the event, a repeat leaves it deleted and a newer revision brings it back.

        Raises:
            ConsentGone: the person no longer lets us in.
            NoticeRefused: Google will never take it.
            NoticeFailed: Google is away or busy, or the event keeps changing; ask again.
        """
        if await self._events.insert({"id": entry.id, **_said(entry)}, refresh_token):
            return
        for _ in range(TRIES):
            found = await self._events.find(entry.id, refresh_token)
            if found is None:
                continue
            if found.sequence >= entry.sequence:
                return
            if await self._events.change(found, _said(entry), refresh_token):
                return
        raise _restless()

    async def remove(self, entry: CalendarEntry, refresh_token: str) -> None:
        """Take the event out of the calendar, unless a newer revision is there; a repeat changes nothing.

        Its revision stays behind in the deleted event, so that an older one that comes late brings nothing
        back. Where there never was an event it leaves no trace, and nothing could stop such a latecomer.

        Raises:
            ConsentGone, NoticeRefused, NoticeFailed: as `put` does.
        """
        for _ in range(TRIES):
            found = await self._events.find(entry.id, refresh_token)
            if found is None or found.sequence > entry.sequence:
                return
            if found.is_cancelled and found.sequence == entry.sequence:
                return
            try:
                noted = await self._events.change(found, revision(entry.sequence), refresh_token)
            except NoticeRefused:
                # Some were refused to touch what they had deleted (googleapis/google-api-ruby-client#1811).
                # The note is a precaution; the event is out of the calendar, as it should be.
                if found.is_cancelled:
                    return
                raise
            if noted is not None and await self._events.delete(noted, refresh_token):
                return
        raise _restless()


def _said(entry: CalendarEntry) -> Mapping[str, object]:
    """Return what we say of an event, in Google's words."""
    return {
        "status": "confirmed",
        "summary": entry.summary,
        "description": entry.description,
        "location": entry.location,
        "start": {"dateTime": entry.window.start.isoformat(), "timeZone": entry.timezone},
        "end": {"dateTime": entry.window.end.isoformat(), "timeZone": entry.timezone},
        "source": {"title": entry.summary, "url": entry.url},
        **revision(entry.sequence),
    }


def _restless() -> NoticeFailed:
    return NoticeFailed("the event keeps changing under our hands")
