"""Visits in people's calendars: their own file and links, and a feed that can be taken back."""

import json
import logging
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from icalendar import Calendar
from sqlalchemy import text
from structlog.testing import capture_logs

from doors import HOME
from tests.journeys import front
from tests.journeys.people import Person, problem_of
from tests.journeys.town import Deal, Town, fresh, window

TYPE = "text/calendar; charset=utf-8; method=PUBLISH"


def events(answer: httpx2.Response) -> list[dict[str, Any]]:
    """Return the events of a calendar file, by the names of their properties."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, TYPE), answer.text
    calendar = Calendar.from_ical(answer.content)
    assert str(calendar["METHOD"]) == "PUBLISH"
    return [dict(event) for event in calendar.walk("VEVENT")]


async def agreed(town: Town) -> Deal:
    deal = await town.scheduled()
    await deal.written("scheduled")
    return deal


async def feed_of(who: Person) -> str:
    url: str = (await who.post("/calendar/feed"))["url"]
    assert url.startswith(f"{HOME.api}/calendar/")
    return url.removeprefix(HOME.api)


class TestOnesOwnVisit:
    async def test_each_side_gets_its_own_file(self, town: Town) -> None:
        deal = await agreed(town)

        hers = await deal.customer.ask("GET", f"{deal.path}/calendar.ics")
        his = await deal.provider.ask("GET", f"{deal.path}/calendar.ics")

        (mine,), (other,) = events(hers), events(his)
        assert str(mine["UID"]) == f"assignment-{deal.id}@{HOME.calendar_domain}" == str(other["UID"])
        assert (mine["SEQUENCE"], mine["STATUS"], "ATTENDEE" in mine) == (0, "CONFIRMED", False)
        assert (str(mine["SUMMARY"]), str(other["SUMMARY"])) == (
            "Mend the boiler (the provider)",
            "Mend the boiler (the customer)",
        )
        shown = await deal.written()
        assert mine["DTSTART"].dt.isoformat().replace("+00:00", "Z") == shown["scheduledStart"]
        assert (f"/ui/jobs/{deal.job_id}" in mine["URL"], f"/ui/work/{deal.id}" in other["URL"]) == (
            True,
            True,
        )
        assert hers.headers["Content-Disposition"] == 'attachment; filename="visit.ics"'
        assert hers.headers["Cache-Control"] == "private, no-cache"

    async def test_whoever_has_it_is_not_sent_it_again_until_it_changes(self, town: Town) -> None:
        deal = await agreed(town)
        path = f"{deal.path}/calendar.ics"
        first = await deal.customer.ask("GET", path)
        tag = first.headers["ETag"]

        for named in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            same = await deal.customer.ask("GET", path, If_None_Match=named)
            assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
        await deal.propose(2, days=7)
        await deal.confirm(3)
        await deal.written()
        moved = await deal.customer.ask("GET", path, If_None_Match=tag)

        assert moved.headers["ETag"] != tag
        assert [event["SEQUENCE"] for event in events(moved)] == [1]

    async def test_the_names_are_those_of_the_directory(self, town: Town) -> None:
        provider = await town.tradesman(fresh("roof"))
        deal = await town.scheduled(provider=provider)
        await deal.written("scheduled")

        (event,) = events(await deal.customer.ask("GET", f"{deal.path}/calendar.ics"))

        assert str(event["SUMMARY"]) == f"Mend the boiler ({provider.id} & Sons)"
        assert f"{provider.id}@example.org" not in str(event)

    async def test_the_links_are_ways_into_other_calendars(self, town: Town) -> None:
        deal = await agreed(town)

        links = await deal.customer.get(f"{deal.path}/calendar")

        assert links.keys() == {"icsUrl", "googleUrl", "outlookUrl"}
        assert links["icsUrl"] == f"{HOME.api}{deal.path}/calendar.ics"
        assert links["googleUrl"].startswith("https://calendar.google.com/")
        assert links["outlookUrl"].startswith("https://outlook.live.com/")

    @pytest.mark.parametrize("what", ["calendar", "calendar.ics"])
    async def test_without_an_agreed_visit_there_is_nothing_to_show(self, town: Town, what: str) -> None:
        open_, gone = await town.deal(visit=window()), await town.scheduled()
        await gone.provider.post(f"{gone.path}/reject", {"reasonCode": "sick"})

        for deal in (open_, gone):
            await deal.written()
            refused = await deal.customer.refused(f"{deal.path}/{what}", method="GET")
            assert (refused["code"], refused["status"]) == ("WRONG_STATE", 409)
            assert refused["snapshot"]["id"] == deal.id

    async def test_what_is_switched_off_is_not_there(self, town: Town, town_url: str) -> None:
        deal = await agreed(town)
        path = await feed_of(deal.customer)
        off = replace(HOME, with_files=False, with_google_links=False, with_outlook_links=False)
        app = front.assembled(database_url=town_url, engine=front.address_of(town.engine), house=off)
        async with front.knocking(app) as http:
            ada = replace(deal.customer, http=http)

            assert await ada.get(f"{deal.path}/calendar") == {
                "icsUrl": None,
                "googleUrl": None,
                "outlookUrl": None,
            }
            assert (await ada.refused(f"{deal.path}/calendar.ics", method="GET"))["status"] == 404
            assert (await ada.refused("/calendar/feed", {}))["status"] == 404
            assert (await ada.refused(path, method="GET"))["status"] == 404
            assert (await ada.ask("DELETE", "/calendar/feed")).status_code == 204


class TestTheFeed:
    async def test_has_the_visits_that_are_agreed_and_no_others(self, town: Town) -> None:
        deal = await agreed(town)
        second = await town.scheduled(customer=deal.customer, visit=window(days=9))
        gone = await town.scheduled(customer=deal.customer, visit=window(days=11))
        await gone.customer.post(f"{gone.path}/cancel", {"reason": "no need"})
        await town.deal(customer=deal.customer, visit=window(days=12))
        for each in (second, gone):
            await each.written()

        found = events(await town.http.get(await feed_of(deal.customer)))

        uids = [str(event["UID"]) for event in found]
        assert uids == [f"assignment-{each.id}@{HOME.calendar_domain}" for each in (deal, second)]

    async def test_is_that_of_one_role(self, town: Town) -> None:
        deal = await agreed(town)
        also = town.person(deal.provider.role, deal.customer.id)

        assert len(events(await town.http.get(await feed_of(deal.customer)))) == 1
        assert events(await town.http.get(await feed_of(also))) == []

    async def test_goes_back_a_month(self, town: Town) -> None:
        deal = await agreed(town)
        path = await feed_of(deal.customer)
        move = text(
            "UPDATE assignment SET scheduled_start = now() - :ago * interval '1 day', scheduled_end = now()"
            " WHERE id = :id"
        )

        for ago, there in ((29, 1), (31, 0)):
            async with town.sessions.begin() as session:
                await session.execute(move, {"ago": ago, "id": deal.id})
            assert len(events(await town.http.get(path))) == there

    async def test_is_for_calendars_to_fetch_again(self, town: Town) -> None:
        deal = await agreed(town)
        path = await feed_of(deal.customer)

        answer = await town.http.get(path)
        same = await town.http.get(path, headers={"If-None-Match": answer.headers["ETag"]})

        assert answer.headers["Cache-Control"] == "private, max-age=300"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "RateLimit-Limit" in answer.headers
        assert (same.status_code, same.content) == (304, b"")

    async def test_another_token_or_none_takes_the_one_before_back(self, town: Town) -> None:
        ada = town.customer()
        first, second = await feed_of(ada), await feed_of(ada)

        assert first != second
        assert (await town.http.get(first)).status_code == 404
        assert (await town.http.get(second)).status_code == 200
        shown = await ada.get("/calendar")
        assert (shown["feed"]["createdAt"][-1], shown["google"]) == ("Z", None)
        for _ in range(2):
            gone = await ada.ask("DELETE", "/calendar/feed")
            assert (gone.status_code, gone.content) == (204, b"")
        assert problem_of(await town.http.get(second))["code"] == "NOT_FOUND"
        assert (await ada.get("/calendar"))["feed"] is None

    @pytest.mark.parametrize("token", ["x", "a" * 43, "a" * 101, "%00", "..%2f", "a" * 20 + "%27--"])
    async def test_what_is_no_token_is_not_found(self, town: Town, token: str) -> None:
        assert problem_of(await town.http.get(f"/calendar/{token}.ics"))["code"] == "NOT_FOUND"

    async def test_only_a_hash_of_the_token_is_kept(self, town: Town) -> None:
        ada = town.customer()
        path = await feed_of(ada)

        rows = await town.rows("SELECT * FROM calendar_feed WHERE person_id = :id", id=ada.id)

        assert len(_token(path)) >= 43
        assert _token(path) not in str(rows)

    async def test_its_token_is_in_no_log_line_and_no_metric(
        self, town: Town, caplog: pytest.LogCaptureFixture
    ) -> None:
        path = await feed_of((await agreed(town)).customer)
        caplog.set_level(logging.DEBUG)

        with capture_logs() as lines:
            for asked in (path, path[:-5] + "x.ics", f"{path}/more", path.removesuffix(".ics")):
                await town.http.get(asked)
            await town.http.post(path)

        # The client of this test says whom it asks; that is no line of ours.
        ours = [each.getMessage() for each in caplog.records if not each.name.startswith("http")]
        said = json.dumps([lines, ours], default=str) + (await town.http.get("/metrics")).text
        assert {line["route"] for line in lines if line["event"] == "http.request.answered"} >= {
            "/calendar/{token}.ics"
        }
        assert _token(path)[:12] not in said

    async def test_strangers_are_counted(self, town: Town, town_url: str) -> None:
        app = front.assembled(database_url=town_url, engine=front.address_of(town.engine), rate="1/minute")
        async with front.knocking(app) as http:
            answers = [await http.get("/calendar/" + "a" * 43 + ".ics") for _ in range(2)]

        assert answers[1].status_code == 429


def _token(path: str) -> str:
    return path.removeprefix("/calendar/").removesuffix(".ics")
