"""Messages that were kept at home instead of being sent, as developers see them."""

from typing import Annotated, Self

from pydantic import Field

from api.schemas.base import Instant, Shown
from fulfillment.domain.messages import Channel
from fulfillment.store.kept import Kept


class KeptLine(Shown):
    """A message in the list."""

    id: str
    channel: Channel
    to: str
    subject: str
    kept_at: Instant | None
    has_calendar: bool
    request_id: str

    @classmethod
    def of(cls, kept: Kept) -> Self:
        return cls(
            id=kept.id,
            channel=kept.channel,
            to=kept.to_address,
            subject=kept.subject,
            kept_at=kept.kept_at,
            has_calendar=kept.ics is not None,
            request_id=kept.request_id,
        )


class KeptLines(Shown):
    items: Annotated[list[KeptLine], Field(description="The latest hundred, the latest first.")]


class KeptWhole(KeptLine):
    text: str
    html: str | None
    ics: str | None

    @classmethod
    def of(cls, kept: Kept) -> Self:
        return cls(
            **KeptLine.of(kept).model_dump(),
            text=kept.body,
            html=kept.html,
            ics=kept.ics.decode(errors="replace") if kept.ics is not None else None,
        )
