"""What has happened: the audit, the reminders, the proposals, and what commands were answered."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.command import Source
from fulfillment.domain.job.state import Job
from fulfillment.domain.messages import Recipient, ReminderKind
from fulfillment.domain.people import Actor, Party, Role
from fulfillment.store import wire
from fulfillment.store.tables import AuditRow, Entity, OutcomeRow, ReminderRow, ReminderStatus
from fulfillment.store.views.paging import FIRST, Line, Page, Turn, number, page, read, unknown

MOST_REMINDERS = 500

AUDIT = (
    AuditRow.id,
    AuditRow.state_version,
    AuditRow.applied,
    AuditRow.command,
    AuditRow.command_id,
    AuditRow.request_id,
    AuditRow.actor_id,
    AuditRow.actor_role,
    AuditRow.on_behalf_of,
    AuditRow.source,
    AuditRow.from_status,
    AuditRow.to_status,
    AuditRow.code,
    AuditRow.reason,
    AuditRow.events,
    AuditRow.workflow_id,
    AuditRow.run_id,
    AuditRow.at,
    AuditRow.recorded_at,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """One step that was taken (`number`), or one request that was refused (`code`)."""

    id: int
    number: int | None
    applied: bool
    command: str
    command_id: str
    request_id: str
    actor: Actor
    source: Source
    was: str | None
    now: str | None
    code: str | None
    reason: str
    events: tuple[str, ...]
    workflow_id: str
    run_id: str
    at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded:
    """One reminder, why it was or was not sent, and how late it fell due.

    `rule` is the deadline it hung on, `moved_from` when it would have come if nobody slept, by the clock of
    `zone`; `number` is the step by which it fell due, 0 where the sweep found it.
    """

    kind: ReminderKind
    to: Recipient
    channel: str
    basis: str
    n: int
    due: datetime
    planned_at: datetime
    status: ReminderStatus
    sent_at: datetime | None
    reason: str | None
    late_by_s: int | None
    key: str
    rule: str
    moved_from: datetime | None
    zone: str
    number: int
    swept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command was answered: how its assignment or job stood after step `number`."""

    fingerprint: str
    entity: Entity
    entity_id: str
    number: int
    answer: Standing | Job
    at: datetime


async def audit(
    session: AsyncSession, id: str, turn: Turn = FIRST, *, entity: Entity = Entity.ASSIGNMENT
) -> Page[Audited]:
    """Return a page of what was done to an assignment or job, and what was refused; newest first.

    Raises:
        ValueInvalid: the cursor is none of ours.
    """
    query = select(*AUDIT).where(AuditRow.entity == entity, AuditRow.entity_id == id)
    if turn.cursor:
        query = query.where(AuditRow.id < _after(turn.cursor))
    query = query.order_by(AuditRow.id.desc()).limit(turn.limit + 1)
    return await page(session, query, turn, line=_audited, place=lambda line: (line.id,))


async def reminders(
    session: AsyncSession, assignment_id: str, *, to: Recipient | None = None
) -> tuple[Reminded, ...]:
    """Return the past reminders of an assignment, all or those `to` one person, the last due first.

    Nothing is ever taken off.
    """
    query = (
        select(
            ReminderRow.kind,
            ReminderRow.recipient_role,
            ReminderRow.recipient_id,
            ReminderRow.channel,
            ReminderRow.basis,
            ReminderRow.n,
            ReminderRow.due_at,
            ReminderRow.planned_at,
            ReminderRow.status,
            ReminderRow.sent_at,
            ReminderRow.reason,
            ReminderRow.late_by_s,
            ReminderRow.dedupe_key,
            ReminderRow.rule,
            ReminderRow.moved_from,
            ReminderRow.zone,
            ReminderRow.state_version,
            ReminderRow.swept,
        )
        .where(ReminderRow.assignment_id == assignment_id)
        .order_by(ReminderRow.due_at.desc(), ReminderRow.id.desc())
        .limit(MOST_REMINDERS)
    )
    if to is not None:
        query = query.where(ReminderRow.recipient_id == to.id, ReminderRow.recipient_role == to.role)
    return tuple(_reminded(row) for row in await session.execute(query))


async def outcome(session: AsyncSession, command_id: str) -> Outcome | None:
    """Return what the command of that id was answered, if it was carried out and written down."""
    query = select(
        OutcomeRow.fingerprint,
        OutcomeRow.entity,
        OutcomeRow.entity_id,
        OutcomeRow.state_version,
        cast(OutcomeRow.answer, Text).label("answer"),
        OutcomeRow.at,
    ).where(OutcomeRow.command_id == command_id)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    entity = Entity(row.entity)
    known = wire.standing_from_json if entity is Entity.ASSIGNMENT else wire.job_from_json
    return Outcome(
        fingerprint=row.fingerprint,
        entity=entity,
        entity_id=row.entity_id,
        number=row.state_version,
        answer=known(row.answer),
        at=row.at,
    )


def _audited(row: Line) -> Audited:
    behalf = Party(row.on_behalf_of) if row.on_behalf_of else None
    return Audited(
        id=row.id,
        number=row.state_version,
        applied=row.applied,
        command=row.command,
        command_id=row.command_id,
        request_id=row.request_id,
        actor=Actor(id=row.actor_id, role=Role(row.actor_role), on_behalf_of=behalf),
        source=Source(row.source),
        was=row.from_status,
        now=row.to_status,
        code=row.code,
        reason=row.reason,
        events=tuple(row.events),
        workflow_id=row.workflow_id,
        run_id=row.run_id,
        at=row.at,
        recorded_at=row.recorded_at,
    )


def _reminded(row: Line) -> Reminded:
    return Reminded(
        kind=ReminderKind(row.kind),
        to=Recipient(role=Role(row.recipient_role), id=row.recipient_id),
        channel=row.channel,
        basis=row.basis,
        n=row.n,
        due=row.due_at,
        planned_at=row.planned_at,
        status=ReminderStatus(row.status),
        sent_at=row.sent_at,
        reason=row.reason,
        late_by_s=row.late_by_s,
        key=row.dedupe_key,
        rule=row.rule,
        moved_from=row.moved_from,
        zone=row.zone,
        number=row.state_version,
        swept=row.swept,
    )


def _after(cursor: str) -> int:
    match read(cursor):
        case [id]:
            return number(id)
        case _:
            raise unknown()
