"""A customer posts a job: what it takes, and what is said of what cannot be."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from fulfillment.domain.people import Role
from tests.api.ui.browser import Browser, Page, page_of
from tests.api.ui.test_agreeing import BERLIN, instant, local, moved_to
from tests.journeys.town import Town, fresh

OpenBrowser = Callable[..., Awaitable[Browser]]

JOB = {
    "title": "Mend the boiler",
    "description": "It drips.\nOften.",
    "category": "heating",
    "siteAddress": "Lindenstrasse 12, Berlin",
    "siteTimezone": BERLIN,
    "price": "240,50",
    "currency": "EUR",
    "dispatchMode": "quotes",
}


async def form(open_browser: OpenBrowser) -> tuple[Browser, Page]:
    ada = await open_browser(fresh("ada"), Role.CUSTOMER)
    return ada, await ada.see("/ui/jobs/new")


async def test_a_job_is_posted_as_it_was_typed(open_browser: OpenBrowser, town: Town) -> None:
    ada, page = await form(open_browser)
    wish = {"start1": local(hour=8), "end1": local(hour=18)}

    answer = await ada.submit(page, "job", **JOB, **wish)

    posted = await ada.follow(answer)
    assert posted.said.startswith("Your job is posted.")
    assert posted.title == "Mend the boiler"
    assert "240.50 EUR" in posted.text
    (path,) = [answer.headers["Location"].partition("?")[0]]
    kept = await town.ops().get(path.removeprefix("/ui"))
    assert kept["priceCap"] == {"amount": 24_050, "currency": "EUR"}
    assert kept["description"] == "It drips.\nOften."
    assert kept["wantedWindows"] == [
        {"start": instant(wish["start1"], BERLIN), "end": instant(wish["end1"], BERLIN)}
    ]
    assert (kept["dispatchMode"], kept["category"], kept["siteTimezone"]) == ("quotes", "heating", BERLIN)
    assert path in [each.attributes["href"] for each in (await ada.see("/ui/jobs")).main.all("a")]


async def test_the_place_has_the_clock_of_whoever_posts_unless_they_say_so(
    open_browser: OpenBrowser, town: Town
) -> None:
    id = fresh("ada")
    await moved_to(town, id, "America/New_York", Role.CUSTOMER)
    ada = await open_browser(id, Role.CUSTOMER)
    page = await ada.see("/ui/jobs/new")
    assert page.fields("job")["siteTimezone"] == "America/New_York"
    wish = {"start2": local("Asia/Tokyo", hour=9), "end2": local("Asia/Tokyo", hour=11)}

    answer = await ada.submit(page, "job", **{**JOB, "siteTimezone": "Asia/Tokyo"}, **wish)

    kept = await town.ops().get(answer.headers["Location"].partition("?")[0].removeprefix("/ui"))
    start = datetime.fromisoformat(kept["wantedWindows"][0]["start"])
    assert start.astimezone(ZoneInfo("Asia/Tokyo")).hour == 9


async def test_sending_it_twice_posts_it_once(open_browser: OpenBrowser) -> None:
    ada, page = await form(open_browser)

    first, second = [await ada.submit(page, "job", **JOB) for _ in range(2)]

    assert first.headers["Location"] == second.headers["Location"]
    assert len(list((await ada.see("/ui/jobs")).main.all("p", class_="row-title"))) == 1


async def test_everything_that_is_wrong_is_said_at_once(open_browser: OpenBrowser) -> None:
    ada, page = await form(open_browser)
    typed = {**JOB, "title": " ", "price": "a lot", "siteTimezone": "Mars/Olympus", "description": "It drips"}

    again = page_of(await ada.submit(page, "job", **typed))

    assert again.status == 422
    assert sorted(again.errors("job")) == [
        "Please choose the zone by whose clocks people live there.",
        "Please fill this in.",
        "This is no amount such as 240.00.",
    ]
    assert again.fields("job")["description"] == "It drips"
    wrong = {each.attributes["name"] for each in again.form("job").all() if "aria-invalid" in each.attributes}
    assert wrong == {"title", "price", "siteTimezone"}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"price": ""}, "Please fill this in."),
        ({"price": "0"}, "This has to be more than nothing."),
        ({"price": "12.345"}, "EUR has 2 decimals."),
        ({"price": "999999999"}, "This is more than we can take on."),
        ({"title": "x" * 201}, "String should have at most 200 characters."),
        ({"dispatchMode": "prayer"}, "Input should be"),
        ({"start1": local(hour=8)}, "Please fill this in."),
        ({"start1": local(hour=8), "end1": local(hour=7)}, "This is not after the beginning."),
        (
            {"start1": "2027-03-28T02:30", "end1": "2027-03-28T09:00"},
            "The clocks jump over this time on that day.",
        ),
        ({"start1": "soon", "end1": local(hour=8)}, "This is no day and time."),
        ({"start1": local(days=-2), "end1": local(days=-2, hour=12)}, "A visit lasts from 15 min"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(
    open_browser: OpenBrowser, changed: dict[str, str], says: str
) -> None:
    ada, page = await form(open_browser)

    again = page_of(await ada.submit(page, "job", **{**JOB, **changed}))

    assert again.status == 422
    (told,) = again.errors("job")
    assert told.startswith(says)
    assert again.fields("job")["title"] == {**JOB, **changed}["title"]


async def test_a_form_of_somebody_else_posts_nothing(open_browser: OpenBrowser) -> None:
    ada, page = await form(open_browser)
    sent = page.fields("job") | JOB | {"csrf": "made up"}

    answer = await ada.post("/ui/jobs/new", sent)

    assert answer.status_code == 403
    assert "You have no jobs yet" in (await ada.see("/ui/jobs")).text


async def test_an_hour_that_comes_twice_is_the_first_of_them(open_browser: OpenBrowser, town: Town) -> None:
    # What is wished for need not be exact, so nobody is asked which of the two it is.
    year = datetime.now(UTC).year + (datetime.now(UTC).month > 5)
    ada, page = await form(open_browser)
    wish = {"start1": f"{year}-10-25T02:30", "end1": f"{year}-10-25T09:00"}

    answer = await ada.submit(page, "job", **JOB, **wish)

    assert answer.status_code in {303, 422}
    assert "twice" not in answer.text
