"""A customer and a provider agree on a time, each on their own page and by their own clock."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from fulfillment.domain.people import Role
from fulfillment.store import directory
from fulfillment.store.directory import Person
from tests.api.ui.browser import Browser, Page, page_of
from tests.journeys.town import Deal, Town, fresh, window

pytestmark = pytest.mark.nightly

OpenBrowser = Callable[..., Awaitable[Browser]]

BERLIN = "Europe/Berlin"


def local(zone: str = BERLIN, *, days: int = 4, hour: int = 10) -> str:
    """Return a time on the clocks of `zone`, as an input has it."""
    at = datetime.now(ZoneInfo(zone)) + timedelta(days=days)
    return f"{at:%Y-%m-%d}T{hour:02}:00"


def instant(typed: str, zone: str) -> str:
    at = datetime.fromisoformat(typed).replace(tzinfo=ZoneInfo(zone))
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


async def moved_to(town: Town, id: str, zone: str, role: Role, name: str = "") -> None:
    """Put somebody into the directory, with that clock."""
    async with town.sessions.begin() as session:
        await directory.register(session, Person(id=id, name=name or id, timezone=zone, roles=(role,)))


class Two:
    """The two sides of a deal, each at a browser."""

    def __init__(self, deal: Deal, ada: Browser, bob: Browser) -> None:
        self.deal, self.ada, self.bob = deal, ada, bob

    async def job(self, query: str = "") -> Page:
        return await self.ada.see(f"/ui/jobs/{self.deal.job_id}{query}")

    async def task(self, query: str = "") -> Page:
        return await self.bob.see(f"/ui/work/{self.deal.id}{query}")


Agreeing = Callable[..., Awaitable[Two]]


@pytest.fixture
def agreeing(town: Town, open_browser: OpenBrowser) -> Agreeing:
    async def begin(**more: object) -> Two:
        deal = await town.deal(**more)  # type: ignore[arg-type]
        ada = await open_browser(deal.customer.id, Role.CUSTOMER)
        bob = await open_browser(deal.provider.id, Role.PROVIDER)
        return Two(deal, ada, bob)

    return begin


async def test_from_a_first_proposal_to_a_booked_visit(agreeing: Agreeing) -> None:
    two = await agreeing()

    # It is the provider's turn, and both pages say so.
    listed = await two.bob.see("/ui/work")
    assert "Your turn: propose a time" in listed.text
    assert f"Waiting for {two.deal.provider.id} to propose a time" in (await two.ada.see("/ui/jobs")).text

    # The provider proposes, and is told that it is sent.
    answer = await two.bob.submit(
        await two.task(), "propose", start=local(hour=10), end=local(hour=12), note="I ring twice"
    )
    assert answer.headers["Location"].startswith(f"/ui/work/{two.deal.id}?since=")
    sent = await two.bob.follow(answer)
    assert sent.said == "Your proposal is sent. You hear from us when it is answered."
    assert "You proposed" in sent.text
    assert not sent.has_form("confirm")
    assert (await two.task()).said == ""

    # The customer sees it, with the note, and confirms.
    asked = await two.job()
    assert "It is your turn" in asked.text
    assert f"10:00 to 12:00 {BERLIN}" in asked.text
    assert "I ring twice" in asked.text
    done = await two.ada.follow(await two.ada.submit(asked, "confirm"))
    assert done.said == "The visit is booked."
    assert "Visit booked" in done.text
    assert not done.has_form("confirm")

    # So it stands everywhere.
    known = await two.deal.written("scheduled")
    assert known["scheduledStart"] == instant(local(hour=10), BERLIN)
    assert "Visit booked" in (await two.task()).text


async def test_a_customer_counters_by_their_own_clock(agreeing: Agreeing, town: Town) -> None:
    customer = town.customer()
    await moved_to(town, customer.id, "America/New_York", Role.CUSTOMER)
    two = await agreeing(customer=customer, visit=window())
    page = await two.job()
    assert "America/New_York" in page.text
    assert "At the place:" in page.text

    typed = {"start": local("America/New_York", hour=9), "end": local("America/New_York", hour=11)}
    answer = await two.ada.submit(page, "propose", **typed)

    assert answer.status_code == 303
    now = await two.deal.now()
    assert now["openProposal"]["start"] == instant(typed["start"], "America/New_York")
    assert f"{customer.id} proposed" in (await two.task(f"?since={now['stateVersion']}")).text


class TestTimesThatCannotBe:
    @pytest.mark.parametrize(
        ("start", "end", "field", "says"),
        [
            ("2027-03-28T02:30", "2027-03-28T04:30", "start", "The clocks jump over this time on that day."),
            ("", "2027-04-01T10:00", "start", "Please fill this in."),
            ("2027-04-01T10:00", "", "end", "Please fill this in."),
            ("tomorrow", "2027-04-01T10:00", "start", "This is no time such as"),
            ("2026-02-30T10:00", "2027-04-01T10:00", "start", "There is no such day or time."),
            (local(hour=12), local(hour=10), "end", "A visit lasts from 15 min to 8 h"),
            (local(days=-1), local(days=-1, hour=12), "start", "A visit lasts from 15 min to 8 h"),
            (local(days=170, hour=1), local(days=170, hour=23), "end", "A visit lasts from 15 min to 8 h"),
        ],
    )
    async def test_it_is_said_at_the_field_and_nothing_typed_is_lost(
        self, agreeing: Agreeing, start: str, end: str, field: str, says: str
    ) -> None:
        two = await agreeing()
        typed = {"start": start, "end": end, "note": 'Ring at "Müller" & wait\n<b>twice</b>'}

        page = page_of(await two.ada.submit(await two.job(), "propose", **typed))

        assert page.status == 422
        assert page.root.one("title").text.startswith("Error: ")
        (told,) = page.errors("propose")
        assert told.startswith(says)
        control = page.form("propose").one(name=field)
        assert control.attributes["aria-invalid"] == "true"
        assert f"propose-{field}-fault" in control.attributes["aria-describedby"].split()
        assert {name: page.fields("propose")[name] for name in typed} == typed
        assert (await two.deal.now())["scheduleVersion"] == 0

    async def test_an_hour_that_comes_twice_is_asked_about(self, agreeing: Agreeing) -> None:
        two = await agreeing()
        year = _next_autumn()
        day = _last_sunday_of_october(year)
        typed = {"start": f"{day}T02:30", "end": f"{day}T04:30"}

        asked = page_of(await two.ada.submit(await two.job(), "propose", **typed))

        assert asked.status == 422
        assert asked.errors("propose") == [
            "The clocks show this time twice on that day. Please say which one you mean."
        ]
        assert [each.value for each in asked.form("propose").all("input", name="fold")] == ["0", "1"]
        answer = await two.ada.submit(asked, "propose", fold="1")
        told = page_of(answer) if answer.status_code == 422 else None
        # Far ahead it may be beyond what is taken, but nobody asks again which of the two it is.
        assert told is None or told.errors("propose")[0].startswith("A visit lasts")

    async def test_a_zone_that_somebody_made_up_is_refused(self, agreeing: Agreeing) -> None:
        two = await agreeing()
        page = await two.job()

        answer = await two.ada.submit(
            page, "propose", start=local(), end=local(hour=11), timezone="Mars/Olympus"
        )

        assert page_of(answer).status == 422


class TestMeanwhile:
    async def test_another_proposal_is_shown_to_whoever_confirms_the_first(self, agreeing: Agreeing) -> None:
        two = await agreeing(visit=window())
        old = await two.job()
        await two.deal.propose(1, days=6)

        page = page_of(await two.ada.submit(old, "confirm"))

        assert page.status == 409
        assert "Something has changed meanwhile." in page.text
        assert f"{two.deal.provider.id} proposed another time:" in page.text
        assert page.fields("confirm")["version"] == "2"
        assert (await two.ada.submit(page, "confirm")).status_code == 303
        assert (await two.deal.written("scheduled"))["agreedVersion"] == 2

    async def test_what_was_typed_stays_and_the_version_is_the_newest(self, agreeing: Agreeing) -> None:
        two = await agreeing(visit=window())
        old = await two.job()
        await two.deal.propose(1, days=6)
        typed = {"start": local(days=7), "end": local(days=7, hour=12), "note": "Rather then"}

        page = page_of(await two.ada.submit(old, "propose", **typed))

        assert page.status == 409
        assert {name: page.fields("propose")[name] for name in typed} == typed
        assert page.fields("propose")["expectedVersion"] == "2"
        assert (await two.ada.submit(page, "propose")).status_code == 303

    async def test_of_eight_clicks_in_eight_windows_one_books(self, agreeing: Agreeing, town: Town) -> None:
        two = await agreeing(visit=window())
        pages = [await two.job() for _ in range(8)]

        answers = await asyncio.gather(*(two.ada.submit(page, "confirm") for page in pages))

        # Who confirms what they have confirmed already is told so again.
        assert {answer.status_code for answer in answers} == {303}
        assert (await two.deal.now())["scheduleVersion"] == 2

    async def test_an_old_link_shows_what_holds_now(self, agreeing: Agreeing) -> None:
        two = await agreeing(visit=window())
        await two.deal.propose(1, days=6)

        old = await two.job("?version=1&visitSince=3")
        new = await two.job("?version=2")

        assert "Things have moved on since the message" in old.text
        assert "Things have moved on" not in new.text
        assert old.fields("confirm")["version"] == "2"

    async def test_a_job_that_nobody_has_any_more_says_so(self, agreeing: Agreeing) -> None:
        two = await agreeing()
        page = await two.job()
        await two.deal.provider.post(f"{two.deal.path}/reject", {"reasonCode": "other"})
        await two.deal.town.job(two.deal.job_id, "quoting", "requeued", "unfilled")

        again = page_of(await two.ada.submit(page, "propose", start=local(), end=local(hour=12)))

        assert again.status == 409
        assert again.errors("propose")[0].startswith("No provider has this job at present")

    async def test_get_never_acts(self, agreeing: Agreeing) -> None:
        two = await agreeing(visit=window())
        before = (await two.deal.now())["stateVersion"]

        for path in (f"/ui/jobs/{two.deal.job_id}/propose", f"/ui/work/{two.deal.id}/confirm?version=1"):
            assert (await two.ada.ask(path)).status_code in {404, 405}
        await two.job("?version=1")
        await two.task("?version=1&confirm=yes")

        assert (await two.deal.now())["stateVersion"] == before


async def test_strangers_find_nothing(agreeing: Agreeing, open_browser: OpenBrowser) -> None:
    two = await agreeing(visit=window())
    eve, mallory = (
        await open_browser(fresh("eve"), Role.CUSTOMER),
        await open_browser(fresh("m"), Role.PROVIDER),
    )

    theirs = await eve.ask(f"/ui/jobs/{two.deal.job_id}")
    nobodys = await eve.ask("/ui/jobs/00000000-0000-8000-8000-000000000000")
    work = await mallory.ask(f"/ui/work/{two.deal.id}")
    form = {"csrf": await eve.csrf(), "version": "1", "key": "k"}
    confirmed = await eve.post(f"/ui/jobs/{two.deal.job_id}/visits/{two.deal.id}/confirm", form)

    assert {theirs.status_code, nobodys.status_code, work.status_code, confirmed.status_code} == {404}
    assert page_of(theirs).title == page_of(nobodys).title
    assert (await two.deal.now())["scheduleVersion"] == 1
    assert "no jobs yet" in (await eve.see("/ui/jobs")).text


async def test_a_long_list_goes_on_on_another_page(town: Town, open_browser: OpenBrowser) -> None:
    customer = town.customer()
    for number in range(3):
        await town.posted(customer, title=f"Job {number}")
    await town.rows_once(
        lambda rows: len(rows) == 3, "SELECT id FROM job WHERE customer_id = :id", id=customer.id
    )
    ada = await open_browser(customer.id, Role.CUSTOMER)

    first = await ada.see("/ui/jobs?limit=2")
    (link,) = [each for each in first.main.all("a") if each.text == "Show older ones"]
    second = await ada.see(link.attributes["href"])

    assert len(list(first.main.all("li"))) == 2
    assert "Job 0" in second.text


def _next_autumn() -> int:
    now = datetime.now(UTC)
    return now.year if now.month < 10 else now.year + 1


def _last_sunday_of_october(year: int) -> str:
    day = datetime(year, 10, 31, tzinfo=UTC)
    return f"{day - timedelta(days=(day.weekday() + 1) % 7):%Y-%m-%d}"
