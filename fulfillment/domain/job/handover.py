"""Giving a job into a provider's hands: the assignment as it begins (A0), and what it means for the rest."""

from dataclasses import replace
from datetime import datetime

from fulfillment.domain.assignment.state import Assignment, Origin, Proposal
from fulfillment.domain.errors import AmountExceedsAuthorised, ValueInvalid, WindowInvalid
from fulfillment.domain.ids import derived
from fulfillment.domain.job.events import AssignmentMade
from fulfillment.domain.job.state import Job, Live, OfferStatus
from fulfillment.domain.money import Money
from fulfillment.domain.people import Actor, Party
from fulfillment.domain.policy import Policy
from fulfillment.domain.window import VisitWindow, expect_bookable


def handed(  # noqa: PLR0913 - a handover is these facts
    job: Job,
    *,
    provider_id: str,
    origin: Origin,
    price: Money,
    window: VisitWindow | None,
    by: Actor,
    at: datetime,
    policy: Policy,
    quote_id: str | None = None,
    offer_id: str | None = None,
    reason: str = "",
) -> AssignmentMade:
    """Return the event that ends the search: other offers are filled, other quotes stand by.

    A window that came with the quote or offer becomes the provider's first proposal, if there is still
    time for it; otherwise the provider owes one.
    """
    assignment = _assignment(
        job,
        id=derived("assignment", job.id, str(len(job.closed) + 1)),
        provider_id=provider_id,
        origin=origin,
        price=price,
        at=at,
    )
    return AssignmentMade(
        assignment=_proposing(assignment, still_bookable(window, at=at, policy=policy), at=at),
        by=by.id,
        quote_id=quote_id,
        offer_id=offer_id,
        filled=tuple(offer.id for offer in job.open_offers if offer.id != offer_id),
        standby=tuple(quote.id for quote in job.usable_quotes if quote.id != quote_id),
        reason=reason,
        at=at,
    )


def begun(job: Job, *, policy: Policy) -> Assignment | None:
    """Return the assignment that `job` was put into by its last acceptance, as it was then; none if free.

    It follows from what the job keeps, so that whoever repeats an acceptance is answered as the first time.
    """
    live = job.live
    if live is None:
        return None
    at = live.accepted_at
    assignment = _assignment(
        job,
        id=live.assignment_id,
        provider_id=live.provider_id,
        origin=live.origin,
        price=live.price,
        at=at,
    )
    return _proposing(assignment, still_bookable(_taken_with(job, live), at=at, policy=policy), at=at)


def still_bookable(window: VisitWindow | None, *, at: datetime, policy: Policy) -> VisitWindow | None:
    """Return the window if people may still agree on it at the moment `at`, else none."""
    if window is None:
        return None
    try:
        expect_bookable(window, at=at, policy=policy)
    except WindowInvalid:
        return None
    return window


def expect_within(field: str, price: Money, *, cap: Money) -> None:
    """Refuse a price that the customer has not said they would pay.

    Raises:
        ValueInvalid: nothing at all, or another currency.
        AmountExceedsAuthorised: more than the cap.
    """
    if price.currency != cap.currency:
        raise ValueInvalid(f"{field}: the job is priced in {cap.currency}, not {price.currency}")
    if price.amount <= 0:
        raise ValueInvalid(f"{field}: it takes at least one minor unit")
    if price.amount > cap.amount:
        raise AmountExceedsAuthorised(f"{field}: {price.amount} is more than the customer's {cap.amount}")


def _assignment(
    job: Job, *, id: str, provider_id: str, origin: Origin, price: Money, at: datetime
) -> Assignment:
    return Assignment(
        id=id,
        job_id=job.id,
        customer_id=job.customer_id,
        provider_id=provider_id,
        origin=origin,
        price=price,
        site_timezone=job.site_timezone,
        created_at=at,
        status_entered_at=at,
        turn_since=at,
    )


def _taken_with(job: Job, live: Live) -> VisitWindow | None:
    """Return the window of the quote or offer that was accepted; operations assign without one."""
    quote = job.quote_of(live.provider_id) if live.origin is Origin.QUOTE else None
    taken = [
        offer
        for offer in job.offers
        if live.origin is Origin.OFFER
        and (offer.round, offer.provider_id, offer.status)
        == (job.round, live.provider_id, OfferStatus.ACCEPTED)
    ]
    return quote.window if quote else taken[0].window if taken else None


def _proposing(assignment: Assignment, window: VisitWindow | None, *, at: datetime) -> Assignment:
    if window is None:
        return assignment
    proposal = Proposal(
        version=1, proposed_by=Party.PROVIDER, by=assignment.provider_id, window=window, made_at=at
    )
    return replace(assignment, schedule_version=1, proposals_made=1, proposal=proposal)
