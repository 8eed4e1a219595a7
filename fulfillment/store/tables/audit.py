"""Who did what and when, what each command was answered, and what operations have to look after."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from fulfillment.domain.command import Source
from fulfillment.domain.people import Party, Role
from fulfillment.store.tables.base import Entity, Json, Stamp, Table, Words, one_of

IS_OPEN_ABOUT_ASSIGNMENT = text(f"closed_at IS NULL AND entity = '{Entity.ASSIGNMENT}'")


class AuditRow(Table):
    """One step that was taken, or one request that was refused, for ever: no row is changed or deleted.

    Steps of one entity are numbered 1, 2, 3 by `state_version`. `code` and `reason` of a refusal say
    which rule it met. `hash` is over `prev_hash`, that of the row before it of the same entity, and all
    other columns; a trigger supplies both, and rows from before the chain have neither.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        one_of("entity", Entity),
        one_of("actor_role", Role),
        one_of("on_behalf_of", Party),
        one_of("source", Source),
        CheckConstraint("applied = (state_version IS NOT NULL)", name="applied_is_numbered"),
        Index(
            "uq_audit_event_step",
            "entity",
            "entity_id",
            "state_version",
            unique=True,
            postgresql_where=text("applied"),
        ),
        Index(
            "uq_audit_event_refusal",
            "entity",
            "entity_id",
            "at",
            "actor_id",
            "command",
            "command_id",
            "code",
            unique=True,
            postgresql_where=text("NOT applied"),
        ),
        Index("ix_audit_event_entity", "entity", "entity_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    entity: Mapped[str]
    entity_id: Mapped[str]
    state_version: Mapped[int | None]
    applied: Mapped[bool]
    command: Mapped[str]
    command_id: Mapped[str]
    request_id: Mapped[str]
    actor_id: Mapped[str]
    actor_role: Mapped[str]
    on_behalf_of: Mapped[str | None]
    source: Mapped[str]
    from_status: Mapped[str | None]
    to_status: Mapped[str | None]
    code: Mapped[str | None]
    reason: Mapped[str]
    events: Mapped[Words]
    workflow_id: Mapped[str]
    run_id: Mapped[str]
    at: Mapped[datetime]
    recorded_at: Mapped[Stamp]
    prev_hash: Mapped[bytes | None]
    hash: Mapped[bytes | None]


class OutcomeRow(Table):
    """What a command was answered, for repeats that come long after the workflow has forgotten it (R9)."""

    __tablename__ = "command_outcome"
    __table_args__ = (one_of("entity", Entity),)

    command_id: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    entity: Mapped[str]
    entity_id: Mapped[str]
    state_version: Mapped[int]
    answer: Mapped[Json]
    at: Mapped[datetime]


class OpsTaskRow(Table):
    """Something a person has to look at; `id` is derived from what it is about, so it is opened once."""

    __tablename__ = "ops_task"
    __table_args__ = (
        one_of("entity", Entity),
        Index("ix_ops_task_open", "created_at", "id", postgresql_where=text("closed_at IS NULL")),
        Index("ix_ops_task_oldest", "created_at", "entity_id", postgresql_where=IS_OPEN_ABOUT_ASSIGNMENT),
        Index(
            "ix_ops_task_about", "entity_id", "created_at", "id", postgresql_where=IS_OPEN_ABOUT_ASSIGNMENT
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    entity: Mapped[str]
    entity_id: Mapped[str]
    detail: Mapped[str]
    owner: Mapped[str | None]
    due_at: Mapped[datetime | None]
    created_at: Mapped[Stamp]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    outcome: Mapped[str | None]


class TallyRow(Table):
    """How many rows of `noun` stand in `state`: the sum over all slots, kept by triggers on those rows.

    `reminder_overdue` counts as a state of assignments, beside the status they are in.
    """

    __tablename__ = "tally"
    __table_args__ = ({"postgresql_with": {"fillfactor": 50}},)

    noun: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(BigInteger)
