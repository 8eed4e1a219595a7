"""The audit, and what each command was answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.command import Source
from fulfillment.domain.steps import Refusal, Step
from fulfillment.store.ledger import sql
from fulfillment.store.tables import Entity, Json

AUDIT = sql.once(
    "audit_event",
    """entity, entity_id, state_version, applied, command, command_id, request_id, actor_id, actor_role,
    on_behalf_of, source, from_status, to_status, code, reason, events, workflow_id, run_id, at""",
    rows="audit",
)
REFUSALS = text(AUDIT)
OUTCOMES = sql.once(
    "command_outcome",
    "command_id, fingerprint, entity, entity_id, state_version, answer, at",
    rows="outcomes",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is being written about, and by which run of which workflow."""

    entity: Entity
    id: str
    workflow_id: str
    run_id: str

    @property
    def turn(self) -> str:
        """The name under which its writers queue up: one that thaws, and its successor.

        A row that is there could be locked for that; two who both insert it would block each other.
        """
        return f"{self.entity}/{self.id}"


async def write_refusals(session: AsyncSession, about: About, refusals: Sequence[Refusal]) -> None:
    """Write each refusal once; it has no number, for nothing came of it."""
    if refusals:
        lines = (_told(about, refusal) | _refused(refusal) for refusal in refusals)
        await session.execute(REFUSALS, {"audit": sql.rows(*lines)})


def audit(about: About, steps: Sequence[Step]) -> str:
    """Return the lines of the audit; the first account of a step stands."""
    return sql.rows(*(_told(about, step) | _taken(step) for step in steps))


def outcomes(about: About, answered: Sequence[tuple[Step, Json]]) -> str:
    """Return what each command was answered; what the clock asked nobody will ask again."""
    return sql.rows(
        *(
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
        )
    )


def _told(about: About, told: Step | Refusal) -> dict[str, Any]:
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


def _taken(step: Step) -> dict[str, Any]:
    return {
        "applied": True,
        "state_version": step.number,
        "from_status": step.was,
        "to_status": step.now,
        "reason": step.reason,
        "events": step.events,
    }


def _refused(refusal: Refusal) -> dict[str, Any]:
    return {"applied": False, "code": refusal.code, "reason": refusal.detail, "events": ()}
