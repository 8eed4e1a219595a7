"""The provider's time, taken before a window is confirmed: the one look across assignments.

A hold keeps the old window and the new one until the ledger, writing the confirmed step, narrows it
(docs/decisions/0005). Claim numbers fence late writers: each attempt draws a number, another is drawn
when it is over, and what the ledger writes carries the last number drawn while no attempt was under way.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.holds import Holds, Reservation, Settled
    from fulfillment.domain.assignment.state import Assignment
    from fulfillment.domain.errors import ProviderBusy
    from fulfillment.domain.window import VisitWindow

from workflows.guard import transient
from workflows.retries import UNTIL_IT_WORKS

PATIENCE = timedelta(seconds=3)
"""A caller is waiting for the answer."""


class ProviderTime:
    def __init__(self, *, claim: int = 0, in_doubt: bool = False) -> None:
        self._drawn = claim
        self.claim = claim
        self.in_doubt = in_doubt

    async def reserve(self, assignment: Assignment, window: VisitWindow) -> None:
        """Take the provider's time for `window`, beside what is agreed already.

        Raises:
            ProviderBusy: another assignment has it.
            ApplicationError: nobody can tell right now; `in_doubt` is set, and the caller tries again.
        """
        reservation = Reservation(
            assignment_id=assignment.id,
            provider_id=assignment.provider_id,
            wanted=window,
            agreed=_agreed(assignment),
            version=assignment.schedule_version,
            claim=self._draw(),
        )
        try:
            await workflow.execute_activity_method(
                Holds.reserve_hold,
                reservation,
                schedule_to_close_timeout=PATIENCE,
                retry_policy=UNTIL_IT_WORKS,
                summary="take the provider's time",
            )
        except ActivityError as failure:
            if isinstance(failure.cause, ApplicationError) and failure.cause.type == ProviderBusy.__name__:
                raise ProviderBusy("the provider has another visit then; propose another window") from failure
            self.in_doubt = True
            raise transient("the provider's other visits cannot be looked up right now") from failure
        finally:
            self.claim = self._draw()

    async def set_right(self, assignment: Assignment) -> None:
        """Set a hold of unknown outcome back to what is agreed."""
        settled = Settled(
            assignment_id=assignment.id,
            provider_id=assignment.provider_id,
            agreed=_agreed(assignment),
            version=assignment.schedule_version,
            claim=self._draw(),
        )
        self.claim = self._draw()
        self.in_doubt = False
        await workflow.execute_activity_method(
            Holds.settle_hold,
            settled,
            start_to_close_timeout=timedelta(seconds=5),
            retry_policy=UNTIL_IT_WORKS,
            summary="set a doubtful hold right",
        )

    def _draw(self) -> int:
        self._drawn += 1
        return self._drawn


def _agreed(assignment: Assignment) -> VisitWindow | None:
    return assignment.agreed.window if assignment.agreed and not assignment.is_closed else None
