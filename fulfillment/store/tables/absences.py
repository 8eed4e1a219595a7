"""Absences of providers, and what became of each assignment that one touches."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from fulfillment.domain.absence.commands import AbsenceReason
from fulfillment.domain.absence.consequences import What
from fulfillment.domain.absence.results import AbsenceStatus, Outcome
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.people import Role
from fulfillment.store.tables.base import Flag, Table, one_of


class AbsenceRow(Table):
    """A span [since, until) in which a provider takes no visits: who said so, when, why, by which command.

    The columns from `ended_at` on say the same of whoever ended it before its time.
    """

    __tablename__ = "provider_absence"
    __table_args__ = (
        one_of("reason_code", AbsenceReason),
        one_of("status", AbsenceStatus),
        one_of("reporter_role", Role),
        CheckConstraint("since < until", name="span_order"),
        CheckConstraint("(status = 'ended') = (ended_at IS NOT NULL)", name="ended_is_dated"),
        Index("ix_provider_absence_provider", "provider_id", "reported_at", "id"),
        Index(
            "ix_provider_absence_away",
            "provider_id",
            "until",
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    provider_id: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime]
    reason: Mapped[str]
    reason_code: Mapped[str]
    status: Mapped[str]
    reported_by: Mapped[str]
    reporter_role: Mapped[str]
    reported_at: Mapped[datetime]
    command_id: Mapped[str]
    fingerprint: Mapped[str]
    request_id: Mapped[str]
    done_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    end_reason: Mapped[str | None]
    end_command_id: Mapped[str | None]
    end_fingerprint: Mapped[str | None]
    end_request_id: Mapped[str | None]


class AbsenceResultRow(Table):
    """One assignment that an absence touches: what was to be done when it began, and what became of that.

    `place` is its turn, counted from 1; `late` says that it was not found at first.
    """

    __tablename__ = "absence_result"
    __table_args__ = (
        one_of("status", Status),
        one_of("what", What),
        one_of("outcome", Outcome),
        one_of("did", What),
        CheckConstraint("(outcome = 'waiting') = (settled_at IS NULL)", name="settled_is_dated"),
    )

    absence_id: Mapped[str] = mapped_column(ForeignKey("provider_absence.id"), primary_key=True)
    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    place: Mapped[int]
    job_id: Mapped[str]
    customer_id: Mapped[str]
    status: Mapped[str]
    what: Mapped[str]
    window_start: Mapped[datetime]
    window_end: Mapped[datetime]
    version: Mapped[int]
    why: Mapped[str]
    late: Mapped[Flag]
    outcome: Mapped[str]
    did: Mapped[str | None]
    command_id: Mapped[str | None]
    state_version: Mapped[int | None]
    code: Mapped[str | None]
    detail: Mapped[str | None]
    settled_at: Mapped[datetime | None]
