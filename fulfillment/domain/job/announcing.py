"""Who hears of what happens to a job: for each event the people who are told, once each."""

from collections.abc import Iterator
from typing import assert_never

from fulfillment.domain.assignment.events import DeadlinePassed, Escalated, ReminderFellDue
from fulfillment.domain.job.events import (
    AssignmentMade,
    CancelForwarded,
    CandidatesSought,
    ChoiceOverdue,
    DispatchRestarted,
    JobCancelled,
    JobCompleted,
    JobEvent,
    JobExpired,
    JobExtended,
    JobPosted,
    JobRequeued,
    JobUnfilled,
    NobodyFound,
    OfferDeclined,
    OffersExpired,
    ProviderLost,
    ProviderReadmitted,
    QuoteEnded,
    QuoteSubmitted,
    QuotingOpened,
    WaveOpened,
)
from fulfillment.domain.job.facts import facts_of_job
from fulfillment.domain.job.state import Job
from fulfillment.domain.messages import OPS, Notice, Recipient
from fulfillment.domain.people import Role


def announce_job(job: Job, event: JobEvent) -> tuple[Notice, ...]:
    """Return whom `event` concerns, the job being as it is after the step that caused it."""
    return tuple(
        Notice(
            key=f"{job.id}|{name}|{to}|{job.state_version}",
            event=name,
            to=to,
            facts=facts_of_job(event, job, to=to),
        )
        for name, to in dict.fromkeys(_told(job, event))
    )


def _told(job: Job, event: JobEvent) -> Iterator[tuple[str, Recipient]]:  # noqa: C901, PLR0912 - one case a fact
    customer = Recipient(role=Role.CUSTOMER, id=job.customer_id)
    match event:
        case WaveOpened(offers=offers):
            for offer in offers:
                yield "notifyOfferSent", _provider(offer.provider_id)
        case QuoteSubmitted():
            yield "notifyQuoteReceived", customer
        case AssignmentMade(assignment=assignment, filled=filled):
            # Whoever has it hears of that from the assignment, and of no offer that went to somebody else.
            for offer in job.offers:
                if offer.id in filled and offer.provider_id != assignment.provider_id:
                    yield "notifyOfferFilled", _provider(offer.provider_id)
        case JobRequeued():
            yield "notifyJobRequeued", customer
        case ChoiceOverdue():
            yield "notifyChoiceOverdue", customer
            yield "notifyChoiceOverdue", OPS
        case JobUnfilled():
            yield "notifyJobUnfilled", customer
            yield "notifyJobUnfilled", OPS
        case Escalated():
            yield "notifyEscalated", OPS
        case JobCancelled():
            yield "notifyJobCancelled", customer
        case JobExpired():
            yield "notifyJobExpired", customer
        case (
            JobPosted()
            | QuotingOpened()
            | CandidatesSought()
            | NobodyFound()
            | OfferDeclined()
            | OffersExpired()
            | QuoteEnded()
            | ProviderLost()
            | JobExtended()
            | DispatchRestarted()
            | ProviderReadmitted()
            | CancelForwarded()
            | JobCompleted()
            | DeadlinePassed()
            | ReminderFellDue()
        ):
            return
        case _:
            assert_never(event)


def _provider(id: str) -> Recipient:
    return Recipient(role=Role.PROVIDER, id=id)
