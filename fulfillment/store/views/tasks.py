"""What operations have to look after and nobody has settled yet, newest first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.store.tables import Entity, OpsTaskRow
from fulfillment.store.views.paging import FIRST, Line, Page, Turn, newest_first, page


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    """A task by its `type`, what it is about, and what to do, in a sentence."""

    id: str
    type: str
    entity: Entity
    entity_id: str
    detail: str
    due_at: datetime | None
    created_at: datetime


async def open_tasks(session: AsyncSession, turn: Turn = FIRST) -> Page[OpenTask]:
    """Return a page of the tasks that are open.

    Raises:
        ValueInvalid: the cursor is none of ours.
    """
    query = select(
        OpsTaskRow.id,
        OpsTaskRow.type,
        OpsTaskRow.entity,
        OpsTaskRow.entity_id,
        OpsTaskRow.detail,
        OpsTaskRow.due_at,
        OpsTaskRow.created_at,
    ).where(OpsTaskRow.closed_at.is_(None))
    query = newest_first(query, turn, at=OpsTaskRow.created_at, id=OpsTaskRow.id)
    return await page(session, query, turn, line=_line, place=lambda it: (it.created_at, it.id))


def _line(row: Line) -> OpenTask:
    return OpenTask(**{**row._mapping, "entity": Entity(row.entity)})  # noqa: SLF001 - SQLAlchemy's public name
