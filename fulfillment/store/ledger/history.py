"""The audit, and what each command was answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.commands import Source
from fulfillment.domain.entries import Refusal, Step
from fulfillment.store.tables import AuditRow, Entity, Json, OutcomeRow


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is being written about, and by which run of which workflow."""

    entity: Entity
    id: str
    workflow_id: str
    run_id: str


async def take_turns(session: AsyncSession, about: About) -> None:
    """Let the writers of one assignment or job go one after another: one that thaws, and its successor.

    A row that is there could be locked for that; two who both insert it would block each other.
    """
    name = f"{about.entity}/{about.id}"
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def write_steps(session: AsyncSession, about: About, steps: Sequence[Step]) -> None:
    """Write each step once; the first account of a step number stands."""
    rows = [_told(about, step) | _taken(step) for step in steps]
    await session.execute(insert(AuditRow).values(rows).on_conflict_do_nothing())


async def write_refusals(session: AsyncSession, about: About, refusals: Sequence[Refusal]) -> None:
    """Write each refusal once; it has no number, for nothing came of it."""
    rows = [_told(about, refusal) | _refused(refusal) for refusal in refusals]
    await session.execute(insert(AuditRow).values(rows).on_conflict_do_nothing())


async def write_outcomes(session: AsyncSession, about: About, answered: Sequence[tuple[Step, Json]]) -> None:
    """Write what each command was answered; what the clock asked nobody will ask again."""
    rows = [
        {
            "command_id": step.command_id,
            "fingerprint": step.fingerprint,
            "entity": about.entity,
            "entity_id": about.id,
            "state_version": step.number,
            "answer": answer,
            "at": step.at,
        }
        for step, answer in answered
        if step.command_id and step.source is not Source.CLOCK
    ]
    if rows:
        await session.execute(insert(OutcomeRow).values(rows).on_conflict_do_nothing())


def _told(about: About, told: Step | Refusal) -> dict[str, object]:
    return {
        "entity": about.entity,
        "entity_id": about.id,
        "workflow_id": about.workflow_id,
        "run_id": about.run_id,
        "command": told.command,
        "command_id": told.command_id,
        "request_id": told.request_id,
        "actor_id": told.actor.id,
        "actor_role": told.actor.role,
        "on_behalf_of": told.actor.on_behalf_of,
        "source": told.source,
        "at": told.at,
    }


def _taken(step: Step) -> dict[str, object]:
    return {
        "applied": True,
        "state_version": step.number,
        "from_status": step.was,
        "to_status": step.now,
        "reason": step.reason,
        "events": list(step.events),
    }


def _refused(refusal: Refusal) -> dict[str, object]:
    return {"applied": False, "code": refusal.code, "reason": refusal.detail}
