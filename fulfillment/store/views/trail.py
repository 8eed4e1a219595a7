"""What people were told about an assignment, how each attempt went, and the steps that led there."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.messages import Channel, Recipient
from fulfillment.domain.people import Role
from fulfillment.store.tables import AttemptRow, AuditRow, DeliveryStatus, Entity, OutboxRow, OutboxStatus

MOST_MESSAGES = 500
MOST_ATTEMPTS = 5_000
MOST_STEPS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to deliver, the `n`th on its channel; `at` is by the clock on the wall."""

    channel: Channel
    n: int
    outcome: DeliveryStatus
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One notice that is or was owed, and what became of it; `at` is when its event happened."""

    key: str
    event: str
    to: Recipient
    at: datetime
    status: OutboxStatus
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """One step that was taken, without who took it."""

    number: int
    command: str
    role: Role
    was: str | None
    now: str | None
    at: datetime


async def notices(session: AsyncSession, assignment_id: str, *, to: Recipient | None) -> tuple[Told, ...]:
    """Return the notices about an assignment, the last first: all, or those `to` one. Reminders are none."""
    query = select(
        OutboxRow.dedupe_key,
        OutboxRow.event,
        OutboxRow.recipient_role,
        OutboxRow.recipient_id,
        OutboxRow.at,
        OutboxRow.status,
        OutboxRow.reason,
    ).where(
        OutboxRow.entity == Entity.ASSIGNMENT,
        OutboxRow.entity_id == assignment_id,
        OutboxRow.reminder_kind.is_(None),
    )
    if to is not None:
        query = query.where(OutboxRow.recipient_id == to.id, OutboxRow.recipient_role == to.role)
    query = query.order_by(OutboxRow.created_at.desc(), OutboxRow.dedupe_key.desc()).limit(MOST_MESSAGES)
    return tuple(
        Told(
            key=row.dedupe_key,
            event=row.event,
            to=Recipient(role=Role(row.recipient_role), id=row.recipient_id),
            at=row.at,
            status=OutboxStatus(row.status),
            reason=row.reason,
        )
        for row in await session.execute(query)
    )


async def attempts(session: AsyncSession, keys: Sequence[str]) -> Mapping[str, Sequence[Attempt]]:
    """Return the attempts to deliver the messages of those keys, the first first, by key."""
    query = (
        select(
            AttemptRow.dedupe_key,
            AttemptRow.channel,
            AttemptRow.n,
            AttemptRow.outcome,
            AttemptRow.reason,
            AttemptRow.at,
        )
        .where(AttemptRow.dedupe_key.in_(keys))
        .order_by(AttemptRow.dedupe_key, AttemptRow.id)
        .limit(MOST_ATTEMPTS)
    )
    found: dict[str, list[Attempt]] = defaultdict(list)
    for row in await session.execute(query):
        attempt = Attempt(
            channel=Channel(row.channel),
            n=row.n,
            outcome=DeliveryStatus(row.outcome),
            reason=row.reason,
            at=row.at,
        )
        found[row.dedupe_key].append(attempt)
    return found


async def steps(session: AsyncSession, assignment_id: str) -> tuple[Stepped, ...]:
    """Return the steps an assignment has taken, the last first."""
    query = (
        select(
            AuditRow.state_version,
            AuditRow.command,
            AuditRow.actor_role,
            AuditRow.from_status,
            AuditRow.to_status,
            AuditRow.at,
        )
        .where(AuditRow.entity == Entity.ASSIGNMENT, AuditRow.entity_id == assignment_id, AuditRow.applied)
        .order_by(AuditRow.state_version.desc())
        .limit(MOST_STEPS)
    )
    return tuple(
        Stepped(
            number=row.state_version,
            command=row.command,
            role=Role(row.actor_role),
            was=row.from_status,
            now=row.to_status,
            at=row.at,
        )
        for row in await session.execute(query)
    )
