"""A job: what a customer wants done, from posting until some provider has been paid for it.

Read this file first, then `deciding.py` and `evolving.py`; they are pure like their siblings
for assignments. A job asks providers for quotes, sends them offers in waves, or does both.

    open --begin--> quoting <--waves used up-- offering <--candidates-- requeued
                       |                          |                         ^
                       +-----accept a quote-------+--accept an offer--+     |
                                                                      v     |
    unfilled --assign by name----------------------------------> accepted --+ rejected, or kept after
       |  ^                                                         | |       its visit was cancelled
       |  +--nobody found, no quote, given back too often           | +--paid, closed unpaid--> completed
       +--extend, widen--> quoting, offering                        +--cancelled--> cancelled

From anywhere but accepted a job can be cancelled, and expires when its time runs out. The last three
are final: completed, cancelled, expired. Unfilled means that operations own it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fulfillment.domain.assignment.state import Origin
from fulfillment.domain.money import Money
from fulfillment.domain.window import VisitWindow


class JobStatus(StrEnum):
    OPEN = "open"
    QUOTING = "quoting"
    OFFERING = "offering"
    ACCEPTED = "accepted"
    REQUEUED = "requeued"
    UNFILLED = "unfilled"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


ENDED = frozenset({JobStatus.COMPLETED, JobStatus.CANCELLED, JobStatus.EXPIRED})

OPEN_TO_PROVIDERS = (JobStatus.QUOTING, JobStatus.OFFERING, JobStatus.REQUEUED, JobStatus.UNFILLED)
"""Where a job takes quotes, and a quote can be accepted (J3, J4)."""


class DispatchMode(StrEnum):
    """How a job finds its provider: they name a price, they are offered one, or both at once."""

    QUOTES = "quotes"
    AUTO = "auto"
    BOTH = "both"

    @property
    def takes_quotes(self) -> bool:
        return self is not DispatchMode.AUTO

    @property
    def sends_offers(self) -> bool:
        return self is not DispatchMode.QUOTES


class Priority(StrEnum):
    NORMAL = "normal"
    HIGH = "high"


class QuoteStatus(StrEnum):
    OPEN = "open"
    STANDBY = "standby"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class OfferStatus(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    FILLED = "filled"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What one provider asks for the job; each provider has one, and `version` counts its wordings from 1."""

    id: str
    provider_id: str
    price: Money
    submitted_at: datetime
    window: VisitWindow | None = None
    note: str = ""
    valid_until: datetime | None = None
    version: int = 1
    status: QuoteStatus = QuoteStatus.OPEN

    @property
    def is_usable(self) -> bool:
        """Whether a customer may still take it up, its validity aside."""
        return self.status in {QuoteStatus.OPEN, QuoteStatus.STANDBY}

    def has_lapsed(self, at: datetime) -> bool:
        return self.valid_until is not None and self.valid_until <= at


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The job at a price, to one provider, until `expires_at`. Each is offered it once per round."""

    id: str
    round: int
    wave: int
    provider_id: str
    price: Money
    sent_at: datetime
    expires_at: datetime
    window: VisitWindow | None = None
    responded_at: datetime | None = None
    status: OfferStatus = OfferStatus.OPEN
    decline_reason: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status is OfferStatus.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The assignment the job is in at present; its price caps the offers should the job come back."""

    assignment_id: str
    provider_id: str
    origin: Origin
    price: Money
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Requeue:
    """One return of the job. `no` counts them all from 1; only a provider's own rejection is `counted`."""

    no: int
    from_assignment: str
    provider_id: str
    reason: str
    late: bool
    at: datetime
    counted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job as it stands after `state_version` accepted steps.

    `round` counts the searches for a provider from 0: a requeue, or more time from operations, starts
    another; `wave` counts the waves of offers within it, from 1. `seeking` says that the next wave
    waits for candidates. `agreed_window` and `agreed_price` are what was agreed with the provider
    who was lost, to be offered first. `epoch` counts the statuses entered (deadlines hang on it),
    `closed` names the assignments that have ended, `passed` the deadlines dealt with.
    """

    id: str
    customer_id: str
    title: str
    description: str = ""
    category: str = ""
    site_timezone: str
    site_address: str = ""
    price_cap: Money
    dispatch_mode: DispatchMode
    wanted_windows: tuple[VisitWindow, ...] = ()

    status: JobStatus = JobStatus.OPEN
    status_entered_at: datetime
    created_at: datetime
    expires_at: datetime
    epoch: int = 1
    state_version: int = 0

    quotes: tuple[Quote, ...] = ()
    offers: tuple[Offer, ...] = ()
    round: int = 0
    wave: int = 0
    wave_size: int | None = None
    seeking: bool = False
    excluded: tuple[str, ...] = ()

    live: Live | None = None
    closed: tuple[str, ...] = ()
    requeues: tuple[Requeue, ...] = ()
    requeue_count: int = 0
    agreed_window: VisitWindow | None = None
    agreed_price: Money | None = None
    priority: Priority = Priority.NORMAL

    cancel_asked: str | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    passed: tuple[str, ...] = ()

    @property
    def is_ended(self) -> bool:
        return self.status in ENDED

    @property
    def open_offers(self) -> tuple[Offer, ...]:
        return tuple(offer for offer in self.offers if offer.is_open)

    @property
    def usable_quotes(self) -> tuple[Quote, ...]:
        return tuple(quote for quote in self.quotes if quote.is_usable)

    def quote_of(self, provider_id: str) -> Quote | None:
        return next((quote for quote in self.quotes if quote.provider_id == provider_id), None)

    def quote(self, quote_id: str) -> Quote | None:
        return next((quote for quote in self.quotes if quote.id == quote_id), None)

    def offer(self, offer_id: str) -> Offer | None:
        return next((offer for offer in self.offers if offer.id == offer_id), None)

    def asked_this_round(self) -> frozenset[str]:
        """Return the providers who have an offer of the current round, whatever became of it."""
        return frozenset(offer.provider_id for offer in self.offers if offer.round == self.round)
