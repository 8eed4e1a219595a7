"""An assignment and its schedule, as clients send and see them."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from api.schemas.base import Id, Instant, Note, Sent, SentInstant, Shown
from api.schemas.incidents import IncidentShown
from api.schemas.values import LocalWindowSent, MoneySent, MoneyShown, Version
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.standing import Obligation, Standing
from fulfillment.domain.assignment.state import Assignment, Proposal, RejectReason, Status
from fulfillment.domain.people import Actor, Party

Evidence = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=500)]],
    Field(max_length=20, description="Texts or web addresses."),
]


class ProposalSent(LocalWindowSent):
    """`expectedVersion` is the schedule version the caller has seen; the header If-Match says the same."""

    note: Note | None = None
    expected_version: Version | None = None


class ConfirmationSent(Sent):
    """`version` is that of the proposal; the header If-Match says the same. Staff `force` with a reason."""

    version: Version | None = None
    force: bool = False
    reason: Note | None = None


class AnswerSent(Sent):
    """A no to a proposal, or its withdrawal."""

    version: Version | None = None
    reason: Note | None = None


class RejectionSent(Sent):
    reason_code: Annotated[str, Field(json_schema_extra={"enum": [each.value for each in RejectReason][:6]})]
    note: Note | None = None


class CancellationSent(Sent):
    reason: Note
    keep_job: bool = False


class CheckInSent(Sent):
    """Nothing has to be said."""


class CompletionSent(Sent):
    evidence: Evidence = Field(default_factory=list)
    final_amount: MoneySent | None = None


class HoldSent(Sent):
    until: SentInstant
    reason: Note


class ResumptionSent(Sent):
    reason: Note | None = None


class SkipSent(Sent):
    reason: Note


class ExtensionSent(Sent):
    to: SentInstant
    reason: Note


class ProposalShown(Shown):
    version: int
    proposed_by: Party
    start: Instant
    end: Instant
    note: str | None
    expires_at: Instant | None

    @classmethod
    def of(cls, proposal: Proposal | None, *, expires_at: datetime | None) -> Self | None:
        if proposal is None:
            return None
        return cls(
            version=proposal.version,
            proposed_by=proposal.proposed_by,
            start=proposal.window.start,
            end=proposal.window.end,
            note=proposal.note or None,
            expires_at=expires_at,
        )


class PayoutBrief(Shown):
    id: Id
    status: PayoutStatus
    attempt: int
    amount: MoneyShown
    capture_before: Instant | None

    @classmethod
    def of(cls, it: Assignment) -> Self | None:
        if it.payout is None:
            return None
        return cls(
            id=it.payout.id,
            status=it.payout.status,
            attempt=it.payout.attempt,
            amount=MoneyShown.model_validate(it.payout.amount),
            capture_before=it.capture_before,
        )


class NextShown(Shown):
    at: Instant
    what: Annotated[str, Field(description="The id of the deadline.")]


class ObligationShown(Shown):
    """Whose turn it is, since when, when patience with it is used up, and what happens next."""

    party: Party
    action: str
    since: Instant
    sla_due: Instant | None
    next: NextShown | None

    @classmethod
    def of(cls, obligation: Obligation | None, standing: Standing) -> Self | None:
        if obligation is None:
            return None
        first = standing.next
        return cls(
            party=obligation.party,
            action=obligation.action,
            since=obligation.since,
            sla_due=obligation.sla_due,
            next=NextShown(at=first.due, what=first.id) if first else None,
        )


class AssignmentShown(Shown):
    """`stateVersion` counts accepted steps; `projectedAt` is when the read model got there."""

    id: Id
    job_id: Id
    customer_id: str
    provider_id: str
    status: Status
    scheduled_start: Instant | None
    scheduled_end: Instant | None
    schedule_proposed_by: Party | None
    schedule_version: int
    open_proposal: ProposalShown | None
    agreed_version: int | None
    rejected_at: Instant | None
    reject_reason: str | None
    cancelled_at: Instant | None
    cancel_reason: str | None
    checked_in_at: Instant | None
    completed_at: Instant | None
    hold_until: Instant | None
    reminder_overdue: bool
    reminder_overdue_at: Instant | None
    next_reminder_at: Instant | None
    last_reminder_at: Instant | None
    reminder_count: int
    price: MoneyShown
    payout: PayoutBrief | None
    incident: IncidentShown | None
    obligation: ObligationShown | None
    state_version: int
    projected_at: Instant | None
    links: dict[str, str]

    @classmethod
    def of(
        cls,
        standing: Standing,
        *,
        viewer: Actor,
        links: dict[str, str],
        projected_at: datetime | None = None,
    ) -> Self:
        """Return the assignment as `viewer` sees it; `projected_at` is none when the run itself answered."""
        it = standing.assignment
        return cls(
            id=it.id,
            job_id=it.job_id,
            customer_id=it.customer_id,
            provider_id=it.provider_id,
            status=it.status,
            scheduled_start=it.agreed.window.start if it.agreed else None,
            scheduled_end=it.agreed.window.end if it.agreed else None,
            schedule_proposed_by=it.proposal.proposed_by if it.proposal else None,
            schedule_version=it.schedule_version,
            open_proposal=ProposalShown.of(it.open_proposal, expires_at=standing.proposal_expires_at),
            agreed_version=it.agreed.version if it.agreed else None,
            rejected_at=it.rejected_at,
            reject_reason=it.reject_reason,
            cancelled_at=it.cancelled_at,
            cancel_reason=it.cancel_reason,
            checked_in_at=it.checked_in_at,
            completed_at=it.completed_at,
            hold_until=standing.held_until,
            reminder_overdue=it.overdue_at is not None,
            reminder_overdue_at=it.overdue_at,
            next_reminder_at=standing.next_reminder_at,
            last_reminder_at=it.last_reminder_at,
            reminder_count=it.reminder_count,
            price=MoneyShown.model_validate(it.price),
            payout=PayoutBrief.of(it),
            incident=IncidentShown.of(it.incident, viewer=viewer),
            obligation=ObligationShown.of(standing.obligation, standing),
            state_version=it.state_version,
            projected_at=projected_at,
            links=links,
        )
