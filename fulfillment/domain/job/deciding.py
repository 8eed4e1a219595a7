"""Which requests about a job are honoured: `decide_job` returns what becomes true, or refuses by name."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from fulfillment.domain.job import dispatching, posting, quoting, rescuing
from fulfillment.domain.job.clock import pass_job_deadline
from fulfillment.domain.job.commands import (
    AcceptOffer,
    AcceptQuote,
    AssignProvider,
    CancelJob,
    DeclineOffer,
    ExtendJob,
    JobCommand,
    NoteAssignmentClosed,
    OpenWave,
    PassJobDeadline,
    ReadmitProvider,
    SubmitQuote,
    WidenDispatch,
    WithdrawQuote,
)
from fulfillment.domain.job.events import JobEvent
from fulfillment.domain.job.returning import note_closed
from fulfillment.domain.job.state import Job
from fulfillment.domain.policy import Policy


def decide_job(  # noqa: C901, PLR0911, PLR0912 - the table of verbs
    job: Job, command: JobCommand, *, at: datetime, policy: Policy
) -> Sequence[JobEvent]:
    """Return the events that `command` causes at the moment `at`; none if it repeats what already holds.

    Raises:
        DomainError: by its class, why not; each rule's own docstring lists its refusals.
    """
    match command:
        case SubmitQuote():
            return quoting.submit_quote(job, command, at=at, policy=policy)
        case WithdrawQuote():
            return quoting.withdraw_quote(job, command, at=at, policy=policy)
        case AcceptQuote():
            return quoting.accept_quote(job, command, at=at, policy=policy)
        case AcceptOffer():
            return dispatching.accept_offer(job, command, at=at, policy=policy)
        case DeclineOffer():
            return dispatching.decline_offer(job, command, at=at, policy=policy)
        case OpenWave():
            return dispatching.open_wave(job, command, at=at, policy=policy)
        case CancelJob():
            return posting.cancel_job(job, command, at=at)
        case ExtendJob():
            return rescuing.extend_job(job, command, at=at, policy=policy)
        case WidenDispatch():
            return rescuing.widen_dispatch(job, command, at=at)
        case AssignProvider():
            return rescuing.assign_provider(job, command, at=at, policy=policy)
        case ReadmitProvider():
            return rescuing.readmit_provider(job, command, at=at)
        case NoteAssignmentClosed():
            return note_closed(job, command, at=at, policy=policy)
        case PassJobDeadline():
            return pass_job_deadline(job, command, at=at, policy=policy)
        case _:
            assert_never(command)
