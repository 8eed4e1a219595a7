"""An admin gives money back after the end: over HTTP, with a Stripe at work and its events in any order."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from devstack.waiting import until
from tests.gateways.stripe.faults import Kind
from tests.journeys.cards import CardTown, card_town
from tests.journeys.people import Json, Person
from tests.journeys.town import PRICE, Deal, fresh
from tests.store import server
from workflows.names import QUEUE, aftercare_run

pytestmark = pytest.mark.nightly

WHY = {"reason": "it still leaks"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def here(plain_logs: None) -> AsyncIterator[CardTown]:
    async with card_town(server.fresh()) as started:
        yield started


async def paid(here: CardTown, *, price: int = PRICE) -> Deal:
    """Return an assignment whose price was taken from the card."""
    deal = await here.worked(price=price)
    await here.town.admin().post(f"{deal.payout}/approve", {"attempt": 1})
    if price >= 50_000:
        await here.town.admin().post(f"{deal.payout}/approve", {"attempt": 1})
    await here.payout(deal, "captured")
    await deal.written("paid")
    return deal


async def asks(deal: Deal, amount: int | None = None, *, by: Person | None = None, **more: object) -> Json:
    body = WHY | ({} if amount is None else {"amount": amount}) | more
    return await (by or deal.town.admin()).post(f"{deal.payout}/refund", body)


async def settled(here: CardTown, deal: Deal) -> list[tuple[int, str, int]]:
    """Return each refund, once none of them is under way: number, status, amount."""
    admin = here.town.admin()

    async def look() -> Json:
        return await admin.get(deal.payout)

    shown = await until(
        look, lambda it: all(each["status"] != "asked" for each in it["refunds"]), "the refund to be answered"
    )
    return [(each["n"], each["status"], each["amount"]["amount"]) for each in shown["refunds"]]


async def given_at_stripe(here: CardTown, deal: Deal) -> list[int]:
    ledger = await here.stripe.control.ledger()
    return [int(each["amount"]) for each in ledger.of("refund", assignment_id=deal.id)]


async def lines(here: CardTown, deal: Deal) -> list[Json]:
    """Return what the book says of money that went back."""
    return await here.town.rows(
        "SELECT amount, decided_by, request_id, reference FROM money_move"
        " WHERE assignment_id = :id AND kind = 'refunded' ORDER BY id",
        id=deal.id,
    )


async def hinted(here: CardTown, deal: Deal) -> list[int]:
    """Let Stripe tell of what was given back, and wait until somebody has looked."""
    answers = await here.delivered("charge.refunded", await here.intent(deal), times=2)
    await here.town.engine.get_workflow_handle(aftercare_run(deal.id)).result()
    return answers


class TestTheUsualWay:
    async def test_all_of_it_goes_back_once_and_everybody_is_told(self, here: CardTown) -> None:
        deal, admin = await paid(here), here.town.admin()

        answer = await admin.ask("POST", f"{deal.payout}/refund", WHY)

        asked = answer.json()
        assert [(each["n"], each["status"], each["by"]) for each in asked["refunds"]] == [
            (1, "asked", admin.id)
        ]
        assert (await here.payout(deal, "reversed"))["assignmentStatus"] == "paid"
        assert await settled(here, deal) == [(1, "given", PRICE)]
        assert await given_at_stripe(here, deal) == [PRICE]
        (line,) = await lines(here, deal)
        assert (line["amount"], line["decided_by"]) == (PRICE, admin.id)
        assert line["request_id"] == answer.headers["X-Request-Id"]
        assert str(line["reference"]).startswith("re_")
        told = await here.town.rows(
            "SELECT recipient_role FROM notification_outbox WHERE entity_id = :id"
            " AND event = 'notifyRefundGiven' ORDER BY 1",
            id=deal.id,
        )
        assert [each["recipient_role"] for each in told] == ["customer", "provider"]

    async def test_some_then_the_rest_and_no_more_than_that(self, here: CardTown) -> None:
        deal = await paid(here)

        await asks(deal, 5_000)
        partly = await settled(here, deal)
        too_much = await here.town.admin().refused(f"{deal.payout}/refund", WHY | {"amount": PRICE})
        still = await here.payout(deal, "captured")
        await asks(deal)
        await here.payout(deal, "reversed")
        none_left = await here.town.admin().refused(f"{deal.payout}/refund", WHY)

        assert partly == [(1, "given", 5_000)]
        assert still["card"]["captured"]["amount"] == PRICE - 5_000
        assert (too_much["code"], none_left["code"]) == ("AMOUNT_EXCEEDS_AUTHORISED", "WRONG_STATE")
        assert none_left["snapshot"]["payout"]["status"] == "reversed"
        assert await given_at_stripe(here, deal) == [5_000, PRICE - 5_000]
        assert [each["amount"] for each in await lines(here, deal)] == [5_000, PRICE - 5_000]

    async def test_the_audit_the_timeline_and_the_evidence_have_it(self, here: CardTown) -> None:
        deal, admin = await paid(here), here.town.admin()
        await asks(deal, 5_000, by=admin)
        await settled(here, deal)

        audited = await here.town.ops().all(f"{deal.path}/audit")
        timeline = await here.town.ops().get(f"{deal.path}/timeline")
        evidence = await here.town.ops().get(f"{deal.path}/evidence")

        asked = next(each for each in audited if each["command"] == "RefundPayout")
        assert (asked["actorId"], asked["reason"], asked["source"]) == (admin.id, WHY["reason"], "api")
        assert [each["command"] for each in timeline["steps"][:2]] == ["RecordRefund", "RefundPayout"]
        books = [each["content"] for each in evidence["records"] if each["type"] == "money"]
        assert [(each["kind"], each["decidedBy"]) for each in books][-1] == ("refunded", admin.id)
        assert "RefundGiven" in json.dumps(evidence)
        await deal.audit()

    async def test_of_a_visit_that_was_cancelled_what_was_taken_goes_back(self, here: CardTown) -> None:
        deal = await here.worked()
        intent = await here.intent(deal)
        await here.stripe.control.capture_by_hand(intent)
        await here.delivered("payment_intent.succeeded", intent)
        await here.card(deal, "captured")
        early = await here.town.admin().refused(f"{deal.payout}/refund", WHY)
        await here.town.ops().post(f"{deal.path}/cancel", {"reason": "taken by mistake"})
        await deal.written("cancelled")

        await asks(deal)

        assert early["code"] == "WRONG_STATE"
        assert await settled(here, deal) == [(1, "given", PRICE)]
        case = "SELECT closed_at FROM ops_task WHERE entity_id = :id AND type = 'captured_unapproved'"
        await here.town.rows_once(lambda rows: rows[0]["closed_at"] is not None, case, id=deal.id)


class TestDecisions:
    async def test_a_large_one_takes_two_admins(self, here: CardTown) -> None:
        deal, one, other = await paid(here, price=60_000), here.town.admin(), here.town.admin()

        first = await asks(deal, by=one)
        again = await one.refused(f"{deal.payout}/refund", WHY)
        different = await other.refused(f"{deal.payout}/refund", WHY | {"amount": 55_000})
        untouched = await given_at_stripe(here, deal)
        second = await asks(deal, by=other)

        assert [each["status"] for each in first["refunds"]] == ["first_mark"]
        assert (again["code"], different["code"]) == ("SELF_APPROVAL", "VALUE_INVALID")
        assert untouched == []
        assert [(each["by"], each["second"]) for each in second["refunds"]] == [(one.id, other.id)]
        assert await settled(here, deal) == [(1, "given", 60_000)]
        (line,) = await lines(here, deal)
        assert line["decided_by"] == other.id
        heard = await here.town.rows(
            "SELECT recipient_role FROM notification_outbox WHERE entity_id = :id"
            " AND event = 'notifyRefundFirstMark'",
            id=deal.id,
        )
        assert [each["recipient_role"] for each in heard] == ["admin"]

    async def test_many_small_ones_take_two_admins_in_the_end(self, here: CardTown) -> None:
        deal, one = await paid(here, price=60_000), here.town.admin()
        await asks(deal, 30_000, by=one)
        await settled(here, deal)

        second = await asks(deal, 30_000, by=one)

        assert [each["status"] for each in second["refunds"]] == ["given", "first_mark"]
        assert await given_at_stripe(here, deal) == [30_000]

    @pytest.mark.parametrize("body", [{}, {"amount": 5_000, "n": 1}], ids=["all", "some, by number"])
    async def test_of_two_admins_at_once_one_gives_it_back(self, here: CardTown, body: Json) -> None:
        deal = await paid(here)

        answers = await asyncio.gather(
            *(here.town.admin().ask("POST", f"{deal.payout}/refund", WHY | body) for _ in range(2))
        )

        assert sorted(each.status_code for each in answers) == [200, 409]
        (late,) = [each.json() for each in answers if each.status_code == 409]
        assert late["code"] in {"ALREADY_DECIDED", "WRONG_STATE"}
        await settled(here, deal)
        assert len(await given_at_stripe(here, deal)) == 1
        assert len(await lines(here, deal)) == 1

    async def test_a_repeat_under_its_key_is_answered_alike_and_gives_back_no_more(
        self, here: CardTown
    ) -> None:
        deal, admin, key = await paid(here), here.town.admin(), fresh("key")
        body = WHY | {"amount": 5_000}

        async def ask(body: Json) -> httpx2.Response:
            return await admin.ask("POST", f"{deal.payout}/refund", body, key=key)

        first = await ask(body)
        at_once = await asyncio.gather(*(ask(body) for _ in range(3)))
        await settled(here, deal)
        late, other = await ask(body), await ask(WHY | {"amount": 6_000})

        assert first.status_code == 200
        for again in (*at_once, late):
            assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
        assert other.json()["code"] == "IDEMPOTENCY_MISMATCH"
        assert await settled(here, deal) == [(1, "given", 5_000)]
        assert await given_at_stripe(here, deal) == [5_000]

    async def test_a_signal_decides_like_the_api_and_is_a_first_mark_at_most_of_a_large_one(
        self, here: CardTown
    ) -> None:
        small, large = await paid(here), await paid(here, price=60_000)
        said = {"admin_id": "ruth", "reason": "she rang"}

        for deal in (small, large):
            await here.town.engine.start_workflow(
                "PayoutAftercare",
                deal.id,
                id=aftercare_run(deal.id),
                task_queue=QUEUE,
                start_signal="refund_payout",
                start_signal_args=[said],
            )
            await here.town.engine.get_workflow_handle(aftercare_run(deal.id)).result()

        assert await settled(here, small) == [(1, "given", PRICE)]
        assert await settled(here, large) == [(1, "first_mark", 60_000)]
        assert await given_at_stripe(here, large) == []

    async def test_nobody_else_gives_money_back_and_no_admin_their_own(self, here: CardTown) -> None:
        deal = await paid(here)
        party = here.town.person(here.town.admin().role, deal.customer.id)

        codes = [
            (await who.refused(f"{deal.payout}/refund", WHY))["code"]
            for who in (deal.customer, deal.provider, here.town.ops(), party)
        ]
        missing = await here.town.admin().refused("/admin/payouts/nobody/refund", WHY)

        assert codes == ["ROLE_FORBIDDEN", "ROLE_FORBIDDEN", "ROLE_FORBIDDEN", "SELF_APPROVAL"]
        assert missing["code"] == "NOT_FOUND"
        assert await given_at_stripe(here, deal) == []


class TestBesideStripe:
    async def test_the_event_about_our_own_refund_tells_nothing_new(self, here: CardTown) -> None:
        deal = await paid(here)
        await asks(deal, 5_000)
        await settled(here, deal)
        steps = (await deal.written())["stateVersion"]

        answers = await hinted(here, deal)

        assert answers == [200, 200]
        assert (await deal.written())["stateVersion"] == steps
        assert [each["amount"] for each in await lines(here, deal)] == [5_000]

    async def test_an_event_that_comes_before_our_own_answer_is_no_second_line(self, here: CardTown) -> None:
        deal = await paid(here)
        intent = await here.intent(deal)
        pause = await here.stripe.control.fault(Kind.PAUSE_AFTER, "refund", intent=intent)
        await asks(deal, 5_000)
        await here.stripe.control.wait_reached(pause)

        await here.delivered("charge.refunded", intent)
        await here.stripe.control.release(pause)

        assert await settled(here, deal) == [(1, "given", 5_000)]
        await here.town.engine.get_workflow_handle(aftercare_run(deal.id)).result()
        assert [each["amount"] for each in await lines(here, deal)] == [5_000]
        assert await given_at_stripe(here, deal) == [5_000]

    async def test_what_the_dashboard_gives_back_in_between_is_a_line_without_a_name(
        self, here: CardTown
    ) -> None:
        deal, admin = await paid(here), here.town.admin()
        await here.given_back(await here.intent(deal), 2_000)

        await asks(deal, 5_000, by=admin)
        await settled(here, deal)
        await hinted(here, deal)

        assert [(each["amount"], each["decided_by"]) for each in await lines(here, deal)] == [
            (5_000, admin.id),
            (2_000, None),
        ]
        shown = await here.payout(deal, "captured")
        assert shown["card"]["captured"]["amount"] == PRICE - 7_000

    async def test_a_refusal_is_a_case_and_is_asked_anew(self, here: CardTown) -> None:
        deal = await paid(here)
        intent = await here.intent(deal)
        await here.given_back(intent, 2_000)
        case = "SELECT detail, closed_at FROM ops_task WHERE entity_id = :id AND type = 'refund_failed'"

        await asks(deal)
        refused = await settled(here, deal)
        # The look after it has told how much is left.
        await here.town.rows_once(
            bool,
            "SELECT 1 FROM money_move WHERE assignment_id = :id AND kind = 'refunded'",
            id=deal.id,
        )
        (opened,) = await here.town.rows_once(bool, case, id=deal.id)
        await asks(deal)

        assert refused == [(1, "failed", PRICE)]
        assert opened["closed_at"] is None
        assert await settled(here, deal) == [(1, "failed", PRICE), (2, "given", PRICE - 2_000)]
        await here.town.rows_once(lambda rows: rows[0]["closed_at"] is not None, case, id=deal.id)
        assert [each["amount"] for each in await lines(here, deal)] == [2_000, PRICE - 2_000]

    async def test_what_was_given_back_already_is_refused_by_stripe_and_known_then(
        self, here: CardTown
    ) -> None:
        deal = await paid(here)
        await here.given_back(await here.intent(deal), PRICE)

        await asks(deal)

        shown = await here.payout(deal, "reversed")
        assert [(each["status"], each["problem"]) for each in shown["refunds"]] == [
            ("failed", "charge_already_refunded")
        ]
        assert [each["decided_by"] for each in await lines(here, deal)] == [None]
        assert await given_at_stripe(here, deal) == [PRICE]

    async def test_beside_a_chargeback_nothing_is_given_back(self, here: CardTown) -> None:
        deal = await paid(here)
        intent = await here.intent(deal)
        dispute = await here.stripe.control.open_dispute(intent)
        unheard = await asks(deal)
        before_we_heard = await settled(here, deal)
        await here.delivered("charge.dispute.created", intent)
        await here.payout(deal, "disputed")

        told = await here.town.admin().refused(f"{deal.payout}/refund", WHY)

        # Stripe refuses by itself as long as nobody has told us.
        assert unheard["refunds"][0]["status"] == "asked"
        assert before_we_heard == [(1, "failed", PRICE)]
        assert (told["code"], "bank decides" in told["detail"]) == ("WRONG_STATE", True)
        assert await given_at_stripe(here, deal) == []
        await here.stripe.control.close_dispute(dispute, status="won")
        await here.delivered("charge.dispute.closed", intent)
        await here.payout(deal, "captured")
        await asks(deal)
        assert (await settled(here, deal))[-1] == (2, "given", PRICE)

    @pytest.mark.parametrize("kind", [Kind.ERROR_AFTER, Kind.DROP_AFTER, Kind.ERROR_BEFORE])
    async def test_an_answer_that_got_lost_costs_no_second_refund(self, here: CardTown, kind: Kind) -> None:
        deal = await paid(here)
        await here.stripe.control.fault(kind, "refund", intent=await here.intent(deal))

        await asks(deal, 5_000)

        assert await settled(here, deal) == [(1, "given", 5_000)]
        assert await given_at_stripe(here, deal) == [5_000]
        assert [each["amount"] for each in await lines(here, deal)] == [5_000]
