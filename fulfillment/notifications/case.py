"""A message that is owed, with all that is known when it is sent: how things stand, and who is who (R2)."""

from dataclasses import dataclass, field

from sqlalchemy import Text, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment.obsolescence import is_obsolete
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.job.state import Job, Offer
from fulfillment.domain.people import Role
from fulfillment.store import directory, wire
from fulfillment.store.directory import Person
from fulfillment.store.outbox import Waiting
from fulfillment.store.tables import AssignmentRow, Entity, JobRow

STAFF = {"ops": Role.OPS, "admins": Role.ADMIN}
"""Recipients that stand for everybody of a role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is owed, and about what. `people` are whom it reaches, empty if nobody knows them.

    `job` is None for an assignment from before there were rows of jobs; `other` is the name of the side
    across the table, where the recipient is a side.
    """

    owed: Waiting
    standing: Standing | None
    job: Job | None
    people: tuple[Person, ...] = field(repr=False)
    other: str | None = field(default=None, repr=False)

    @property
    def assignment(self) -> Assignment | None:
        return self.standing.assignment if self.standing else None

    @property
    def offer(self) -> Offer | None:
        """The offer that a job's reminder is about."""
        basis = self.owed.reminder.basis if self.owed.reminder else ""
        return self.job.offer(basis.removeprefix("o")) if self.job else None

    @property
    def person(self) -> Person | None:
        return self.people[0] if self.people else None

    @property
    def job_id(self) -> str:
        return self.assignment.job_id if self.assignment else self.owed.about

    @property
    def is_obsolete(self) -> bool:
        """Whether a reminder has nothing to say any more; what has happened stays worth telling."""
        reminder = self.owed.reminder
        if reminder is None:
            return False
        if self.assignment is None:
            return self.offer is None or not self.offer.is_open
        return is_obsolete(
            self.assignment, kind=reminder.kind, basis=reminder.basis, to=self.owed.to, at=self.owed.now
        )


async def look_up(session: AsyncSession, owed: Waiting) -> Case:
    """Return the case of `owed` as it is now.

    Raises:
        LookupError: what the message is about is not written down.
    """
    standing, job = await _about(session, owed)
    return Case(
        owed=owed,
        standing=standing,
        job=job,
        people=await _people(session, owed),
        other=await _other(session, owed, standing.assignment) if standing else None,
    )


async def _about(session: AsyncSession, owed: Waiting) -> tuple[Standing | None, Job | None]:
    standing, snapshot = cast(AssignmentRow.standing, Text), cast(JobRow.snapshot, Text)
    if owed.entity is Entity.JOB:
        written = await session.scalar(select(snapshot).where(JobRow.id == owed.about))
        if written is None:
            raise LookupError(f"job {owed.about} is not written down")
        return None, wire.job_from_json(written)
    query = (
        select(standing.label("standing"), snapshot.label("job"))
        .outerjoin_from(AssignmentRow, JobRow, JobRow.id == AssignmentRow.job_id)
        .where(AssignmentRow.id == owed.about)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None or row.standing is None:
        raise LookupError(f"assignment {owed.about} is not written down")
    job = wire.job_from_json(row.job) if row.job else None
    return wire.standing_from_json(row.standing), job


async def _people(session: AsyncSession, owed: Waiting) -> tuple[Person, ...]:
    if role := STAFF.get(owed.to.id):
        return await directory.staff(session, role)
    person = await directory.find(session, owed.to.id)
    return (person,) if person else ()


async def _other(session: AsyncSession, owed: Waiting, assignment: Assignment) -> str | None:
    across = {Role.CUSTOMER: assignment.provider_id, Role.PROVIDER: assignment.customer_id}.get(owed.to.role)
    person = await directory.find(session, across) if across else None
    return person.name if person else None
