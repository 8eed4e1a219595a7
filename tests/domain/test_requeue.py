"""What a job does when its assignment ends, row by row (J8 to J13)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fulfillment.domain.assignment.events import Escalated
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.errors import ValueInvalid
from fulfillment.domain.job.commands import NoteAssignmentClosed
from fulfillment.domain.job.deadlines import job_deadlines
from fulfillment.domain.job.events import JobUnfilled, Unfilled
from fulfillment.domain.job.state import DispatchMode, JobStatus, Priority, QuoteStatus
from fulfillment.domain.people import SYSTEM, Party
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
    accepted,
    kinds,
    offering,
    provider,
    quoting,
    unfilled,
    window,
)

# J8, J9: a rejection.


def test_j8_a_rejection_requeues_the_job() -> None:
    play = accepted()
    play.at += HOUR
    agreed = window(NOON + DAY)
    events = play.close(Status.REJECTED, reason="sick", window=agreed)
    assert kinds(events) == ["ProviderLost", "JobRequeued"]
    job = play.job
    assert (job.status, job.requeue_count, job.round, job.live) == (JobStatus.REQUEUED, 1, 1, None)
    assert job.excluded == ("bob",)
    assert (job.agreed_window, job.agreed_price, job.priority) == (agreed, PRICE, Priority.NORMAL)
    row = job.requeues[0]
    assert (row.no, row.from_assignment, row.reason, row.counted) == (1, play.made().id, "sick", True)
    assert {quote.provider_id: quote.status.value for quote in job.quotes} == {
        "bob": "withdrawn",
        "cyd": "open",
    }


def test_j8_the_same_news_again_changes_nothing() -> None:
    play = accepted()
    first = play.made().id
    play.close(Status.REJECTED)
    again = NoteAssignmentClosed(actor=SYSTEM, assignment_id=first, outcome=Status.REJECTED, at=play.at)
    assert play.do(again) == ()
    play.settle().choose(CYD)
    assert play.do(again) == ()
    assert (play.job.requeue_count, play.job.status) == (1, JobStatus.ACCEPTED)


def test_j8_a_late_rejection_makes_the_job_urgent_until_somebody_has_it() -> None:
    play = accepted()
    play.close(Status.REJECTED, late=True)
    urgent = play.job
    play.choose(CYD)
    assert (urgent.priority, play.job.priority) == (Priority.HIGH, Priority.NORMAL)


def test_j8_a_standby_quote_that_lapsed_meanwhile_does_not_reopen() -> None:
    play = quoting()
    play.quote(DAN, valid_until=NOON + HOUR)
    play.choose(BOB)
    play.at += HOUR
    play.close(Status.REJECTED)
    assert play.quote_of(DAN).status is QuoteStatus.EXPIRED


def test_j8_whoever_gives_an_offer_back_takes_their_quote_along() -> None:
    play = offering("bob", mode=DispatchMode.BOTH)
    play.quote(BOB)
    play.take(BOB)
    play.close(Status.REJECTED)
    assert play.quote_of(BOB).status is QuoteStatus.WITHDRAWN


def worn_out() -> Play:
    """A job in its last provider's hands: three have given it back."""
    play = Play().settle()
    for n in range(POLICY.max_requeues + 1):
        play.quote(provider(f"p{n}"))
    for n in range(POLICY.max_requeues):
        play.choose(provider(f"p{n}"))
        play.close(Status.REJECTED)
        play.settle()
    play.choose(provider(f"p{POLICY.max_requeues}"))
    return play


def test_j9_the_fourth_rejection_hands_the_job_to_operations() -> None:
    play = worn_out()
    assert play.job.requeue_count == POLICY.max_requeues
    events = play.close(Status.REJECTED)
    assert kinds(events) == ["ProviderLost", "JobUnfilled"]
    assert isinstance(events[-1], JobUnfilled)
    assert events[-1].why is Unfilled.TOO_MANY_REQUEUES
    assert (play.job.status, len(play.job.requeues)) == (JobStatus.UNFILLED, POLICY.max_requeues)
    assert len(play.job.excluded) == POLICY.max_requeues + 1
    assert "ops_sla" in {each.kind.value for each in job_deadlines(play.job, POLICY)}


def test_j9_operations_are_reminded_once_of_a_job_that_waits_for_them() -> None:
    play = unfilled().wait(POLICY.ops_sla)
    assert [event for event in play.events if isinstance(event, Escalated)] == [
        Escalated(owed_by=Party.ADMIN, at=NOON + POLICY.ops_sla)
    ]


def test_j8_past_the_jobs_time_a_rejection_leaves_operations_a_chance() -> None:
    play = accepted()
    play.at = play.job.expires_at + HOUR
    play.close(Status.REJECTED)
    assert (play.job.status, play.job.requeues) == (JobStatus.UNFILLED, ())
    assert play.job.expires_at == play.at + POLICY.ops_sla
    play.settle()
    assert play.stands() is JobStatus.UNFILLED
    play.wait(POLICY.ops_sla)
    assert play.stands() is JobStatus.EXPIRED


# J10: after the requeue delay.


@pytest.mark.parametrize(
    ("mode", "status"),
    [
        pytest.param(DispatchMode.QUOTES, JobStatus.QUOTING, id="J10 quotes"),
        pytest.param(DispatchMode.AUTO, JobStatus.OFFERING, id="J10 auto"),
        pytest.param(DispatchMode.BOTH, JobStatus.OFFERING, id="J10 both"),
    ],
)
def test_j10_without_a_delay_the_search_goes_on_at_once(mode: DispatchMode, status: JobStatus) -> None:
    play = Play(mode, pool=("dan",)).settle()
    play.quote(BOB)
    play.choose(BOB)
    play.close(Status.REJECTED)
    play.settle()
    assert play.job.status is status


def test_j10_with_a_delay_the_job_waits_for_it() -> None:
    play = Play(DispatchMode.AUTO, pool=("bob", "cyd"), policy=replace(POLICY, requeue_delay=HOUR)).settle()
    play.take(BOB)
    play.close(Status.REJECTED)
    play.wait(HOUR - timedelta(seconds=1))
    assert play.stands() is JobStatus.REQUEUED
    play.wait(timedelta(seconds=1))
    assert play.stands() is JobStatus.OFFERING


# J11, J12, J13: the other ends of an assignment.


@pytest.mark.parametrize(
    ("exclude", "excluded"),
    [
        pytest.param(False, (), id="J11 the provider may come again"),
        pytest.param(True, ("bob",), id="J11 another provider is asked for"),
    ],
)
def test_j11_a_kept_job_is_requeued_without_counting(
    exclude: bool,  # noqa: FBT001
    excluded: tuple[str, ...],
) -> None:
    play = accepted()
    events = play.close(Status.CANCELLED, keep_job=True, exclude=exclude)
    assert kinds(events) == ["ProviderLost", "JobRequeued"]
    assert (play.job.status, play.job.requeue_count) == (JobStatus.REQUEUED, 0)
    assert play.job.requeues[0].counted is False
    assert play.job.excluded == excluded
    assert play.quote_of(BOB).status is QuoteStatus.DECLINED


def test_j11_keeping_a_job_forever_ends_with_operations() -> None:
    play = Play().settle()
    for _ in range(21):
        play.quote(BOB)
        play.choose(BOB)
        play.close(Status.CANCELLED, keep_job=True)
        play.settle()
    assert (play.job.status, len(play.job.requeues)) == (JobStatus.UNFILLED, 20)


@pytest.mark.parametrize(
    ("outcome", "status", "quote"),
    [
        pytest.param(Status.CANCELLED, JobStatus.CANCELLED, QuoteStatus.WITHDRAWN, id="J12 cancelled"),
        pytest.param(Status.PAID, JobStatus.COMPLETED, QuoteStatus.DECLINED, id="J13 paid"),
        pytest.param(Status.CLOSED_UNPAID, JobStatus.COMPLETED, QuoteStatus.DECLINED, id="J13 closed unpaid"),
    ],
)
def test_j12_j13_the_assignment_takes_the_job_along(
    outcome: Status, status: JobStatus, quote: QuoteStatus
) -> None:
    play = accepted()
    play.close(outcome)
    assert (play.job.status, play.job.live) == (status, None)
    assert play.quote_of(CYD).status is quote
    assert play.job.closed == (play.made().id,)
    assert job_deadlines(play.job, POLICY) == ()


def test_j13_an_assignment_that_goes_on_is_no_end() -> None:
    with pytest.raises(ValueInvalid):
        accepted().close(Status.SCHEDULED)
