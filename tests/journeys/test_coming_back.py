"""A job that comes back is offered to others, on the terms agreed; if it comes too often, people help."""

from datetime import datetime

from tests.journeys.people import Json, Person
from tests.journeys.test_waves import HOLIDAY, offer
from tests.journeys.town import Deal, Town, fresh, job, window

SICK = {"reasonCode": "sick", "note": "Flu"}


async def test_a_late_rejection_offers_the_same_slot_to_somebody_else(town: Town) -> None:
    trade = fresh("trade")
    ada, bea = town.customer(), await town.tradesman(trade)
    bob = await town.tradesman(trade)
    body = job(mode="auto", trade=trade, cap=30_000)

    # Bob has the job and a visit is agreed for tomorrow evening; Bea said no at first.
    job_id = (await ada.post("/jobs", body))["id"]
    refused = await offer(bea, job_id)
    mine = await offer(bob, job_id)
    await bea.post(f"/offers/{refused['id']}/decline", HOLIDAY)
    made = await bob.post(f"/offers/{mine['id']}/accept")
    deal = Deal(town=town, customer=ada, provider=bob, job_id=job_id, id=made["id"])
    await deal.propose(0, days=0.9)
    agreed = await deal.confirm(1)

    # Bob falls ill.
    rejected = await bob.post(f"{deal.path}/reject", SICK)
    assert (rejected["status"], rejected["rejectReason"]) == ("rejected", "sick")

    # Bea is asked again, first of all for the very window and price that were agreed.
    again = await offer(bea, job_id)
    assert (again["round"], again["wave"], again["amount"]) == (1, 1, 30_000)
    assert again["window"] == {"start": agreed["scheduledStart"], "end": agreed["scheduledEnd"]}
    hours = _hours(again)
    assert 0.1 < hours <= 2

    # Bob is not asked, does not see the job any more, and could not have it.
    assert [each["jobId"] for each in await bob.all("/offers", status="open")] == []
    assert (await bob.refused(f"/jobs/{job_id}", method="GET"))["code"] == "NOT_FOUND"

    # Bea takes it, and her assignment begins with that window as her proposal.
    taken = await bea.post(f"/offers/{again['id']}/accept")
    assert taken["openProposal"]["start"] == agreed["scheduledStart"]
    confirmed = await ada.post(f"/assignments/{taken['id']}/schedule/confirm", {"version": 1})
    assert confirmed["status"] == "scheduled"

    # One return is on record; it was late and counts.
    rows = await town.rows("SELECT * FROM requeue WHERE job_id = :id", id=job_id)
    assert [(row["no"], row["from_assignment"], row["late"], row["counted"]) for row in rows] == [
        (1, deal.id, True, True)
    ]
    told = await town.rows(
        "SELECT recipient_role AS role FROM notification_outbox"
        " WHERE entity_id = :id AND event = 'notifyAssignmentRejected'",
        id=deal.id,
    )
    # Bob knows that he gave it back, but his calendar does not.
    assert {row["role"] for row in told} == {"customer", "provider", "ops"}


async def test_quotes_that_stood_by_can_be_taken_when_the_provider_gives_up(town: Town) -> None:
    ada, bob, bea = town.customer(), town.provider(), town.provider()
    job_id = (await town.quoting(ada))["id"]
    quotes = {who: await _quote(who, job_id, 10_000) for who in (bob, bea)}
    accept = f"/jobs/{job_id}/quotes/{quotes[bob]}/accept"
    made = await ada.post(accept, {"version": 1})

    # While Bob has the job nobody else can have it.
    beas = f"/jobs/{job_id}/quotes/{quotes[bea]}/accept"
    assert (await ada.refused(beas, {"version": 1}))["code"] == "WRONG_STATE"

    # Bob gives it back; Bea's quote is open again, Bob's is not to be had.
    await bob.post(f"/assignments/{made['id']}/reject", SICK)
    await town.job(job_id, "quoting")
    assert (await bob.refused(f"/jobs/{job_id}/quotes", _price(9_000)))["code"] == "PROVIDER_EXCLUDED"
    assert (await ada.refused(accept, {"version": 1}))["code"] == "PROVIDER_EXCLUDED"
    assert (await ada.post(beas, {"version": 1}))["providerId"] == bea.id


async def test_given_back_too_often_it_is_for_operations_to_find_somebody(town: Town) -> None:
    ada, olga = town.customer(), town.ops()
    people = [town.provider() for _ in range(4)]
    job_id = (await town.quoting(ada))["id"]
    quotes = {who: await _quote(who, job_id, 10_000) for who in people}

    # Four providers take the job, and all of them give it back.
    for who in people:
        path = f"/jobs/{job_id}/quotes/{quotes[who]}/accept"
        made = await ada.post(path, {"version": 1})
        await who.post(f"/assignments/{made['id']}/reject", SICK)
        back = await town.job(job_id, "quoting", "unfilled")

    # Three returns are taken; the fourth is not.
    assert (back["status"], back["requeueCount"]) == ("unfilled", 3)
    assert set(back["excludedProviders"]) == {who.id for who in people}
    rows = await town.rows("SELECT no FROM requeue WHERE job_id = :id ORDER BY no", id=job_id)
    assert [row["no"] for row in rows] == [1, 2, 3]

    # Olga talks to one of them. He has to be readmitted before the job is his.
    bob = people[0]
    wanted = {"providerId": bob.id, "amount": 11_000, "currency": "EUR", "reason": "He promised by phone"}
    assert (await olga.refused(f"/jobs/{job_id}/assign", wanted))["code"] == "PROVIDER_EXCLUDED"
    readmission = {"providerId": bob.id, "reason": "He is well again"}
    readmitted = await olga.post(f"/jobs/{job_id}/readmit", readmission)
    assert bob.id not in readmitted["excludedProviders"]
    made = await olga.post(f"/jobs/{job_id}/assign", wanted)
    assert (made["providerId"], made["price"]["amount"]) == (bob.id, 11_000)
    assert (await bob.get("/assignments", status="awaiting_schedule"))["items"][0]["id"] == made["id"]


async def test_operations_give_an_unfilled_job_more_time_or_a_wider_search(town: Town) -> None:
    trade = fresh("trade")
    ada, olga = town.customer(), town.ops()
    job_id = (await town.posted(ada, mode="auto", trade=trade))["id"]
    unfilled = await town.job(job_id, "unfilled")

    # Nobody does that trade. More time alone changes nothing ...
    longer = await olga.post(f"/jobs/{job_id}/extend", {"hours": 24, "reason": "Somebody may move here"})
    assert longer["expiresAt"] > unfilled["expiresAt"]
    await town.job(job_id, "unfilled")

    # ... but quotes are open to everybody.
    await olga.post(f"/jobs/{job_id}/widen", {"dispatchMode": "quotes", "reason": "Nobody does this here"})
    await town.job(job_id, "quoting")
    bob = town.provider()
    quote = await _quote(bob, job_id, 20_000)
    made = await ada.post(f"/jobs/{job_id}/quotes/{quote}/accept", {"version": 1})
    assert made["providerId"] == bob.id
    reasons = await town.rows(
        "SELECT command, reason FROM audit_event WHERE entity_id = :id AND actor_role = 'ops'"
        " ORDER BY state_version",
        id=job_id,
    )
    assert [row["command"] for row in reasons] == ["ExtendJob", "WidenDispatch"]


async def test_a_customer_who_keeps_the_job_does_not_use_up_its_returns(town: Town) -> None:
    deal = await town.scheduled()

    await deal.customer.post(f"{deal.path}/cancel", {"reason": "We do not get on", "keepJob": True})
    back = await town.job(deal.job_id, "quoting")

    assert (back["requeueCount"], back["excludedProviders"]) == (0, [])
    (row,) = await town.rows("SELECT counted FROM requeue WHERE job_id = :id", id=deal.job_id)
    assert not row["counted"]


async def test_a_cancelled_visit_ends_the_job_and_frees_the_provider(town: Town) -> None:
    visit = window(days=3)
    deal = await town.scheduled(visit=visit)

    await deal.customer.post(f"{deal.path}/cancel", {"reason": "It works again by itself"})
    await town.job(deal.job_id, "cancelled")

    # The same hour of the same provider can be agreed on by somebody else.
    other = await town.scheduled(visit=visit, provider=deal.provider)
    assert (await other.now())["status"] == "scheduled"


async def test_calling_the_job_off_asks_its_assignment(town: Town) -> None:
    deal = await town.scheduled()

    await deal.customer.post(f"/jobs/{deal.job_id}/cancel", {"reason": "We are moving"})

    await town.job(deal.job_id, "cancelled")
    assert (await deal.written("cancelled"))["cancelReason"] == "We are moving"


async def _quote(who: Person, job_id: str, amount: int) -> str:
    return str((await who.post(f"/jobs/{job_id}/quotes", _price(amount)))["id"])


def _price(amount: int) -> Json:
    return {"amount": amount, "currency": "EUR"}


def _hours(offered: Json) -> float:
    sent, ends = (datetime.fromisoformat(offered[name]) for name in ("sentAt", "expiresAt"))
    return (ends - sent).total_seconds() / 3600
