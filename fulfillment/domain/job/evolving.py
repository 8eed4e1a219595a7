"""What each event leaves behind: `evolve_job` returns the job as it is afterwards."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from fulfillment.domain.assignment.events import DeadlinePassed, Escalated, ReminderFellDue
from fulfillment.domain.job.deadlines import every_job_deadline
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
from fulfillment.domain.job.state import (
    Job,
    JobStatus,
    Live,
    Offer,
    OfferStatus,
    Priority,
    Quote,
    QuoteStatus,
)
from fulfillment.domain.policy import Policy


def apply_job(job: Job, events: Iterable[JobEvent], *, policy: Policy) -> Job:
    """Return the job after one accepted step: all of its events, and one more `state_version`."""
    after = job
    for event in events:
        after = evolve_job(after, event)
    return _tidied(replace(after, state_version=job.state_version + 1), policy=policy)


def evolve_job(job: Job, event: JobEvent) -> Job:  # noqa: C901, PLR0911, PLR0912 - one line a fact
    """Return the job as it is once `event` has happened."""
    match event:
        case JobPosted(job=posted):
            return posted
        case QuotingOpened(at=at):
            return _entered(replace(job, seeking=False), JobStatus.QUOTING, at=at)
        case CandidatesSought(at=at):
            return _seeking(job, at=at)
        case NobodyFound():
            return replace(job, seeking=False)
        case WaveOpened():
            return _wave_opened(job, event)
        case OfferDeclined(offer_id=offer_id, reason=reason, at=at):
            return _answered(job, {offer_id}, OfferStatus.DECLINED, at=at, reason=reason)
        case OffersExpired(offers=offers):
            return _answered(job, offers, OfferStatus.EXPIRED, at=None)
        case QuoteSubmitted(quote=quote):
            return _quoted(job, quote)
        case QuoteEnded(quote_id=quote_id, how=how):
            return _with_quotes(job, lambda it: replace(it, status=how) if it.id == quote_id else it)
        case AssignmentMade():
            return _accepted(job, event)
        case ProviderLost():
            return _lost(job, event)
        case JobRequeued(requeue=requeue, at=at):
            entered = _new_round(_entered(job, JobStatus.REQUEUED, at=at))
            return replace(
                entered,
                requeues=(*job.requeues, requeue),
                requeue_count=job.requeue_count + (1 if requeue.counted else 0),
            )
        case JobUnfilled(expires_at=expires_at, at=at):
            entered = _entered(job, JobStatus.UNFILLED, at=at)
            return replace(entered, seeking=False, expires_at=expires_at)
        case JobExtended(expires_at=expires_at):
            return replace(job, expires_at=expires_at)
        case DispatchRestarted(dispatch_mode=mode, wave_size=size):
            return replace(_new_round(job), dispatch_mode=mode, wave_size=size)
        case ProviderReadmitted(provider_id=provider_id):
            return replace(job, excluded=tuple(each for each in job.excluded if each != provider_id))
        case CancelForwarded(reason=reason):
            return replace(job, cancel_asked=reason)
        case JobCancelled(reason=reason, at=at):
            ended = _ended(job, JobStatus.CANCELLED, quotes=QuoteStatus.WITHDRAWN, at=at)
            return replace(ended, cancelled_at=at, cancel_reason=reason)
        case JobCompleted(at=at):
            return _ended(job, JobStatus.COMPLETED, quotes=QuoteStatus.DECLINED, at=at)
        case JobExpired(at=at):
            return _ended(job, JobStatus.EXPIRED, quotes=QuoteStatus.WITHDRAWN, at=at)
        case DeadlinePassed(deadline_id=deadline_id):
            return replace(job, passed=(*job.passed, deadline_id))
        case ChoiceOverdue() | ReminderFellDue() | Escalated():
            return job
        case _:
            assert_never(event)


def _seeking(job: Job, *, at: datetime) -> Job:
    """Wait for candidates where the job stands; one that operations revive is offering again already."""
    standing = _entered(job, JobStatus.OFFERING, at=at) if job.status is JobStatus.UNFILLED else job
    return replace(standing, seeking=True)


def _wave_opened(job: Job, event: WaveOpened) -> Job:
    offering = job.status is JobStatus.OFFERING
    standing = job if offering else _entered(job, JobStatus.OFFERING, at=event.at)
    return replace(standing, seeking=False, wave=event.wave, offers=(*job.offers, *event.offers))


def _quoted(job: Job, quote: Quote) -> Job:
    if job.quote(quote.id) is None:
        return replace(job, quotes=(*job.quotes, quote))
    return _with_quotes(job, lambda it: quote if it.id == quote.id else it)


def _accepted(job: Job, event: AssignmentMade) -> Job:
    made = event.assignment
    chosen = {event.quote_id: QuoteStatus.ACCEPTED} | dict.fromkeys(event.standby, QuoteStatus.STANDBY)
    quoted = _with_quotes(job, lambda it: replace(it, status=chosen.get(it.id, it.status)))
    answered = _answered(quoted, {event.offer_id or ""}, OfferStatus.ACCEPTED, at=event.at)
    filled = _answered(answered, event.filled, OfferStatus.FILLED, at=None)
    live = Live(
        assignment_id=made.id,
        provider_id=made.provider_id,
        origin=made.origin,
        price=made.price,
        accepted_at=event.at,
    )
    return replace(
        _entered(filled, JobStatus.ACCEPTED, at=event.at),
        live=live,
        seeking=False,
        agreed_window=None,
        agreed_price=None,
        priority=Priority.NORMAL,
    )


def _lost(job: Job, event: ProviderLost) -> Job:
    """Free the job of its provider: their quote falls, the quotes on standby are open again."""
    fresh = (event.provider_id,) if event.excluded and event.provider_id not in job.excluded else ()
    excluded = (*job.excluded, *fresh)
    fallen = QuoteStatus.WITHDRAWN if event.rejected else QuoteStatus.DECLINED

    def reopened(quote: Quote) -> Quote:
        if quote.status is QuoteStatus.ACCEPTED or (quote.is_usable and quote.provider_id in excluded):
            return replace(quote, status=fallen)
        if quote.status is not QuoteStatus.STANDBY:
            return quote
        lapsed = quote.has_lapsed(event.at)
        return replace(quote, status=QuoteStatus.EXPIRED if lapsed else QuoteStatus.OPEN)

    return replace(
        _with_quotes(job, reopened),
        live=None,
        closed=(*job.closed, event.assignment_id),
        excluded=excluded,
        agreed_window=event.window,
        agreed_price=event.price,
        cancel_asked=None,
        priority=Priority.HIGH if event.late else job.priority,
    )


def _ended(job: Job, status: JobStatus, *, quotes: QuoteStatus, at: datetime) -> Job:
    """End the job: what was open is withdrawn or turned down, and the clock has nothing left to do."""
    closed = _with_quotes(job, lambda it: replace(it, status=quotes) if it.is_usable else it)
    open_offers = {offer.id for offer in job.open_offers}
    withdrawn = _answered(closed, open_offers, OfferStatus.WITHDRAWN, at=None)
    gone = (job.live.assignment_id,) if job.live else ()
    return replace(
        _entered(withdrawn, status, at=at), live=None, closed=(*job.closed, *gone), seeking=False, passed=()
    )


def _new_round(job: Job) -> Job:
    return replace(job, round=job.round + 1, wave=0, seeking=False)


def _entered(job: Job, status: JobStatus, *, at: datetime) -> Job:
    return replace(job, status=status, status_entered_at=at, epoch=job.epoch + 1)


def _answered(
    job: Job, offers: Collection[str], status: OfferStatus, *, at: datetime | None, reason: str | None = None
) -> Job:
    def answered(offer: Offer) -> Offer:
        if offer.id not in offers:
            return offer
        return replace(offer, status=status, responded_at=at, decline_reason=reason)

    return replace(job, offers=tuple(answered(offer) for offer in job.offers))


def _with_quotes(job: Job, change: Callable[[Quote], Quote]) -> Job:
    return replace(job, quotes=tuple(change(quote) for quote in job.quotes))


def _tidied(job: Job, *, policy: Policy) -> Job:
    """Forget the deadlines dealt with that no longer exist, so that the state stays small."""
    alive = {deadline.id for deadline in every_job_deadline(job, policy)}
    return replace(job, passed=tuple(id for id in job.passed if id in alive))
