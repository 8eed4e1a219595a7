"""What cannot be written now may fit later, or never; the latter is put where people look."""

from psycopg.errors import UniqueViolation
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.store.ledger.history import About
from fulfillment.store.tables import OpsTaskRow

ONE_LIVE = "uq_assignment_live_job"
REJECTED = "projection_rejected"


def may_yet_fit(error: IntegrityError) -> bool:
    """Return whether the database will accept the same rows once another workflow's are there.

    A job's next assignment can be written before the end of the last one, which a workflow of its own
    writes; until then the job would be in two providers' hands.
    """
    cause = error.orig
    return isinstance(cause, UniqueViolation) and cause.diag.constraint_name == ONE_LIVE


async def shelve(session: AsyncSession, about: About, *, step: int, why: str) -> None:
    """Ask operations, once, to look at what the database will never accept; `step` is the first of it."""
    row = {
        "id": f"{REJECTED}/{about.entity}/{about.id}/{step}",
        "type": REJECTED,
        "entity": about.entity,
        "entity_id": about.id,
        "detail": f"step {step} and later, of run {about.run_id}: {why}",
    }
    await session.execute(insert(OpsTaskRow).values(row).on_conflict_do_nothing())
