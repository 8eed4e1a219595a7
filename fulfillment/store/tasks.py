"""What operations have to look after: opened once for each thing it is about, whoever finds it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.store.tables import Entity, OpsTaskRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something a person has to look at. `id` names what it is about, so a second finding opens no second."""

    id: str
    type: str
    entity: Entity
    entity_id: str
    detail: str
    due: datetime | None = None


async def open_task(session: AsyncSession, task: Task) -> bool:
    """Ask operations to look at it, and return whether nobody has asked before, or it was done with since."""
    row = insert(OpsTaskRow).values(
        id=task.id,
        type=task.type,
        entity=task.entity,
        entity_id=task.entity_id,
        detail=task.detail,
        due_at=task.due,
    )
    anew = {"created_at": func.now(), "closed_at": None, "closed_by": None, "outcome": None}
    again = row.on_conflict_do_update(
        index_elements=[OpsTaskRow.id],
        set_=anew | {"detail": row.excluded.detail, "due_at": row.excluded.due_at},
        where=OpsTaskRow.closed_at.is_not(None),
    )
    opened = await session.scalar(again.returning(OpsTaskRow.id))
    return opened is not None
