"""Passes that end, consents that are taken back, and a Google that is away, busy or of another opinion."""

import pytest

from fulfillment.gateways.google import GoogleCalendar
from fulfillment.gateways.google_oauth import ConsentGone
from fulfillment.gateways.notices import NoticeFailed, NoticeRefused, WhyRefused
from tests.gateways.google.fake_google import CALENDAR_API, FakeGoogle
from tests.gateways.google.faults import Fault, Trouble
from tests.gateways.google.visits import ID, entry

PASSING = [
    Fault(at=CALENDAR_API),
    Fault(at=CALENDAR_API, status=503),
    Fault(at=CALENDAR_API, status=429, domain="usageLimits", reason="rateLimitExceeded"),
    Fault(at=CALENDAR_API, status=403, domain="usageLimits", reason="rateLimitExceeded"),
    Fault(at=CALENDAR_API, status=403, domain="usageLimits", reason="userRateLimitExceeded"),
    Fault(at=CALENDAR_API, status=403, domain="usageLimits", reason="quotaExceeded"),
    Fault(at=CALENDAR_API, status=408, reason="timeout"),
    Fault(at=CALENDAR_API, trouble=Trouble.DROPS),
    Fault(at=CALENDAR_API, trouble=Trouble.LOSES),
]


class TestPasses:
    async def test_one_pass_does_for_many_calls(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        for sequence in range(3):
            await calendar.put(entry(sequence), ada)

        assert google.accounts.refreshes == 1

    async def test_one_that_ends_early_is_renewed_once(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        await calendar.put(entry(), ada)
        google.accounts.end_passes()

        await calendar.put(entry(1), ada)

        assert google.accounts.refreshes == 2
        assert (
            google.calendars.event("ada", ID)["extendedProperties"]["private"]["fulfillmentSequence"] == "1"
        )

    async def test_a_google_that_takes_no_pass_at_all_is_asked_twice_and_later_again(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        google.meets(*[Fault(at=CALENDAR_API, status=401, reason="authError")] * 2)

        with pytest.raises(NoticeFailed, match="401 authError"):
            await calendar.put(entry(), ada)

        assert google.accounts.refreshes == 2
        await calendar.put(entry(), ada)

    @pytest.mark.parametrize("act", ["put", "remove"])
    async def test_a_consent_taken_back_is_told_apart(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str, act: str
    ) -> None:
        await calendar.put(entry(), ada)
        google.accounts.take_back(ada)

        with pytest.raises(ConsentGone):
            await getattr(calendar, act)(entry(1), ada)

    async def test_a_consent_to_too_little_is_refused(
        self, google: FakeGoogle, calendar: GoogleCalendar
    ) -> None:
        reader = google.accounts.consented("ada", scope="https://www.googleapis.com/auth/calendar.readonly")

        with pytest.raises(NoticeRefused, match="403 insufficientPermissions"):
            await calendar.put(entry(), reader)


class TestTrouble:
    @pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.trouble} {fault.status}")
    async def test_what_passes_is_tried_again_and_then_it_is_there_once(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str, fault: Fault
    ) -> None:
        google.meets(fault)

        with pytest.raises(NoticeFailed):
            await calendar.put(entry(), ada)
        await calendar.put(entry(), ada)

        assert len(google.calendars.shown("ada")) == 1

    @pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.trouble} {fault.status}")
    async def test_a_removal_is_tried_again_as_well(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str, fault: Fault
    ) -> None:
        await calendar.put(entry(), ada)
        google.meets(fault)

        with pytest.raises(NoticeFailed):
            await calendar.remove(entry(1), ada)
        await calendar.remove(entry(1), ada)

        assert google.calendars.shown("ada") == []

    async def test_a_google_that_hangs_is_not_waited_for(self, google: FakeGoogle, ada: str) -> None:
        hurried = google.calendar(timeout=0.2)
        google.meets(Fault(at=CALENDAR_API, trouble=Trouble.HANGS))

        with pytest.raises(NoticeFailed, match="ReadTimeout"):
            await hurried.put(entry(), ada)
        await hurried.aclose()

    @pytest.mark.parametrize(
        ("status", "reason"),
        [(400, "invalid"), (403, "forbidden"), (403, "requiredAccessLevel"), (404, "notFound")],
    )
    async def test_what_does_not_pass_is_refused(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str, status: int, reason: str
    ) -> None:
        google.meets(Fault(at=CALENDAR_API, status=status, reason=reason))

        with pytest.raises(NoticeRefused, match=f"{status} {reason}") as refused:
            await calendar.put(entry(), ada)

        assert refused.value.reason is WhyRefused.REJECTED

    async def test_an_answer_that_is_none_is_tried_again(
        self, google: FakeGoogle, calendar: GoogleCalendar, ada: str
    ) -> None:
        await calendar.put(entry(), ada)
        google.meets(Fault(at=CALENDAR_API, trouble=Trouble.BABBLES))

        with pytest.raises(NoticeFailed, match="not JSON"):
            await calendar.remove(entry(1), ada)

    async def test_a_google_that_is_away_is_asked_again(self, ada: str) -> None:
        away = FakeGoogle()
        async with away.at_work():
            calendar, ben = away.calendar(), away.accounts.consented("ben")
            await calendar.put(entry(), ben)

        with pytest.raises(NoticeFailed, match="cannot be reached"):
            await calendar.put(entry(1), ben)
        await calendar.aclose()
