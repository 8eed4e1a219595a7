"""A visit in somebody's calendar: once, up to date, and theirs."""

from datetime import timedelta
from typing import Any

import pytest

from fulfillment.gateways.google import TRIES, GoogleCalendar, event_id
from fulfillment.gateways.notices import NoticeFailed
from tests.gateways.google.fake_google import CALENDAR_API, FakeGoogle
from tests.gateways.google.faults import Fault
from tests.gateways.google.visits import ID, NINE, entry


def starts(google: FakeGoogle) -> list[str]:
    """Return when the visits in Ada's calendar start."""
    return [event["start"]["dateTime"] for event in google.calendars.shown("ada")]


class TestPutting:
    async def test_the_visit_is_in_the_calendar(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        await calendar.put(entry(), ada)

        (shown,) = google.calendars.shown("ada")
        del shown["etag"]
        assert shown == {
            "id": ID,
            "status": "confirmed",
            "summary": "Boiler service",
            "description": "Bob comes by.",
            "location": "12 Elm Street, Springfield",
            "start": {"dateTime": "2026-03-09T09:00:00+00:00", "timeZone": "America/New_York"},
            "end": {"dateTime": "2026-03-09T11:00:00+00:00", "timeZone": "America/New_York"},
            "source": {"title": "Boiler service", "url": "https://us.example/assignments/a1"},
            "extendedProperties": {"private": {"fulfillmentSequence": "0"}},
        }

    async def test_a_repeat_adds_and_changes_nothing(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        await calendar.put(entry(), ada)
        before = google.calendars.event("ada", ID)

        for _ in range(2):
            await calendar.put(entry(), ada)

        assert google.calendars.shown("ada") == [before]

    async def test_a_newer_revision_moves_it_and_so_does_a_repeat_of_it(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        await calendar.put(entry(), ada)

        for _ in range(2):
            await calendar.put(entry(1, start=NINE + timedelta(days=1)), ada)

        assert starts(google) == ["2026-03-10T09:00:00+00:00"]

    async def test_an_older_revision_that_comes_late_changes_nothing(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        for sequence, day in ((0, 0), (2, 2), (1, 1)):
            await calendar.put(entry(sequence, start=NINE + timedelta(days=day)), ada)

        assert starts(google) == ["2026-03-11T09:00:00+00:00"]

    async def test_what_the_person_added_by_hand_stays(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        await calendar.put(entry(), ada)
        google.calendars.edit("ada", ID, colorId="11", summary="plumber!")

        await calendar.put(entry(1), ada)

        (shown,) = google.calendars.shown("ada")
        assert (shown["colorId"], shown["summary"]) == ("11", "Boiler service")

    async def test_two_people_have_an_event_each(self, google: FakeGoogle, calendar: GoogleCalendar) -> None:
        for who in ("ada", "bob"):
            await calendar.put(entry(id=event_id("a1", who)), google.accounts.consented(who))

        assert [len(google.calendars.shown(who)) for who in ("ada", "bob")] == [1, 1]

    async def test_google_writes_to_nobody(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        for sequence in range(2):
            await calendar.put(entry(sequence), ada)
        await calendar.remove(entry(2), ada)

        assert google.calendars.mails == []


class TestAfterThePersonDeletedIt:
    async def test_a_repeat_leaves_it_deleted(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        await calendar.put(entry(), ada)
        google.calendars.edit("ada", ID, status="cancelled")

        await calendar.put(entry(), ada)

        assert google.calendars.shown("ada") == []

    async def test_a_visit_that_moves_is_back(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        await calendar.put(entry(), ada)
        google.calendars.edit("ada", ID, status="cancelled")

        await calendar.put(entry(1, start=NINE + timedelta(days=1)), ada)

        assert starts(google) == ["2026-03-10T09:00:00+00:00"]

    async def test_an_event_that_google_has_forgotten_is_put_anew(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        await calendar.put(entry(), ada)
        google.calendars.forget("ada", ID)

        await calendar.put(entry(1), ada)

        assert len(google.calendars.shown("ada")) == 1

    async def test_removing_it_is_fine(self, google: FakeGoogle, calendar: GoogleCalendar, ada: str) -> None:
        await calendar.put(entry(), ada)
        google.calendars.edit("ada", ID, status="cancelled")

        await calendar.remove(entry(2), ada)
        await calendar.put(entry(1), ada)

        assert google.calendars.shown("ada") == []

    async def test_removing_it_is_fine_even_where_google_lets_nobody_touch_it(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        await calendar.put(entry(), ada)
        google.calendars.edit("ada", ID, status="cancelled")
        forbidden = Fault(at=CALENDAR_API, status=403, reason="forbidden")
        google.calendars.meanwhile("GET", lambda: google.meets(forbidden))

        await calendar.remove(entry(1), ada)

        assert google.calendars.shown("ada") == []
        assert not google.app.waiting


class TestRemoving:
    async def test_it_is_out_of_the_calendar_and_a_repeat_is_fine(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        await calendar.put(entry(), ada)

        for _ in range(3):
            await calendar.remove(entry(1), ada)

        assert google.calendars.shown("ada") == []

    async def test_where_nothing_is_nothing_is_done(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        await calendar.remove(entry(1), ada)

        assert google.calendars.asked == ["GET"]

    async def test_an_older_revision_that_comes_late_does_not_bring_it_back(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        await calendar.put(entry(), ada)
        await calendar.remove(entry(2), ada)

        await calendar.put(entry(1), ada)

        assert google.calendars.shown("ada") == []

    async def test_a_removal_that_comes_late_leaves_the_newer_visit(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        await calendar.put(entry(2), ada)

        await calendar.remove(entry(1), ada)

        assert len(google.calendars.shown("ada")) == 1

    async def test_it_comes_back_when_it_is_agreed_again(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        await calendar.put(entry(), ada)
        await calendar.remove(entry(1), ada)

        await calendar.put(entry(2), ada)

        assert len(google.calendars.shown("ada")) == 1

    async def test_one_that_was_cut_short_is_finished_by_a_repeat(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        await calendar.put(entry(), ada)
        google.calendars.meanwhile("PATCH", lambda: google.meets(Fault(at=CALENDAR_API)))
        with pytest.raises(NoticeFailed):
            await calendar.remove(entry(1), ada)

        await calendar.remove(entry(1), ada)

        assert google.calendars.shown("ada") == []


class TestTwoAtOnce:
    async def test_a_newer_revision_that_slips_in_between_stays(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        await calendar.put(entry(), ada)
        newer = {"private": {"fulfillmentSequence": "5"}}
        google.calendars.meanwhile(
            "PATCH", lambda: google.calendars.edit("ada", ID, summary="the newest", extendedProperties=newer)
        )

        await calendar.put(entry(1), ada)

        assert [event["summary"] for event in google.calendars.shown("ada")] == ["the newest"]

    @pytest.mark.parametrize("method", ["PATCH", "DELETE"])
    async def test_an_edit_that_slips_in_between_holds_nothing_up(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str, method: str
    ) -> None:
        await calendar.put(entry(), ada)
        google.calendars.meanwhile(method, lambda: google.calendars.edit("ada", ID, colorId="11"))

        await calendar.remove(entry(1), ada)

        assert google.calendars.shown("ada") == []

    async def test_an_event_that_never_rests_is_tried_again_later(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        await calendar.put(entry(), ada)

        def edited() -> None:
            google.calendars.edit("ada", ID, colorId="11")
            google.calendars.meanwhile("PATCH", edited)

        edited()

        with pytest.raises(NoticeFailed, match="keeps changing"):
            await calendar.put(entry(1), ada)
        assert google.calendars.asked.count("PATCH") == TRIES


class TestEntries:
    def test_the_id_follows_from_whose_visit_it_is(self) -> None:
        ids = [event_id(*parts) for parts in (("a1", "ada"), ("a1", "bob"), ("a2", "ada"), ("a1a", "da"))]

        assert event_id("a1", "ada") == ids[0]
        assert len(set(ids)) == len(ids)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"id": "a1"},
            {"id": "wxyz-1"},
            {"id": ID.upper()},
            {"sequence": -1},
            {"url": "mailto:ada@us.example"},
        ],
    )
    def test_what_google_would_not_take_is_no_entry(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=next(iter(wrong))):
            entry(**wrong)
