"""Lives in which a card pays; a release records them (docs/testing.md)."""

from datetime import timedelta

from temporalio.client import Client

from devstack.waiting import until
from fulfillment.domain.assignment.card import CardState
from fulfillment.domain.assignment.commands import (
    ApprovePayout,
    CancelAssignment,
    CompleteAssignment,
    ConfirmWindow,
    OpenDispute,
    ProposeWindow,
    Reauthorise,
    ResolveDispute,
    RetryCapture,
)
from fulfillment.domain.assignment.payout import DisputeOutcome, Payout, PayoutStatus
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.money import Money
from fulfillment.domain.policy import AuthExpiry, Policy
from fulfillment.gateways.payments import Chargeback
from tests.workflows.bank import LIFETIME, Bank
from tests.workflows.replaying import keep
from tests.workflows.running import ADA, BOB, OLGA, RITA, ROOT, Running, Start, window
from tests.workflows.witness import Witness
from workflows.aftercare import PayoutAftercareWorkflow
from workflows.assignment import AssignmentWorkflow as Workflow
from workflows.names import aftercare_run

CARDS = Policy(card_payments=True)
NEAR, FAR = 1, 30
"""Days to a visit whose price is held at once, and to one whose price is held later."""


async def agreed(start: Start, *, days: float = NEAR, policy: Policy = CARDS) -> Running:
    running = await start(policy=policy)
    visit = window(days=days)
    await running.ask(Workflow.propose, ProposeWindow(actor=BOB, window=visit, expected_version=0))
    await running.ask(Workflow.confirm, ConfirmWindow(actor=ADA, version=1))
    return running


async def card_is(running: Running, status: str) -> Standing:
    def sees(it: Standing) -> bool:
        return it.assignment.card is not None and it.assignment.card.status == status

    return await until(running.standing, sees, f"the card to be {status}")


async def payout_is(running: Running, status: PayoutStatus) -> Payout:
    def sees(it: Standing) -> bool:
        return it.assignment.payout is not None and it.assignment.payout.status is status

    return _payout(await until(running.standing, sees, f"the payout to be {status}"))


def _payout(standing: Standing) -> Payout:
    assert standing.assignment.payout is not None
    return standing.assignment.payout


async def done(running: Running) -> None:
    await running.ask(Workflow.complete, CompleteAssignment(actor=OLGA, evidence=("photo",)))


def approval(attempt: int = 1) -> ApprovePayout:
    return ApprovePayout(actor=ROOT, attempt=attempt)


async def test_held_disputed_settled_and_taken(start: Start, bank: Bank) -> None:
    running = await agreed(start)
    await card_is(running, "held")
    await done(running)
    await running.ask(Workflow.open_dispute, OpenDispute(actor=ADA, reason="The pipe still drips."))
    less = ResolveDispute(
        actor=RITA, outcome=DisputeOutcome.REDUCE, reason="a discount for the trouble", amount=9_000
    )
    await running.ask(Workflow.resolve_dispute, less)
    await running.ask(Workflow.approve, approval())

    standing = await running.handle.result()

    assert standing.assignment.status is Status.PAID
    assert _payout(standing).status is PayoutStatus.CAPTURED
    assert [taken.amount.amount for taken in bank.captures] == [9_000]
    await keep("card-disputed-and-taken", running.handle)


async def test_the_hold_is_gone_at_the_capture_and_another_is_placed(start: Start, bank: Bank) -> None:
    running = await agreed(start)
    await card_is(running, "held")
    await done(running)
    bank.set("pi_1", CardState.GONE)
    await running.ask(Workflow.approve, approval())
    await payout_is(running, PayoutStatus.AUTHORIZATION_EXPIRED)
    bank.on_hold = [CardState.NEEDS_CUSTOMER]
    await running.ask(Workflow.reauthorise, Reauthorise(actor=RITA, reason="it ran out"))
    await payout_is(running, PayoutStatus.AWAITING_CUSTOMER_PAYMENT)
    bank.set("pi_2", CardState.HELD)
    await running.handle.signal("doubt_card", {"ops_id": "stripe", "reason": "the customer has paid"})

    standing = await running.handle.result()

    assert _payout(standing).status is PayoutStatus.CAPTURED
    assert [taken.intent_id for taken in bank.captures] == ["pi_2"]
    await keep("card-expired-and-held-anew", running.handle)


async def test_refused_unanswered_and_taken_in_the_end(start: Start, bank: Bank) -> None:
    running = await agreed(start)
    await card_is(running, "held")
    await done(running)
    bank.on_capture = ["do_not_honor", None]
    await running.ask(Workflow.approve, approval())
    failed = await payout_is(running, PayoutStatus.CAPTURE_FAILED)
    await running.ask(Workflow.retry_capture, RetryCapture(actor=RITA, reason="the bank says to try again"))
    await payout_is(running, PayoutStatus.CAPTURE_UNKNOWN)
    await running.skip(minutes=10)

    standing = await running.handle.result()

    assert failed.problem == "do_not_honor"
    assert _payout(standing).status is PayoutStatus.CAPTURED
    assert bank.looks == ["pi_1"]
    # Each try was meant by somebody: an admin twice, and the look that found nothing taken.
    assert [taken.tries for taken in bank.captures] == [1, 2, 3]
    await keep("card-refused-unanswered-and-taken", running.handle)


async def test_a_cancelled_visit_lets_the_hold_go_before_the_run_ends(start: Start, bank: Bank) -> None:
    running = await agreed(start)
    await card_is(running, "held")
    await running.ask(Workflow.cancel, CancelAssignment(actor=ADA, reason="it works again"))

    standing = await running.handle.result()

    assert standing.assignment.status is Status.CANCELLED
    assert bank.states() == ["gone"]
    assert standing.assignment.let_go == ()
    await keep("card-let-go", running.handle)


async def test_a_far_visit_holds_no_money_until_it_is_near(start: Start, bank: Bank) -> None:
    running = await agreed(start, days=FAR)
    before = dict(bank.holds)
    await running.skip(days=FAR - 4)
    early = dict(bank.holds)
    bank.ahead = timedelta(days=FAR - 2)
    await running.skip(days=2)
    await card_is(running, "held")

    assert before == early == {}
    assert bank.states() == ["held"]


async def test_a_visit_put_off_for_weeks_lets_the_hold_go_and_has_another_in_time(
    start: Start, bank: Bank
) -> None:
    running = await agreed(start)
    await card_is(running, "held")
    far = ProposeWindow(actor=BOB, window=window(days=FAR), expected_version=2)
    await running.ask(Workflow.propose, far)
    await running.ask(Workflow.confirm, ConfirmWindow(actor=ADA, version=3))
    await card_is(running, "released")
    await until(lambda: _now(bank.states()), lambda it: it == ["gone"], "the hold to be let go")
    bank.ahead = timedelta(days=FAR - 2)
    await running.skip(days=FAR - 2)
    standing = await card_is(running, "held")

    assert standing.assignment.card is not None
    assert standing.assignment.card.n == 2
    assert bank.states() == ["gone", "held"]


async def _now(states: list[str]) -> list[str]:
    return states


async def test_a_hold_about_to_end_is_placed_anew_where_the_policy_says_so(start: Start, bank: Bank) -> None:
    renewing = Policy(card_payments=True, auth_expiry=AuthExpiry.REAUTHORISE)
    running = await agreed(start, policy=renewing)
    await card_is(running, "held")
    await done(running)
    bank.ahead = LIFETIME - timedelta(hours=1)
    await running.server.skip(running.handle, bank.ahead)

    await until(lambda: _now(bank.states()), lambda it: it == ["gone", "held"], "another hold")
    standing = await card_is(running, "held")

    assert _payout(standing).status is PayoutStatus.PENDING_APPROVAL


async def test_shares_are_passed_on_after_the_end(start: Start, bank: Bank, witness: Witness) -> None:
    running = await agreed(start, policy=Policy(card_payments=True, transfers=True, platform_fee=1_250))
    await card_is(running, "held")
    await done(running)
    await running.ask(Workflow.approve, approval())

    ended = await running.handle.result()
    id = ended.assignment.id
    await until(lambda: _now(witness.steps(id)), lambda it: it[-1] == "RecordTransfer", "the transfer")

    assert ended.assignment.status is Status.PAID
    # 12.5 percent of 12,500 stay here, rounded in the provider's favour.
    assert [share.amount.amount for share in bank.shares] == [12_500 - 1_562]


async def test_a_complaint_while_a_share_waits_is_a_step_before_it(
    start: Start, bank: Bank, witness: Witness, working: Client
) -> None:
    running = await agreed(start, policy=Policy(card_payments=True, transfers=True))
    await card_is(running, "held")
    await done(running)
    bank.takes_shares = False
    await running.ask(Workflow.approve, approval())
    id = (await running.handle.result()).assignment.id
    bank.complaints["pi_1"] = Chargeback(
        id="dp_1",
        intent_id="pi_1",
        amount=Money(amount=12_500, currency="EUR"),
        status="needs_response",
        reason="fraudulent",
        is_open=True,
        is_lost=False,
    )
    aftercare = working.get_workflow_handle(aftercare_run(id))
    await aftercare.signal(PayoutAftercareWorkflow.look_again)
    await until(lambda: _now(witness.steps(id)), lambda it: it[-1] == "RecordChargeback", "the complaint")
    bank.takes_shares = True

    await aftercare.result()
    await keep("aftercare-complaint-and-share", aftercare)

    assert witness.steps(id)[-2:] == ["RecordChargeback", "RecordTransfer"]
    numbers = [each.step.number for each in witness.entries if each.standing.assignment.id == id]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_of_two_admins_at_once_one_decides_and_the_other_is_told(start: Start, bank: Bank) -> None:
    running = await agreed(start)
    await card_is(running, "held")
    await done(running)
    bank.on_capture = [None]
    await running.ask(Workflow.approve, approval())

    again = ApprovePayout(actor=RITA, attempt=1, amount=5_000)
    assert await running.refusal(Workflow.approve, again) == "AlreadyDecided"
    assert len(bank.captures) == 1


async def test_an_answer_that_changes_nothing_is_not_asked_in_circles(
    start: Start, bank: Bank, witness: Witness
) -> None:
    running = await agreed(start)
    await card_is(running, "held")
    for _ in range(3):
        await running.handle.signal("doubt_card", {"ops_id": "stripe", "reason": "again"})
    await until(lambda: _now(bank.looks), bool, "somebody to look")
    await running.standing()

    assert 1 <= len(bank.looks) <= 3
    assert witness.steps(running.handle.id.removeprefix("assignment-")).count("RecordCard") <= 4
