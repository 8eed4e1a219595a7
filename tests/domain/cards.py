"""Money on cards for these tests: holds, what the payment provider says, and stages that have one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from fulfillment.domain.assignment.card import Card, CardSeen, CardState, CardStatus
from fulfillment.domain.assignment.commands import (
    DoubtCard,
    OpenDispute,
    Reauthorise,
    RecordCard,
    RecordChargeback,
    RecordRefusal,
    RecordRelease,
    RecordSilence,
    ResolveDispute,
    RetryCapture,
)
from fulfillment.domain.assignment.events import Event
from fulfillment.domain.assignment.money_calls import MoneyCall, call_owed
from fulfillment.domain.assignment.payout import DisputeOutcome
from fulfillment.domain.assignment.refund_commands import RecordRefund, RefundPayout
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.command import Source
from fulfillment.domain.money import Money
from fulfillment.domain.people import SYSTEM, Actor
from fulfillment.domain.policy import Policy
from tests.domain.people import (
    ADA,
    DAY,
    DONE,
    DONE_AT,
    HOUR,
    IN_PROGRESS,
    NEXT_WEEK,
    NOON,
    PROPOSED,
    ROOT,
    after,
    approves,
    confirms,
    deciding,
    euros,
)

CARDS = Policy(card_payments=True)
CAPTURE_BEFORE = DONE_AT + 5 * DAY
HELD_AT = NEXT_WEEK.end - 3 * DAY


def card(status: CardStatus = CardStatus.HELD, **changes: Any) -> Card:
    """Return the first hold, of 120 euros, good for five days from the end of the work on."""
    return replace(
        Card(
            n=1,
            status=status,
            amount=euros(120),
            since=HELD_AT,
            intent_id="pi_1",
            capture_before=CAPTURE_BEFORE,
        ),
        **changes,
    )


def with_card(it: Assignment, status: CardStatus = CardStatus.HELD, **changes: Any) -> Assignment:
    return replace(it, card=card(status, **changes))


def held(*, n: int = 1, amount: Money | None = None, before: datetime = CAPTURE_BEFORE) -> RecordCard:
    seen = CardSeen(
        state=CardState.HELD, intent_id=f"pi_{n}", amount=amount or euros(120), capture_before=before
    )
    return RecordCard(actor=SYSTEM, n=n, seen=seen)


def captured(amount: Money, *, n: int = 1) -> RecordCard:
    seen = CardSeen(
        state=CardState.CAPTURED,
        intent_id=f"pi_{n}",
        amount=euros(120),
        captured=amount,
        charge_id=f"ch_{n}",
    )
    return RecordCard(actor=SYSTEM, n=n, seen=seen)


def gone(*, n: int = 1) -> RecordCard:
    return RecordCard(actor=SYSTEM, n=n, seen=CardSeen(state=CardState.GONE, intent_id=f"pi_{n}"))


def declined(problem: str = "insufficient_funds", *, n: int = 1) -> RecordCard:
    seen = CardSeen(state=CardState.NEEDS_CUSTOMER, intent_id=f"pi_{n}", problem=problem)
    return RecordCard(actor=SYSTEM, n=n, seen=seen)


def missing(*, n: int = 1) -> RecordCard:
    return RecordCard(actor=SYSTEM, n=n, seen=CardSeen(state=CardState.MISSING))


def let_go(intent_id: str = "pi_1", seen: CardSeen | None = None) -> RecordRelease:
    return RecordRelease(
        actor=SYSTEM, intent_id=intent_id, seen=seen or CardSeen(state=CardState.GONE, intent_id=intent_id)
    )


def refused(code: str = "card_declined", *, attempt: int = 1, tries: int = 1) -> RecordRefusal:
    return RecordRefusal(actor=SYSTEM, attempt=attempt, tries=tries, code=code)


def unanswered(*, attempt: int = 1, tries: int = 1) -> RecordSilence:
    return RecordSilence(actor=SYSTEM, attempt=attempt, tries=tries)


def doubts() -> DoubtCard:
    return DoubtCard(actor=SYSTEM, reason="evt_1")


def retries(who: Actor = ROOT) -> RetryCapture:
    return RetryCapture(actor=who, reason="the bank says it is fine now")


def reauthorises(who: Actor = ROOT) -> Reauthorise:
    return Reauthorise(actor=who, reason="")


def disputes(who: Actor = ADA, reason: str = "The pipe still leaks.") -> OpenDispute:
    return OpenDispute(actor=who, reason=reason)


def settles_dispute(
    outcome: DisputeOutcome = DisputeOutcome.RELEASE, *, who: Actor = ROOT, amount: int | None = None
) -> ResolveDispute:
    return ResolveDispute(actor=who, outcome=outcome, reason="heard both sides", amount=amount)


def chargeback(*, is_open: bool = True, is_lost: bool = False) -> RecordChargeback:
    """Return the bank's word on a complaint about 120 euros."""
    return RecordChargeback(
        actor=SYSTEM,
        chargeback_id="dp_1",
        amount=euros(120),
        status="needs_response" if is_open else "lost" if is_lost else "won",
        reason="fraudulent",
        is_open=is_open,
        is_lost=is_lost,
        evidence_due=CAPTURE_BEFORE,
    )


def refunds(
    who: Actor = ROOT, amount: int | None = None, *, source: Source = Source.API, **more: Any
) -> RefundPayout:
    """Return an admin's wish to give money back: `amount` in minor units, or all that is left."""
    said = {"reason": "The pipe leaks again."} | more
    return RefundPayout(actor=who, amount=amount, source=source, **said)


def gave_back(n: int = 1) -> RecordRefund:
    return RecordRefund(actor=SYSTEM, n=n, reference=f"re_{n}")


def refused_to_give_back(n: int = 1, code: str = "charge_already_refunded") -> RecordRefund:
    return RecordRefund(actor=SYSTEM, n=n, problem=code)


def on_card(it: Assignment, *commands: Any, at: datetime = DONE_AT + HOUR) -> Assignment:
    """Return the assignment after these commands, where cards pay."""
    return after(it, *commands, at=at, policy=CARDS)


def deciding_on_card(it: Assignment, command: Any, *, at: datetime = DONE_AT + HOUR) -> Sequence[Event]:
    return deciding(it, command, at=at, policy=CARDS)


def owed(it: Assignment) -> MoneyCall | None:
    return call_owed(it)


AGREED = after(PROPOSED, confirms(ADA, 1), at=NOON, policy=CARDS)
WORKING = with_card(IN_PROGRESS)
WAITING = with_card(DONE)
CAPTURING = on_card(WAITING, approves(ROOT, reason=""))
FAILED = on_card(CAPTURING, refused())
UNKNOWN = on_card(CAPTURING, unanswered())
EXPIRED = on_card(CAPTURING, gone())
DISPUTED = on_card(WAITING, disputes())
CHARGED = on_card(CAPTURING, captured(euros(120)))
CHARGED_BACK = on_card(CHARGED, chargeback())
LARGE = replace(CHARGED, card=card(CardStatus.CAPTURED, captured=euros(800), charge_id="ch_1"))
"""Charged, and more than one admin alone may give back."""
MARKED = on_card(LARGE, refunds(ROOT, 60_000))
GOING_BACK = on_card(CHARGED, refunds(amount=5_000))
PARTLY_BACK = on_card(GOING_BACK, gave_back())
BACK = on_card(CHARGED, refunds(), gave_back())
NOT_BACK = on_card(CHARGED, refunds(), refused_to_give_back())
DECLINED = on_card(with_card(DONE, CardStatus.WANTED, intent_id=None, capture_before=None), declined())
MONEY_STAGES = (AGREED, WORKING, WAITING, CAPTURING, FAILED, UNKNOWN, EXPIRED, DISPUTED, DECLINED)
