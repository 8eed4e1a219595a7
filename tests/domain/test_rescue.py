"""What operations do for a job that nobody has, row by row (J16)."""

from dataclasses import replace
from datetime import datetime

import pytest

from fulfillment.domain.assignment.state import Origin
from fulfillment.domain.errors import (
    AmountExceedsAuthorised,
    DomainError,
    JobClosed,
    ProviderExcluded,
    ReasonRequired,
    RoleForbidden,
    ValueInvalid,
    WrongState,
)
from fulfillment.domain.job.commands import (
    AssignProvider,
    ExtendJob,
    JobCommand,
    ReadmitProvider,
    WidenDispatch,
)
from fulfillment.domain.job.events import CandidatesSought
from fulfillment.domain.job.state import ENDED, DispatchMode, JobStatus
from fulfillment.domain.money import Money
from tests.domain.jobs import (
    ADA,
    BOB,
    DAY,
    NOON,
    OPS,
    POLICY,
    PRICE,
    Play,
    offering,
    quoting,
    requeued,
    standing,
    unfilled,
)

# J16: operations.

EXTEND = ExtendJob(actor=OPS, reason="holiday", hours=24)
WIDEN = WidenDispatch(actor=OPS, reason="nobody came")
ASSIGN = AssignProvider(actor=OPS, reason="by phone", provider_id="zed", amount=PRICE)
READMIT = ReadmitProvider(actor=OPS, reason="by phone", provider_id="bob")
BY_OPS: list[JobCommand] = [EXTEND, WIDEN, ASSIGN, READMIT]


@pytest.mark.parametrize("status", list(JobStatus), ids=str)
@pytest.mark.parametrize("command", BY_OPS, ids=lambda command: f"J16 {type(command).__name__}")
def test_j16_operations_help_where_the_table_says(command: JobCommand, status: JobStatus) -> None:
    play = standing(status)
    if status in ENDED:
        with pytest.raises(JobClosed):
            play.do(command)
    elif status is not JobStatus.UNFILLED and command in {WIDEN, ASSIGN}:
        with pytest.raises(WrongState):
            play.do(command)
    elif status is not JobStatus.UNFILLED:
        play.do(command)
        assert play.job.status is status


@pytest.mark.parametrize(
    ("command", "mode", "status"),
    [
        pytest.param(EXTEND, DispatchMode.AUTO, JobStatus.OFFERING, id="J16 extend, auto"),
        pytest.param(EXTEND, DispatchMode.QUOTES, JobStatus.QUOTING, id="J16 extend, quotes"),
        pytest.param(WIDEN, DispatchMode.AUTO, JobStatus.OFFERING, id="J16 widen, auto"),
        pytest.param(WIDEN, DispatchMode.QUOTES, JobStatus.QUOTING, id="J16 widen, quotes"),
        pytest.param(ASSIGN, DispatchMode.AUTO, JobStatus.ACCEPTED, id="J16 assign"),
    ],
)
def test_j16_an_unfilled_job_goes_on(command: JobCommand, mode: DispatchMode, status: JobStatus) -> None:
    play = Play(mode).settle().wait(POLICY.quote_deadline)
    assert play.job.status is JobStatus.UNFILLED
    play.do(command)
    assert play.job.status is status


def test_j16_widening_asks_again_whoever_let_the_offer_lapse() -> None:
    play = offering("bob", "cyd").wait(POLICY.offer_ttl)
    assert play.job.status is JobStatus.UNFILLED
    *_, sought = play.do(WidenDispatch(actor=OPS, reason="again", wave_size=1))
    assert sought == CandidatesSought(round=1, wave=1, at=play.at)
    play.settle()
    assert [(offer.provider_id, offer.round) for offer in play.job.open_offers] == [("bob", 1)]


def test_j16_widening_changes_the_mode() -> None:
    play = unfilled()
    play.do(WidenDispatch(actor=OPS, reason="ask for prices", dispatch_mode=DispatchMode.BOTH))
    play.settle()
    assert (play.job.dispatch_mode, play.job.status) == (DispatchMode.BOTH, JobStatus.QUOTING)


def test_j16_assigning_yields_an_assignment_by_operations() -> None:
    play = unfilled()
    play.do(ASSIGN)
    assert (play.made().origin, play.made().provider_id, play.made().price) == (Origin.OPS, "zed", PRICE)


def test_j16_time_is_added_to_the_end_the_job_has() -> None:
    play = quoting()
    end = play.job.expires_at
    play.do(ExtendJob(actor=OPS, reason="holiday", hours=24))
    assert play.job.expires_at == end + DAY
    play.do(ExtendJob(actor=OPS, reason="holiday", until=end + 2 * DAY))
    play.wait(end + DAY - NOON)
    assert play.job.status is JobStatus.QUOTING


def test_j16_a_readmitted_provider_may_quote_again() -> None:
    play = requeued()
    play.do(READMIT)
    assert play.job.excluded == ()
    assert play.quote(BOB).version == 2
    assert play.do(READMIT) == ()


def exclusion() -> Play:
    play = unfilled()
    play.job = replace(play.job, excluded=("bob",))
    return play


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        pytest.param(replace(EXTEND, actor=ADA), RoleForbidden, id="J16 a customer extends"),
        pytest.param(replace(WIDEN, actor=ADA), RoleForbidden, id="J16 a customer widens"),
        pytest.param(replace(ASSIGN, actor=BOB), RoleForbidden, id="J16 a provider assigns"),
        pytest.param(replace(READMIT, actor=BOB), RoleForbidden, id="J16 a provider readmits"),
        pytest.param(replace(EXTEND, reason=" "), ReasonRequired, id="J16 extend without a reason"),
        pytest.param(replace(WIDEN, reason=" "), ReasonRequired, id="J16 widen without a reason"),
        pytest.param(replace(ASSIGN, reason=" "), ReasonRequired, id="J16 assign without a reason"),
        pytest.param(replace(READMIT, reason=" "), ReasonRequired, id="J16 readmit without a reason"),
        pytest.param(ExtendJob(actor=OPS, reason="x"), ValueInvalid, id="J16 extend by nothing"),
        pytest.param(ExtendJob(actor=OPS, reason="x", hours=0), ValueInvalid, id="J16 extend by 0 h"),
        pytest.param(ExtendJob(actor=OPS, reason="x", hours=10**12), ValueInvalid, id="J16 extend by eons"),
        pytest.param(ExtendJob(actor=OPS, reason="x", until=NOON + DAY), ValueInvalid, id="J16 shorten"),
        pytest.param(
            ExtendJob(actor=OPS, reason="x", until=NOON + 300 * DAY), ValueInvalid, id="J16 too far"
        ),
        pytest.param(
            ExtendJob(actor=OPS, reason="x", hours=1, until=NOON + 40 * DAY),
            ValueInvalid,
            id="J16 extend twice",
        ),
        pytest.param(
            ExtendJob(actor=OPS, reason="x", until=datetime(2026, 5, 1)),  # noqa: DTZ001
            ValueInvalid,
            id="J16 until no instant",
        ),
        pytest.param(WidenDispatch(actor=OPS, reason="x", wave_size=51), ValueInvalid, id="J16 a huge wave"),
        pytest.param(WidenDispatch(actor=OPS, reason="x", wave_size=0), ValueInvalid, id="J16 no wave"),
        pytest.param(
            AssignProvider(actor=OPS, reason="x", provider_id="bob", amount=PRICE),
            ProviderExcluded,
            id="J16 assign the excluded",
        ),
        pytest.param(
            AssignProvider(actor=OPS, reason="x", provider_id="ada", amount=PRICE),
            RoleForbidden,
            id="J16 assign the customer",
        ),
        pytest.param(
            AssignProvider(
                actor=OPS, reason="x", provider_id="zed", amount=Money(amount=20_001, currency="EUR")
            ),
            AmountExceedsAuthorised,
            id="J16 assign above the cap",
        ),
    ],
)
def test_j16_is_refused(command: JobCommand, refusal: type[DomainError]) -> None:
    with pytest.raises(refusal):
        exclusion().do(command)
