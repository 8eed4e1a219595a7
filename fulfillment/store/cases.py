"""Closing what operations were asked to look at, once it is found to be in order."""

from collections.abc import Collection

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.store.tables import OpsTaskRow


async def close_cases(session: AsyncSession, ids: Collection[str], *, by: str, outcome: str) -> int:
    """Close those of them that are open, and return how many that were; a repeat closes none."""
    these = OpsTaskRow.id.in_(ids) & OpsTaskRow.closed_at.is_(None)
    closed = update(OpsTaskRow).where(these).values(closed_at=func.now(), closed_by=by, outcome=outcome)
    return len((await session.scalars(closed.returning(OpsTaskRow.id))).all())
