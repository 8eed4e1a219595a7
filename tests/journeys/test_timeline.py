"""One question answers what was sent and what comes, to whom, when and why (domain.md, 3.2 and 3.5)."""

from dataclasses import replace

from sqlalchemy import event

from devstack.waiting import until
from fulfillment.domain.people import Role
from tests.journeys import front
from tests.journeys.people import Json, Person
from tests.journeys.town import Deal, Town, window


async def known(town: Town, role: Role) -> Person:
    """Return somebody whom mail reaches."""
    who = town.person(role)
    await town.http.post("/dev/token", json={"sub": who.id, "role": role.value})
    return who


async def reminded(town: Town) -> Deal:
    """Return a deal half a day before its visit; both were reminded, and mail reaches the customer alone."""
    deal = await town.scheduled(customer=await known(town, Role.CUSTOMER))
    await deal.skip(hours=24 * 4.5)
    await deal.written()
    return deal


async def timeline(deal: Deal, who: Person) -> Json:
    """Return the timeline once all that is owed has been seen to."""

    async def look() -> Json:
        return await who.get(f"{deal.path}/timeline")

    def is_over(it: Json) -> bool:
        return not {"waiting", "claimed", "planned"} & {
            each["status"] for each in (*it["reminders"], *it["messages"])
        }

    return await until(look, is_over, f"all messages about {deal.id} to be sent or given up")


async def test_what_comes_says_why_it_comes_then(town: Town) -> None:
    deal = await town.deal(visit=window(), customer=await known(town, Role.CUSTOMER))

    coming = (await timeline(deal, deal.customer))["coming"]

    assert {each["why"] for each in coming} >= {"half of the patience to confirm (v1) is used up then"}
    assert {(each["zone"], each["movedFrom"]) for each in coming} == {("Europe/Berlin", None)}


async def test_a_reminder_says_why_somebody_did_or_did_not_get_it(town: Town) -> None:
    deal = await reminded(town)

    hers = (await timeline(deal, deal.customer))["reminders"]
    his = (await timeline(deal, deal.provider))["reminders"]

    assert [(each["kind"], each["status"]) for each in hers] == [("visit_24h", "sent")]
    assert (hers[0]["rule"], hers[0]["swept"], hers[0]["stateVersion"] > 0) == (
        "visit_1440m/v1/customer",
        False,
        True,
    )
    sent = hers[0]["sentAt"][:19]
    assert hers[0]["why"] == f"the reminder 24 hours before the visit was sent by email at {sent}Z"
    assert [(each["channel"], each["n"], each["outcome"]) for each in hers[0]["attempts"]] == [
        ("email", 1, "sent")
    ]
    assert [(each["status"], each["reason"]) for each in his] == [("failed", "no_address")]
    assert his[0]["why"].endswith("could not be sent: we know no address to send it to")
    assert isinstance(his[0]["lateBySeconds"], int)


async def test_what_the_confirmation_has_said_is_not_said_again(town: Town) -> None:
    deal = await town.scheduled(visit=window(days=0.5))
    await deal.skip(hours=0.1)
    await deal.written()

    covered = [
        each for each in (await timeline(deal, town.ops()))["reminders"] if each["kind"] == "visit_24h"
    ]

    assert {each["status"] for each in covered} == {"skipped_covered"}
    assert {each["why"].partition(": ")[2] for each in covered} == {
        "the visit was agreed after its moment, and the confirmation said all of it"
    }


async def test_other_messages_are_there_with_every_attempt(town: Town) -> None:
    deal = await reminded(town)

    messages = (await timeline(deal, deal.customer))["messages"]

    told = {each["event"]: each for each in messages}
    assert told.keys() == {"notifyScheduleProposed", "notifyScheduleConfirmed"}
    booked = told["notifyScheduleConfirmed"]
    assert (booked["recipientId"], booked["status"], booked["reason"]) == (deal.customer.id, "sent", None)
    assert [each["outcome"] for each in booked["attempts"]] == ["sent"]


async def test_each_side_sees_its_own_and_nobody_elses_name(town: Town) -> None:
    deal = await reminded(town)

    hers, his = await timeline(deal, deal.customer), await timeline(deal, deal.provider)
    all_of_it = await timeline(deal, town.ops())

    assert deal.provider.id not in str(hers)
    assert deal.customer.id not in str(his)
    assert {each["to"] for each in hers["coming"]} == {"customer"}
    for what in ("reminders", "messages"):
        assert len(all_of_it[what]) == len(hers[what]) + len(his[what])


async def test_the_steps_are_all_there_the_last_first(town: Town) -> None:
    deal = await town.scheduled()
    await deal.written()

    steps = (await deal.customer.get(f"{deal.path}/timeline"))["steps"]

    assert [(each["number"], each["command"], each["actorRole"]) for each in steps] == [
        (2, "ConfirmWindow", "customer"),
        (1, "OpenAssignment", "system"),
    ]
    assert (steps[0]["from"], steps[0]["to"]) == ("awaiting_schedule", "scheduled")
    assert steps[0].keys() == {"number", "command", "actorRole", "from", "to", "at"}


async def test_however_much_there_is_the_database_is_asked_as_often(town: Town, town_url: str) -> None:
    few, many = await town.deal(), await town.deal()
    for version in range(6):
        await many.propose(version)
    for deal in (few, many):
        await deal.written()
    app = front.assembled(database_url=town_url, engine=front.address_of(town.engine))
    asked: list[str] = []
    event.listen(
        app.state.desk.database.sync_engine,
        "before_cursor_execute",
        lambda *told: asked.append(told[2]),
    )

    async with front.knocking(app) as http:
        counts = []
        for deal in (few, many):
            asked.clear()
            await replace(deal.customer, http=http).get(f"{deal.path}/timeline")
            counts.append(len(asked))

    assert counts[0] == counts[1] <= 7
