"""A job from its posting to its end, row by row, without its providers (J0 to J2, J14, J15, J17)."""

from collections.abc import Callable

import pytest

from fulfillment.domain.assignment.events import DeadlinePassed
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.errors import (
    DomainError,
    JobClosed,
    NotAParty,
    ReasonRequired,
    RoleForbidden,
    ValueInvalid,
    WindowInvalid,
)
from fulfillment.domain.job.commands import (
    AcceptQuote,
    AssignProvider,
    CancelJob,
    JobCommand,
    NoteAssignmentClosed,
    OpenWave,
    PassJobDeadline,
    SubmitQuote,
)
from fulfillment.domain.job.deadlines import job_deadlines
from fulfillment.domain.job.events import CancelForwarded, JobCancelled, JobExpired
from fulfillment.domain.job.parties import may_see
from fulfillment.domain.job.posting import expect_postable, post
from fulfillment.domain.job.state import ENDED, DispatchMode, JobStatus, QuoteStatus
from fulfillment.domain.money import Money
from fulfillment.domain.people import SYSTEM, Actor, Role
from tests.domain.jobs import (
    ADA,
    BOB,
    CAP,
    CYD,
    DAN,
    DAY,
    EVE,
    HOUR,
    NOON,
    OPS,
    POLICY,
    PRICE,
    ZED,
    Play,
    accepted,
    called_off,
    filled,
    kinds,
    offering,
    posting,
    quoting,
    requeued,
    standing,
    unfilled,
    window,
)

# J0: post.


def test_j0_a_posted_job_is_open_until_it_expires() -> None:
    posted = post(posting(DispatchMode.BOTH), at=NOON, policy=POLICY)
    assert (posted.job.status, posted.job.state_version) == (JobStatus.OPEN, 0)
    assert posted.job.customer_id == "ada"
    assert posted.at == NOON
    kinds_due = {each.kind.value: each.due for each in job_deadlines(posted.job, POLICY)}
    assert kinds_due == {"begin": NOON, "job_expiry": NOON + POLICY.job_expiry}


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        pytest.param({"actor": BOB}, RoleForbidden, id="J0 a provider posts"),
        pytest.param({"title": " "}, ValueInvalid, id="J0 no title"),
        pytest.param({"title": "x" * 201}, ValueInvalid, id="J0 long title"),
        pytest.param({"title": "a\x00b"}, ValueInvalid, id="J0 NUL"),
        pytest.param({"category": "x" * 65}, ValueInvalid, id="J0 long category"),
        pytest.param({"description": "x" * 2001}, ValueInvalid, id="J0 long description"),
        pytest.param({"site_address": "x" * 501}, ValueInvalid, id="J0 long address"),
        pytest.param({"price_cap": Money(amount=0, currency="EUR")}, ValueInvalid, id="J0 worth nothing"),
        pytest.param({"job_id": ""}, DomainError, id="J0 no id"),
        pytest.param({"wanted_windows": (window(NOON + DAY),) * 11}, ValueInvalid, id="J0 eleven windows"),
        pytest.param({"wanted_windows": (window(NOON - HOUR),)}, WindowInvalid, id="J0 a window past"),
        pytest.param(
            {"wanted_windows": (window(NOON + 200 * DAY),)}, WindowInvalid, id="J0 a window too far"
        ),
    ],
)
def test_j0_is_refused(more: dict[str, object], refusal: type[DomainError]) -> None:
    with pytest.raises(refusal):
        expect_postable(posting(DispatchMode.QUOTES, **more), at=NOON, policy=POLICY)


def test_j0_accepts_what_is_within_bounds() -> None:
    full = posting(
        DispatchMode.QUOTES,
        title="x" * 200,
        category="x" * 64,
        description="x\ny",
        wanted_windows=(window(NOON + DAY, hours=10),) * 10,
    )
    expect_postable(full, at=NOON, policy=POLICY)


# J1, J2: begin.


@pytest.mark.parametrize(
    ("mode", "pool", "status"),
    [
        pytest.param(DispatchMode.QUOTES, ("bob",), JobStatus.QUOTING, id="J1 quotes"),
        pytest.param(DispatchMode.BOTH, (), JobStatus.QUOTING, id="J1 both, nobody to offer it to"),
        pytest.param(DispatchMode.AUTO, ("bob",), JobStatus.OFFERING, id="J2 auto"),
        pytest.param(DispatchMode.BOTH, ("bob",), JobStatus.OFFERING, id="J2 both"),
        pytest.param(DispatchMode.AUTO, (), JobStatus.UNFILLED, id="J2 auto, empty pool (D7)"),
    ],
)
def test_j1_j2_a_job_begins_as_its_mode_says(
    mode: DispatchMode, pool: tuple[str, ...], status: JobStatus
) -> None:
    play = Play(mode, pool=pool).settle()
    assert play.job.status is status
    assert len(play.job.offers) == (1 if status is JobStatus.OFFERING else 0)


def test_j1_both_takes_quotes_while_the_matching_door_is_still_asked() -> None:
    play = Play(DispatchMode.BOTH)
    play.do(PassJobDeadline(actor=SYSTEM, deadline_id="begin/e1"))
    assert play.quote(BOB).status is QuoteStatus.OPEN


def test_j2_starts_the_clock_of_the_wave_and_a_reminder_for_each_offer() -> None:
    play = offering("bob", "cyd")
    due = sorted((each.kind.value, each.due) for each in job_deadlines(play.job, POLICY))
    assert due == [
        ("job_expiry", NOON + POLICY.job_expiry),
        ("offer_expiring", NOON + POLICY.offer_ttl / 2),
        ("offer_expiring", NOON + POLICY.offer_ttl / 2),
        ("wave_ttl", NOON + POLICY.offer_ttl),
    ]
    assert all(offer.price == CAP for offer in play.job.offers)


# J14, J15: cancel.


@pytest.mark.parametrize("status", list(JobStatus), ids=lambda status: f"J14 {status}")
def test_j14_j15_a_job_is_cancelled_where_the_table_says(status: JobStatus) -> None:
    play = standing(status)
    command = CancelJob(actor=ADA, reason="moved house")
    if status in ENDED:
        with pytest.raises(JobClosed):
            play.do(command)
    elif status is JobStatus.ACCEPTED:
        assert kinds(play.do(command)) == ["CancelForwarded"]
        assert play.job.status is JobStatus.ACCEPTED
    else:
        play.do(command)
        assert (play.job.status, play.job.cancel_reason) == (JobStatus.CANCELLED, "moved house")
        assert not play.job.open_offers
        assert not play.job.usable_quotes


@pytest.mark.parametrize(
    ("actor", "reason", "refusal"),
    [
        pytest.param(BOB, "x", RoleForbidden, id="J14 a provider"),
        pytest.param(EVE, "x", NotAParty, id="J14 another customer"),
        pytest.param(ADA, " ", ReasonRequired, id="J14 no reason"),
    ],
)
def test_j14_is_refused(actor: Actor, reason: str, refusal: type[DomainError]) -> None:
    with pytest.raises(refusal):
        quoting().do(CancelJob(actor=actor, reason=reason))


def test_j14_operations_cancel_too() -> None:
    play = quoting()
    event = play.do(CancelJob(actor=OPS, reason="a double"))[0]
    assert isinstance(event, JobCancelled)
    assert event.by == "olga"


def test_j15_a_rejection_that_comes_first_does_not_send_an_unwanted_job_out_again() -> None:
    play = accepted()
    forwarded = play.do(CancelJob(actor=ADA, reason="moved house"))[0]
    assert isinstance(forwarded, CancelForwarded)
    assert (forwarded.assignment_id, forwarded.actor) == (play.made().id, ADA)
    events = play.close(Status.REJECTED)
    assert kinds(events) == ["ProviderLost", "JobRequeued", "JobCancelled"]
    assert (play.job.status, play.job.cancel_reason) == (JobStatus.CANCELLED, "moved house")
    assert (len(play.job.closed), len(play.job.requeues)) == (1, 1)


def test_j15_a_wish_that_was_not_granted_is_forgotten_with_its_assignment() -> None:
    play = accepted()
    play.do(CancelJob(actor=ADA, reason="moved house"))
    play.close(Status.CANCELLED, keep_job=True)
    play.choose(CYD)
    play.close(Status.REJECTED)
    assert play.job.status is JobStatus.REQUEUED


# J17: the job's end.


@pytest.mark.parametrize(
    "status",
    [JobStatus.QUOTING, JobStatus.OFFERING, JobStatus.UNFILLED],
    ids=lambda status: f"J17 {status}",
)
def test_j17_a_job_that_nobody_has_expires(status: JobStatus) -> None:
    play = standing(status)
    play.quote(ZED)
    play.wait(POLICY.job_expiry)
    assert isinstance(play.events[-1], JobExpired)
    assert play.job.status is JobStatus.EXPIRED
    assert not play.job.open_offers
    assert not play.job.usable_quotes
    assert job_deadlines(play.job, POLICY) == ()


def test_j17_a_job_in_somebodys_hands_does_not_expire() -> None:
    assert accepted().wait(2 * POLICY.job_expiry).job.status is JobStatus.ACCEPTED


# The clock, and who may see.


@pytest.mark.parametrize("status", list(JobStatus), ids=str)
def test_a_deadline_that_no_longer_applies_does_nothing(status: JobStatus) -> None:
    play = standing(status)
    for deadline in ("begin/e9", "wave_ttl/r7.w1", "nonsense", "ops_sla/e0"):
        assert play.do(PassJobDeadline(actor=SYSTEM, deadline_id=deadline)) == ()


def test_a_deadline_is_not_passed_before_its_time() -> None:
    play = quoting()
    assert play.do(PassJobDeadline(actor=SYSTEM, deadline_id="job_expiry")) == ()


SYSTEM_COMMANDS: list[JobCommand] = [
    PassJobDeadline(actor=OPS, deadline_id="job_expiry"),
    OpenWave(actor=OPS, round=0, wave=1, candidates=("bob",)),
    NoteAssignmentClosed(actor=OPS, assignment_id="a", outcome=Status.PAID, at=NOON),
]


@pytest.mark.parametrize("command", SYSTEM_COMMANDS, ids=lambda command: type(command).__name__)
def test_only_the_system_speaks_for_the_system(command: JobCommand) -> None:
    with pytest.raises(RoleForbidden):
        quoting().do(command)


def test_every_step_counts_and_leaves_its_passed_deadlines_behind() -> None:
    play = quoting()
    assert play.job.state_version == 3
    assert kinds(play.events) == ["DeadlinePassed", "QuotingOpened", "QuoteSubmitted", "QuoteSubmitted"]
    assert isinstance(play.events[0], DeadlinePassed)
    assert play.job.passed == ()


def assigned() -> Play:
    play = unfilled()
    play.do(AssignProvider(actor=OPS, reason="by phone", provider_id="zed", amount=PRICE))
    return play


@pytest.mark.parametrize(
    ("make", "actor", "seen"),
    [
        pytest.param(quoting, ADA, True, id="the customer"),
        pytest.param(quoting, EVE, False, id="another customer"),
        pytest.param(quoting, ZED, True, id="a provider, while it is looking"),
        pytest.param(accepted, ZED, False, id="a provider, while another has it"),
        pytest.param(accepted, BOB, True, id="the provider who has it"),
        pytest.param(assigned, ZED, True, id="the provider whom operations gave it"),
        pytest.param(accepted, CYD, True, id="a provider on standby"),
        pytest.param(filled, DAN, True, id="a provider who was too late"),
        pytest.param(requeued, BOB, False, id="a provider who gave it back (D8)"),
        pytest.param(called_off, ZED, False, id="a provider, once it is over"),
        pytest.param(called_off, OPS, True, id="operations"),
        pytest.param(Play, SYSTEM, True, id="the system"),
    ],
)
def test_who_may_see_a_job(make: Callable[[], Play], actor: Actor, seen: bool) -> None:  # noqa: FBT001
    assert may_see(make().job, actor) is seen


def test_roles_are_checked_for_every_command_of_people() -> None:
    robot = Actor(id="robot", role=Role.SYSTEM)
    commands: list[JobCommand] = [
        SubmitQuote(actor=robot, quote_id="q", price=PRICE),
        AcceptQuote(actor=robot, quote_id="q-bob", version=1),
        CancelJob(actor=robot, reason="x"),
    ]
    for command in commands:
        with pytest.raises(RoleForbidden):
            quoting().do(command)
