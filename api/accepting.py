"""The assignment that an acceptance made, for its 201."""

from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from api.desk import TheDesk
from api.errors import Missing
from api.reading import TheSession, once_at, written
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.job.handover import begun
from fulfillment.domain.policy import Policy
from fulfillment.store.views import assignments, jobs
from workflows.job import JobAnswer, opened


class Handovers:
    """Finds the assignment behind the answer to an acceptance."""

    def __init__(self, session: AsyncSession, policy: Policy) -> None:
        self._session = session
        self._policy = policy

    async def made(self, answer: JobAnswer) -> Standing:
        """Return the assignment that the answered acceptance made, as it began; of a repeat, too.

        Whoever takes anew what is theirs already is shown how it stands.

        Raises:
            Missing: the job has moved on, and is in nobody's hands any more.
        """
        if answer.assignment:
            await self._wait_for(answer.assignment.assignment.id, answer)
            return answer.assignment
        if answer.job.live is None:
            raise Missing
        return self._as_it_began(answer) or await self._as_it_stands(answer.job.live.assignment_id)

    async def _wait_for(self, id: str, answer: JobAnswer) -> None:
        await written(self._session, lambda it: jobs.version(it, answer.job.id), least=answer.number)
        await written(self._session, lambda it: assignments.version(it, id), least=1)

    def _as_it_began(self, answer: JobAnswer) -> Standing | None:
        """Return what a repeat was answered the first time, if the job that came along is that of then."""
        is_repeat, is_of_then = not answer.call, answer.number == answer.job.state_version
        assignment = begun(answer.job, policy=self._policy) if is_repeat and is_of_then else None
        return opened(assignment, self._policy) if assignment else None

    async def _as_it_stands(self, id: str) -> Standing:
        found = await once_at(
            lambda: assignments.assignment(self._session, id),
            version_of=lambda it: it.standing.assignment.state_version,
            least=1,
        )
        return found.standing


async def _handovers_of(desk: TheDesk, session: TheSession) -> Handovers:
    return Handovers(session, desk.policy)


TheHandovers = Annotated[Handovers, Depends(_handovers_of)]
