"""What becomes of an incident (A18), whose turn it is meanwhile, and what nobody asks for then (A15, A16)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fulfillment.domain.assignment.commands import (
    CancelAssignment,
    CheckIn,
    RejectAssignment,
    ResolveIncident,
    SkipDeadline,
)
from fulfillment.domain.assignment.deadlines import deadlines
from fulfillment.domain.assignment.events import BecameOverdue
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.standing import standing
from fulfillment.domain.assignment.state import Assignment, ProposalStatus, Status
from fulfillment.domain.errors import (
    AmountExceedsAuthorised,
    AssignmentClosed,
    DomainError,
    NotAParty,
    ProposalNotOpen,
    ReasonRequired,
    RoleForbidden,
    SelfApproval,
    ValueInvalid,
    WrongState,
)
from fulfillment.domain.money import Money
from fulfillment.domain.people import SYSTEM, Party
from tests.domain.no_shows import (
    ABSENT_CUSTOMER,
    ANSWERED,
    CUSTOMER_FAULT,
    END,
    NEITHER,
    PROVIDER_FAULT,
    REPORTABLE,
    REPORTED,
    START,
    SUSPECTED,
    WATCHFUL,
    WITH_FEE,
    reports,
    resolves,
)
from tests.domain.people import (
    ADA,
    BOB,
    DAY,
    DONE,
    EVE,
    HOUR,
    IN_PROGRESS,
    LATER,
    MINUTE,
    MOVING,
    NOON,
    OLGA,
    PAID,
    POLICY,
    ROOT,
    SCHEDULED,
    after,
    approves,
    brief,
    confirms,
    deciding,
    due,
    euros,
    in_time,
    payout,
    plan,
    proposes,
)


class TestResolving:
    """A18."""

    def test_against_the_provider_is_a_late_rejection(self) -> None:
        for it in (ANSWERED, after(ANSWERED, CheckIn(actor=BOB), at=END)):
            ended = after(it, resolves(PROVIDER_FAULT), at=END)

            assert (ended.status, ended.reject_reason, ended.rejected_at) == (Status.REJECTED, "no_show", END)
            assert ended.late_rejection
            assert ended.incident is None
            assert deadlines(ended, POLICY) == ()

    def test_against_the_customer_asks_for_the_call_out_fee(self) -> None:
        it = after(ABSENT_CUSTOMER, resolves(CUSTOMER_FAULT), at=END, policy=WITH_FEE)

        assert (it.status, it.completed_at, it.incident) == (Status.PAYOUT_PENDING, END, None)
        assert (payout(it).amount, payout(it).status) == (euros(40), PayoutStatus.PENDING_APPROVAL)
        assert (payout(it).submitted_by, payout(it).attempt) == (OLGA.id, 1)
        assert it.epoch == ABSENT_CUSTOMER.epoch + 1

    def test_of_a_fee_is_not_approved_by_the_admin_who_set_it(self) -> None:
        it = after(ABSENT_CUSTOMER, resolves(CUSTOMER_FAULT, who=ROOT), at=END, policy=WITH_FEE)

        with pytest.raises(SelfApproval):
            deciding(it, approves(ROOT), at=END)

    @pytest.mark.parametrize(
        ("said", "usual", "owed"),
        [
            pytest.param(None, 4_000, euros(40), id="the usual fee"),
            pytest.param(None, 99_999, euros(120), id="the usual fee, no more than the price"),
            pytest.param(euros(25), 4_000, euros(25), id="another"),
            pytest.param(euros(120), None, euros(120), id="the whole price"),
        ],
    )
    def test_knows_the_fee_or_is_told(self, said: Money | None, usual: int | None, owed: Money) -> None:
        policy = replace(POLICY, call_out_fee=usual)

        it = after(ABSENT_CUSTOMER, resolves(CUSTOMER_FAULT, amount=said), at=END, policy=policy)

        assert payout(it).amount == owed

    def test_against_neither_lets_the_two_agree_anew(self) -> None:
        for it in (ANSWERED, ABSENT_CUSTOMER):
            anew = after(it, resolves(NEITHER), at=END)

            assert (anew.status, anew.agreed, anew.incident) == (Status.AWAITING_SCHEDULE, None, None)
            assert anew.epoch == it.epoch + 1
            assert anew.schedule_version == it.schedule_version + 1
            assert (anew.turn, anew.turn_since, anew.checked_in_at) == (Party.PROVIDER, END, None)
            assert set(plan(anew)) == {f"sla_propose_l{level}/e3.v3/provider" for level in (1, 2, 3)}

    def test_against_neither_makes_the_next_agreement_one_like_any_other(self) -> None:
        anew = after(ANSWERED, resolves(NEITHER), at=END)

        again = after(anew, proposes(BOB, LATER, seeing=3), confirms(ADA, 4), at=END)

        assert again.status is Status.SCHEDULED
        assert due(again, "start_check/v4") == LATER.start + 15 * MINUTE
        with pytest.raises(ProposalNotOpen):
            deciding(anew, confirms(ADA, 1), at=END)

    def test_against_neither_leaves_no_proposal_open_and_nobody_overdue(self) -> None:
        """A worker that was away finds a proposal open that should have lapsed."""
        moving = replace(after(MOVING, reports(), at=REPORTABLE), overdue_at=NOON)

        anew = after(moving, resolves(NEITHER), at=REPORTABLE)

        assert anew.proposal is not None
        assert (anew.proposal.status, anew.overdue_at) == (ProposalStatus.VOID, None)
        assert anew.schedule_version == moving.schedule_version + 1

    def test_against_neither_makes_no_later_cancellation_a_late_one(self) -> None:
        anew = after(ANSWERED, resolves(NEITHER), at=END)

        assert not after(anew, CancelAssignment(actor=ADA, reason="sold"), at=END).late_cancel

    @pytest.mark.parametrize(
        ("it", "command", "refusal"),
        [
            pytest.param(ANSWERED, resolves(NEITHER, who=ADA), RoleForbidden, id="the reporter"),
            pytest.param(ANSWERED, resolves(NEITHER, who=BOB), RoleForbidden, id="the accused"),
            pytest.param(ANSWERED, resolves(NEITHER, who=SYSTEM), RoleForbidden, id="the clock"),
            pytest.param(ANSWERED, resolves(NEITHER, who=EVE), NotAParty, id="a stranger"),
            pytest.param(ANSWERED, resolves(NEITHER, why=" "), ReasonRequired, id="without a word"),
            pytest.param(ANSWERED, resolves(CUSTOMER_FAULT), ValueInvalid, id="no fee known"),
            pytest.param(
                ANSWERED, resolves(CUSTOMER_FAULT, amount=euros(121)), AmountExceedsAuthorised, id="too dear"
            ),
            pytest.param(
                ANSWERED, resolves(CUSTOMER_FAULT, amount=euros(0)), ValueInvalid, id="nothing at all"
            ),
            pytest.param(
                ANSWERED,
                resolves(CUSTOMER_FAULT, amount=Money(amount=1, currency="USD")),
                ValueInvalid,
                id="another currency",
            ),
            pytest.param(ANSWERED, resolves(NEITHER, amount=euros(1)), ValueInvalid, id="a fee for nothing"),
            pytest.param(
                ANSWERED,
                resolves(PROVIDER_FAULT, amount=euros(1)),
                ValueInvalid,
                id="a fee for the wrong one",
            ),
            pytest.param(SCHEDULED, resolves(NEITHER), WrongState, id="nothing open"),
            pytest.param(DONE, resolves(NEITHER), WrongState, id="done"),
            pytest.param(PAID, resolves(NEITHER), AssignmentClosed, id="A23"),
        ],
    )
    def test_is_refused(self, it: Assignment, command: ResolveIncident, refusal: type[DomainError]) -> None:
        with pytest.raises(refusal):
            deciding(it, command, at=END)

    def test_names_the_field_that_is_missing(self) -> None:
        with pytest.raises(ValueInvalid, match="amount"):
            deciding(ANSWERED, resolves(CUSTOMER_FAULT), at=END)

    def test_need_not_wait_for_the_answer(self) -> None:
        assert after(REPORTED, resolves(PROVIDER_FAULT), at=REPORTABLE).is_closed


def test_nobody_says_of_themselves_that_they_did_not_come() -> None:
    with pytest.raises(ValueInvalid):
        deciding(SCHEDULED, RejectAssignment(actor=BOB, reason_code="no_show"))


class TestWhoseTurnItIs:
    @pytest.mark.parametrize(
        ("it", "party", "action", "since", "sla_due"),
        [
            pytest.param(
                REPORTED, Party.PROVIDER, "answer_incident", REPORTABLE, REPORTABLE + 2 * HOUR, id="reported"
            ),
            pytest.param(
                ABSENT_CUSTOMER,
                Party.CUSTOMER,
                "answer_incident",
                REPORTABLE,
                REPORTABLE + 2 * HOUR,
                id="the customer",
            ),
            pytest.param(ANSWERED, Party.ADMIN, "resolve_incident", REPORTABLE + HOUR, None, id="answered"),
            pytest.param(SUSPECTED, Party.ADMIN, "resolve_incident", REPORTABLE, None, id="suspected"),
            pytest.param(
                in_time(REPORTED, until=REPORTABLE + 2 * HOUR)[0],
                Party.ADMIN,
                "resolve_incident",
                REPORTABLE,
                None,
                id="no answer in time",
            ),
            pytest.param(
                after(
                    REPORTED,
                    SkipDeadline(actor=OLGA, deadline_id="no_show_answer/v1", reason="gone"),
                    at=REPORTABLE,
                ),
                Party.ADMIN,
                "resolve_incident",
                REPORTABLE,
                None,
                id="nobody waits for an answer",
            ),
        ],
    )
    def test_is_the_accuseds_and_then_that_of_operations(
        self, it: Assignment, party: Party, action: str, since: datetime, sla_due: datetime | None
    ) -> None:
        obligation = standing(it, POLICY).obligation

        assert obligation is not None
        assert (obligation.party, obligation.action) == (party, action)
        assert (obligation.since, obligation.sla_due) == (since, sla_due)


class TestOverruns:
    """A16."""

    def test_are_asked_about_three_times_and_then_overdue(self) -> None:
        for it in (SCHEDULED, IN_PROGRESS):
            late, happened = in_time(it, until=END + 9 * DAY)

            asked = [each for each in brief(happened) if each[0] == "completion_nudge"]
            assert asked == [("completion_nudge", "provider:bob", "v1", n, "planned") for n in (1, 2, 3)]
            assert late.overdue_at == END + HOUR + 2 * DAY
            assert late.status is it.status

    def test_are_nobodys_question_while_an_incident_is_open(self) -> None:
        for it in (SUSPECTED, REPORTED, ANSWERED):
            late, happened = in_time(it, until=END + 9 * DAY, policy=WATCHFUL)

            assert {(kind, verdict) for kind, *_, verdict in brief(happened)} == {
                ("completion_nudge", "skipped_obsolete")
            }
            assert not any(isinstance(each, BecameOverdue) for each in happened)
            assert (late.overdue_at, standing(late, WATCHFUL).next_reminder_at) == (None, None)

    def test_are_asked_about_again_once_the_provider_has_come(self) -> None:
        came = after(SUSPECTED, CheckIn(actor=BOB), at=START + HOUR, policy=WATCHFUL)

        assert standing(came, WATCHFUL).next_reminder_at == END + HOUR

    def test_of_the_start_are_nobodys_question_either(self) -> None:
        early = replace(WATCHFUL, no_show_grace=timedelta())
        reported = after(SCHEDULED, reports(), at=START, policy=early)

        _, happened = in_time(reported, until=REPORTABLE, policy=early)

        assert brief(happened)[-1] == ("start_check", "provider:bob", "v1", 1, "skipped_obsolete")
