"""Assignments as lists and pages read them, their proposals, and the time of providers that is taken."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, literal_column, text
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from fulfillment.domain.assignment.state import Origin, ProposalStatus, Status
from fulfillment.domain.people import Party
from fulfillment.store.tables.base import LIVE, Counter, Flag, Json, Minor, Stamp, Table, one_of, quoted

IS_LIVE = text(f"status IN ({quoted(LIVE)})")
"""Written out: with parameters in its place, the planner would not see that a partial index covers it."""
MISSED_AT = literal_column("coalesce(scheduled_start, status_entered_at)", DateTime(timezone=True))
"""Since when there is an incident: since the visit that somebody is said to have missed."""
HAS_ENDED = text(f"status NOT IN ({quoted(LIVE)})")


class AssignmentRow(Table):
    """One row per assignment, as it stood after step `state_version`.

    `standing` is the whole domain value; the columns beside it are what lists filter and sort by.
    `projected_at` is the database's clock.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        one_of("status", Status),
        one_of("origin", Origin),
        one_of("schedule_proposed_by", Party),
        CheckConstraint("num_nulls(scheduled_start, scheduled_end) IN (0, 2)", name="window_whole"),
        CheckConstraint("scheduled_start < scheduled_end", name="window_order"),
        # A job is in one provider's hands at a time, whatever the workflows believe (invariant 1).
        Index("uq_assignment_live_job", "job_id", unique=True, postgresql_where=IS_LIVE),
        Index("ix_assignment_live", "id", postgresql_where=IS_LIVE),
        Index("ix_assignment_newest", "created_at", "id"),
        Index("ix_assignment_customer", "customer_id", "created_at", "id"),
        Index("ix_assignment_provider", "provider_id", "created_at", "id"),
        Index("ix_assignment_provider_live", "provider_id", postgresql_where=IS_LIVE),
        Index(
            "ix_assignment_provider_start",
            "provider_id",
            "scheduled_start",
            postgresql_where=text("scheduled_start IS NOT NULL"),
        ),
        Index("ix_assignment_job", "job_id", "created_at", "id"),
        Index("ix_assignment_status", "status", "created_at", "id"),
        Index("ix_assignment_overdue", "created_at", "id", postgresql_where=text("reminder_overdue")),
        Index(
            "ix_assignment_next_reminder",
            "next_reminder_at",
            postgresql_where=text("next_reminder_at IS NOT NULL"),
        ),
        Index("ix_assignment_start", "scheduled_start", postgresql_where=text("scheduled_start IS NOT NULL")),
        # What needs a person, since when.
        Index(
            "ix_assignment_overdue_since",
            "reminder_overdue_at",
            "id",
            postgresql_where=text("reminder_overdue"),
        ),
        Index(
            "ix_assignment_incident",
            text(MISSED_AT.name),
            "id",
            postgresql_where=text("incident IS NOT NULL"),
        ),
        Index(
            "ix_assignment_held",
            "hold_until",
            "id",
            postgresql_where=text(f"hold_until IS NOT NULL AND {IS_LIVE.text}"),
        ),
        # What ids begin with: byte by byte, whatever the language of the database.
        Index("ix_assignment_id_prefix", "id", postgresql_ops={"id": "text_pattern_ops"}),
        Index("ix_assignment_job_prefix", "job_id", postgresql_ops={"job_id": "text_pattern_ops"}),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str]
    customer_id: Mapped[str]
    provider_id: Mapped[str]
    price: Mapped[Minor]
    currency: Mapped[str]
    status: Mapped[str]
    created_at: Mapped[Stamp]

    origin: Mapped[str] = mapped_column(server_default=text("'ops'"))
    site_timezone: Mapped[str] = mapped_column(server_default=text("'UTC'"))
    status_entered_at: Mapped[Stamp]
    epoch: Mapped[int] = mapped_column(server_default=text("1"))

    schedule_version: Mapped[Counter]
    schedule_proposed_by: Mapped[str | None]
    scheduled_start: Mapped[datetime | None]
    scheduled_end: Mapped[datetime | None]
    agreed_version: Mapped[int | None]
    ics_sequence: Mapped[int | None]

    rejected_at: Mapped[datetime | None]
    reject_reason: Mapped[str | None]
    late_rejection: Mapped[Flag]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    late_cancel: Mapped[Flag]
    checked_in_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]

    reminder_overdue: Mapped[Flag]
    reminder_overdue_at: Mapped[datetime | None]
    next_reminder_at: Mapped[datetime | None]
    last_reminder_at: Mapped[datetime | None]
    reminder_count: Mapped[Counter]
    hold_until: Mapped[datetime | None]
    incident: Mapped[str | None]
    payout_id: Mapped[str | None]

    standing: Mapped[Json | None]
    state_version: Mapped[Counter]
    projected_at: Mapped[Stamp]


class ProposalRow(Table):
    """A window somebody put forward; `version` is the schedule version it was made at.

    `state_version` is the step that this row reflects, so that an older one never overwrites it.
    """

    __tablename__ = "schedule_proposal"
    __table_args__ = (
        one_of("status", ProposalStatus),
        one_of("proposed_by", Party),
        one_of("on_behalf_of", Party),
        CheckConstraint("window_start < window_end", name="window_order"),
    )

    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    proposed_by: Mapped[str]
    proposer_id: Mapped[str]
    on_behalf_of: Mapped[str | None]
    window_start: Mapped[datetime]
    window_end: Mapped[datetime]
    input_tz: Mapped[str | None]
    note: Mapped[str]
    late: Mapped[bool]
    status: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    responded_by: Mapped[str | None]
    responded_at: Mapped[datetime | None]
    forced_reason: Mapped[str | None]
    state_version: Mapped[int]


class HoldRow(Table):
    """The time an assignment takes of its provider; no two rows of a provider overlap (invariant 5).

    While a reschedule is being confirmed `spans` has the old window and the new one. A row is never
    deleted: empty `spans` hold nothing, and `claim`, which never falls, keeps late writers out.
    `version` is the schedule's and `state_version` the step that the row reflects.
    """

    __tablename__ = "provider_hold"
    __table_args__ = (
        ExcludeConstraint(
            ("provider_id", "="), ("spans", "&&"), using="gist", name="ex_provider_hold_overlap"
        ),
    )

    assignment_id: Mapped[str] = mapped_column(primary_key=True)
    provider_id: Mapped[str]
    spans: Mapped[list[Range[datetime]]] = mapped_column(TSTZMULTIRANGE)
    version: Mapped[int]
    state_version: Mapped[int]
    claim: Mapped[int] = mapped_column(BigInteger)
