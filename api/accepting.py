"""The assignment that an acceptance made, for its 201."""

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import Missing
from api.reading import once_at, written
from fulfillment.domain.standing import Standing
from fulfillment.store.views import assignments, jobs
from workflows.job import JobAnswer


async def made(answer: JobAnswer, session: AsyncSession) -> Standing:
    """Return the assignment that the answered acceptance made; a repeat finds it in the read model.

    Raises:
        Missing: the job has moved on, and is in nobody's hands any more.
    """
    if answer.assignment:
        id, job_id = answer.assignment.assignment.id, answer.job.id
        await written(session, lambda it: jobs.version(it, job_id), least=answer.number)
        await written(session, lambda it: assignments.version(it, id), least=1)
        return answer.assignment
    live = answer.job.live
    if live is None:
        raise Missing
    found = await once_at(
        lambda: assignments.assignment(session, live.assignment_id),
        version_of=lambda it: it.standing.assignment.state_version,
        least=1,
    )
    return found.standing
