"""Money given back after the end, by the run that looks after the payout; a release records these lives."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from activities.payments import RefundWanted
from fulfillment.domain.assignment.payout import Payout, PayoutStatus
from fulfillment.domain.assignment.refund import RefundStatus
from fulfillment.domain.assignment.refund_commands import RefundPayout
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.command import Source
from fulfillment.domain.money import Money
from fulfillment.domain.people import Actor
from fulfillment.domain.policy import Policy
from fulfillment.gateways.payments import Chargeback
from tests.waiting import until
from tests.workflows.bank import Bank
from tests.workflows.replaying import keep
from tests.workflows.running import RITA, ROOT, Start
from tests.workflows.test_card_lives import agreed, approval, card_is, done
from tests.workflows.witness import Witness
from workflows.assignment import AssignmentWorkflow as Workflow
from workflows.names import QUEUE, aftercare_run
from workflows.reports import Answer
from workflows.starting import looking_after

TAKEN = 12_500
S = RefundStatus


def asks(who: Actor = ROOT, amount: int | None = None, **more: Any) -> RefundPayout:
    said = {"reason": "it still leaks", "source": Source.API, "command_id": uuid.uuid4().hex} | more
    return RefundPayout(actor=who, amount=amount, **said)


def euros(amount: int) -> Money:
    return Money(amount=amount, currency="EUR")


@dataclass(frozen=True, slots=True)
class Ended:
    """A payout that was taken from a card, and whoever looks after it."""

    id: str
    client: Client
    witness: Witness

    async def ask(self, command: RefundPayout, *, call: str = "") -> Answer:
        """Put `command` to the run that there is, or to a new one, as the API does."""
        answer: Answer = await self.client.execute_update_with_start_workflow(
            "refund_payout",
            replace(command, call=call),
            start_workflow_operation=looking_after(self.id),
            id=f"{command.command_id}.{uuid.uuid4().hex}",
            result_type=Answer,
        )
        return answer

    async def refusal(self, command: RefundPayout) -> str:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await self.ask(command)
        assert isinstance(refused.value.cause, ApplicationError)
        return str(refused.value.cause.type)

    @property
    def run(self) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(aftercare_run(self.id))

    @property
    def it(self) -> Assignment:
        ours = [each.standing.assignment for each in self.witness.entries]
        return [each for each in ours if each.id == self.id][-1]

    @property
    def payout(self) -> Payout:
        assert self.it.payout is not None
        return self.it.payout

    @property
    def refunds(self) -> list[tuple[int, str, int]]:
        return [(each.n, each.status, each.amount.amount) for each in self.payout.refunds]

    def moves(self) -> Sequence[tuple[str, int | None, str | None]]:
        lines = [
            move
            for each in self.witness.entries
            if each.standing.assignment.id == self.id
            for move in each.moves
        ]
        return [(each.kind, each.amount.amount if each.amount else None, each.decided_by) for each in lines][
            2:
        ]


async def paid(start: Start, client: Client, witness: Witness, *, policy: Policy | None = None) -> Ended:
    running = await agreed(start, policy=policy or Policy(card_payments=True))
    await card_is(running, "held")
    await done(running)
    await running.ask(Workflow.approve, approval())
    ended = await running.handle.result()
    return Ended(id=ended.assignment.id, client=client, witness=witness)


@pytest_asyncio.fixture
async def ended(start: Start, working: Client, witness: Witness) -> Ended:
    return await paid(start, working, witness)


async def test_two_partial_ones_one_refused_and_the_rest(ended: Ended, bank: Bank) -> None:
    asked = await ended.ask(asks(ROOT, 5_000, request_id="r1"))
    await ended.run.result()
    first = ended.refunds
    bank.on_refund = ["charge_disputed"]
    await ended.ask(asks(RITA, 1_000))
    await ended.run.result()
    bank.gives_back.clear()
    await ended.ask(asks(RITA))
    await ended.run.signal("refund_payout", {"admin_id": "root", "amount": 1, "reason": "typed by hand"})
    await ended.run.signal("refund_payout", {"admin_id": "root"})
    await until(lambda: len(ended.witness.refusals) == 2)
    bank.gives_back.set()
    await ended.run.result()

    assert asked.standing.assignment.payout is not None
    assert asked.standing.assignment.payout.refunds[0].status is S.ASKED
    assert first == [(1, S.GIVEN, 5_000)]
    assert ended.refunds == [(1, S.GIVEN, 5_000), (2, S.FAILED, 1_000), (3, S.GIVEN, 7_500)]
    assert ended.payout.status is PayoutStatus.REVERSED
    assert [(each.n, each.amount.amount) for each in bank.refunds] == [(1, 5_000), (3, 7_500)]
    assert ended.moves() == [("refunded", 5_000, ROOT.id), ("refunded", 7_500, RITA.id)]
    assert {each.code for each in ended.witness.refusals} == {"AlreadyDecided", "ValueInvalid"}
    await keep("aftercare-refunded", ended.run)


async def test_the_reason_is_written_before_the_money_moves(ended: Ended, bank: Bank) -> None:
    bank.gives_back.clear()
    answer = await ended.ask(asks())

    assert ended.refunds == [(1, S.ASKED, TAKEN)]
    assert answer.number == ended.it.state_version
    assert (await ended.run.describe()).status is WorkflowExecutionStatus.RUNNING
    bank.gives_back.set()
    await ended.run.result()
    assert ended.refunds == [(1, S.GIVEN, TAKEN)]


async def test_an_answer_that_got_lost_gives_nothing_back_twice(ended: Ended, bank: Bank) -> None:
    bank.on_refund = [None, None, None]

    await ended.ask(asks(ROOT, 5_000))
    await ended.run.result()

    assert len(bank.refunds) == 1
    assert ended.moves() == [("refunded", 5_000, ROOT.id)]


async def test_a_repeat_is_answered_and_done_once_by_this_run_and_by_the_next(
    ended: Ended, bank: Bank
) -> None:
    command = asks(ROOT, 5_000)
    bank.gives_back.clear()
    first = await ended.ask(command, call="one")
    again = await ended.ask(command, call="two")
    bank.gives_back.set()
    await ended.run.result()
    late = await ended.ask(command, call="three")
    await ended.run.result()

    assert [each.call for each in (first, again, late)] == ["one", "", ""]
    assert ended.refunds == [(1, S.GIVEN, 5_000)]
    assert len(bank.refunds) == 1


async def test_two_admins_at_once_make_one(ended: Ended, bank: Bank) -> None:
    bank.gives_back.clear()

    answers = await asyncio.gather(
        ended.ask(asks(ROOT, 5_000)), ended.ask(asks(RITA, 5_000)), return_exceptions=True
    )
    bank.gives_back.set()
    await ended.run.result()

    (refused,) = [each for each in answers if isinstance(each, WorkflowUpdateFailedError)]
    assert isinstance(refused.cause, ApplicationError)
    assert refused.cause.type == "AlreadyDecided"
    assert ended.refunds == [(1, S.GIVEN, 5_000)]


async def test_a_large_one_takes_two_and_the_seal_of_the_api(ended: Ended, bank: Bank) -> None:
    ended.witness.policy = Policy(four_eyes_minor=10_000)
    marked = await ended.ask(asks(ROOT))
    await ended.run.result()
    ended.witness.voucher_opens = False
    unsealed = await ended.refusal(asks(RITA))
    ended.witness.voucher_opens = True
    await ended.ask(asks(RITA))
    await ended.run.result()

    assert marked.standing.assignment.payout is not None
    assert marked.standing.assignment.payout.refunds[0].status is S.FIRST_MARK
    assert unsealed == "SelfApproval"
    assert ended.refunds == [(1, S.GIVEN, TAKEN)]
    assert {each.purpose for each in ended.witness.claims[1:]} == {"fulfillment/refund_payout/1"}
    assert ended.id in ended.witness.deliveries[-2:]


async def test_what_the_dashboard_gives_back_meanwhile_is_a_line_of_its_own(ended: Ended, bank: Bank) -> None:
    bank.gives_back.clear()
    await ended.ask(asks(ROOT, 5_000))
    bank.returned("pi_1", 2_000)
    await ended.run.signal("look_again")
    bank.gives_back.set()
    await ended.run.result()
    # The event about our own refund comes last, and tells nothing new.
    await ended.client.start_workflow(
        "PayoutAftercare", ended.id, id=aftercare_run(ended.id), task_queue=QUEUE, start_signal="look_again"
    )
    await ended.run.result()

    assert ended.moves() == [("refunded", 5_000, ROOT.id), ("refunded", 2_000, None)]


async def test_a_run_that_was_lost_is_made_up_for_by_the_next_one(ended: Ended, bank: Bank) -> None:
    """The money was given back, and nobody has noted it; a hint is enough for another run to go on."""
    bank.gives_back.clear()
    await ended.ask(asks(ROOT, 5_000))
    await ended.run.terminate("somebody pressed the button")
    given = RefundWanted(payout_id=ended.id, n=1, amount=euros(5_000), intent_id="pi_1")
    bank.refunds.append(given)
    bank.returned("pi_1", 5_000)
    bank.gives_back.set()

    await ended.client.start_workflow(
        "PayoutAftercare", ended.id, id=aftercare_run(ended.id), task_queue=QUEUE, start_signal="look_again"
    )
    await ended.run.result()

    assert ended.refunds == [(1, S.GIVEN, 5_000)]
    assert ended.moves() == [("refunded", 5_000, ROOT.id)]
    assert len(bank.refunds) == 1


async def test_a_complaint_is_left_to_the_bank(ended: Ended, bank: Bank) -> None:
    bank.complaints["pi_1"] = Chargeback(
        id="dp_1",
        intent_id="pi_1",
        amount=euros(TAKEN),
        status="needs_response",
        reason="fraudulent",
        is_open=True,
        is_lost=False,
    )
    await ended.client.start_workflow(
        "PayoutAftercare", ended.id, id=aftercare_run(ended.id), task_queue=QUEUE, start_signal="look_again"
    )
    await ended.run.result()

    assert await ended.refusal(asks()) == "WrongState"
    await ended.run.result()
    assert bank.refunds == []


async def test_a_share_that_waits_is_not_in_the_way(
    start: Start, working: Client, bank: Bank, witness: Witness
) -> None:
    bank.takes_shares = False
    ended = await paid(start, working, witness, policy=Policy(card_payments=True, transfers=True))

    await ended.ask(asks(ROOT, 5_000))
    await until(lambda: ended.refunds == [(1, S.GIVEN, 5_000)])
    bank.takes_shares = True
    await ended.run.result()

    assert ended.payout.transfer_id == "tr_1"
    assert ended.moves()[0] == ("refunded", 5_000, ROOT.id)


async def test_of_what_has_not_ended_nothing_is_given_back_and_nothing_is_left_waiting(
    start: Start, working: Client, witness: Witness
) -> None:
    running = await agreed(start)
    standing = await running.standing()
    open_still = Ended(id=standing.assignment.id, client=working, witness=witness)

    assert await open_still.refusal(asks()) == "Transient"
    await open_still.run.result()


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("refund_payout", []),
        ("refund_payout", [None]),
        ("refund_payout", [1, 2]),
        ("refund_payout", [{"admin_id": "root", "amount": "much", "reason": "x"}]),
        ("refund_payout", [{"admin_id": "root", "reason": "x", "voucher": "x"}]),
        ("approve_payout", [{"admin_id": "root", "attempt": 1}]),
    ],
)
async def test_garbage_by_signal_is_recorded_and_the_run_ends_well(
    ended: Ended, name: str, args: list[Any]
) -> None:
    await ended.client.start_workflow(
        "PayoutAftercare",
        ended.id,
        id=aftercare_run(ended.id),
        task_queue=QUEUE,
        start_signal=name,
        start_signal_args=args,
    )
    await ended.run.result()

    assert [(each.command, each.code) for each in ended.witness.refusals] == [(name, "ValueInvalid")]
    assert ended.refunds == []
