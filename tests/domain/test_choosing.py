"""The customer accepts a quote, row by row (J4)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from fulfillment.domain.assignment.state import Origin, ProposalStatus
from fulfillment.domain.errors import (
    DomainError,
    JobClosed,
    NotAParty,
    NotFound,
    ProviderExcluded,
    QuoteNotOpen,
    RoleForbidden,
    WrongState,
)
from fulfillment.domain.ids import derived
from fulfillment.domain.job.commands import AcceptQuote, WithdrawQuote
from fulfillment.domain.job.events import AssignmentMade
from fulfillment.domain.job.state import ENDED, OPEN_TO_PROVIDERS, JobStatus, OfferStatus, QuoteStatus
from fulfillment.domain.people import Actor, Party
from tests.domain.jobs import (
    ADA,
    BOB,
    CAP,
    DAN,
    DAY,
    EVE,
    HOUR,
    NOON,
    OPS,
    PRICE,
    ZED,
    Play,
    accepted,
    kinds,
    offering,
    quoting,
    requeued,
    standing,
    window,
)

# J3: quotes.


# J4: accept a quote.


@pytest.mark.parametrize("status", list(JobStatus), ids=lambda status: f"J4 {status}")
def test_j4_a_quote_is_accepted_where_the_table_says(status: JobStatus) -> None:
    play = standing(status)
    command = AcceptQuote(actor=ADA, quote_id="q-zed", version=1)
    if status in OPEN_TO_PROVIDERS:
        play.quote(ZED)
        assert kinds(play.do(command)) == ["AssignmentMade"]
        assert play.job.status is JobStatus.ACCEPTED
        return
    waiting = replace(quoting().quote_of(BOB), id="q-zed", provider_id="zed")
    play.job = replace(play.job, quotes=(*play.job.quotes, waiting))
    with pytest.raises(JobClosed if status in ENDED else WrongState):
        play.do(command)


def test_j4_the_assignment_is_complete_and_the_others_stand_by() -> None:
    play = quoting()
    play.quote(DAN, window=window(NOON + DAY))
    made = play.choose(DAN)
    assert made.id == derived("assignment", "j1", "1")
    assert (made.job_id, made.customer_id, made.provider_id) == ("j1", "ada", "dan")
    assert (made.origin, made.price, made.site_timezone) == (Origin.QUOTE, PRICE, "Europe/Berlin")
    assert made.state_version == 0
    assert made.created_at == made.status_entered_at == made.turn_since == NOON
    assert made.proposal is not None
    assert (made.proposal.version, made.proposal.proposed_by, made.proposal.by) == (1, Party.PROVIDER, "dan")
    assert made.proposal.status is ProposalStatus.OPEN
    assert (made.schedule_version, made.proposals_made) == (1, 1)
    assert play.job.live is not None
    assert play.job.live.assignment_id == made.id
    assert [quote.status for quote in play.job.quotes] == ["standby", "standby", "accepted"]


def test_j4_without_a_window_the_provider_owes_the_first_proposal() -> None:
    made = accepted().made()
    assert (made.proposal, made.schedule_version, made.turn) == (None, 0, Party.PROVIDER)


def test_j4_a_window_that_has_come_too_near_is_left_out() -> None:
    play = quoting()
    play.quote(DAN, window=window(NOON + 3 * HOUR))
    play.wait(2 * HOUR)
    assert play.choose(DAN).proposal is None


def test_j4_fills_open_offers() -> None:
    play = offering()
    play.quote(ZED)
    play.choose(ZED)
    assert [offer.status for offer in play.job.offers] == [OfferStatus.FILLED] * 3
    event = play.events[-1]
    assert isinstance(event, AssignmentMade)
    assert event.filled == tuple(offer.id for offer in play.job.offers)


def test_j4_again_changes_nothing() -> None:
    play = accepted()
    assert play.do(AcceptQuote(actor=ADA, quote_id="q-bob", version=1)) == ()


def lapsing() -> Play:
    """A quote whose validity has run out, though the clock has not come to it yet."""
    play = quoting()
    play.quote(DAN, valid_until=NOON + HOUR)
    play.at = NOON + HOUR
    return play


def revised() -> Play:
    play = quoting()
    play.quote(BOB, CAP)
    return play


def out_of_time() -> Play:
    play = quoting()
    play.at = play.job.expires_at
    return play


def excluded_quote() -> Play:
    play = requeued()
    play.job = replace(play.job, quotes=tuple(replace(it, status=QuoteStatus.OPEN) for it in play.job.quotes))
    return play


@pytest.mark.parametrize(
    ("make", "actor", "quote", "refusal"),
    [
        pytest.param(quoting, BOB, "q-bob", RoleForbidden, id="J4 a provider accepts"),
        pytest.param(quoting, OPS, "q-bob", RoleForbidden, id="J4 operations accept"),
        pytest.param(quoting, EVE, "q-bob", NotAParty, id="J4 another customer"),
        pytest.param(quoting, ADA, "q-zed", NotFound, id="J4 no such quote"),
        pytest.param(revised, ADA, "q-bob", QuoteNotOpen, id="J4 an older wording"),
        pytest.param(lapsing, ADA, "q-dan", QuoteNotOpen, id="J4 validity over"),
        pytest.param(accepted, ADA, "q-cyd", WrongState, id="J4 in other hands"),
        pytest.param(out_of_time, ADA, "q-bob", JobClosed, id="J4 the job's time is up"),
        pytest.param(excluded_quote, ADA, "q-bob", ProviderExcluded, id="J4 excluded"),
    ],
)
def test_j4_is_refused(
    make: Callable[[], Play], actor: Actor, quote: str, refusal: type[DomainError]
) -> None:
    with pytest.raises(refusal):
        make().do(AcceptQuote(actor=actor, quote_id=quote, version=1))


def test_j4_a_withdrawn_quote_is_not_open() -> None:
    play = quoting()
    play.do(WithdrawQuote(actor=BOB, quote_id="q-bob"))
    with pytest.raises(QuoteNotOpen):
        play.choose(BOB)
