"""The outbox, as whoever delivers it sees it: look, claim, send, mark (trap R9).

A claim without a mark is somebody who died between the two, or is slow. After a while another may claim
it and send again, under the same key, by which the receiving side can tell that it is one message.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.messages import Recipient, ReminderKind
from fulfillment.domain.people import Role
from fulfillment.store.tables import Entity, OutboxRow, OutboxStatus, ReminderRow, ReminderStatus

UNMARKED = timedelta(minutes=2)
"""A claim that is older than this and has no mark is up for claiming again."""

CLAIMABLE = or_(
    OutboxRow.status == OutboxStatus.WAITING,
    (OutboxRow.status == OutboxStatus.CLAIMED) & (OutboxRow.claimed_at < func.now() - UNMARKED),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One message that is owed. `reminder` is set when it is one; `number` is the step that owes it."""

    key: str
    entity: Entity
    about: str
    number: int
    event: str
    to: Recipient
    reminder: ReminderKind | None
    request_id: str
    at: datetime
    attempts: int


async def waiting(
    session: AsyncSession, about: str, *, by: str = "", limit: int = 100
) -> tuple[Waiting, ...]:
    """Return what is owed about an assignment or job, oldest first; `by` sees its own claims as well."""
    query = (
        select(
            OutboxRow.dedupe_key,
            OutboxRow.entity,
            OutboxRow.entity_id,
            OutboxRow.state_version,
            OutboxRow.event,
            OutboxRow.recipient_role,
            OutboxRow.recipient_id,
            OutboxRow.reminder_kind,
            OutboxRow.request_id,
            OutboxRow.at,
            OutboxRow.attempts,
        )
        .where(
            OutboxRow.entity.in_(tuple(Entity)),
            OutboxRow.entity_id == about,
            or_(CLAIMABLE, (OutboxRow.status == OutboxStatus.CLAIMED) & (OutboxRow.claimed_by == by)),
        )
        .order_by(OutboxRow.state_version, OutboxRow.dedupe_key)
        .limit(limit)
    )
    return tuple(
        Waiting(
            key=row.dedupe_key,
            entity=Entity(row.entity),
            about=row.entity_id,
            number=row.state_version,
            event=row.event,
            to=Recipient(role=Role(row.recipient_role), id=row.recipient_id),
            reminder=ReminderKind(row.reminder_kind) if row.reminder_kind else None,
            request_id=row.request_id,
            at=row.at,
            attempts=row.attempts,
        )
        for row in await session.execute(query)
    )


async def claim(session: AsyncSession, key: str, *, by: str) -> bool:
    """Take the message for sending and return whether that worked; `by` may take its own again.

    Commit before sending: a claim that others cannot see keeps nobody off.
    """
    ours = (OutboxRow.status == OutboxStatus.CLAIMED) & (OutboxRow.claimed_by == by)
    taken = await session.scalar(
        update(OutboxRow)
        .where(OutboxRow.dedupe_key == key, or_(CLAIMABLE, ours))
        .values(
            status=OutboxStatus.CLAIMED,
            claimed_by=by,
            claimed_at=func.clock_timestamp(),
            attempts=OutboxRow.attempts + 1,
        )
        .returning(OutboxRow.dedupe_key)
    )
    if taken is None:
        return False
    await _note(session, key, status=ReminderStatus.CLAIMED, claimed_at=func.clock_timestamp())
    return True


async def mark_sent(session: AsyncSession, key: str, *, message_id: str | None = None) -> bool:
    """Note that the message went out, and return whether nobody had noted it before."""
    mark = {"sent_at": func.clock_timestamp(), "provider_message_id": message_id}
    return await _finish(session, key, OutboxStatus.SENT, ReminderStatus.SENT, **mark)


async def mark_failed(session: AsyncSession, key: str, *, reason: str) -> bool:
    """Note that the message will never go out, and return whether nobody had noted its end before."""
    return await _finish(session, key, OutboxStatus.FAILED, ReminderStatus.FAILED, reason=reason)


async def _finish(
    session: AsyncSession, key: str, status: OutboxStatus, reminder: ReminderStatus, **mark: object
) -> bool:
    done = await session.scalar(
        update(OutboxRow)
        .where(
            OutboxRow.dedupe_key == key,
            OutboxRow.status.in_((OutboxStatus.WAITING, OutboxStatus.CLAIMED)),
        )
        .values(status=status, **mark)
        .returning(OutboxRow.dedupe_key)
    )
    if done is None:
        return False
    await _note(session, key, status=reminder, **mark)
    return True


async def _note(session: AsyncSession, key: str, **mark: object) -> None:
    """Let the reminder of that key, if there is one, say the same as the message."""
    await session.execute(update(ReminderRow).where(ReminderRow.dedupe_key == key).values(**mark))
