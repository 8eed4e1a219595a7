"""What became true of a job. Events are past; `evolving.evolve_job` says what each leaves behind."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fulfillment.domain.assignment.events import DeadlinePassed, Escalated, ReminderFellDue
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.job.state import DispatchMode, Job, Offer, Quote, QuoteStatus, Requeue
from fulfillment.domain.money import Money
from fulfillment.domain.people import Actor
from fulfillment.domain.window import VisitWindow


class Unfilled(StrEnum):
    """Why a job has fallen to operations."""

    NO_QUOTE = "no_quote"
    NO_PROVIDER = "no_provider"
    TOO_MANY_REQUEUES = "too_many_requeues"
    OUT_OF_TIME = "out_of_time"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPosted:
    job: Job

    @property
    def at(self) -> datetime:
        return self.job.created_at


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotingOpened:
    """Providers may name their price from now on."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatesSought:
    """The next wave waits for the matching door; `dispatching.wants_candidates` says what to ask it."""

    round: int
    wave: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NobodyFound:
    """The matching door knew nobody who may still be asked (trap D7: then nobody is)."""

    round: int
    wave: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveOpened:
    """Offers went out; they stand beside those that are still open."""

    round: int
    wave: int
    offers: tuple[Offer, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDeclined:
    offer_id: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OffersExpired:
    """Nobody answered these in time; that is not a decline (trap D6)."""

    offers: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteSubmitted:
    """A provider named a price, or a new one (`quote.version` above 1)."""

    quote: Quote
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteEnded:
    """A quote was withdrawn by its provider, or its validity ran out."""

    quote_id: str
    how: QuoteStatus
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceOverdue:
    """There are quotes, yet the customer has chosen none in time; customer and operations are told."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentMade:
    """A provider has the job: `assignment` is its complete first state, to start its own story with.

    `filled` names the offers that were still open, `standby` the quotes that wait from now on.
    """

    assignment: Assignment
    by: str
    quote_id: str | None = None
    offer_id: str | None = None
    filled: tuple[str, ...] = ()
    standby: tuple[str, ...] = ()
    reason: str = ""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderLost:
    """The live assignment ended without the work being done; the job is still wanted.

    `excluded` says that this provider is not asked again, `window` and `price` what had been agreed.
    """

    assignment_id: str
    provider_id: str
    rejected: bool
    excluded: bool
    late: bool
    window: VisitWindow | None
    price: Money
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequeued:
    requeue: Requeue
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobUnfilled:
    """Operations own the job; they have at least until `expires_at` to help it."""

    why: Unfilled
    expires_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobExtended:
    expires_at: datetime
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRestarted:
    """Operations let the job search once more: a new round, in which everybody may be asked anew."""

    dispatch_mode: DispatchMode
    wave_size: int | None
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderReadmitted:
    provider_id: str
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelForwarded:
    """The job is in a provider's hands, so its assignment is asked to cancel; its guards decide (J15)."""

    assignment_id: str
    actor: Actor
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCancelled:
    """The job is over. `assignment_id` names the assignment that took it along, if one did."""

    by: str
    reason: str
    assignment_id: str | None = None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCompleted:
    assignment_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobExpired:
    at: datetime


JobEvent = (
    JobPosted
    | QuotingOpened
    | CandidatesSought
    | NobodyFound
    | WaveOpened
    | OfferDeclined
    | OffersExpired
    | QuoteSubmitted
    | QuoteEnded
    | ChoiceOverdue
    | AssignmentMade
    | ProviderLost
    | JobRequeued
    | JobUnfilled
    | JobExtended
    | DispatchRestarted
    | ProviderReadmitted
    | CancelForwarded
    | JobCancelled
    | JobCompleted
    | JobExpired
    | DeadlinePassed
    | ReminderFellDue
    | Escalated
)
