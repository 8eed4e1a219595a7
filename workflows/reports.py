"""How a run speaks of itself: to whoever sent a command, and to whoever reads it in the Temporal UI."""

from collections.abc import Sequence
from dataclasses import dataclass

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from fulfillment.domain.assignment.standing import Standing
    from fulfillment.domain.job.deadlines import JobDeadline
    from fulfillment.domain.job.state import Job
    from fulfillment.domain.steps import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How things stand after a command, which step it was, and which call carried it out.

    A `call` other than one's own means that the command had been carried out before.
    """

    standing: Standing
    number: int
    call: str


def details(standing: Standing) -> str:
    """Return the state of an assignment as a few lines of markdown."""
    assignment, obligation = standing.assignment, standing.obligation
    step, schedule = assignment.state_version, assignment.schedule_version
    lines = [f"**{assignment.status}** after step {step}, schedule version {schedule}"]
    if assignment.agreed:
        window = assignment.agreed.window
        lines.append(f"agreed visit {window.start:%Y-%m-%d %H:%M} to {window.end:%H:%M} UTC")
    if assignment.open_proposal:
        window, by = assignment.open_proposal.window, assignment.open_proposal.proposed_by
        lines.append(f"proposed by the {by}: {window.start:%Y-%m-%d %H:%M} to {window.end:%H:%M} UTC")
    if obligation:
        until = f", due {obligation.sla_due:%Y-%m-%d %H:%M} UTC" if obligation.sla_due else ""
        lines.append(
            f"waiting for the **{obligation.party}** to {obligation.action.replace('_', ' ')}{until}"
        )
    if assignment.payout:
        payout = assignment.payout
        lines.append(f"payout attempt {payout.attempt}: {payout.status}, {payout.amount}")
    if assignment.overdue_at:
        lines.append(f"overdue since {assignment.overdue_at:%Y-%m-%d %H:%M} UTC")
    lines.extend(f"- next: {each.due:%Y-%m-%d %H:%M} UTC {each.id}" for each in standing.coming[:5])
    return "\n\n".join(lines)


def written(steps: Sequence[Step]) -> str:
    """Return what a write of the ledger is about, for the Temporal UI."""
    return ", ".join(f"{each.number} {each.command}" for each in steps) or "refusals"


def job_details(job: Job, coming: Sequence[JobDeadline]) -> str:
    """Return the state of a job as a few lines of markdown."""
    lines = [f"**{job.status}** after step {job.state_version}, search {job.round + 1}, wave {job.wave}"]
    if job.live:
        lines.append(f"in the hands of `{job.live.provider_id}` as assignment `{job.live.assignment_id}`")
    lines.append(f"{len(job.usable_quotes)} quotes and {len(job.open_offers)} offers are open")
    if job.requeues:
        lines.append(
            f"came back {len(job.requeues)} times, {job.requeue_count} of them by a provider's rejection"
        )
    lines.extend(f"- next: {each.due:%Y-%m-%d %H:%M} UTC {each.id}" for each in coming[:5])
    return "\n\n".join(lines)
