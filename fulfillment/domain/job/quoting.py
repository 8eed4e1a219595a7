"""Quotes: submit, revise, withdraw, accept (J3, J4)."""

from collections.abc import Sequence
from datetime import datetime

from fulfillment.domain.assignment.state import Origin
from fulfillment.domain.errors import NotAParty, NotFound, QuoteNotOpen, ValueInvalid, WrongState
from fulfillment.domain.job.commands import AcceptQuote, SubmitQuote, WithdrawQuote
from fulfillment.domain.job.dispatching import quotes_ran_out
from fulfillment.domain.job.events import JobEvent, QuoteEnded, QuoteSubmitted
from fulfillment.domain.job.handover import expect_within, handed
from fulfillment.domain.job.parties import (
    expect_eligible,
    expect_id,
    expect_not_ended,
    expect_owner,
    expect_running,
)
from fulfillment.domain.job.state import OPEN_TO_PROVIDERS, Job, JobStatus, Quote, QuoteStatus
from fulfillment.domain.people import Role
from fulfillment.domain.policy import Policy
from fulfillment.domain.text import expect_text
from fulfillment.domain.window import expect_bookable

MOST_QUOTES = 100
"""More than a customer would read, and a bound on what one job has to carry."""


def submit_quote(job: Job, command: SubmitQuote, *, at: datetime, policy: Policy) -> Sequence[JobEvent]:
    """Name a price for the job, or a new one (J3). A revised quote keeps its id and is open again.

    Raises:
        RoleForbidden, ProviderExcluded: the provider cannot have this job.
        JobClosed, WrongState: the job takes no quotes now.
        ValueInvalid, AmountExceedsAuthorised, WindowInvalid: the price, window, note or validity is off.
    """
    command.actor.expect(Role.PROVIDER)
    expect_running(job, *OPEN_TO_PROVIDERS, at=at)
    expect_eligible(job, command.actor.id)
    _expect_sound(job, command, at=at, policy=policy)
    earlier = job.quote_of(command.actor.id)
    if earlier is None:
        _expect_room(job, command)
    quote = Quote(
        id=earlier.id if earlier else command.quote_id,
        provider_id=command.actor.id,
        price=command.price,
        window=command.window,
        note=command.note,
        valid_until=command.valid_until,
        version=earlier.version + 1 if earlier else 1,
        submitted_at=at,
    )
    return (QuoteSubmitted(quote=quote, at=at),)


def withdraw_quote(job: Job, command: WithdrawQuote, *, at: datetime, policy: Policy) -> Sequence[JobEvent]:
    """Take one's quote back (J3), also while it stands by. Taking it back again changes nothing.

    Raises:
        RoleForbidden, NotAParty: only the provider whose quote it is.
        JobClosed: the job is over.
        QuoteNotOpen: it lapsed, was turned down, or is accepted (an assignment is rejected instead).
    """
    command.actor.expect(Role.PROVIDER)
    quote = job.quote(command.quote_id)
    if quote is None or quote.provider_id != command.actor.id:
        raise NotAParty("there is no such quote")
    if quote.status is QuoteStatus.WITHDRAWN:
        return ()
    expect_not_ended(job)
    if not quote.is_usable:
        raise QuoteNotOpen(f"the quote is {quote.status}")
    ended = QuoteEnded(quote_id=quote.id, how=QuoteStatus.WITHDRAWN, at=at)
    return (ended, *_without(job, quote.id, at=at, policy=policy))


def accept_quote(job: Job, command: AcceptQuote, *, at: datetime, policy: Policy) -> Sequence[JobEvent]:
    """Take a quote up: its provider has the job, the others stand by (J4). Taking it again changes nothing.

    Raises:
        RoleForbidden, NotAParty: only the job's customer.
        NotFound: the job has no such quote.
        JobClosed, WrongState: the job is over, or in a provider's hands.
        ProviderExcluded: the provider gave this job back.
        QuoteNotOpen: it is no longer open, or the customer has not read its newest wording.
    """
    command.actor.expect(Role.CUSTOMER)
    expect_owner(job, command.actor)
    quote = job.quote(command.quote_id)
    if quote is None:
        raise NotFound("there is no such quote")
    if _is_in_hand(job, quote) and quote.version == command.version:
        return ()
    expect_running(job, *OPEN_TO_PROVIDERS, at=at)
    expect_eligible(job, quote.provider_id)
    _expect_open(quote, command.version, at=at)
    made = handed(
        job,
        provider_id=quote.provider_id,
        origin=Origin.QUOTE,
        price=quote.price,
        window=quote.window,
        quote_id=quote.id,
        by=command.actor,
        at=at,
        policy=policy,
    )
    return (made,)


def lapse_quote(job: Job, quote_id: str, *, at: datetime, policy: Policy) -> Sequence[JobEvent]:
    """End a quote whose validity has run out."""
    ended = QuoteEnded(quote_id=quote_id, how=QuoteStatus.EXPIRED, at=at)
    return (ended, *_without(job, quote_id, at=at, policy=policy))


def _without(job: Job, quote_id: str, *, at: datetime, policy: Policy) -> Sequence[JobEvent]:
    """Return what follows from the loss of a quote; nothing yet while a wave of offers is to go out."""
    return () if job.seeking else quotes_ran_out(job, at=at, policy=policy, without=quote_id)


def _is_in_hand(job: Job, quote: Quote) -> bool:
    return job.status is JobStatus.ACCEPTED and quote.status is QuoteStatus.ACCEPTED


def _expect_open(quote: Quote, version: int, *, at: datetime) -> None:
    if not quote.is_usable:
        raise QuoteNotOpen(f"the quote is {quote.status}")
    if quote.has_lapsed(at):
        raise QuoteNotOpen("the quote's validity has run out")
    if version != quote.version:
        raise QuoteNotOpen(f"the quote is at version {quote.version}, not {version}")


def _expect_sound(job: Job, command: SubmitQuote, *, at: datetime, policy: Policy) -> None:
    expect_id("quoteId", command.quote_id)
    expect_within("amount", command.price, cap=job.price_cap)
    expect_text("note", command.note)
    if command.window:
        expect_bookable(command.window, at=at, policy=policy)
    until = command.valid_until
    if until is None:
        return
    if until.tzinfo is None:
        raise ValueInvalid("validUntil: it needs a UTC offset")
    if not at < until <= at + policy.max_ahead:
        raise ValueInvalid(f"validUntil: it takes an instant within {policy.max_ahead.days} days from now")


def _expect_room(job: Job, command: SubmitQuote) -> None:
    if job.quote(command.quote_id):
        raise ValueInvalid("quoteId: another quote has this id")
    if len(job.quotes) >= MOST_QUOTES:
        raise WrongState(f"the job has {MOST_QUOTES} quotes, which is all it takes")
