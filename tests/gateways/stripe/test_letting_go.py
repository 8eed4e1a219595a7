"""Letting a hold go: once, and never money that somebody has taken."""

import pytest

from fulfillment.domain.assignment.card import CardState
from fulfillment.gateways.payments import (
    Release,
)
from tests.gateways.stripe.faults import Kind
from tests.gateways.stripe.people import Card
from tests.gateways.stripe.till import HELD, Till


class TestLettingGo:
    async def test_a_hold_is_let_go_once(self, till: Till) -> None:
        release = Release(assignment_id=till.assignment, intent_id=await till.held())

        for _ in range(2):
            assert (await till.cards.release(release)).state is CardState.GONE

        assert await till.moved("release") in {(0, 0), (1, HELD.amount)}
        ledger = await till.at.control.ledger()
        assert len(ledger.asked("cancel", id=release.intent_id)) == 1

    async def test_what_might_become_a_hold_is_let_go_as_well(self, till: Till) -> None:
        await till.use(Card.AUTHENTICATION_REQUIRED)
        asked = await till.cards.authorise(till.authorisation())
        assert asked.intent_id is not None

        now = await till.cards.release(Release(assignment_id=till.assignment, intent_id=asked.intent_id))

        assert now.state is CardState.GONE

    async def test_what_was_taken_stays_taken(self, till: Till) -> None:
        taken = await till.captured()
        assert taken.intent_id is not None

        now = await till.cards.release(Release(assignment_id=till.assignment, intent_id=taken.intent_id))

        assert now == taken

    async def test_what_is_taken_meanwhile_is_the_answer(self, till: Till) -> None:
        release = Release(assignment_id=till.assignment, intent_id=await till.held())
        await till.at.control.fault(Kind.CAPTURED_BY_HAND, "cancel", intent=release.intent_id)

        now = await till.cards.release(release)

        assert (now.state, now.captured) == (CardState.CAPTURED, HELD)

    @pytest.mark.parametrize("kind", [Kind.ERROR_STORED, Kind.ERROR_AFTER, Kind.DROP_AFTER, Kind.HANG_BEFORE])
    async def test_an_error_that_stripe_keeps_repeating_holds_nobody_up(self, till: Till, kind: Kind) -> None:
        release = Release(assignment_id=till.assignment, intent_id=await till.held())
        await till.at.control.fault(kind, "cancel", intent=release.intent_id)

        assert (await till.cards.release(release)).state is CardState.GONE
