"""A provider falls ill: what they promised is given back, customers hear of it once, work goes elsewhere."""

from collections.abc import Sequence
from typing import Any

import pytest

from devstack.waiting import until
from tests.journeys.people import Json, Person, honoured
from tests.journeys.routes import PERSON
from tests.journeys.test_waves import offer
from tests.journeys.town import Deal, Town, fresh, job, window

pytestmark = pytest.mark.nightly

REPLAYED = "Idempotent-Replayed"


def away(*, days: float = 0, lasting: float = 4, **more: Any) -> Json:
    """Return the body of a report: away from in `days` days, for `lasting` days."""
    span = window(days=days, hours=24 * lasting)
    return {"from": span["start"], "to": span["end"], "reason": "Flu, says the doctor", **more}


def path(provider: Person) -> str:
    return f"/admin/providers/{provider.id}/unavailable"


async def gone_through(who: Person, begun: Json, *, status: str = "done") -> Json:
    """Return the absence once all that it touches has been seen to."""
    return await until(lambda: who.get(begun["links"]["self"]), lambda it: it["status"] == status, "a batch")


def by_assignment(lines: Sequence[Json], *fields: str) -> dict[str, tuple[Any, ...]]:
    return {each["assignmentId"]: tuple(each[name] for name in fields) for each in lines}


async def in_every_state(town: Town, provider: Person) -> dict[str, Deal]:
    """Return what a busy provider has: most of it in the four days to come."""
    deals = {
        "agreed": await town.scheduled(visit=window(days=1), provider=provider),
        "proposed": await town.deal(visit=window(days=2), provider=provider),
        "asked": await town.deal(provider=provider),
        "under way": await town.scheduled(visit=window(days=0.1), provider=provider),
        "done": await town.completed(visit=window(days=3), provider=provider),
        "later": await town.scheduled(visit=window(days=9), provider=provider),
        "moving": await town.scheduled(visit=window(days=12), provider=provider),
        "unplanned": await town.deal(provider=provider),
    }
    await deals["asked"].propose(0, by=deals["asked"].customer, days=2.5)
    await deals["moving"].propose(2, days=3.5)
    await deals["under way"].skip(hours=0.5)
    await provider.post(f"{deals['under way'].path}/check-in")
    for deal in deals.values():
        await deal.written()
    return deals


async def test_a_preview_says_what_would_happen_and_does_none_of_it(town: Town) -> None:
    provider = town.provider()
    deals = await in_every_state(town, provider)
    before = {name: await deal.written() for name, deal in deals.items()}

    answer = await town.ops().ask("POST", path(provider), away(dryRun=True, reasonCode="sick"))

    shown = answer.json()
    assert (answer.status_code, shown["id"], shown["dryRun"], shown["reasonCode"]) == (
        200,
        None,
        True,
        "sick",
    )
    assert by_assignment(shown["affected"], "status", "what") == {
        deals["under way"].id: ("in_progress", "leave"),
        deals["agreed"].id: ("scheduled", "reject"),
        deals["proposed"].id: ("awaiting_schedule", "withdraw"),
        deals["asked"].id: ("awaiting_schedule", "decline"),
        deals["done"].id: ("payout_pending", "leave"),
        deals["moving"].id: ("scheduled", "withdraw"),
    }
    starts = [each["window"]["start"] for each in shown["affected"]]
    assert starts == sorted(starts)
    assert (await provider.get(path(provider)))["items"] == []
    assert {name: await deal.written() for name, deal in deals.items()} == before


async def test_what_was_promised_for_that_time_is_given_back_and_the_rest_left_alone(town: Town) -> None:
    provider, olga = town.provider(), town.ops()
    deals = await in_every_state(town, provider)

    # Olga has Bob on the phone: ill for four days.
    answer = await olga.ask("POST", path(provider), away(reasonCode="sick"), X_Request_Id="call-of-bob")
    begun = answer.json()
    assert (answer.status_code, answer.headers["Location"]) == (202, begun["links"]["self"])
    batch = await gone_through(olga, begun)

    # Each has its result, and says by which step.
    assert by_assignment(batch["results"], "outcome", "did", "code") == {
        deals["under way"].id: ("left", None, None),
        deals["agreed"].id: ("done", "reject", None),
        deals["proposed"].id: ("done", "withdraw", None),
        deals["asked"].id: ("done", "decline", None),
        deals["done"].id: ("left", None, None),
        deals["moving"].id: ("done", "withdraw", None),
    }
    assert (batch["counts"]["done"], batch["counts"]["left"], batch["counts"]["waiting"]) == (4, 2, 0)
    who = (batch["reportedBy"], batch["reporterRole"], batch["reason"], batch["requestId"])
    assert who == (olga.id, "ops", "Flu, says the doctor", "call-of-bob")

    # What was agreed is rejected, and its job looks for somebody else without him.
    agreed = await deals["agreed"].written("rejected")
    assert agreed["rejectReason"] == "sick"
    back = await town.job(deals["agreed"].job_id, "quoting")
    assert back["excludedProviders"] == [provider.id]

    # What was talked about goes on without that window, and he owes another.
    for name in ("proposed", "asked"):
        now = await deals[name].written()
        assert (now["status"], now["openProposal"]) == ("awaiting_schedule", None)
        assert (now["obligation"]["party"], now["obligation"]["action"]) == ("provider", "propose_schedule")
    moving = await deals["moving"].written()
    assert (moving["status"], moving["openProposal"]) == ("scheduled", None)
    assert (await deals["later"].written())["status"] == "scheduled"

    # The audit of the assignment names the batch, who asked, for whom, and the request.
    (step,) = [each for each in await deals["agreed"].audit() if each["command"] == "RejectAssignment"]
    assert step["command_id"].startswith(f"unavailable/{batch['id']}/")
    assert (step["actor_id"], step["on_behalf_of"]) == (olga.id, "provider")
    assert (step["request_id"], step["reason"]) == ("call-of-bob", "sick: Flu, says the doctor")
    (line,) = [each for each in batch["results"] if each["assignmentId"] == deals["agreed"].id]
    assert (line["commandId"], line["stateVersion"]) == (step["command_id"], step["state_version"])


async def test_each_customer_hears_of_it_once_and_the_visit_leaves_the_calendars(town: Town) -> None:
    provider = await town.tradesman(fresh("trade"))
    deals = {
        "agreed": await town.scheduled(visit=window(days=1), provider=provider, customer=await _known(town)),
        "proposed": await town.deal(visit=window(days=2), provider=provider, customer=await _known(town)),
    }
    for deal in deals.values():
        await deal.written()

    begun = await provider.post(path(provider), away(reason="sick"))
    batch = await gone_through(provider, begun)
    await deals["agreed"].written("rejected")

    assert (batch["reasonCode"], batch["counts"]["done"]) == ("sick", 2)
    assert await _told(town, deals["agreed"]) == ["notifyAssignmentRejected"]
    assert await _told(town, deals["proposed"]) == ["notifyScheduleWithdrawn"]
    entries = await town.rows_once(
        lambda rows: len(rows) == 4,
        "SELECT recipient_role AS role, method FROM calendar_artifact WHERE assignment_id = :id"
        " ORDER BY sequence, role",
        id=deals["agreed"].id,
    )
    assert [(row["role"], row["method"]) for row in entries] == [
        ("customer", "REQUEST"),
        ("provider", "REQUEST"),
        ("customer", "CANCEL"),
        ("provider", "CANCEL"),
    ]


async def test_reported_again_under_its_key_it_is_the_same_batch(town: Town) -> None:
    provider = town.provider()
    deal = await town.scheduled(visit=window(days=1), provider=provider)
    await deal.written()
    body, key = away(), fresh("key")

    first = await provider.ask("POST", path(provider), body, key=key)
    await gone_through(provider, first.json())
    again = await provider.ask("POST", path(provider), body, key=key)
    other = await provider.refused(path(provider), body | {"reason": "sick"}, key=key)
    preview = await provider.refused(path(provider), body | {"dryRun": True}, key=key)

    assert (again.status_code, again.json(), again.headers[REPLAYED]) == (202, first.json(), "true")
    assert REPLAYED not in first.headers
    assert {other["code"], preview["code"]} == {"IDEMPOTENCY_MISMATCH"}
    (only,) = await provider.all(path(provider))
    assert (only["id"], only["counts"]["done"]) == (first.json()["id"], 1)
    await deal.written("rejected")
    assert [each["command"] for each in await deal.audit()].count("RejectAssignment") == 1


async def test_who_is_away_is_offered_nothing_until_somebody_says_that_he_is_back(town: Town) -> None:
    trade = fresh("trade")
    bea, bob = await town.tradesman(trade), await town.tradesman(trade)
    begun = await bob.post(path(bob), away(days=-1))
    await gone_through(bob, begun)

    first = (await town.customer().post("/jobs", job(mode="auto", trade=trade)))["id"]
    await offer(bea, first)
    assert await bob.all("/offers") == []

    ended = await bob.post(f"{begun['links']['self']}/end", {"reason": "I am well again"})
    assert (ended["status"], ended["endedBy"], ended["endReason"]) == ("ended", bob.id, "I am well again")
    second = (await town.customer().post("/jobs", job(mode="auto", trade=trade)))["id"]
    await offer(bob, second)


async def test_who_has_not_left_yet_is_still_offered_work(town: Town) -> None:
    trade = fresh("trade")
    bob = await town.tradesman(trade)
    await gone_through(bob, await bob.post(path(bob), away(days=2)))

    job_id = (await town.customer().post("/jobs", job(mode="auto", trade=trade)))["id"]

    assert (await offer(bob, job_id))["status"] == "open"


async def test_his_own_word_stands_although_he_is_away(town: Town) -> None:
    provider = town.provider()
    await gone_through(provider, await provider.post(path(provider), away()))
    deal = await town.deal(provider=provider)

    proposed = await deal.propose(0, days=1)
    confirmed = await deal.confirm(1)

    assert proposed["openProposal"]["proposedBy"] == "provider"
    assert confirmed["status"] == "scheduled"


async def test_an_absence_that_was_ended_stays_as_it_is(town: Town) -> None:
    provider, olga = town.provider(), town.ops()
    begun = await provider.post(path(provider), away(days=1))
    await gone_through(provider, begun)
    end = f"{begun['links']['self']}/end"
    first = await provider.ask("POST", end, {"reason": "a mistake"}, key="back")

    again = await provider.ask("POST", end, {"reason": "a mistake"}, key="back")
    other = await provider.refused(end, {"reason": "well again"}, key="back")
    late = await olga.post(end, {"reason": "he is back, I hear"})

    assert (again.json(), again.headers[REPLAYED]) == (first.json(), "true")
    assert other["code"] == "IDEMPOTENCY_MISMATCH"
    assert (late["endedBy"], late["endReason"]) == (provider.id, "a mistake")
    await town.engine.get_workflow_handle(f"unavailable-{begun['id']}").result()
    assert (await provider.ask("POST", end, {"reason": "a mistake"}, key="back")).json() == first.json()


async def test_an_absence_that_nobody_could_have_is_not_taken(town: Town) -> None:
    provider, olga = town.provider(), town.ops()
    await town.deal(provider=provider)

    async def refusal(body: Json) -> tuple[str, str]:
        said = await olga.refused(path(provider), body)
        field = said["errors"][0]["field"] if said.get("errors") else said["detail"].partition(":")[0]
        return said["code"], field

    assert await refusal(away(lasting=-1)) == ("VALUE_INVALID", "to")
    assert await refusal(away(days=-3, lasting=2)) == ("VALUE_INVALID", "to")
    assert await refusal(away(lasting=180.1)) == ("VALUE_INVALID", "to")
    assert await refusal(away(reason="  ")) == ("REASON_REQUIRED", "reason")
    assert await refusal(away(reasonCode="bored")) == ("INVALID_BODY", "reasonCode")
    assert await refusal({"from": window()["start"], "to": window()["end"]}) == ("INVALID_BODY", "reason")
    assert await refusal(away(dryRun=True, lasting=-1)) == ("VALUE_INVALID", "to")


async def test_a_provider_reports_for_himself_and_staff_for_who_is_one(town: Town) -> None:
    bob, bea, ada = town.provider(), town.provider(), await town.tradesman(fresh("trade"))
    await bob.post(path(bob), away())

    for who, whose in ((bea, bob), (town.ops(), town.customer()), (town.admin(), bea)):
        assert (await who.refused(path(whose), away()))["code"] == "NOT_FOUND"
        assert (await who.refused(path(whose), method="GET"))["code"] == "NOT_FOUND"
    (his,) = await bob.all(path(bob))
    theirs = f"{path(ada)}/{his['id']}"
    assert (await town.ops().refused(theirs, method="GET"))["code"] == "NOT_FOUND"
    assert (await bea.refused(f"{path(bea)}/{his['id']}/end", {"reason": "x"}))["code"] == "NOT_FOUND"


async def _known(town: Town) -> Person:
    """Return a customer who can be reached."""
    customer = town.customer()
    entry = PERSON | {"name": customer.id, "email": f"{customer.id}@example.org"}
    honoured(await customer.ask("PUT", "/me", entry))
    return customer


async def _told(town: Town, deal: Deal) -> list[str]:
    """Return what the customer of a deal was told of what was taken from them."""
    rows = await town.rows(
        "SELECT event FROM notification_outbox WHERE entity_id = :id AND recipient_role = 'customer'"
        " AND event LIKE ANY (ARRAY['%Rejected', '%Withdrawn', '%Declined', '%Cancelled'])",
        id=deal.id,
    )
    return [row["event"] for row in rows]
