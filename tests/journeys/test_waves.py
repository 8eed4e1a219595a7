"""Offers go out in waves: some answer, some stay silent, and one provider has the job in the end."""

import asyncio

from devstack.waiting import until
from tests.journeys.people import Json, Person
from tests.journeys.town import Town, fresh

HOLIDAY = {"reasonCode": "on_holiday"}


async def test_who_declines_is_skipped_who_is_silent_expires_and_the_next_wave_goes_out(town: Town) -> None:
    trade = fresh("trade")
    ada = town.customer()
    bob, bea, ben, eve, dan = [await town.tradesman(trade) for _ in range(5)]

    # The three who came to town last are asked first.
    job_id = (await town.posted(ada, mode="auto", trade=trade))["id"]
    first = {who: await offer(who, job_id) for who in (dan, eve, ben)}
    assert not await bob.all("/offers")
    assert {each["wave"] for each in first.values()} == {1}
    assert {each["amount"] for each in first.values()} == {30_000}

    # Dan declines. Half of the time goes by, and the silent ones are reminded; then all of it does.
    declined = await dan.post(f"/offers/{first[dan]['id']}/decline", HOLIDAY)
    assert declined["status"] == "declined"
    await town.skip(jobId=job_id, hours=2.1)

    # The second wave reaches the other two, and only them.
    second = {who: await offer(who, job_id) for who in (bea, bob)}
    assert {each["wave"] for each in second.values()} == {2}
    assert len(await dan.all("/offers")) == 1

    # Eve is too late, Bea is not, and Bob hears that somebody was quicker.
    assert (await eve.refused(f"/offers/{first[eve]['id']}/accept"))["code"] == "OFFER_EXPIRED"
    made = await bea.post(f"/offers/{second[bea]['id']}/accept")
    assert (made["providerId"], made["price"]["amount"]) == (bea.id, 30_000)
    late = await bob.refused(f"/offers/{second[bob]['id']}/accept")
    assert (late["code"], late["snapshot"]["status"]) == ("OFFER_FILLED", "accepted")

    # All of it is on record.
    rows = await town.rows_once(
        lambda rows: "accepted" in {row["status"] for row in rows},
        "SELECT provider_id, wave, status, decline_reason FROM offer WHERE job_id = :id",
        id=job_id,
    )
    assert {row["provider_id"]: (row["wave"], row["status"]) for row in rows} == {
        dan.id: (1, "declined"),
        eve.id: (1, "expired"),
        ben.id: (1, "expired"),
        bea.id: (2, "accepted"),
        bob.id: (2, "filled"),
    }
    reminded = await town.rows(
        "SELECT recipient_id FROM reminder WHERE job_id = :id AND kind = 'offer_expiring'", id=job_id
    )
    assert {row["recipient_id"] for row in reminded} == {eve.id, ben.id}


async def test_when_all_of_a_wave_have_declined_the_next_one_follows_at_once(town: Town) -> None:
    trade = fresh("trade")
    last, *first = [await town.tradesman(trade) for _ in range(4)]
    job_id = (await town.posted(town.customer(), mode="auto", trade=trade))["id"]

    for who in first:
        await who.post(f"/offers/{(await offer(who, job_id))['id']}/decline", HOLIDAY)

    assert (await offer(last, job_id))["wave"] == 2


async def test_offers_and_quotes_run_side_by_side_and_the_customer_may_choose_first(town: Town) -> None:
    trade = fresh("trade")
    ada, cheap, asked = town.customer(), town.provider(), await town.tradesman(trade)
    job_id = (await town.posted(ada, mode="both", trade=trade))["id"]
    made = await offer(asked, job_id)

    # Ada takes a quote while the offer still stands.
    quote = await cheap.post(f"/jobs/{job_id}/quotes", {"amount": 9_000, "currency": "EUR"})
    assignment = await ada.post(f"/jobs/{job_id}/quotes/{quote['id']}/accept", {"version": 1})

    assert assignment["providerId"] == cheap.id
    assert (await asked.refused(f"/offers/{made['id']}/accept"))["code"] == "OFFER_FILLED"


async def test_with_nobody_left_to_ask_it_goes_on_with_quotes(town: Town) -> None:
    trade = fresh("trade")
    ada, only, other = town.customer(), await town.tradesman(trade), town.provider()
    job_id = (await town.posted(ada, mode="both", trade=trade))["id"]
    made = await offer(only, job_id)

    await only.post(f"/offers/{made['id']}/decline", HOLIDAY)
    await town.job(job_id, "quoting")

    assert (await other.post(f"/jobs/{job_id}/quotes", {"amount": 1, "currency": "EUR"}))["status"] == "open"


async def test_with_nobody_left_to_ask_an_auto_job_goes_to_operations(town: Town) -> None:
    job_id = (await town.posted(town.customer(), mode="auto", trade=fresh("trade")))["id"]

    await town.job(job_id, "unfilled")

    owed = await town.rows(
        "SELECT recipient_role AS role FROM notification_outbox"
        " WHERE entity_id = :id AND event = 'notifyJobUnfilled'",
        id=job_id,
    )
    assert {row["role"] for row in owed} == {"customer", "ops"}


async def test_two_who_accept_at_the_same_moment_do_not_both_have_it(town: Town) -> None:
    trade = fresh("trade")
    rivals = [await town.tradesman(trade) for _ in range(3)]
    job_id = (await town.posted(town.customer(), mode="auto", trade=trade))["id"]
    offers = [await offer(who, job_id) for who in rivals]

    answers = await asyncio.gather(
        *(
            who.ask("POST", f"/offers/{each['id']}/accept", {})
            for who, each in zip(rivals, offers, strict=True)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.is_error} == {"OFFER_FILLED"}
    live = await town.rows_once(bool, "SELECT provider_id FROM assignment WHERE job_id = :id", id=job_id)
    assert len(live) == 1


async def offer(who: Person, job_id: str) -> Json:
    """Return the open offer of that job to `who`, once they have it."""

    async def look() -> Json:
        return await who.get("/offers", status="open", limit=100)

    def fits(it: Json) -> bool:
        return any(each["jobId"] == job_id for each in it["items"])

    found = await until(look, fits, f"an offer of {job_id} to {who.id}")
    return next(each for each in found["items"] if each["jobId"] == job_id)
