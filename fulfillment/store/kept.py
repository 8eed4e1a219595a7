"""Messages that a channel at home has kept instead of sending them, for developers to read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.messages import Channel
from fulfillment.store.tables import KeptRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One message as it would have gone out; `raw` is what would have crossed the wire."""

    id: str
    channel: Channel
    to_name: str = field(repr=False)
    to_address: str = field(repr=False)
    subject: str = field(repr=False)
    body: str = field(repr=False)
    html: str | None = field(default=None, repr=False)
    ics: bytes | None = field(default=None, repr=False)
    raw: bytes = field(repr=False)
    request_id: str
    kept_at: datetime | None = None


async def keep(session: AsyncSession, message: Kept) -> None:
    """Keep `message`; a repeat carries the same id and is one message."""
    row = insert(KeptRow).values(
        id=message.id,
        channel=message.channel,
        to_name=message.to_name,
        to_address=message.to_address,
        subject=message.subject,
        body=message.body,
        html=message.html,
        ics=message.ics,
        raw=message.raw,
        request_id=message.request_id,
    )
    await session.execute(row.on_conflict_do_nothing())


async def newest(session: AsyncSession, *, to: str | None = None, limit: int = 100) -> tuple[Kept, ...]:
    """Return the latest messages, or those to one address, the latest first."""
    query = select(KeptRow).order_by(KeptRow.kept_at.desc(), KeptRow.id).limit(limit)
    if to is not None:
        query = query.where(KeptRow.to_address == to)
    return tuple(_kept(row) for row in await session.scalars(query))


async def find(session: AsyncSession, id: str) -> Kept | None:
    row = await session.get(KeptRow, id)
    return _kept(row) if row else None


def _kept(row: KeptRow) -> Kept:
    columns: Mapping[str, object] = {name: getattr(row, name) for name in Kept.__slots__}
    return Kept(**{**columns, "channel": Channel(row.channel)})  # type: ignore[arg-type]  # the row's own columns
