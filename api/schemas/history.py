"""What was, what comes, and who did it."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field

from api.reasons import why
from api.schemas.base import Instant, Shown
from fulfillment.domain.assignment.deadline import Deadline, DeadlineKind
from fulfillment.domain.assignment.reasons import why_it_comes
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.command import Source
from fulfillment.domain.messages import Channel, ReminderKind
from fulfillment.domain.people import Party, Role
from fulfillment.store.tables import DeliveryStatus, OutboxStatus, ReminderStatus
from fulfillment.store.views.history import Audited, Reminded
from fulfillment.store.views.trail import Attempt, Stepped, Told

Zone = Annotated[str | None, Field(description="IANA name of the zone whose quiet hours count.")]
MovedFrom = Annotated[Instant | None, Field(description="When it would come if nobody slept.")]


class ComingShown(Shown):
    """A deadline that is still to come; operations skip or extend it by its id."""

    id: str
    kind: DeadlineKind
    due: Instant
    moved_from: MovedFrom
    zone: Zone
    to: Party
    level: int
    basis: Annotated[str, Field(description="Which promise it belongs to: a version, epoch or attempt.")]
    why: Annotated[str, Field(description="Why it comes then, in a sentence.")]

    @classmethod
    def of(cls, deadline: Deadline, assignment: Assignment, *, zone: str | None) -> Self:
        return cls(
            id=deadline.id,
            kind=deadline.kind,
            due=deadline.due,
            moved_from=deadline.moved_from,
            zone=zone,
            to=deadline.to,
            level=deadline.n,
            basis=deadline.basis,
            why=why_it_comes(deadline, assignment, zone=zone or ""),
        )


class AttemptShown(Shown):
    """An attempt to deliver; `n` counts those on its channel, `at` is by the clock on the wall."""

    channel: Channel
    n: int
    outcome: DeliveryStatus
    reason: str | None
    at: Instant


class RemindedShown(Shown):
    """A reminder whose moment has come: whether it went out, and why not if it did not."""

    kind: ReminderKind
    recipient_role: Role
    recipient_id: str
    channel: str
    basis: str
    n: int
    due: Instant
    moved_from: MovedFrom
    zone: Zone
    rule: Annotated[str, Field(description="The id of the deadline that it hung on.")]
    state_version: Annotated[int, Field(description="The step by which it fell due; 0 by the sweep.")]
    swept: Annotated[bool, Field(description="Whether the sweep found it and not its own timer.")]
    late_by_seconds: int
    status: ReminderStatus
    sent_at: Instant | None
    reason: str | None
    why: Annotated[str, Field(description="Why somebody did or did not get it, in a sentence.")]
    attempts: list[AttemptShown]

    @classmethod
    def of(cls, reminded: Reminded, attempts: Sequence[Attempt]) -> Self:
        return cls(
            kind=reminded.kind,
            recipient_role=reminded.to.role,
            recipient_id=reminded.to.id,
            channel=reminded.channel,
            basis=reminded.basis,
            n=reminded.n,
            due=reminded.due,
            moved_from=reminded.moved_from,
            zone=reminded.zone or None,
            rule=reminded.rule,
            state_version=reminded.number,
            swept=reminded.swept,
            late_by_seconds=reminded.late_by_s or 0,
            status=reminded.status,
            sent_at=reminded.sent_at,
            reason=reminded.reason,
            why=why(reminded, attempts),
            attempts=[AttemptShown.model_validate(each) for each in attempts],
        )


class MessageShown(Shown):
    """A notice of something that has happened, and what became of it."""

    event: str
    recipient_role: Role
    recipient_id: str
    at: Annotated[Instant, Field(description="When it happened.")]
    status: OutboxStatus
    reason: str | None
    attempts: list[AttemptShown]

    @classmethod
    def of(cls, told: Told, attempts: Sequence[Attempt]) -> Self:
        return cls(
            event=told.event,
            recipient_role=told.to.role,
            recipient_id=told.to.id,
            at=told.at,
            status=told.status,
            reason=told.reason,
            attempts=[AttemptShown.model_validate(each) for each in attempts],
        )


class StepShown(Shown):
    """A step that was taken, and in which role; who it was is in the audit."""

    number: int
    command: str
    actor_role: Role
    from_: Annotated[str | None, Field(alias="from")]
    to: str | None
    at: Instant

    @classmethod
    def of(cls, step: Stepped) -> Self:
        return cls(
            number=step.number,
            command=step.command,
            actor_role=step.role,
            from_=step.was,
            to=step.now,
            at=step.at,
        )


class TimelineShown(Shown):
    """`coming` soonest first, all else latest first; a party sees what is its own, and every step."""

    coming: list[ComingShown]
    reminders: list[RemindedShown]
    messages: list[MessageShown]
    steps: list[StepShown]
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
