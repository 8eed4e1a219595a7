"""Money under random commands, faults of the payment provider and time: what must never happen to it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fulfillment.domain.assignment.cases import cases
from fulfillment.domain.assignment.commands import (
    ApprovePayout,
    AssignmentCommand,
    CancelAssignment,
    CompleteAssignment,
    DenyPayout,
    DoubtCard,
    OpenDispute,
    ResolveDispute,
    ResubmitPayout,
)
from fulfillment.domain.assignment.deadline import DeadlineKind
from fulfillment.domain.assignment.events import PayoutSettled
from fulfillment.domain.assignment.money_calls import (
    PassOn,
    SettleByHand,
    TakeMoney,
    call_owed,
    refund_owed,
    share_owed,
)
from fulfillment.domain.assignment.payout import IN_FLIGHT, NO_MONEY_YET, DisputeOutcome, PayoutStatus
from fulfillment.domain.assignment.standing import standing
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.people import SYSTEM, Actor
from fulfillment.domain.policy import AuthExpiry
from tests.domain import promises
from tests.domain.bank import OPEN, Bank, Desk, Mood, Wallet, expect_an_approval
from tests.domain.cards import CARDS, reauthorises, refunds, retries
from tests.domain.market import Market, replayed
from tests.domain.people import (
    ADA,
    BOB,
    DAY,
    HOUR,
    MINUTE,
    OLGA,
    RITA,
    ROOT,
    assignment,
    confirms,
    euros,
    holds,
    proposes,
    resumes,
    visit,
)

somebody = st.sampled_from([*[None] * 14, ADA, BOB, OLGA, ROOT, RITA, SYSTEM])  # None: whoever it is up to
admins = st.sampled_from([ROOT, RITA])
really = st.sampled_from([*[False] * 4, True])  # for what would end most runs early
amounts = st.sampled_from([*[None] * 4, 9_000, 12_000, 80_000])
spans = st.sampled_from([MINUTE, 11 * MINUTE, HOUR, HOUR, 12 * HOUR, DAY, DAY, 3 * DAY, 6 * DAY])
heads = st.sampled_from([0, 1, 2, 2, 2, 3, 3, 3])
CALLS = 12  # more in a row than any state can owe
MOVING = frozenset({PayoutStatus.APPROVED, PayoutStatus.CAPTURING})


class MoneyMachine(RuleBasedStateMachine):
    """Ada's job with Bob, paid by her card."""

    @initialize(
        dear=st.booleans(),
        renews=st.booleans(),
        transfers=st.booleans(),
        lifetime=st.sampled_from([30 * HOUR, 5 * DAY, 7 * DAY]),
        lag=st.sampled_from([timedelta(), 2 * DAY]),
        wallet=st.sampled_from([*[Wallet.GOOD] * 3, *Wallet]),
        days=st.sampled_from([1, 1, 9]),
        head=heads,
    )
    def begin(
        self,
        *,
        dear: bool,
        renews: bool,
        transfers: bool,
        lifetime: timedelta,
        lag: timedelta,
        wallet: Wallet,
        days: int,
        head: int,
    ) -> None:
        self.bank = Bank(lifetime=lifetime, lag=lag, wallet=wallet)
        self.desk = Desk(self.bank, note=self.note)
        self.market = Market(
            assignment(price=euros(800 if dear else 120)),
            policy=replace(
                CARDS,
                auth_expiry=AuthExpiry.REAUTHORISE if renews else AuthExpiry.ALERT,
                transfers=transfers,
                platform_fee=1_250,
            ),
        )
        self.life = self.market.lives[0]
        self.agree(days=days)
        if head:
            self.wait(span=days * DAY + 2 * HOUR, prompt=True)
            self.finish(who=None, amount=None)
        if head > 1:
            self.settle_up()
        if head > 2:
            self.approve(who=None, other=False, amount=None)

    @property
    def it(self) -> Assignment:
        return self.life.it

    @property
    def payout(self) -> PayoutStatus | None:
        return self.it.payout.status if self.it.payout else None

    @property
    def owed(self) -> Any:
        return call_owed(self.it) or refund_owed(self.it) or share_owed(self.it, self.market.policy)

    def ask(self, command: AssignmentCommand) -> None:
        self.market.ask(self.life, command)

    def note(self, command: AssignmentCommand) -> None:
        assert self.market.ask(self.life, command) is not None, "an answer is never refused"

    # The payment provider.

    @precondition(lambda self: self.owed is not None)
    @rule()
    def call(self) -> None:
        """Make the call that is owed; its answer is on its way."""
        call = self.owed
        if self.desk.flying is None and isinstance(call, TakeMoney | SettleByHand):
            expect_an_approval(self.it, call, self.market.policy)
        if isinstance(call, PassOn):
            assert self.it.status is Status.PAID
        self.desk.ask(call, now=self.market.now, card=self.it.card.n if self.it.card else 0)

    @precondition(lambda self: self.desk.flying is not None)
    @rule()
    def hear(self) -> None:
        call = self.desk.hear()
        assert call is None or self.owed != call, f"{call} is answered, and owed again"

    @precondition(lambda self: self.owed or self.desk.flying)
    @rule()
    def settle_up(self) -> None:
        """Make all the calls that are owed, one after the other."""
        for _ in range(CALLS):
            self.hear()
            if self.owed is None:
                return
            self.call()
        raise AssertionError("calls without end")

    @rule(wallet=st.sampled_from(Wallet), mood=st.sampled_from([Mood.WELL, *Mood]))
    def change(self, *, wallet: Wallet, mood: Mood) -> None:
        self.bank.wallet, self.bank.mood = wallet, mood

    @precondition(lambda self: self.bank.open)
    @rule(nth=st.integers(0, 3), how=st.sampled_from(["whole", "part", "cancel", "pay"]), told=st.booleans())
    def meddle(self, *, nth: int, how: str, told: bool) -> None:
        """Do something to a hold past our rules: in the dashboard, or as the customer at their bank."""
        self.bank.meddle(nth, how, now=self.market.now)
        if told:
            self.doubt()

    @rule()
    def doubt(self) -> None:
        self.ask(DoubtCard(actor=SYSTEM, reason="evt"))

    # People.

    @precondition(lambda self: self.it.payout is None and not self.it.is_closed)
    @rule(days=st.sampled_from([1, 2, 9]))
    def agree(self, *, days: int) -> None:
        """Agree on a visit, or on another one."""
        window, version = visit(self.market.now + days * DAY), self.it.schedule_version
        self.ask(proposes(BOB, window, seeing=version))
        self.ask(confirms(ADA, version + 1))

    @precondition(lambda self: self.it.payout is None and not self.it.is_closed)
    @rule(who=somebody, amount=amounts)
    def finish(self, *, who: Actor | None, amount: int | None) -> None:
        money = None if amount is None else euros(amount // 100)
        self.ask(CompleteAssignment(actor=who or OLGA, final_amount=money))

    @precondition(lambda self: not self.it.is_closed)
    @rule(who=somebody, other=st.booleans(), amount=amounts)
    def approve(self, *, who: Actor | None, other: bool, amount: int | None) -> None:
        admin = who or (RITA if other else ROOT)
        self.ask(ApprovePayout(actor=admin, attempt=self.attempt, amount=amount, reason="transfer"))
        if who is None and self.it.payout and self.it.payout.first_mark:
            second = ROOT if other else RITA
            self.ask(ApprovePayout(actor=second, attempt=self.attempt, amount=amount, reason="transfer"))

    @precondition(lambda self: not self.it.is_closed)
    @rule(who=somebody, final=really)
    def deny(self, *, who: Actor | None, final: bool) -> None:
        self.ask(
            DenyPayout(actor=who or RITA, attempt=self.attempt, reason_code="x", note="None.", final=final)
        )

    @precondition(lambda self: self.payout is PayoutStatus.DENIED)
    @rule(who=somebody, amount=amounts)
    def resubmit(self, *, who: Actor | None, amount: int | None) -> None:
        self.ask(ResubmitPayout(actor=who or BOB, evidence=("photo",), amount=amount))

    @precondition(lambda self: not self.it.is_closed)
    @rule(who=somebody)
    def dispute(self, *, who: Actor | None) -> None:
        self.ask(OpenDispute(actor=who or ADA, reason="It leaks."))

    @precondition(lambda self: self.payout is PayoutStatus.ON_HOLD)
    @rule(who=somebody, outcome=st.sampled_from([DisputeOutcome.RELEASE, *DisputeOutcome]))
    def resolve(self, *, who: Actor | None, outcome: DisputeOutcome) -> None:
        less = 5_000 if outcome is DisputeOutcome.REDUCE else None
        self.ask(ResolveDispute(actor=who or ROOT, outcome=outcome, reason="heard both", amount=less))

    @precondition(lambda self: self.payout in NO_MONEY_YET | IN_FLIGHT)
    @rule(who=somebody, admin=admins)
    def retry(self, *, who: Actor | None, admin: Actor) -> None:
        self.ask(retries(who or admin))

    @precondition(lambda self: not self.it.is_closed)
    @rule(who=st.sampled_from([ADA, ADA, ROOT, RITA, OLGA, BOB]))
    def reauthorise(self, *, who: Actor) -> None:
        self.ask(reauthorises(who))

    @rule(who=somebody, sure=really)
    def cancel(self, *, who: Actor | None, sure: bool) -> None:
        if sure:
            self.ask(CancelAssignment(actor=who or OLGA, reason="sold"))

    @precondition(lambda self: self.it.is_closed and self.it.payout)
    @rule(who=somebody, other=st.booleans(), amount=amounts)
    def give_back(self, *, who: Actor | None, other: bool, amount: int | None) -> None:
        self.ask(refunds(who or (RITA if other else ROOT), amount))
        if who is None and self.it.payout and self.it.payout.refund_mark:
            self.ask(refunds(ROOT if other else RITA, amount))

    @precondition(lambda self: not self.it.is_closed)
    @rule(steps=st.integers(1, 4), mood=st.sampled_from([Mood.WELL, *Mood]), admin=admins)
    def go_on(self, *, steps: int, mood: Mood, admin: Actor) -> None:
        """Do what is due next, as people mostly do, at a payment provider in that mood."""
        self.bank.mood = mood
        for _ in range(steps):
            match self.payout:
                case None:
                    self.wait(span=DAY, prompt=True)
                    self.finish(who=None, amount=None)
                case PayoutStatus.PENDING_APPROVAL:
                    self.approve(who=None, other=admin is RITA, amount=None)
                case PayoutStatus.DENIED:
                    self.resubmit(who=None, amount=None)
                case PayoutStatus.ON_HOLD:
                    self.resolve(who=admin, outcome=DisputeOutcome.RELEASE)
                case PayoutStatus.CAPTURE_FAILED:
                    self.retry(who=None, admin=admin)
                case PayoutStatus.AWAITING_CUSTOMER_PAYMENT | PayoutStatus.AUTHORIZATION_EXPIRED:
                    self.reauthorise(who=ADA)
                case _:
                    self.call()
                    self.hear()

    # Time.

    @rule(span=spans, prompt=st.booleans())
    def wait(self, *, span: timedelta, prompt: bool) -> None:
        """Let time pass; `prompt` is a payment provider that is asked whenever something is owed."""
        until = self.market.now + span
        while prompt and self.market.now < until:
            self.settle_up()
            coming = standing(self.it, self.market.policy).next
            step = max(coming.due - self.market.now, MINUTE) if coming else span
            self.market.pass_time(min(step, until - self.market.now))
        if self.market.now < until:
            self.market.pass_time(until - self.market.now)
        self.bank.tick(self.market.now)

    @precondition(lambda self: not self.it.is_closed)
    @rule(span=spans, again=st.booleans())
    def hold(self, *, span: timedelta, again: bool) -> None:
        self.ask(holds(OLGA, until=self.market.now + span) if again else resumes(OLGA))

    # What stays true.

    @property
    def attempt(self) -> int:
        return self.it.payout.attempt if self.it.payout else 1

    @invariant()
    def a_payout_is_captured_once_and_as_approved(self) -> None:
        """8."""
        ours = [each for each in self.bank.taken if not each.by_hand]
        assert len(ours) <= 1
        assert len(self.bank.transfers) <= 1
        settled = [each for each in self.life.events if isinstance(each, PayoutSettled)]
        assert len(settled) == (self.it.status is Status.PAID)
        payout = self.it.payout
        if payout is None or self.it.status is not Status.PAID:
            return
        assert payout.approval is not None
        if payout.status in {PayoutStatus.CAPTURED, PayoutStatus.REVERSED}:
            assert self.it.card is not None
            assert self.it.card.intent_id is not None
            left = self.bank.intents[self.it.card.intent_id].captured
            assert left is not None
            assert left.amount + self.given_back == payout.approval.amount.amount
            assert [each.id for each in ours] in ([], [self.it.card.intent_id])
        else:
            assert ours == [], "by hand and by card is twice"

    @property
    def given_back(self) -> int:
        return sum(each.amount for each in self.bank.refunds.values())

    @invariant()
    def what_is_given_back_was_decided_and_is_noted_once(self) -> None:
        payout = self.it.payout
        decided = payout.refunds if payout else ()
        assert all(self.bank.refunds.get(each.n, each.amount) == each.amount for each in decided)
        assert self.bank.refunds.keys() <= {each.n for each in decided}
        if payout and self.desk.flying is None:
            assert payout.given_back == self.given_back

    @invariant()
    def what_moves_by_itself_has_something_that_moves_it(self) -> None:
        """M1: nothing is approved, or being captured, without a way to the money."""
        payout = self.it.payout
        if payout is None or self.it.is_closed:
            return
        if payout.status in MOVING:
            assert self.owed is not None
        if payout.status is PayoutStatus.CAPTURE_UNKNOWN:
            stands = standing(self.it, self.market.policy)
            checked = stands.due(DeadlineKind.CAPTURE_CHECK) is not None
            assert checked or self.owed or cases(self.it)

    @invariant()
    def nobody_is_charged_behind_our_back(self) -> None:
        """A card that was charged by us is known to be, or is being asked about, or ends in a case."""
        ours = [each for each in self.bank.taken if not each.by_hand]
        if ours and not self.it.is_closed:
            assert self.payout in IN_FLIGHT

    @invariant()
    def an_end_leaves_no_hold_on_the_card(self) -> None:
        """10 and M13: once all that is owed is answered."""
        if self.it.is_closed and self.owed is None and self.desk.flying is None:
            assert [each.id for each in self.bank.intents.values() if each.state in OPEN] == []

    @invariant()
    def promises_are_kept(self) -> None:
        promises.an_end_leaves_nothing_open(self.life, self.market.policy)
        promises.no_message_goes_out_twice(self.life)
        promises.the_audit_has_no_gap(self.life)
        promises.whoever_is_overdue_owes_something(self.life, self.market.policy)
        promises.no_more_is_owed_than_the_price(self.life)

    def teardown(self) -> None:
        """13."""
        if hasattr(self, "life"):
            assert replayed(self.life, policy=self.market.policy) == self.life.it


TestMoneyMachine = MoneyMachine.TestCase
TestMoneyMachine.settings = settings(max_examples=70, stateful_step_count=50, deadline=None)
