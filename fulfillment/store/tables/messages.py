"""What people are told: reminders and what became of them, the outbox, each attempt to deliver from it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from fulfillment.domain.messages import Channel, ReminderKind
from fulfillment.domain.people import Role
from fulfillment.store.tables.base import Counter, Entity, Flag, Json, Stamp, Table, one_of, quoted


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
    SKIPPED_QUIET = "skipped_quiet"


IS_ENDED = text(f"reminder.status IN ({quoted((ReminderStatus.SENT, ReminderStatus.FAILED))})")
REMINDER_ENDED = literal_column("coalesce(sent_at, claimed_at)", DateTime(timezone=True))
"""When a reminder ended: when it was sent, or when the attempt began that was the last."""


class OutboxStatus(StrEnum):
    WAITING = "waiting"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class DeliveryStatus(StrEnum):
    """How far a message has come on one channel; one that is `begun` and never ended may have gone out."""

    WAITING = "waiting"
    BEGUN = "begun"
    SENT = "sent"
    DELAYED = "delayed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


OUTCOMES = tuple(
    status for status in DeliveryStatus if status not in {DeliveryStatus.WAITING, DeliveryStatus.BEGUN}
)
PENDING = (DeliveryStatus.WAITING, DeliveryStatus.BEGUN, DeliveryStatus.DELAYED)


class ReminderRow(Table):
    """One reminder to one person; `dedupe_key` lets it happen once (trap R8).

    `rule` is the deadline it hangs on, `moved_from` where it would have been without quiet hours, `zone`
    the clock those were judged by, `state_version` the step that let it fall due, 0 if the sweep did
    (`swept`). `channel` is the one it was planned for, and in the end the one it went by.
    """

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
        Index("ix_reminder_ended", text(REMINDER_ENDED.name), "status", postgresql_where=IS_ENDED),
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
    rule: Mapped[str] = mapped_column(server_default=text("''"))
    moved_from: Mapped[datetime | None]
    zone: Mapped[str] = mapped_column(server_default=text("''"))
    state_version: Mapped[Counter]
    swept: Mapped[Flag]


class OutboxRow(Table):
    """One message owed to one person; it commits with the step that caused it, so none is forgotten.

    `reminder_kind` is set when the message is a reminder; the reminder has the same `dedupe_key`. `facts`
    is what is to be said of the event; names and addresses are looked up when the message is sent.
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
    facts: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    swept: Mapped[Flag]


class DeliveryRow(Table):
    """How far one message has come on one channel.

    The channels that lead to systems rather than to the person have a life of their own: `waiting` from when
    the message is first looked at, until they have it or never will.
    """

    __tablename__ = "notification_delivery"
    __table_args__ = (
        one_of("channel", Channel),
        one_of("status", DeliveryStatus),
        Index(
            "ix_notification_delivery_pending",
            "begun_at",
            postgresql_where=text(f"status IN ({quoted(PENDING)})"),
        ),
    )

    dedupe_key: Mapped[str] = mapped_column(ForeignKey("notification_outbox.dedupe_key"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    attempts: Mapped[int]
    message_id: Mapped[str | None]
    reason: Mapped[str | None]
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class AttemptRow(Table):
    """One attempt to deliver, for ever: the database refuses to change or delete it (trap R16)."""

    __tablename__ = "notification_attempt"
    __table_args__ = (
        one_of("channel", Channel),
        one_of("outcome", OUTCOMES),
        Index("ix_notification_attempt_dedupe_key", "dedupe_key", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    dedupe_key: Mapped[str]
    channel: Mapped[str]
    n: Mapped[int]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    message_id: Mapped[str | None]
    at: Mapped[Stamp]


class KeptRow(Table):
    """A message that a channel at home has kept instead of sending it, for developers to read."""

    __tablename__ = "kept_message"
    __table_args__ = (one_of("channel", Channel), Index("ix_kept_message_newest", "kept_at", "id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    to_name: Mapped[str]
    to_address: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    html: Mapped[str | None]
    ics: Mapped[bytes | None]
    raw: Mapped[bytes]
    request_id: Mapped[str]
    kept_at: Mapped[Stamp]
