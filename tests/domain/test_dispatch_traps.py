"""The traps of dispatch (D2 to D7), and what a search after a loss does differently (J10)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fulfillment.domain.assignment.events import ReminderFellDue
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.errors import OfferExpired
from fulfillment.domain.ids import derived
from fulfillment.domain.job.commands import OpenWave, PassJobDeadline
from fulfillment.domain.job.dispatching import CandidateSearch, wants_candidates
from fulfillment.domain.job.state import DispatchMode, JobStatus, Priority
from fulfillment.domain.messages import Verdict
from fulfillment.domain.people import SYSTEM
from tests.domain.jobs import (
    BOB,
    CYD,
    DAN,
    DAY,
    HOUR,
    NOON,
    POLICY,
    PRICE,
    Play,
    kinds,
    offering,
    window,
)

# J5, J5e: accept an offer.


# The traps.


def test_d2_d7_the_matching_door_cannot_bring_back_whom_the_job_bars() -> None:
    play = offering("bob", "cyd")
    play.take(BOB)
    play.close(Status.REJECTED)
    play.do(PassJobDeadline(actor=SYSTEM, deadline_id=f"requeue_delay/e{play.job.epoch}"))
    search = wants_candidates(play.job, POLICY)
    assert search == CandidateSearch(
        round=1, wave=1, count=3, barred=("ada", "bob"), category="", priority=Priority.NORMAL
    )
    door = OpenWave(actor=SYSTEM, round=1, wave=1, candidates=("bob", "ada", "dan", "dan", "", "cyd"))
    play.do(door)
    assert [offer.provider_id for offer in play.job.open_offers] == ["dan", "cyd"]


def test_d4_nobody_has_two_offers_of_one_round() -> None:
    play = offering("bob", "cyd", "dan", "zed")
    first = play.job.offers
    for who in (BOB, CYD, DAN):
        play.refuse(who)
    play.do(OpenWave(actor=SYSTEM, round=0, wave=2, candidates=("bob", "cyd", "dan", "zed")))
    assert [(offer.provider_id, offer.wave) for offer in play.job.offers[len(first) :]] == [("zed", 2)]


@pytest.mark.parametrize(("round", "wave"), [(0, 2), (1, 1)])
def test_candidates_for_another_wave_are_not_taken_for_this_one(round: int, wave: int) -> None:
    play = Play(DispatchMode.AUTO)
    play.do(PassJobDeadline(actor=SYSTEM, deadline_id="begin/e1"))
    assert play.do(OpenWave(actor=SYSTEM, round=round, wave=wave, candidates=("bob",))) == ()
    assert kinds(play.do(OpenWave(actor=SYSTEM, round=0, wave=1, candidates=("bob",)))) == ["WaveOpened"]


@pytest.mark.parametrize(
    ("round", "wave"),
    [
        pytest.param(0, 1, id="a wave that went out"),
        pytest.param(0, 2, id="a wave nobody asked for yet"),
        pytest.param(1, 1, id="another round"),
    ],
)
def test_candidates_that_nobody_waits_for_change_nothing(round: int, wave: int) -> None:
    play = offering("bob")
    assert wants_candidates(play.job, POLICY) is None
    assert play.do(OpenWave(actor=SYSTEM, round=round, wave=wave, candidates=("zed",))) == ()


def test_d5_no_wave_goes_out_when_the_jobs_time_is_up() -> None:
    play = Play(DispatchMode.AUTO)
    play.do(PassJobDeadline(actor=SYSTEM, deadline_id="begin/e1"))
    play.at = play.job.expires_at
    assert play.do(OpenWave(actor=SYSTEM, round=0, wave=1, candidates=("bob",))) == ()


def test_d5_an_offer_does_not_outlive_its_job() -> None:
    play = Play(DispatchMode.AUTO, pool=("bob",), policy=replace(POLICY, job_expiry=HOUR)).settle()
    assert play.offer_to(BOB).expires_at == NOON + HOUR
    play.wait(HOUR)
    assert play.job.status is JobStatus.EXPIRED
    with pytest.raises(OfferExpired):
        play.take(BOB)


@pytest.mark.parametrize(
    ("ttl", "after", "verdict"),
    [
        pytest.param(2 * HOUR, HOUR, Verdict.PLANNED, id="D6 in time"),
        pytest.param(2 * HOUR, 2 * HOUR, Verdict.SKIPPED_LATE, id="D6 the worker slept through it"),
        pytest.param(timedelta(minutes=20), HOUR / 6, Verdict.PLANNED, id="D6 a wave of 20 minutes"),
        pytest.param(timedelta(minutes=19), HOUR / 6, None, id="D6 a wave of 19 minutes"),
    ],
)
def test_d6_a_provider_is_reminded_once_at_half_time(
    ttl: timedelta, after: timedelta, verdict: Verdict | None
) -> None:
    play = Play(DispatchMode.AUTO, pool=("bob",), policy=replace(POLICY, offer_ttl=ttl)).settle()
    play.at += after
    play.settle()
    reminders = [event.reminder for event in play.events if isinstance(event, ReminderFellDue)]
    assert [reminder.verdict for reminder in reminders] == ([] if verdict is None else [verdict])
    for reminder in reminders:
        assert (reminder.kind, reminder.basis, reminder.n) == (
            "offer_expiring",
            f"o{play.offer_to(BOB).id}",
            1,
        )
        assert str(reminder.to) == "provider:bob"


def lost(*, start: timedelta | None, pool: tuple[str, ...] = ("cyd",)) -> Play:
    """An offered job whose agreed visit, in so much time, lost its provider at noon."""
    play = Play(DispatchMode.BOTH, pool=("bob", *pool), policy=replace(POLICY, wave_size=1)).settle()
    play.refuse(BOB)
    play.quote(BOB)
    play.choose(BOB)
    play.close(Status.REJECTED, window=None if start is None else window(NOON + start))
    return play.settle()


@pytest.mark.parametrize(
    ("start", "ttl", "offered"),
    [
        pytest.param(timedelta(days=3), timedelta(hours=2), True, id="J10 far: as ever"),
        pytest.param(timedelta(hours=8), timedelta(hours=1), True, id="J10 near: an eighth of the time left"),
        pytest.param(timedelta(hours=1), timedelta(minutes=10), False, id="J10 at hand: the shortest"),
        pytest.param(-timedelta(hours=1), timedelta(minutes=10), False, id="J10 begun: the shortest"),
        pytest.param(None, timedelta(hours=2), False, id="J10 nothing agreed: as ever"),
    ],
)
def test_j10_the_same_slot_goes_out_first_and_the_nearer_the_faster(
    start: timedelta | None,
    ttl: timedelta,
    offered: bool,  # noqa: FBT001
) -> None:
    offer = lost(start=start).offer_to(CYD)
    assert (offer.round, offer.wave, offer.price) == (1, 1, PRICE)
    assert offer.expires_at - offer.sent_at == ttl
    assert (offer.window is not None) is offered


def test_j10_the_slot_that_is_taken_along_becomes_the_first_proposal() -> None:
    play = lost(start=DAY)
    made = play.take(CYD)
    assert made.proposal is not None
    assert (made.proposal.window, made.price) == (window(NOON + DAY), PRICE)
    assert made.id == derived("assignment", "j1", "2")
    assert (play.job.agreed_window, play.job.agreed_price) == (None, None)


def test_j10_later_waves_leave_the_slot_to_the_provider() -> None:
    play = lost(start=DAY, pool=("cyd", "dan"))
    play.refuse(CYD)
    play.settle()
    assert (play.offer_to(DAN).wave, play.offer_to(DAN).window) == (2, None)
