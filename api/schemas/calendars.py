"""Ways into people's calendars, as clients see them."""

from typing import Annotated

from pydantic import Field

from api.schemas.base import Instant, Sent, Shown


class NothingSent(Sent):
    """Nothing has to be said."""


class LinksShown(Shown):
    """Ways to put the visit into a calendar; null where a way is switched off."""

    ics_url: str | None
    google_url: str | None
    outlook_url: str | None


class FeedShown(Shown):
    url: Annotated[str, Field(description="Shown this once: whoever has it reads your visits.")]
    created_at: Instant


class FeedSince(Shown):
    created_at: Instant


class GoogleShown(Shown):
    connected: bool


class ConnectedShown(Shown):
    """What is connected: `feed` is null without one, `google` where that is switched off."""

    feed: FeedSince | None
    google: GoogleShown | None


class ConsentAsked(Shown):
    authorization_url: Annotated[str, Field(description="Send the person there; it works for ten minutes.")]
