"""What people are told: reminders and what became of them, the outbox, calendar files."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fulfillment.domain.messages import ReminderKind
from fulfillment.domain.people import Role
from fulfillment.store.tables.base import Counter, Entity, Stamp, Table, one_of


class ReminderStatus(StrEnum):
    """The life of a reminder: the rules say `planned` or why it is skipped, sending says the rest."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED_COVERED = "skipped_covered"
    SKIPPED_LATE = "skipped_late"
    SKIPPED_OBSOLETE = "skipped_obsolete"


class OutboxStatus(StrEnum):
    WAITING = "waiting"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"


class ReminderRow(Table):
    """One reminder to one person by one channel; `dedupe_key` lets it happen once (trap R8)."""

    __tablename__ = "reminder"
    __table_args__ = (
        one_of("kind", ReminderKind),
        one_of("recipient_role", Role),
        one_of("status", ReminderStatus),
        CheckConstraint("num_nonnulls(assignment_id, job_id) = 1", name="about_one_thing"),
        UniqueConstraint("dedupe_key"),
        Index("ix_reminder_assignment", "assignment_id", "due_at", "id"),
        Index("ix_reminder_job", "job_id", "due_at", "id"),
        Index("ix_reminder_planned", "due_at", postgresql_where=text("status = 'planned'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    assignment_id: Mapped[str | None] = mapped_column(ForeignKey("assignment.id"))
    job_id: Mapped[str | None] = mapped_column(ForeignKey("job.id"))
    kind: Mapped[str]
    recipient_role: Mapped[str]
    recipient_id: Mapped[str]
    channel: Mapped[str]
    basis: Mapped[str]
    n: Mapped[int]
    due_at: Mapped[datetime]
    planned_at: Mapped[datetime]
    dedupe_key: Mapped[str]
    status: Mapped[str]
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    provider_message_id: Mapped[str | None]
    reason: Mapped[str | None]
    late_by_s: Mapped[int | None]


class OutboxRow(Table):
    """One message owed to one person; it commits with the step that caused it, so none is forgotten.

    `reminder_kind` is set when the message is a reminder; the reminder has the same `dedupe_key`.
    """

    __tablename__ = "notification_outbox"
    __table_args__ = (
        one_of("entity", Entity),
        one_of("recipient_role", Role),
        one_of("status", OutboxStatus),
        one_of("reminder_kind", ReminderKind),
        Index("ix_notification_outbox_entity", "entity", "entity_id", "created_at", "dedupe_key"),
        Index(
            "ix_notification_outbox_unsent",
            "created_at",
            postgresql_where=text("status IN ('waiting', 'claimed')"),
        ),
    )

    dedupe_key: Mapped[str] = mapped_column(primary_key=True)
    entity: Mapped[str]
    entity_id: Mapped[str]
    state_version: Mapped[int]
    event: Mapped[str]
    reminder_kind: Mapped[str | None]
    recipient_role: Mapped[str]
    recipient_id: Mapped[str]
    request_id: Mapped[str]
    at: Mapped[datetime]
    status: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    attempts: Mapped[Counter]
    claimed_by: Mapped[str | None]
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    provider_message_id: Mapped[str | None]
    reason: Mapped[str | None]
    created_at: Mapped[Stamp]


class CalendarRow(Table):
    """A calendar file as it was sent, byte for byte; `sequence` rises with each (trap I4)."""

    __tablename__ = "calendar_artifact"
    __table_args__ = (one_of("method", ("REQUEST", "CANCEL", "PUBLISH")),)

    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    recipient_role: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uid: Mapped[str]
    method: Mapped[str]
    sha256: Mapped[str]
    ics: Mapped[bytes]
    sent_at: Mapped[datetime | None]
