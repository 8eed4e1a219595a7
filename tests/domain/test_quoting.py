"""Quotes, row by row (J3), and the patience of a customer who has some to choose from."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from fulfillment.domain.assignment.state import Status
from fulfillment.domain.errors import (
    AmountExceedsAuthorised,
    DomainError,
    JobClosed,
    NotAParty,
    ProviderExcluded,
    QuoteNotOpen,
    RoleForbidden,
    ValueInvalid,
    WindowInvalid,
    WrongState,
)
from fulfillment.domain.job.commands import JobCommand, PassJobDeadline, SubmitQuote, WithdrawQuote
from fulfillment.domain.job.deadlines import job_deadlines
from fulfillment.domain.job.events import ChoiceOverdue
from fulfillment.domain.job.state import ENDED, OPEN_TO_PROVIDERS, JobStatus, QuoteStatus
from fulfillment.domain.money import Money
from fulfillment.domain.people import SYSTEM
from tests.domain.jobs import (
    ADA,
    BOB,
    CAP,
    CYD,
    HOUR,
    NOON,
    POLICY,
    PRICE,
    ZED,
    Play,
    accepted,
    provider,
    quoting,
    requeued,
    standing,
    window,
)

# J3: quotes.


@pytest.mark.parametrize("status", list(JobStatus), ids=lambda status: f"J3 {status}")
def test_j3_quotes_are_taken_where_the_table_says(status: JobStatus) -> None:
    play = standing(status)
    before = play.job.status
    if status in OPEN_TO_PROVIDERS:
        assert play.quote(ZED).version == 1
        assert play.job.status is before
        return
    with pytest.raises(JobClosed if status in ENDED else WrongState):
        play.quote(ZED)


def test_j3_a_second_quote_is_a_new_wording_of_the_first() -> None:
    play = quoting()
    play.do(SubmitQuote(actor=BOB, quote_id="q-other", price=CAP))
    quote = play.quote_of(BOB)
    assert (quote.id, quote.version, quote.price) == ("q-bob", 2, CAP)
    assert len(play.job.quotes) == 2


def test_j3_a_withdrawn_quote_may_be_submitted_again() -> None:
    play = quoting()
    play.do(WithdrawQuote(actor=BOB, quote_id="q-bob"))
    assert play.quote_of(BOB).status is QuoteStatus.WITHDRAWN
    assert play.do(WithdrawQuote(actor=BOB, quote_id="q-bob")) == ()
    assert play.quote(BOB).version == 2
    assert play.quote_of(BOB).status is QuoteStatus.OPEN


def test_j3_a_provider_leaves_standby_when_they_like() -> None:
    play = accepted()
    play.do(WithdrawQuote(actor=CYD, quote_id="q-cyd"))
    play.close(Status.REJECTED)
    assert play.quote_of(CYD).status is QuoteStatus.WITHDRAWN


@pytest.mark.parametrize(
    ("make", "command", "refusal"),
    [
        pytest.param(
            quoting,
            SubmitQuote(actor=ADA, quote_id="q", price=PRICE),
            RoleForbidden,
            id="J3 a customer quotes",
        ),
        pytest.param(
            quoting,
            SubmitQuote(actor=provider("ada"), quote_id="q", price=PRICE),
            RoleForbidden,
            id="J3 for their own job",
        ),
        pytest.param(
            requeued,
            SubmitQuote(actor=BOB, quote_id="q", price=PRICE),
            ProviderExcluded,
            id="J3 excluded (D2)",
        ),
        pytest.param(
            quoting,
            SubmitQuote(actor=ZED, quote_id="q", price=Money(amount=20_001, currency="EUR")),
            AmountExceedsAuthorised,
            id="J3 above the cap",
        ),
        pytest.param(
            quoting,
            SubmitQuote(actor=ZED, quote_id="q", price=Money(amount=0, currency="EUR")),
            ValueInvalid,
            id="J3 for nothing",
        ),
        pytest.param(
            quoting,
            SubmitQuote(actor=ZED, quote_id="q", price=Money(amount=1, currency="USD")),
            ValueInvalid,
            id="J3 another currency",
        ),
        pytest.param(
            quoting,
            SubmitQuote(actor=ZED, quote_id="q", price=PRICE, window=window(NOON + HOUR)),
            WindowInvalid,
            id="J3 a window too soon",
        ),
        pytest.param(
            quoting,
            SubmitQuote(actor=ZED, quote_id="q", price=PRICE, note="x" * 2001),
            ValueInvalid,
            id="J3 a long note",
        ),
        pytest.param(
            quoting,
            SubmitQuote(actor=ZED, quote_id="q", price=PRICE, valid_until=NOON),
            ValueInvalid,
            id="J3 lapsed at birth",
        ),
        pytest.param(
            quoting,
            SubmitQuote(actor=ZED, quote_id="q", price=PRICE, valid_until=datetime(2026, 3, 3)),  # noqa: DTZ001
            ValueInvalid,
            id="J3 valid until no instant",
        ),
        pytest.param(
            quoting, SubmitQuote(actor=ZED, quote_id="q-bob", price=PRICE), ValueInvalid, id="J3 a taken id"
        ),
        pytest.param(quoting, WithdrawQuote(actor=CYD, quote_id="q-bob"), NotAParty, id="J3 another's quote"),
        pytest.param(quoting, WithdrawQuote(actor=CYD, quote_id="q-zed"), NotAParty, id="J3 no quote"),
        pytest.param(
            quoting, WithdrawQuote(actor=ADA, quote_id="q-bob"), RoleForbidden, id="J3 not a provider"
        ),
        pytest.param(
            accepted, WithdrawQuote(actor=BOB, quote_id="q-bob"), QuoteNotOpen, id="J3 the accepted quote"
        ),
    ],
)
def test_j3_is_refused(make: Callable[[], Play], command: JobCommand, refusal: type[DomainError]) -> None:
    with pytest.raises(refusal):
        make().do(command)


def test_j3_past_its_time_a_job_in_somebodys_hands_is_not_over() -> None:
    play = accepted()
    play.at = play.job.expires_at
    with pytest.raises(WrongState):
        play.quote(ZED)


@pytest.mark.parametrize("status", sorted(ENDED), ids=lambda status: f"J3 {status}")
def test_j3_nothing_is_withdrawn_from_a_job_that_is_over(status: JobStatus) -> None:
    play = standing(status)
    play.job = replace(play.job, quotes=tuple(replace(it, status=QuoteStatus.OPEN) for it in play.job.quotes))
    with pytest.raises(JobClosed):
        play.do(WithdrawQuote(actor=BOB, quote_id="q-bob"))


def test_j3_a_job_carries_a_hundred_quotes_at_most() -> None:
    play = Play().settle()
    for n in range(100):
        play.quote(provider(f"p{n}"))
    with pytest.raises(WrongState):
        play.quote(ZED)
    assert play.quote(provider("p7")).version == 2


# The patience of a customer who has quotes to choose from.


def test_the_time_for_quotes_ends_without_any_and_operations_have_the_job() -> None:
    play = Play().settle().wait(POLICY.quote_deadline)
    assert play.job.status is JobStatus.UNFILLED


def test_the_time_for_quotes_ends_with_some_and_the_choice_stays_open() -> None:
    play = quoting().wait(POLICY.quote_deadline)
    assert [event for event in play.events if isinstance(event, ChoiceOverdue)] == [ChoiceOverdue(at=play.at)]
    assert play.job.status is JobStatus.QUOTING
    assert play.choose(BOB).provider_id == "bob"


def test_when_the_last_quote_goes_after_that_operations_have_the_job() -> None:
    play = quoting()
    play.quote(CYD, valid_until=NOON + POLICY.quote_deadline + HOUR)
    play.wait(POLICY.quote_deadline)
    play.do(WithdrawQuote(actor=BOB, quote_id="q-bob"))
    assert play.job.status is JobStatus.QUOTING
    play.wait(HOUR)
    assert (play.quote_of(CYD).status, play.job.status) == (QuoteStatus.EXPIRED, JobStatus.UNFILLED)


def test_a_quote_that_lapses_with_the_time_for_quotes_is_no_choice_left() -> None:
    play = Play().settle()
    play.quote(BOB, valid_until=NOON + POLICY.quote_deadline)
    play.wait(POLICY.quote_deadline)
    assert play.job.status is JobStatus.UNFILLED
    assert not [event for event in play.events if isinstance(event, ChoiceOverdue)]


def test_x9_the_time_for_quotes_of_an_earlier_stay_does_not_end_a_later_one() -> None:
    play = quoting()
    (early,) = [each.id for each in job_deadlines(play.job, POLICY) if each.kind == "quote_deadline"]
    play.choose(BOB)
    play.close(Status.REJECTED)
    play.settle()
    play.at += POLICY.quote_deadline
    assert play.do(PassJobDeadline(actor=SYSTEM, deadline_id=early)) == ()
    assert play.stands() is JobStatus.QUOTING
