"""A payment provider for runs whose activities are witnessed: holds in memory, answers as tests set them."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.payments import REFUSED, HoldWanted, MoneyWanted, RefundWanted, ShareWanted
from fulfillment.domain.assignment.card import CardSeen, CardState
from fulfillment.gateways.payments import Chargeback, Release

LIFETIME = timedelta(days=7)


class Bank:
    """Every hold works and every capture does, unless a test has put another answer first in line.

    `ahead` is by how much its clock is ahead of ours, for runs whose time was skipped. `on_capture` holds
    codes of refusals, or None for a silence that outlasts all patience. `on_refund` holds the
    same, None for an answer that got lost after the money was given back; it hangs while `gives_back` is not
    set.
    """

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.holds: dict[str, CardSeen] = {}
        self.captures: list[MoneyWanted] = []
        self.shares: list[ShareWanted] = []
        self.looks: list[str] = []
        self.complaints: dict[str, Chargeback] = {}
        self.takes_shares = True
        self.on_hold: list[CardState] = []
        self.on_capture: list[str | None] = []
        self.refunds: list[RefundWanted] = []
        self.on_refund: list[str | None] = []
        self.gives_back = asyncio.Event()
        self.gives_back.set()

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [
            self.place_hold,
            self.take_money,
            self.look_at_card,
            self.let_hold_go,
            self.look_for_chargeback,
            self.pass_on,
            self.give_back,
        ]

    def states(self) -> list[str]:
        """Return how each hold stands, in the order they were placed."""
        return [seen.state.value for seen in self.holds.values()]

    def set(self, intent_id: str, state: CardState) -> None:
        """Let a hold come to stand otherwise, without anybody being told."""
        self.holds[intent_id] = replace(self.holds[intent_id], state=state)

    @activity.defn(name="place_hold")
    async def place_hold(self, wanted: HoldWanted) -> CardSeen:
        state = self.on_hold.pop(0) if self.on_hold else CardState.HELD
        intent = f"pi_{wanted.n}"
        self.holds[intent] = CardSeen(
            state=state,
            intent_id=intent,
            amount=wanted.amount,
            capture_before=datetime.now(UTC) + self.ahead + LIFETIME,
            problem="insufficient_funds" if state is CardState.NEEDS_CUSTOMER else "",
        )
        return self.holds[intent]

    @activity.defn(name="take_money")
    async def take_money(self, wanted: MoneyWanted) -> CardSeen:
        seen = self.holds[wanted.intent_id]
        if seen.state is not CardState.HELD:
            return seen
        self.captures.append(wanted)
        trouble = self.on_capture.pop(0) if self.on_capture else ""
        if trouble is None:
            raise ApplicationError("no answer", type="PaymentFailed", non_retryable=True)
        if trouble:
            raise ApplicationError("no", trouble, type=REFUSED, non_retryable=True)
        self.holds[wanted.intent_id] = replace(
            seen, state=CardState.CAPTURED, captured=wanted.amount, charge_id="ch_1"
        )
        return self.holds[wanted.intent_id]

    @activity.defn(name="look_at_card")
    async def look_at_card(self, intent_id: str) -> CardSeen:
        self.looks.append(intent_id)
        return self.holds[intent_id]

    @activity.defn(name="let_hold_go")
    async def let_hold_go(self, release: Release) -> CardSeen:
        if self.holds[release.intent_id].state is not CardState.CAPTURED:
            self.set(release.intent_id, CardState.GONE)
        return self.holds[release.intent_id]

    @activity.defn(name="look_for_chargeback")
    async def look_for_chargeback(self, intent_id: str) -> Chargeback | None:
        return self.complaints.get(intent_id)

    @activity.defn(name="give_back")
    async def give_back(self, wanted: RefundWanted) -> str:
        """Like the real one it gives back once for each number, however often it is asked."""
        await self.gives_back.wait()
        trouble = self.on_refund.pop(0) if self.on_refund else ""
        if trouble:
            raise ApplicationError("no", trouble, type=REFUSED, non_retryable=True)
        if wanted not in self.refunds:
            self.refunds.append(wanted)
            self.returned(wanted.intent_id, wanted.amount.amount)
        if trouble is None:
            raise ApplicationError(
                "no answer", type="PaymentFailed", next_retry_delay=timedelta(milliseconds=1)
            )
        return f"re_{wanted.n}"

    def returned(self, intent_id: str, amount: int) -> None:
        """Let money be on the card again, whoever has given it back."""
        seen = self.holds[intent_id]
        assert seen.captured is not None
        left = replace(seen.captured, amount=seen.captured.amount - amount)
        self.holds[intent_id] = replace(seen, captured=left)

    @activity.defn(name="pass_on")
    async def pass_on(self, share: ShareWanted) -> str:
        if not self.takes_shares:
            raise ApplicationError("no account", "no_account", type=REFUSED)
        self.shares.append(share)
        return "tr_1"
