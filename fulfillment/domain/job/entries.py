"""What the ledger is handed about a job: numbered entries, each a step that was taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fulfillment.domain.assignment.events import ReminderFellDue
from fulfillment.domain.command import Command
from fulfillment.domain.job.announcing import announce_job
from fulfillment.domain.job.events import JobEvent
from fulfillment.domain.job.state import Job
from fulfillment.domain.messages import Notice, Reminder
from fulfillment.domain.steps import Step, step


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEntry:
    """One accepted step of a job, the job after it, and who is to be told."""

    step: Step
    job: Job
    reminders: tuple[Reminder, ...] = ()
    notices: tuple[Notice, ...] = ()


def job_entry(
    was: str, command: Command, events: Sequence[JobEvent], after: Job, *, at: datetime
) -> JobEntry:
    """Return the entry that `command` leaves in the ledger; `was` is the status before it."""
    return JobEntry(
        step=step(was, command, events, after.status, number=after.state_version, at=at),
        job=after,
        reminders=tuple(event.reminder for event in events if isinstance(event, ReminderFellDue)),
        notices=tuple(notice for event in events for notice in announce_job(after, event)),
    )
