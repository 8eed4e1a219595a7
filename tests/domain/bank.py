"""A payment provider in memory, and the desk that does with it what a run does: one call at a time."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from fulfillment.domain.assignment.card import CardSeen, CardState
from fulfillment.domain.assignment.commands import (
    AssignmentCommand,
    RecordCard,
    RecordRefusal,
    RecordRelease,
    RecordSettlement,
    RecordSilence,
    RecordTransfer,
)
from fulfillment.domain.assignment.money_calls import (
    GiveBack,
    LetHoldGo,
    LookAtCard,
    MoneyCall,
    PassOn,
    PlaceHold,
    SettleByHand,
    TakeMoney,
)
from fulfillment.domain.assignment.payout import Ruling
from fulfillment.domain.assignment.refund_commands import RecordRefund
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.money import Money
from fulfillment.domain.people import SYSTEM
from fulfillment.domain.policy import Policy
from tests.domain.people import RITA, ROOT

Call = MoneyCall | PassOn | GiveBack
DECLINED = "insufficient_funds"
OPEN = frozenset({CardState.HELD, CardState.NEEDS_CUSTOMER})


class Wallet(StrEnum):
    """What the customer's card does when money is to be held on it."""

    GOOD = "good"
    DECLINED = "declined"
    EMPTY = "empty"


class Mood(StrEnum):
    """How the provider takes a capture: `deaf` charges and says nothing, `down` does neither."""

    WELL = "well"
    REFUSES = "refuses"
    DEAF = "deaf"
    DOWN = "down"


@dataclass
class Intent:
    """An authorisation as the provider has it; `by_hand` says who captured it."""

    id: str
    amount: Money
    state: CardState
    capture_before: datetime
    captured: Money | None = None
    by_hand: bool = False

    def seen(self) -> CardSeen:
        return CardSeen(
            state=self.state,
            intent_id=self.id,
            amount=self.amount,
            captured=self.captured,
            capture_before=self.capture_before if self.state is CardState.HELD else None,
            charge_id=f"ch_{self.id}" if self.captured else "",
            problem=DECLINED if self.state is CardState.NEEDS_CUSTOMER else "",
        )


@dataclass
class Bank:
    """Intents by their ids; a hold is good for `lifetime`, and ends up to `lag` later than it says."""

    lifetime: timedelta
    lag: timedelta
    wallet: Wallet = Wallet.GOOD
    mood: Mood = Mood.WELL
    intents: dict[str, Intent] = field(default_factory=dict)
    transfers: list[Money] = field(default_factory=list)
    refunds: dict[int, Money] = field(default_factory=dict)

    @property
    def taken(self) -> list[Intent]:
        return [each for each in self.intents.values() if each.captured]

    @property
    def open(self) -> list[Intent]:
        return [each for each in self.intents.values() if each.state in OPEN]

    def tick(self, now: datetime) -> None:
        for each in self.open:
            if each.capture_before + self.lag <= now:
                each.state = CardState.GONE

    def answer(self, call: Call, *, now: datetime, card: int) -> AssignmentCommand:
        """Do what `call` asks and return what a run would note of it; `card` is the hold it knows of."""
        self.tick(now)
        match call:
            case PlaceHold(n=n, amount=amount):
                return RecordCard(actor=SYSTEM, n=n, seen=self.place(n, amount, now=now))
            case LookAtCard(n=n, intent_id=id):
                return RecordCard(actor=SYSTEM, n=n, seen=self.intents[id].seen())
            case LetHoldGo(intent_id=id):
                if self.intents[id].state in OPEN:
                    self.intents[id].state = CardState.GONE
                return RecordRelease(actor=SYSTEM, intent_id=id, seen=self.intents[id].seen())
            case TakeMoney():
                return self.take(call, now=now, card=card)
            case PassOn(amount=amount):
                self.transfers.append(amount)
                return RecordTransfer(actor=SYSTEM, transfer_id="tr_1", amount=amount)
            case GiveBack():
                return self.give_back(call)
            case SettleByHand(payout=payout):
                return RecordSettlement(
                    actor=SYSTEM, attempt=payout.attempt, status="settled_manual", reference="transfer"
                )
            case _:
                assert_never(call)

    def place(self, n: int, amount: Money, *, now: datetime) -> CardSeen:
        """Hold the money; asked twice for the same hold, it finds the first one."""
        id = f"pi_{n}"
        if id not in self.intents:
            if self.wallet is Wallet.EMPTY:
                return CardSeen(state=CardState.MISSING)
            state = CardState.HELD if self.wallet is Wallet.GOOD else CardState.NEEDS_CUSTOMER
            self.intents[id] = Intent(id=id, amount=amount, state=state, capture_before=now + self.lifetime)
        return self.intents[id].seen()

    def take(self, call: TakeMoney, *, now: datetime, card: int) -> AssignmentCommand:
        mood, intent = self.mood, self.intents[call.intent_id]
        if intent.state is CardState.HELD and now >= intent.capture_before:
            intent.state = CardState.GONE
        if mood is Mood.DOWN:
            return RecordSilence(actor=SYSTEM, attempt=call.attempt, tries=call.tries)
        if intent.state is CardState.HELD:
            if mood is Mood.REFUSES or call.amount.amount > intent.amount.amount:
                return RecordRefusal(actor=SYSTEM, attempt=call.attempt, tries=call.tries, code="no")
            intent.state, intent.captured = CardState.CAPTURED, call.amount
        if mood is Mood.DEAF:
            return RecordSilence(actor=SYSTEM, attempt=call.attempt, tries=call.tries)
        return RecordCard(actor=SYSTEM, n=card, seen=intent.seen())

    def give_back(self, call: GiveBack) -> AssignmentCommand:
        """Give money back; asked twice for the same refund, it gives no more."""
        intent = self.intents[call.intent_id]
        left = intent.captured.amount if intent.captured else 0
        if call.n not in self.refunds:
            if self.mood is Mood.REFUSES or call.amount.amount > left:
                return RecordRefund(actor=SYSTEM, n=call.n, problem="charge_already_refunded")
            self.refunds[call.n] = call.amount
            intent.captured = replace(call.amount, amount=left - call.amount.amount)
        return RecordRefund(actor=SYSTEM, n=call.n, reference=f"re_{call.n}")

    def meddle(self, nth: int, how: str, *, now: datetime) -> None:
        """Do something to an open hold past our rules: in the dashboard, or as the card's owner."""
        self.tick(now)
        if not self.open:
            return
        intent = self.open[nth % len(self.open)]
        if how == "pay":
            intent.state = CardState.HELD
        elif how == "cancel":
            intent.state = CardState.GONE
        elif intent.state is CardState.HELD:
            taken = intent.amount if how == "whole" else Money(amount=9_000, currency=intent.amount.currency)
            intent.state, intent.captured, intent.by_hand = CardState.CAPTURED, taken, True


@dataclass
class Desk:
    """Makes the calls that are owed; `flying` is the one whose answer is still on its way."""

    bank: Bank
    note: Callable[[AssignmentCommand], None]
    flying: tuple[Call, AssignmentCommand] | None = None

    def ask(self, call: Call | None, *, now: datetime, card: int) -> None:
        if call and self.flying is None:
            self.flying = call, self.bank.answer(call, now=now, card=card)

    def hear(self) -> Call | None:
        """Note the answer that was on its way; return what it answers."""
        if self.flying is None:
            return None
        call, command = self.flying
        self.flying = None
        self.note(command)
        return call


def expect_an_approval(it: Assignment, call: TakeMoney | SettleByHand, policy: Policy) -> None:
    """8: money moves only as somebody approved who has no part in it, and two where it is much."""
    payout = it.payout
    assert payout is not None
    assert payout.approval is not None
    amount = call.amount if isinstance(call, TakeMoney) else call.approval.amount
    marks = [each for each in payout.decisions if each.attempt == payout.attempt]
    assert payout.approval.amount == amount
    assert {each.by for each in marks} <= {ROOT.id, RITA.id}
    assert {each.ruling for each in marks} <= {Ruling.FIRST_MARK, Ruling.APPROVED}
    assert len({each.by for each in marks}) >= (2 if amount.amount >= policy.four_eyes_minor else 1)
