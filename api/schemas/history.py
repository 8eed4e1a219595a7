"""What was, what comes, and who did it."""

from typing import Annotated, Self

from pydantic import Field

from api.schemas.base import Instant, Shown
from fulfillment.domain.assignment.deadlines import Deadline, DeadlineKind
from fulfillment.domain.command import Source
from fulfillment.domain.messages import ReminderKind
from fulfillment.domain.people import Party, Role
from fulfillment.store.tables import ReminderStatus
from fulfillment.store.views.history import Audited, Reminded


class ComingShown(Shown):
    """A deadline that is still to come; operations skip or extend it by its id."""

    id: str
    kind: DeadlineKind
    due: Instant
    to: Party
    level: int
    basis: Annotated[str, Field(description="Which promise it belongs to: a version, epoch or attempt.")]

    @classmethod
    def of(cls, deadline: Deadline) -> Self:
        return cls(
            id=deadline.id,
            kind=deadline.kind,
            due=deadline.due,
            to=deadline.to,
            level=deadline.n,
            basis=deadline.basis,
        )


class RemindedShown(Shown):
    """A reminder whose moment has come: whether it went out, and why not if it did not."""

    kind: ReminderKind
    recipient_role: Role
    recipient_id: str
    channel: str
    basis: str
    n: int
    due: Instant
    status: ReminderStatus
    sent_at: Instant | None
    reason: str | None

    @classmethod
    def of(cls, reminded: Reminded) -> Self:
        return cls(
            kind=reminded.kind,
            recipient_role=reminded.to.role,
            recipient_id=reminded.to.id,
            channel=reminded.channel,
            basis=reminded.basis,
            n=reminded.n,
            due=reminded.due,
            status=reminded.status,
            sent_at=reminded.sent_at,
            reason=reminded.reason,
        )


class TimelineShown(Shown):
    """`coming` soonest first, `reminders` latest first; a party sees its own."""

    coming: list[ComingShown]
    reminders: list[RemindedShown]
    state_version: int
    projected_at: Instant


class AuditedShown(Shown):
    """A step that was taken (`number`), or a request that was refused (`code`)."""

    number: int | None
    applied: bool
    command: str
    actor_id: str
    actor_role: Role
    on_behalf_of: Party | None
    source: Source
    from_status: str | None
    to_status: str | None
    code: str | None
    reason: str
    events: list[str]
    request_id: str
    command_id: str
    workflow_id: str
    run_id: str
    at: Instant

    @classmethod
    def of(cls, audited: Audited) -> Self:
        return cls(
            number=audited.number,
            applied=audited.applied,
            command=audited.command,
            actor_id=audited.actor.id,
            actor_role=audited.actor.role,
            on_behalf_of=audited.actor.on_behalf_of,
            source=audited.source,
            from_status=audited.was,
            to_status=audited.now,
            code=audited.code,
            reason=audited.reason,
            events=list(audited.events),
            request_id=audited.request_id,
            command_id=audited.command_id,
            workflow_id=audited.workflow_id,
            run_id=audited.run_id,
            at=audited.at,
        )
