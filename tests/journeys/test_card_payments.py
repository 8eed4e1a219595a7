"""From a card on file to a paid provider, and how it goes otherwise; over HTTP, with a Stripe at work."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest_asyncio

from devstack.waiting import until
from fulfillment.domain.people import Role
from tests.gateways.stripe.faults import Kind
from tests.gateways.stripe.webhooks import Order
from tests.journeys.cards import CardTown, card_town
from tests.journeys.people import honoured
from tests.journeys.town import PRICE, fresh, window
from tests.store import server
from workflows.assignment import AssignmentWorkflow
from workflows.names import aftercare_run, assignment_run

DENIED = {"attempt": 1, "reasonCode": "evidence_missing", "note": "show the pipe"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def here(plain_logs: None) -> AsyncIterator[CardTown]:
    async with card_town(server.fresh()) as started:
        yield started


class TestTheUsualWay:
    async def test_an_approved_payout_is_taken_from_the_card_once(self, here: CardTown) -> None:
        deal = await here.worked()
        admin = here.town.admin()

        await admin.post(f"{deal.payout}/approve", {"attempt": 1})

        paid = await here.payout(deal, "captured")
        assert paid["card"]["captured"]["amount"] == paid["amount"]["amount"] == PRICE
        assert await here.captures(deal) == [PRICE]
        assert (await deal.written("paid"))["status"] == "paid"
        assert await here.moves(deal) == [("held", PRICE), ("captured", PRICE)]

    async def test_less_is_taken_where_less_is_approved_and_the_rest_is_free_again(
        self, here: CardTown
    ) -> None:
        deal = await here.worked()

        await here.town.admin().post(f"{deal.payout}/approve", {"attempt": 1, "amount": 9_900})

        await here.payout(deal, "captured")
        assert await here.captures(deal) == [9_900]

    async def test_a_denial_an_answer_and_an_approval_take_it_once(self, here: CardTown) -> None:
        deal, admin = await here.worked(), here.town.admin()

        await admin.post(f"{deal.payout}/deny", DENIED)
        await deal.provider.post(f"/payouts/{deal.id}/resubmit", {"evidence": ["the pipe"]})
        await admin.post(f"{deal.payout}/approve", {"attempt": 2})

        await here.payout(deal, "captured")
        assert await here.captures(deal) == [PRICE]

    async def test_who_cancels_has_their_money_free_again(self, here: CardTown) -> None:
        deal = await here.visited()
        await here.card(deal, "held")

        await deal.customer.post(f"{deal.path}/cancel", {"reason": "it works again"})

        await here.town.rows_once(
            lambda rows: [each["kind"] for each in rows] == ["held", "released"],
            "SELECT kind FROM money_move WHERE assignment_id = :id ORDER BY id",
            id=deal.id,
        )
        assert await here.open_holds(deal) == 0
        assert await here.captures(deal) == []

    async def test_a_final_denial_lets_the_money_go(self, here: CardTown) -> None:
        deal = await here.worked()

        await here.town.admin().post(f"{deal.payout}/deny", DENIED | {"final": True})

        await here.town.rows_once(
            lambda rows: [each["status"] for each in rows] == ["released"],
            "SELECT status FROM card_hold WHERE assignment_id = :id",
            id=deal.id,
        )
        assert await here.open_holds(deal) == 0

    async def test_a_customer_without_a_card_is_settled_by_hand(self, here: CardTown) -> None:
        deal = await here.town.completed(visit=window(days=1))
        await here.card(deal, "missing")

        refused = await here.town.admin().refused(f"{deal.payout}/approve", {"attempt": 1})
        await here.town.admin().post(f"{deal.payout}/approve", {"attempt": 1, "reason": "cash, receipt 7"})

        assert refused["code"] == "REASON_REQUIRED"
        assert (await here.payout(deal, "settled_manual"))["reference"] == "cash, receipt 7"


class TestDecisions:
    async def test_of_two_admins_at_once_one_decides_and_the_other_is_shown_it(self, here: CardTown) -> None:
        deal = await here.worked()
        one, other = here.town.admin(), here.town.admin()

        answers = await asyncio.gather(
            one.ask("POST", f"{deal.payout}/approve", {"attempt": 1}),
            other.ask("POST", f"{deal.payout}/deny", DENIED),
        )

        assert sorted(each.status_code for each in answers) == [200, 409]
        (late,) = [each.json() for each in answers if each.status_code == 409]
        assert late["code"] == "ALREADY_DECIDED"
        decisions = await here.town.rows_once(
            bool, "SELECT * FROM payout_decision WHERE payout_id = :id", id=deal.id
        )
        assert [each["ruling"] for each in decisions] in (["approved"], ["denied"])
        assert late["snapshot"]["payout"]["status"] != "pending_approval"

    async def test_a_signal_decides_like_the_api(self, here: CardTown) -> None:
        deal = await here.worked()
        run = here.town.engine.get_workflow_handle_for(AssignmentWorkflow.run, assignment_run(deal.id))

        await run.signal("approve_payout", {"admin_id": "ruth", "attempt": 1, "reason": ""})

        paid = await here.payout(deal, "captured")
        assert [(each["by"], each["source"]) for each in paid["decisions"]] == [("ruth", "signal")]
        assert await here.captures(deal) == [PRICE]

    async def test_two_admins_are_needed_for_a_large_one(self, here: CardTown) -> None:
        deal = await here.worked(price=60_000)
        one, other = here.town.admin(), here.town.admin()

        first = await one.post(f"{deal.payout}/approve", {"attempt": 1})
        again = await one.refused(f"{deal.payout}/approve", {"attempt": 1})
        untouched = await here.captures(deal)
        await other.post(f"{deal.payout}/approve", {"attempt": 1})

        assert (first["status"], first["firstMarkBy"]) == ("pending_approval", one.id)
        assert again["code"] == "SELF_APPROVAL"
        assert untouched == []
        await here.payout(deal, "captured")
        assert await here.captures(deal) == [60_000]

    async def test_money_at_risk_is_listed_first(self, here: CardTown) -> None:
        later = await here.worked()
        method = await here.stripe.control.new_method(lifetime=60 * 60 * 60)
        soon = await here.worked(method=method)
        for deal in (later, soon):
            await here.payout(deal, "pending_approval")

        listed = await here.town.admin().all("/admin/payouts", status="payout_pending")

        ids = [each["id"] for each in listed]
        assert ids.index(soon.id) < ids.index(later.id)
        assert listed[ids.index(soon.id)]["captureBefore"] < listed[ids.index(later.id)]["captureBefore"]


class TestTheCustomerIsNeeded:
    async def test_a_declined_card_is_asked_again_when_another_is_there(self, here: CardTown) -> None:
        deal = await here.visited(method="pm_card_chargeDeclinedInsufficientFunds")
        declined = await here.card(deal, "needs_customer")
        await here.town.ops().post(f"{deal.path}/complete", {"evidence": ["a photo"]})
        stuck = await here.payout(deal, "awaiting_customer_payment")
        card = {"paymentMethod": "pm_card_visa"}
        honoured(await deal.customer.ask("PUT", "/me/payment-method", card))

        await deal.customer.post(f"{deal.path}/payment/retry")

        await here.card(deal, "held")
        assert declined["problem"] == stuck["problem"] == "insufficient_funds"
        assert (await here.payout(deal, "pending_approval"))["problem"] == ""
        mails = await here.town.rows(
            "SELECT event FROM notification_outbox WHERE entity_id = :id AND recipient_id = :who",
            id=deal.id,
            who=deal.customer.id,
        )
        assert "notifyPaymentNeeded" in [each["event"] for each in mails]

    async def test_who_confirms_with_their_bank_has_paid_when_stripe_says_so(self, here: CardTown) -> None:
        deal = await here.visited(method="pm_card_authenticationRequired")
        waiting = await here.card(deal, "needs_customer")
        await here.town.ops().post(f"{deal.path}/complete", {"evidence": ["a photo"]})
        intent = await here.intent(deal)

        await here.stripe.control.customer_authenticates(intent)
        answers = await here.delivered("payment_intent.amount_capturable_updated", intent, times=3)

        assert waiting["problem"] == "authentication_required"
        assert str(waiting["clientSecret"]).startswith(intent)
        assert answers == [200, 200, 200]
        await here.card(deal, "held")
        await here.town.admin().post(f"{deal.payout}/approve", {"attempt": 1})
        await here.payout(deal, "captured")
        assert await here.captures(deal) == [PRICE]

    async def test_nobody_but_the_customer_gets_the_secret(self, here: CardTown) -> None:
        deal = await here.visited(method="pm_card_authenticationRequired")
        await here.card(deal, "needs_customer")

        assert (await here.town.ops().get(f"{deal.path}/payment"))["clientSecret"] is None
        assert (await deal.provider.ask("GET", f"{deal.path}/payment")).status_code == 403
        stranger = here.town.customer()
        assert (await stranger.ask("GET", f"{deal.path}/payment")).status_code == 404


class TestWhatStripeTellsUs:
    async def test_a_hold_that_ran_out_is_known_at_once_and_renewed_by_an_admin(self, here: CardTown) -> None:
        deal = await here.worked()
        intent = await here.intent(deal)
        await here.stripe.control.expire(intent)

        await here.delivered("payment_intent.canceled", intent)

        await here.payout(deal, "authorization_expired")
        refused = await here.town.admin().refused(f"{deal.payout}/approve", {"attempt": 1})
        assert refused["code"] == "WRONG_STATE"
        assert "reauthorise" in refused["detail"]
        await here.town.admin().post(f"{deal.payout}/reauthorise", {"reason": "it ran out"})
        await here.payout(deal, "pending_approval")
        await here.town.admin().post(f"{deal.payout}/approve", {"attempt": 1})
        await here.payout(deal, "captured")
        assert await here.captures(deal) == [PRICE]

    async def test_events_in_any_order_and_often_change_nothing_that_is_known(self, here: CardTown) -> None:
        deal = await here.worked()
        await here.town.admin().post(f"{deal.payout}/approve", {"attempt": 1})
        await here.payout(deal, "captured")
        intent = await here.intent(deal)
        events = [each["id"] for each in await here.stripe.control.events(about=intent)]
        before = (await deal.written())["stateVersion"]

        answers = await here.stripe.control.deliver(events, order=Order.REVERSED, times=2)

        assert {each["status"] for each in answers} == {200}
        assert (await deal.written("paid"))["stateVersion"] == before
        assert await here.moves(deal) == [("held", PRICE), ("captured", PRICE)]

    async def test_money_taken_in_the_dashboard_is_a_case_and_no_settlement(self, here: CardTown) -> None:
        deal = await here.worked()
        intent = await here.intent(deal)
        await here.stripe.control.capture_by_hand(intent)

        await here.delivered("payment_intent.succeeded", intent)

        await here.card(deal, "captured")
        assert (await here.payout(deal, "pending_approval"))["decisions"] == []
        cases = "SELECT closed_at FROM ops_task WHERE entity_id = :id AND type = 'captured_unapproved'"
        (case,) = await here.town.rows_once(bool, cases, id=deal.id)
        assert case["closed_at"] is None
        tasks = await here.town.ops().all("/admin/tasks")
        assert (deal.id, "captured_unapproved") in {(each["aboutId"], each["type"]) for each in tasks}
        await here.town.admin().post(f"{deal.payout}/approve", {"attempt": 1})
        await here.payout(deal, "captured")
        assert await here.captures(deal) == [PRICE]
        await here.town.rows_once(lambda rows: rows[0]["closed_at"] is not None, cases, id=deal.id)

    async def test_money_that_is_given_back_is_no_case_any_more(self, here: CardTown) -> None:
        deal = await here.worked()
        intent = await here.intent(deal)
        await here.stripe.control.capture_by_hand(intent)
        await here.delivered("payment_intent.succeeded", intent)
        await here.card(deal, "captured")

        await here.given_back(intent, PRICE)
        await here.delivered("charge.refunded", intent)

        await here.card(deal, "released")
        case = "SELECT closed_at FROM ops_task WHERE entity_id = :id AND type = 'captured_unapproved'"
        await here.town.rows_once(lambda rows: rows[0]["closed_at"] is not None, case, id=deal.id)
        assert (await here.payout(deal, "pending_approval"))["decisions"] == []
        assert await here.moves(deal) == [("held", PRICE), ("captured", PRICE), ("refunded", PRICE)]

    async def test_a_payout_given_back_after_the_end_is_reversed(self, here: CardTown) -> None:
        deal = await here.worked()
        await here.town.admin().post(f"{deal.payout}/approve", {"attempt": 1})
        await here.payout(deal, "captured")
        await deal.written("paid")
        intent = await here.intent(deal)

        await here.given_back(intent, 5_000)
        await here.delivered("charge.refunded", intent)
        await here.town.rows_once(
            lambda rows: [each["kind"] for each in rows] == ["held", "captured", "refunded"],
            "SELECT kind FROM money_move WHERE assignment_id = :id ORDER BY id",
            id=deal.id,
        )
        partly = await here.payout(deal, "captured")
        await here.given_back(intent, PRICE - 5_000)
        await here.delivered("charge.refunded", intent)

        assert partly["card"]["captured"]["amount"] == PRICE - 5_000
        assert (await here.payout(deal, "reversed"))["assignmentStatus"] == "paid"
        assert (await here.moves(deal))[2:] == [("refunded", 5_000), ("refunded", PRICE - 5_000)]

    async def test_a_complaint_about_money_that_settled_nothing_hangs_nobody(self, here: CardTown) -> None:
        deal = await here.worked()
        intent = await here.intent(deal)
        await here.stripe.control.capture_by_hand(intent)
        await here.delivered("payment_intent.succeeded", intent)
        await here.card(deal, "captured")
        await here.town.ops().post(f"{deal.path}/cancel", {"reason": "taken by mistake"})
        await deal.written("cancelled")
        await here.stripe.control.open_dispute(intent)

        await here.delivered("charge.dispute.created", intent)

        await here.town.rows_once(
            lambda rows: all(each["handled_at"] for each in rows),
            "SELECT handled_at FROM stripe_event WHERE intent_id = :id AND type = 'charge.dispute.created'",
            id=intent,
        )
        await here.town.engine.get_workflow_handle(aftercare_run(deal.id)).result()
        assert (await deal.written("cancelled"))["status"] == "cancelled"

    async def test_a_chargeback_after_the_end_is_followed_to_its_own(self, here: CardTown) -> None:
        deal = await here.worked()
        await here.town.admin().post(f"{deal.payout}/approve", {"attempt": 1})
        await here.payout(deal, "captured")
        await deal.written("paid")
        intent = await here.intent(deal)
        dispute = await here.stripe.control.open_dispute(intent)

        await here.delivered("charge.dispute.created", intent, times=2)
        await here.payout(deal, "disputed")
        await here.stripe.control.close_dispute(dispute, status="lost")
        await here.delivered("charge.dispute.closed", intent)

        assert (await here.payout(deal, "reversed"))["assignmentStatus"] == "paid"
        assert [kind for kind, _ in await here.moves(deal)] == ["held", "captured", "disputed", "reversed"]
        told = await here.town.rows(
            "SELECT event, recipient_role FROM notification_outbox WHERE entity_id = :id", id=deal.id
        )
        heard = sorted(each["recipient_role"] for each in told if each["event"] == "notifyChargebackOpened")
        assert heard == [Role.ADMIN, Role.OPS]
        await deal.audit()


class TestDisputes:
    async def test_the_customer_complains_and_pays_less(self, here: CardTown) -> None:
        deal, admin = await here.worked(), here.town.admin()
        await deal.customer.post(f"{deal.path}/dispute", {"reason": "It still drips."})
        refused = await admin.refused(f"{deal.payout}/approve", {"attempt": 1})

        lower = {"outcome": "reduce", "amount": 10_000, "reason": "a discount"}
        resolved = await admin.post(f"{deal.payout}/resolve-dispute", lower)
        await admin.post(f"{deal.payout}/approve", {"attempt": 1})

        assert refused["code"] == "WRONG_STATE"
        assert (resolved["status"], resolved["amount"]["amount"]) == ("pending_approval", 10_000)
        await here.payout(deal, "captured")
        assert await here.captures(deal) == [10_000]

    async def test_a_refund_closes_it_and_lets_the_money_go(self, here: CardTown) -> None:
        deal = await here.worked()
        await deal.customer.post(f"{deal.path}/dispute", {"reason": "Nobody came."})
        refund = {"outcome": "refund", "reason": "nobody came"}

        await here.town.admin().post(f"{deal.payout}/resolve-dispute", refund)

        await here.payout(deal, "closed_denied")
        await here.town.rows_once(
            lambda rows: [each["status"] for each in rows] == ["released"],
            "SELECT status FROM card_hold WHERE assignment_id = :id",
            id=deal.id,
        )
        assert await here.captures(deal) == []


class TestRepeats:
    """The commands that only make sense where a card pays; the others are in test_repeats.py."""

    async def test_a_capture_that_failed_is_tried_again_once_under_one_key(self, here: CardTown) -> None:
        deal, admin, key = await here.worked(), here.town.admin(), fresh("key")
        control = here.stripe.control
        await control.fault(Kind.DECLINE, "capture", metadata={"assignment_id": deal.id}, code="do_not_honor")
        await admin.post(f"{deal.payout}/approve", {"attempt": 1})
        failed = await here.payout(deal, "capture_failed")

        first = await admin.ask("POST", f"{deal.payout}/retry-capture", {"reason": "again"}, key=key)
        await here.payout(deal, "captured")
        again = await admin.ask("POST", f"{deal.payout}/retry-capture", {"reason": "again"}, key=key)

        assert failed["problem"] == "do_not_honor"
        assert (first.status_code, again.status_code) == (200, 200)
        assert again.json() == first.json()
        assert again.headers["Idempotent-Replayed"] == "true"
        assert await here.captures(deal) == [PRICE]

    async def test_a_hold_is_renewed_once_under_one_key(self, here: CardTown) -> None:
        deal, key = await here.visited(method="pm_card_chargeDeclined"), fresh("key")
        await here.card(deal, "needs_customer")

        for _ in range(2):
            await deal.customer.post(f"{deal.path}/payment/retry", key=key)

        async def keys() -> set[str]:
            asked = (await here.stripe.control.ledger()).asked("authorise")
            return {each["key"] for each in asked if deal.id in json.dumps(each)}

        await until(keys, lambda them: len(them) > 1, "the card to be asked again")
        await here.card(deal, "needs_customer")
        assert len(await keys()) == 2
