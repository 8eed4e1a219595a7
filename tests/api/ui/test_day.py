"""A provider's day: visits in their order, the time between, what clashes, and the days around it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from api.showing import Viewing
from api.ui.day import Calendar, Entry, laid_out
from api.ui.moments import Clock
from api.ui.visits import visit_of
from fulfillment.domain.assignment.standing import standing
from fulfillment.domain.people import Party, Role
from fulfillment.domain.window import VisitWindow
from fulfillment.notifications.moments import Place
from tests.api.ui.browser import Browser
from tests.domain.people import BOB, HOUR, MINUTE, NOON, POLICY, assignment
from tests.journeys.people import Json
from tests.journeys.town import Town, fresh

pytestmark = pytest.mark.nightly

OpenBrowser = Callable[..., Awaitable[Browser]]

BERLIN = "Europe/Berlin"
TOMORROW = datetime.now(ZoneInfo(BERLIN)).date() + timedelta(days=2)


def span(start: float, end: float) -> VisitWindow:
    """Return a window by hours after noon."""
    return VisitWindow(start=NOON + start * HOUR, end=NOON + end * HOUR)


def entry(window: VisitWindow, id: str, *, proposed: bool = False) -> Entry:
    shown = Viewing(viewer=BOB, ui="").assignment(standing(assignment(id=id), POLICY))
    visit = visit_of(shown, reader=Party.PROVIDER, names={})
    return Entry(visit=visit, job=None, window=window, proposed=proposed)


class TestHowADayIsLaidOut:
    def test_visits_stand_in_the_order_of_their_beginning(self) -> None:
        late, early = entry(span(4, 5), "late"), entry(span(0, 1), "early")

        assert [each.visit.shown.id for each in laid_out([late, early])] == ["early", "late"]

    def test_the_time_between_two_is_said_if_it_is_worth_it(self) -> None:
        day = laid_out([entry(span(0, 1), "a"), entry(span(2.5, 3), "b"), entry(span(3.1, 4), "c")])

        assert [each.gap for each in day] == [None, 90 * MINUTE, None]

    def test_the_time_after_a_long_visit_counts_from_its_end(self) -> None:
        day = laid_out([entry(span(0, 4), "a"), entry(span(1, 2), "b"), entry(span(5, 6), "c")])

        assert [each.gap for each in day] == [None, None, HOUR]

    def test_two_that_want_the_same_hour_are_named_to_each_other(self) -> None:
        day = laid_out(
            [entry(span(0, 2), "a"), entry(span(1, 3), "b", proposed=True), entry(span(3, 4), "c")]
        )

        assert [len(each.clashes) for each in day] == [1, 1, 0]

    def test_a_visit_that_is_to_be_moved_does_not_clash_with_itself(self) -> None:
        day = laid_out([entry(span(0, 2), "a"), entry(span(1, 3), "a", proposed=True)])

        assert [each.clashes for each in day] == [(), ()]


@pytest.mark.parametrize(("on", "hours"), [((2027, 3, 28), 23), ((2027, 10, 31), 25), ((2027, 6, 1), 24)])
def test_a_day_is_as_long_as_its_clocks_make_it(on: tuple[int, int, int], hours: int) -> None:
    calendar = Calendar(clock=Clock(place=Place.of(BERLIN), now=NOON))

    assert calendar.span(date(*on)).length == hours * HOUR


def at(hour: int, *, lasting: float = 1, zone: str = BERLIN) -> Json:
    """Return a window of the day that these tests look at."""
    start = datetime(TOMORROW.year, TOMORROW.month, TOMORROW.day, hour, tzinfo=ZoneInfo(zone))
    end = start.astimezone(UTC) + timedelta(hours=lasting)
    return {"start": start.isoformat(), "end": end.isoformat()}


async def test_a_day_shows_what_is_agreed_and_what_is_proposed(town: Town, open_browser: OpenBrowser) -> None:
    provider = town.provider()
    first = await town.scheduled(provider=provider, visit=at(9, lasting=2))
    second = await town.scheduled(provider=provider, visit=at(13, lasting=3))
    asked = await town.deal(provider=provider, visit=at(14))
    other_day = await town.scheduled(provider=provider)
    for deal in (first, second, asked, other_day):
        await deal.written()
    bob = await open_browser(provider.id, Role.PROVIDER)

    page = await bob.see(f"/ui/day?on={TOMORROW}")

    links = [each.attributes["href"] for heading in page.root.all("h2") for each in heading.all("a")]
    assert links == [f"/ui/work/{deal.id}" for deal in (first, second, asked)]
    assert "09:00 to 11:00" in page.text
    assert "2 h free" in page.text
    assert "Proposed, not agreed yet" in page.text
    assert page.text.count("At the same time:") == 2
    assert "3 visits" in next(page.root.all("a", **{"aria-current": "date"})).text


async def test_the_day_is_by_the_clocks_of_the_place(town: Town, open_browser: OpenBrowser) -> None:
    provider = town.provider()
    customer = town.customer()
    job = await town.quoting(customer, siteTimezone="Europe/London")
    quote = await provider.post(
        f"/jobs/{job['id']}/quotes", {"amount": 9_000, "currency": "EUR", "window": at(10)}
    )
    made = await customer.post(f"/jobs/{job['id']}/quotes/{quote['id']}/accept", {"version": 1})
    await customer.post(f"/assignments/{made['id']}/schedule/confirm", {"version": 1})
    bob = await open_browser(provider.id, Role.PROVIDER)

    page = await bob.see(f"/ui/day?on={TOMORROW}")

    assert "09:00 to 10:00 Europe/London" in page.text
    assert "By your clock:" in page.text
    assert "10:00 to 11:00 Europe/Berlin" in page.text


async def test_an_empty_day_and_the_way_to_others(open_browser: OpenBrowser) -> None:
    bob = await open_browser(fresh("bob"), Role.PROVIDER)

    today = await bob.see("/ui/day")
    tomorrow = await bob.see(f"/ui/day?on={TOMORROW}")

    assert today.title.startswith("Today, ")
    assert "Nothing on this day" in today.text
    links = {each.attributes["href"] for each in tomorrow.main.all("a")}
    assert {f"/ui/day?on={TOMORROW + timedelta(days=n)}" for n in (-1, 1)} <= links
    assert "/ui/day" in links


@pytest.mark.parametrize("on", ["x", "2027-02-30", "1999-01-01", "9999-12-31"])
async def test_a_day_that_is_none_is_refused(open_browser: OpenBrowser, on: str) -> None:
    bob = await open_browser(fresh("bob"), Role.PROVIDER)

    assert (await bob.ask(f"/ui/day?on={on}")).status_code == 422
