"""Offers and waves, row by row (J5 to J7)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from fulfillment.domain.assignment.state import Origin, Status
from fulfillment.domain.errors import (
    DomainError,
    NotAParty,
    OfferExpired,
    OfferFilled,
    ProviderExcluded,
    ReasonRequired,
    RoleForbidden,
    WrongState,
)
from fulfillment.domain.job.commands import (
    AcceptOffer,
    DeclineOffer,
    PassJobDeadline,
    ReadmitProvider,
    WithdrawQuote,
)
from fulfillment.domain.job.deadlines import job_deadlines
from fulfillment.domain.job.events import OffersExpired
from fulfillment.domain.job.state import DispatchMode, JobStatus, QuoteStatus
from fulfillment.domain.people import SYSTEM, Actor
from tests.domain.jobs import (
    ADA,
    BOB,
    CAP,
    CYD,
    DAN,
    HOUR,
    NOON,
    OPS,
    POLICY,
    ZED,
    Play,
    called_off,
    filled,
    kinds,
    offering,
)

# J5, J5e: accept an offer.


def test_j5_the_provider_has_the_job_and_the_others_are_filled() -> None:
    play = offering()
    play.quote(ZED)
    made = play.take(CYD)
    assert (made.provider_id, made.origin, made.price) == ("cyd", Origin.OFFER, CAP)
    assert play.job.status is JobStatus.ACCEPTED
    assert {offer.provider_id: offer.status.value for offer in play.job.offers} == {
        "bob": "filled",
        "cyd": "accepted",
        "dan": "filled",
    }
    assert play.quote_of(ZED).status is QuoteStatus.STANDBY
    assert not [each for each in job_deadlines(play.job, POLICY) if each.kind.value != "quote_expiry"]


def test_j5_again_changes_nothing() -> None:
    play = offering()
    play.take(BOB)
    assert play.do(AcceptOffer(actor=BOB, offer_id=play.offer_to(BOB).id)) == ()


def unprocessed() -> Play:
    """An offer whose time is up, though the clock has not come to it yet."""
    play = offering("bob")
    play.at = NOON + POLICY.offer_ttl
    return play


def lapsed_wave() -> Play:
    return offering("bob").wait(POLICY.offer_ttl)


def filled_and_late() -> Play:
    return filled().wait(POLICY.offer_ttl)


def filled_and_paid() -> Play:
    play = filled()
    play.close(Status.PAID)
    return play


def given_back() -> Play:
    play = offering("bob", "cyd")
    play.take(BOB)
    play.close(Status.REJECTED)
    return play


def turned_down() -> Play:
    play = offering()
    play.refuse(BOB)
    return play


@pytest.mark.parametrize(
    ("make", "refusal"),
    [
        pytest.param(unprocessed, OfferExpired, id="J5e time is up, deadline not passed yet"),
        pytest.param(lapsed_wave, OfferExpired, id="J5e expired"),
        pytest.param(filled, OfferFilled, id="J5e filled"),
        pytest.param(filled_and_late, OfferFilled, id="J5e filled, and late"),
        pytest.param(filled_and_paid, OfferFilled, id="J5e filled, job completed"),
        pytest.param(called_off, OfferFilled, id="J5e called off"),
        pytest.param(given_back, WrongState, id="J5e accepted and given back"),
        pytest.param(turned_down, WrongState, id="J5e declined before"),
    ],
)
def test_j5e_a_late_answer_is_told_why(make: Callable[[], Play], refusal: type[DomainError]) -> None:
    play = make()
    offer = play.offer_to(BOB)
    with pytest.raises(refusal):
        play.do(AcceptOffer(actor=BOB, offer_id=offer.id))


def test_j5e_an_offer_of_an_earlier_round_gives_no_second_acceptance() -> None:
    play = offering("bob")
    early = play.take(BOB).id
    play.close(Status.REJECTED)
    play.do(ReadmitProvider(actor=OPS, reason="well again", provider_id="bob"))
    play.settle()
    assert play.take(BOB).id != early
    with pytest.raises(WrongState):
        play.do(AcceptOffer(actor=BOB, offer_id=play.job.offers[0].id))


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        pytest.param({"excluded": ("bob",)}, ProviderExcluded, id="J5 excluded since"),
        pytest.param({"status": JobStatus.QUOTING}, WrongState, id="J5 no longer offered"),
    ],
)
def test_j5_an_open_offer_alone_does_not_give_the_job(
    more: dict[str, object], refusal: type[DomainError]
) -> None:
    play = offering()
    play.job = replace(play.job, **more)  # type: ignore[arg-type]  # a state that no step leads to
    with pytest.raises(refusal):
        play.take(BOB)


@pytest.mark.parametrize(
    ("actor", "refusal"),
    [
        pytest.param(CYD, NotAParty, id="J5 another provider's offer"),
        pytest.param(ADA, RoleForbidden, id="J5 the customer"),
        pytest.param(OPS, RoleForbidden, id="J5 operations"),
    ],
)
def test_j5_j6_only_its_provider_answers_an_offer(actor: Actor, refusal: type[DomainError]) -> None:
    play = offering()
    for command in (
        AcceptOffer(actor=actor, offer_id=play.offer_to(BOB).id),
        DeclineOffer(actor=actor, offer_id=play.offer_to(BOB).id, reason_code="busy"),
    ):
        with pytest.raises(refusal):
            play.do(command)


def test_j5_an_unknown_offer_does_not_exist() -> None:
    with pytest.raises(NotAParty):
        offering().do(AcceptOffer(actor=BOB, offer_id="o-none"))


# J6, J7: decline, and the end of a wave.


def test_j6_a_decline_leaves_the_others_to_answer() -> None:
    play = offering()
    assert kinds(play.refuse(BOB)) == ["OfferDeclined"]
    assert play.job.status is JobStatus.OFFERING
    assert play.offer_to(BOB).decline_reason == "busy"
    assert play.refuse(BOB) == ()


def test_j6_the_last_answer_brings_the_next_wave_at_once() -> None:
    play = offering("bob", "cyd", "dan", "zed")
    for who in (BOB, CYD):
        play.refuse(who)
    assert kinds(play.refuse(DAN)) == ["OfferDeclined", "CandidatesSought"]
    play.settle()
    assert play.at == NOON
    assert [(offer.provider_id, offer.wave) for offer in play.job.open_offers] == [("zed", 2)]


@pytest.mark.parametrize(
    ("make", "reason", "refusal"),
    [
        pytest.param(unprocessed, "busy", OfferExpired, id="J6 time is up"),
        pytest.param(filled, "busy", OfferFilled, id="J6 filled"),
        pytest.param(offering, "", ReasonRequired, id="J6 no reason"),
    ],
)
def test_j6_is_refused(make: Callable[[], Play], reason: str, refusal: type[DomainError]) -> None:
    play = make()
    with pytest.raises(refusal):
        play.do(DeclineOffer(actor=BOB, offer_id=play.offer_to(BOB).id, reason_code=reason))


def test_j7_unanswered_offers_expire_and_the_next_wave_follows() -> None:
    play = offering("bob", "cyd", "dan", "zed").wait(POLICY.offer_ttl)
    assert [offer.status for offer in play.job.offers] == ["expired", "expired", "expired", "open"]
    assert play.job.wave == 2
    assert any(isinstance(event, OffersExpired) for event in play.events)


@pytest.mark.parametrize(
    ("mode", "quoted", "status"),
    [
        pytest.param(DispatchMode.AUTO, False, JobStatus.UNFILLED, id="J7 auto"),
        pytest.param(DispatchMode.AUTO, True, JobStatus.QUOTING, id="J7 auto with a quote"),
        pytest.param(DispatchMode.BOTH, False, JobStatus.QUOTING, id="J7 both"),
    ],
)
def test_j7_with_its_waves_used_up_a_job_turns_to_quotes_or_operations(
    mode: DispatchMode,
    quoted: bool,  # noqa: FBT001
    status: JobStatus,
) -> None:
    play = offering(*(f"p{n}" for n in range(20)), mode=mode)
    if quoted:
        play.quote(ZED)
    play.wait(POLICY.offer_ttl * POLICY.max_waves)
    assert play.job.status is status
    assert len(play.job.offers) == POLICY.max_waves * POLICY.wave_size


def undecided() -> Play:
    """A job in both modes that takes quotes while the matching door has not answered yet."""
    play = Play(DispatchMode.BOTH)
    play.do(PassJobDeadline(actor=SYSTEM, deadline_id="begin/e1"))
    play.at += POLICY.quote_deadline
    return play


def test_j7_a_door_that_knows_nobody_does_not_start_the_time_for_quotes_anew() -> None:
    play = undecided()
    play.at -= HOUR
    play.settle()
    assert (play.job.status, play.job.status_entered_at) == (JobStatus.QUOTING, NOON)
    play.wait(HOUR)
    assert play.job.status_entered_at == NOON + POLICY.quote_deadline
    assert play.stands() is JobStatus.UNFILLED


@pytest.mark.parametrize("quoted", [True, False])
def test_j7_a_job_that_waits_for_the_door_is_not_given_up_before_it_answers(*, quoted: bool) -> None:
    play = undecided()
    if quoted:
        play.quote(ZED)
    play.do(PassJobDeadline(actor=SYSTEM, deadline_id="quote_deadline/e2"))
    if quoted:
        play.do(WithdrawQuote(actor=ZED, quote_id="q-zed"))
    assert (play.job.status, play.job.seeking) == (JobStatus.QUOTING, True)
    play.settle()
    assert play.stands() is JobStatus.UNFILLED
