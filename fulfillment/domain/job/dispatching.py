"""Offers in waves: seek candidates, offer, take the answers, go on (J1, J2, J5, J5e, J6, J7, J10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fulfillment.domain.assignment.state import Origin
from fulfillment.domain.assignment.visit import expect_code
from fulfillment.domain.errors import NotAParty, OfferExpired, OfferFilled, WrongState
from fulfillment.domain.ids import derived
from fulfillment.domain.job.commands import AcceptOffer, DeclineOffer, OpenWave
from fulfillment.domain.job.deadlines import quote_deadline_id
from fulfillment.domain.job.events import (
    CandidatesSought,
    JobEvent,
    JobUnfilled,
    NobodyFound,
    OfferDeclined,
    OffersExpired,
    QuotingOpened,
    Unfilled,
    WaveOpened,
)
from fulfillment.domain.job.handover import handed, still_bookable
from fulfillment.domain.job.parties import expect_eligible, expect_running
from fulfillment.domain.job.state import DispatchMode, Job, JobStatus, Offer, OfferStatus, Priority
from fulfillment.domain.people import Actor, Role
from fulfillment.domain.policy import Policy

HASTE = 8
"""After a loss a wave lasts an eighth of the time left to the visit, within the policy's bounds (J10)."""

UNANSWERED = frozenset({OfferStatus.OPEN, OfferStatus.WITHDRAWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateSearch:
    """What to ask the matching door: up to `count` providers for this wave, none of the `barred`."""

    round: int
    wave: int
    count: int
    barred: tuple[str, ...]
    category: str
    priority: Priority


def wants_candidates(job: Job, policy: Policy) -> CandidateSearch | None:
    """Return what the job needs from the matching door before it can go on; none if it needs nothing."""
    if not job.seeking or job.is_ended:
        return None
    return CandidateSearch(
        round=job.round,
        wave=job.wave + 1,
        count=job.wave_size or policy.wave_size,
        barred=tuple(sorted(_barred(job))),
        category=job.category,
        priority=job.priority,
    )


def begin(mode: DispatchMode, *, round: int, at: datetime) -> Sequence[JobEvent]:
    """Start to look for a provider: take quotes, seek candidates, or both (J1, J2, J10)."""
    events: list[JobEvent] = []
    if mode.takes_quotes:
        events.append(QuotingOpened(at=at))
    if mode.sends_offers:
        events.append(CandidatesSought(round=round, wave=1, at=at))
    return events


def open_wave(job: Job, command: OpenWave, *, at: datetime, policy: Policy) -> Sequence[JobEvent]:
    """Offer the job to the candidates who may have it; with none left, stop offering (J2, J7, D4, D7).

    Candidates for a wave that is not waited for, or that come when the job's time is up, change nothing.
    The window agreed with a lost provider goes out with the first wave: same slot first.

    Raises:
        RoleForbidden: only the system hands candidates in.
    """
    command.actor.expect(Role.SYSTEM)
    search = wants_candidates(job, policy)
    if search is None or (search.round, search.wave) != (command.round, command.wave):
        return ()
    if at >= job.expires_at:
        return ()
    fitting = [each for each in dict.fromkeys(command.candidates) if each and each not in search.barred]
    if not fitting:
        return (
            NobodyFound(round=search.round, wave=search.wave, at=at),
            *out_of_waves(job, at=at, policy=policy),
        )
    offers = tuple(
        _offer(job, provider_id, wave=search.wave, at=at, policy=policy)
        for provider_id in fitting[: search.count]
    )
    return (WaveOpened(round=search.round, wave=search.wave, offers=offers, at=at),)


def accept_offer(job: Job, command: AcceptOffer, *, at: datetime, policy: Policy) -> Sequence[JobEvent]:
    """Take the offered job (J5). Taking it again changes nothing.

    What became of the offer is said before what became of the job, so that whoever comes late is told
    the reason that concerns them, whatever the status (J5e).

    Raises:
        RoleForbidden, NotAParty: only the provider it was made to.
        OfferExpired: its time is up, even if the clock has not come to it yet.
        OfferFilled: somebody else has the job, or it was withdrawn.
        ProviderExcluded: the provider gave this job back.
        JobClosed, WrongState: the offer was declined, or belongs to an assignment that ended.
    """
    command.actor.expect(Role.PROVIDER)
    offer = _own_offer(job, command.offer_id, command.actor)
    if _is_in_hand(job, offer):
        return ()
    _expect_answerable(offer, at=at)
    expect_eligible(job, offer.provider_id)
    expect_running(job, JobStatus.OFFERING, at=at)
    made = handed(
        job,
        provider_id=offer.provider_id,
        origin=Origin.OFFER,
        price=offer.price,
        window=offer.window,
        offer_id=offer.id,
        by=command.actor,
        at=at,
        policy=policy,
    )
    return (made,)


def decline_offer(job: Job, command: DeclineOffer, *, at: datetime, policy: Policy) -> Sequence[JobEvent]:
    """Say no to an offer; when all of a wave have answered, the next one follows at once (J6).

    Raises:
        RoleForbidden, NotAParty: only the provider it was made to.
        OfferExpired, OfferFilled, WrongState: there is nothing left to decline.
        ReasonRequired, ValueInvalid: the reason code is missing or no word.
    """
    command.actor.expect(Role.PROVIDER)
    offer = _own_offer(job, command.offer_id, command.actor)
    if offer.status is OfferStatus.DECLINED:
        return ()
    _expect_answerable(offer, at=at)
    expect_code("reasonCode", command.reason_code)
    declined = OfferDeclined(offer_id=offer.id, reason=command.reason_code, at=at)
    if len(job.open_offers) > 1:
        return (declined,)
    return (declined, *_next_wave(job, at=at, policy=policy))


def end_wave(job: Job, *, at: datetime, policy: Policy) -> Sequence[JobEvent]:
    """Let the unanswered offers lapse and go on to the next wave (J7)."""
    lapsed = OffersExpired(offers=tuple(offer.id for offer in job.open_offers), at=at)
    return (lapsed, *_next_wave(job, at=at, policy=policy))


def out_of_waves(job: Job, *, at: datetime, policy: Policy) -> Sequence[JobEvent]:
    """Return where a job goes that can make no more offers: back to quotes, or to operations (J7)."""
    if job.status is JobStatus.QUOTING:
        return quotes_ran_out(job, at=at, policy=policy)
    if job.dispatch_mode.takes_quotes or job.usable_quotes:
        return (QuotingOpened(at=at),)
    return (unfilled(job, Unfilled.NO_PROVIDER, at=at, policy=policy),)


def quotes_ran_out(
    job: Job, *, at: datetime, policy: Policy, without: str | None = None
) -> Sequence[JobEvent]:
    """Return what follows if the time for quotes is over and none is left, the quote `without` set aside."""
    over = job.status is JobStatus.QUOTING and quote_deadline_id(job) in job.passed
    left = [quote for quote in job.usable_quotes if quote.id != without]
    return () if left or not over else (unfilled(job, Unfilled.NO_QUOTE, at=at, policy=policy),)


def unfilled(job: Job, why: Unfilled, *, at: datetime, policy: Policy) -> JobUnfilled:
    """Return the event that hands the job to operations, who get the time that their patience grants."""
    return JobUnfilled(why=why, expires_at=max(job.expires_at, at + policy.ops_sla), at=at)


def wave_ttl(job: Job, *, at: datetime, policy: Policy) -> timedelta:
    """Return for how long an offer stands: shorter, the nearer the visit that lost its provider (J10)."""
    if job.agreed_window is None:
        return policy.offer_ttl
    share = (job.agreed_window.start - at) / HASTE
    return max(policy.shortest_offer_ttl, min(share, policy.offer_ttl))


def _next_wave(job: Job, *, at: datetime, policy: Policy) -> Sequence[JobEvent]:
    if job.wave < policy.max_waves:
        return (CandidatesSought(round=job.round, wave=job.wave + 1, at=at),)
    return out_of_waves(job, at=at, policy=policy)


def _offer(job: Job, provider_id: str, *, wave: int, at: datetime, policy: Policy) -> Offer:
    window = job.agreed_window if wave == 1 else None
    return Offer(
        id=derived("offer", job.id, str(job.round), provider_id),
        round=job.round,
        wave=wave,
        provider_id=provider_id,
        price=job.agreed_price or job.price_cap,
        window=still_bookable(window, at=at, policy=policy),
        sent_at=at,
        expires_at=min(at + wave_ttl(job, at=at, policy=policy), job.expires_at),
    )


def _barred(job: Job) -> frozenset[str]:
    return job.asked_this_round() | {*job.excluded, job.customer_id}


def _is_in_hand(job: Job, offer: Offer) -> bool:
    accepted = job.status is JobStatus.ACCEPTED and offer.status is OfferStatus.ACCEPTED
    return accepted and offer.round == job.round


def _own_offer(job: Job, offer_id: str, actor: Actor) -> Offer:
    offer = job.offer(offer_id)
    if offer is None or offer.provider_id != actor.id:
        raise NotAParty("there is no such offer")
    return offer


def _expect_answerable(offer: Offer, *, at: datetime) -> None:
    if offer.status is OfferStatus.FILLED:
        raise OfferFilled("the job went to somebody else")
    if offer.status is OfferStatus.EXPIRED or (offer.status in UNANSWERED and at >= offer.expires_at):
        raise OfferExpired(f"the time to answer ran out at {offer.expires_at.isoformat()}")
    if offer.status is OfferStatus.WITHDRAWN:
        raise OfferFilled("the job was called off")
    if not offer.is_open:
        raise WrongState(f"the offer was {offer.status} before")
