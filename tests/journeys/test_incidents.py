"""Somebody does not come: the other one says so, is contradicted, and operations decide, over HTTP."""

import pytest

from tests.journeys.people import Json
from tests.journeys.town import PRICE, Deal, Town, window

NEAR = 0.2
HEARD = "Both were heard on the phone"
FEE: Json = {"amount": 4_000, "currency": "EUR"}


async def _missed(town: Town) -> Deal:
    """Return a deal half an hour and a little into its visit, to which nobody has come."""
    deal = await town.scheduled(visit=window(days=NEAR))
    await deal.skip(hours=24 * NEAR + 0.6)
    return deal


async def _contested(town: Town) -> Deal:
    """Return a no-show that the customer has reported and the provider has answered."""
    deal = await _missed(town)
    await deal.customer.post(f"{deal.path}/no-show", {"note": "I waited for an hour"})
    await deal.provider.post(f"{deal.path}/incident/answer", {"statement": "Nobody opened the door"})
    return deal


async def _resolved(deal: Deal, verdict: str, **more: object) -> Json:
    body = {"verdict": verdict, "reason": HEARD, **more}
    return await deal.town.ops().post(f"{deal.path}/incident/resolve", body)


async def test_a_report_asks_the_accused_who_answers_and_then_it_is_operations_turn(town: Town) -> None:
    deal = await _missed(town)

    reported = await deal.customer.post(f"{deal.path}/no-show", {"note": "I waited for an hour"})
    answered = await deal.provider.post(
        f"{deal.path}/incident/answer", {"statement": "Nobody opened the door"}
    )

    incident = reported["incident"]
    assert (incident["kind"], incident["accused"], incident["answeredAt"]) == ("no_show", "provider", None)
    assert (reported["obligation"]["party"], reported["obligation"]["action"]) == (
        "provider",
        "answer_incident",
    )
    assert reported["obligation"]["slaDue"] == incident["answerDue"]
    assert (answered["obligation"]["party"], answered["obligation"]["action"]) == (
        "admin",
        "resolve_incident",
    )
    assert answered["incident"]["answeredAt"]
    (row,) = await town.rows_once(
        lambda rows: rows[0]["state_version"] == answered["stateVersion"],
        "SELECT incident, state_version FROM assignment WHERE id = :id",
        id=deal.id,
    )
    assert row["incident"] == "no_show"


async def test_the_statement_is_for_the_accused_and_for_staff(town: Town) -> None:
    deal = await _contested(town)
    await deal.written()

    for path in (deal.path, f"{deal.path}/state"):
        hers, his, theirs = [
            (await who.get(path))["incident"]["statement"]
            for who in (deal.customer, deal.provider, town.ops())
        ]
        assert (hers, his, theirs) == (None, "Nobody opened the door", "Nobody opened the door")
    refused = await deal.customer.refused(f"{deal.path}/no-show", {})
    assert (refused["code"], refused["snapshot"]["incident"]["statement"]) == ("WRONG_STATE", None)


async def test_the_providers_fault_sends_the_job_on_without_him(town: Town) -> None:
    deal = await _contested(town)

    ended = await _resolved(deal, "provider_fault")

    assert (ended["status"], ended["rejectReason"], ended["incident"]) == ("rejected", "no_show", None)
    job = await town.job(deal.job_id, "quoting")
    assert job["assignmentId"] is None
    (requeue,) = await town.rows("SELECT * FROM requeue WHERE job_id = :id", id=deal.job_id)
    assert (requeue["reason"], requeue["late"], requeue["from_assignment"]) == ("no_show", True, deal.id)
    again = await deal.provider.refused(f"/jobs/{deal.job_id}/quotes", {"amount": 1_000, "currency": "EUR"})
    assert again["code"] == "PROVIDER_EXCLUDED"


async def test_the_customers_fault_costs_a_call_out_fee_that_an_admin_rules_on(town: Town) -> None:
    deal = await _contested(town)

    fee = await _resolved(deal, "customer_fault", amount=FEE)

    assert (fee["status"], fee["payout"]["amount"], fee["incident"]) == ("payout_pending", FEE, None)
    assert fee["payout"]["amount"]["amount"] < PRICE
    await deal.written("payout_pending")
    await town.admin().post(f"{deal.payout}/approve", {"attempt": 1, "reason": "bank 7"})
    await deal.written("paid")
    await town.job(deal.job_id, "completed")


async def test_neithers_fault_frees_the_provider_and_the_two_agree_on_another_window(town: Town) -> None:
    deal = await _contested(town)

    anew = await _resolved(deal, "neither")

    assert (anew["status"], anew["scheduledStart"], anew["agreedVersion"]) == (
        "awaiting_schedule",
        None,
        None,
    )
    assert (anew["scheduleVersion"], anew["incident"]) == (3, None)
    assert (anew["obligation"]["party"], anew["obligation"]["action"]) == ("provider", "propose_schedule")
    await deal.written()
    (hold,) = await town.rows("SELECT * FROM provider_hold WHERE assignment_id = :id", id=deal.id)
    assert list(hold["spans"]) == []
    await deal.propose(3, days=6)
    again = await deal.confirm(4)
    assert (again["status"], again["agreedVersion"], again["scheduleVersion"]) == ("scheduled", 4, 5)


@pytest.mark.parametrize("reporter", ["provider", "ops"])
async def test_a_customer_who_is_not_there_is_reported_by_whoever_knows(town: Town, reporter: str) -> None:
    deal = await town.scheduled(visit=window(days=NEAR))
    await deal.skip(hours=24 * NEAR - 1)
    await deal.provider.post(f"{deal.path}/check-in")
    await deal.skip(hours=1.6)
    who, body = (deal.provider, {}) if reporter == "provider" else (town.ops(), {"who": "customer"})

    reported = await who.post(f"{deal.path}/no-show", body)
    answered = await deal.customer.post(f"{deal.path}/incident/answer", {"statement": "I was at work"})

    assert (reported["incident"]["accused"], answered["incident"]["statement"]) == (
        "customer",
        "I was at work",
    )
    assert answered["status"] == "in_progress"


async def test_an_answer_that_does_not_come_is_told_to_operations(town: Town) -> None:
    deal = await _missed(town)
    await deal.customer.post(f"{deal.path}/no-show")

    await deal.skip(hours=2.1)

    assert (await deal.now())["obligation"]["action"] == "resolve_incident"
    told = "SELECT event, recipient_role FROM notification_outbox WHERE entity_id = :id"
    rows = await town.rows_once(
        lambda found: any(row["event"] == "notifyIncidentUnanswered" for row in found), told, id=deal.id
    )
    assert {row["recipient_role"] for row in rows if row["event"] == "notifyNoShowReported"} == {
        "provider",
        "ops",
    }
