"""A customer sees a visit through on the page of its job: answers, reports, complains, calls it off."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from fulfillment.domain.people import Role
from tests.api.ui.browser import Browser, Page, page_of
from tests.api.ui.people import BERLIN, named
from tests.api.ui.test_agreeing import local
from tests.journeys.town import Deal, Town, fresh, window

pytestmark = pytest.mark.nightly

OpenBrowser = Callable[..., Awaitable[Browser]]

SOON = 0.2
"""Days to a visit that a run is moved beyond."""


class Seen:
    """A deal, and its customer at a browser."""

    def __init__(self, deal: Deal, ada: Browser) -> None:
        self.deal, self.ada = deal, ada
        self.path = f"/ui/jobs/{deal.job_id}"
        self.visit = f"{self.path}/visits/{deal.id}"

    async def page(self, query: str = "") -> Page:
        """Return the page, once it has all that the run has done."""
        known = await self.deal.now()
        return await self.ada.see(f"{self.path}?visitSince={known['stateVersion']}{query}")

    async def do(self, form: str, **typed: str) -> Page:
        """Return the page after a form of it was sent and honoured."""
        answer = await self.ada.submit(await self.page(), form, **typed)
        assert answer.status_code == 303, answer.text
        return await self.ada.follow(answer)

    async def refused(self, form: str, **typed: str) -> Page:
        answer = await self.ada.submit(await self.page(), form, **typed)
        assert not answer.has_redirect_location
        return page_of(answer)


@pytest.fixture
def seen(town: Town, open_browser: OpenBrowser) -> Callable[[Deal], Awaitable[Seen]]:
    async def look(deal: Deal) -> Seen:
        await named(town, deal.provider, "Bob")
        await named(town, deal.customer)
        return Seen(deal, await open_browser(deal.customer.id, Role.CUSTOMER))

    return look


See = Callable[[Deal], Awaitable[Seen]]


class TestAProposal:
    async def test_declined_with_a_reason_it_is_the_customers_turn(self, town: Town, seen: See) -> None:
        it = await seen(await town.deal(visit=window()))

        page = await it.do("decline", reason="I am at work")

        assert page.said == "You declined. Please propose a time that suits you."
        assert "It is your turn Please propose a time" in page.text
        assert "You declined the proposed time" in page.text
        assert not page.has_form("decline")

    async def test_ones_own_can_be_taken_back_and_not_answered(self, town: Town, seen: See) -> None:
        deal = await town.deal()
        await deal.propose(0, by=deal.customer)
        it = await seen(deal)
        assert not (await it.page()).has_form("confirm")

        page = await it.do("withdraw")

        assert page.said == "Your proposal is taken back."
        assert (await deal.now())["openProposal"] is None

    @pytest.mark.parametrize("form", ["decline", "confirm"])
    async def test_a_newer_one_is_shown_to_whoever_answers_the_first(
        self, town: Town, seen: See, form: str
    ) -> None:
        deal = await town.deal(visit=window())
        it = await seen(deal)
        old = await it.page()
        await deal.propose(1, days=6)

        again = page_of(await it.ada.submit(old, form))

        assert again.status == 409
        assert "Bob proposed another time:" in again.text
        assert "Another time was proposed meanwhile. Please look at that one." in again.errors(form)
        assert again.fields(form)["version"] == "2"

    async def test_both_windows_are_shown_while_one_is_to_be_moved(self, town: Town, seen: See) -> None:
        deal = await town.scheduled(visit=window(days=5))
        await deal.propose(2, days=6)

        page = await (await seen(deal)).page()

        card = page.main.one("section", **{"aria-labelledby": "visit"})
        assert card.text.index("Agreed") < card.text.index("Bob proposed a new time")
        assert len(list(card.all("p", class_="big"))) == 2
        assert "Until then the agreed time stays as it is." in card.text


class TestWhoseTurn:
    async def test_since_when_until_when_and_what_happens_then(self, town: Town, seen: See) -> None:
        page = await (await seen(await town.deal(visit=window()))).page()

        turn = page.main.one("div", class_="turn asks").text
        assert turn.startswith("It is your turn Please answer the proposed time by ")
        assert BERLIN in turn
        assert "Since " in turn
        assert "you are reminded to answer the proposal" in turn

    async def test_what_was_and_what_comes_is_told_in_words(self, town: Town, seen: See) -> None:
        page = await (await seen(await town.scheduled(visit=window()))).page()

        story = page.main.one("section", **{"aria-labelledby": "story"}).text
        assert "You are reminded of the visit" in story
        assert "The visit begins" in story
        assert story.index("You confirmed the time") < story.index("A provider was found")

    async def test_how_far_it_has_come_is_said_without_colour(self, town: Town, seen: See) -> None:
        page = await (await seen(await town.completed())).page()

        stages = [each.text for each in page.main.one("ol", class_="stages").all("li")]
        assert [each.split(" (")[0] for each in stages] == [
            "Provider found",
            "Time agreed",
            "Visit",
            "Work done",
            "Paid",
        ]
        assert "(next)" in stages[4]
        assert all("(done)" in each for each in stages[:4])

    async def test_a_clock_on_hold_says_until_when_and_runs_again(self, town: Town, seen: See) -> None:
        it = await seen(await town.deal())
        until = local(days=3)

        held = await it.do("hold", until=until, reason="We are away")

        assert held.said == "The clock stands still."
        assert "The clock stands still until" in held.text
        kept = datetime.fromisoformat((await it.deal.now())["holdUntil"])
        assert f"{kept.astimezone(ZoneInfo(BERLIN)):%Y-%m-%dT%H:%M}" == until
        assert not held.has_form("hold")
        again = await it.do("resume")
        assert again.said == "The clock runs again."
        # Once in each stage is enough.
        assert not again.has_form("hold")

    @pytest.mark.parametrize(
        ("typed", "field", "says"),
        [
            ({"until": "", "reason": "parts"}, "until", "Please fill this in."),
            ({"until": local(), "reason": " "}, "reason", "Please fill this in."),
            ({"until": local(days=40), "reason": "parts"}, "until", "It takes an instant within 30 days"),
            ({"until": "2027-03-28T02:30", "reason": "x"}, "until", "The clocks jump over this time"),
        ],
    )
    async def test_a_hold_that_cannot_be_is_refused_at_its_field(
        self, town: Town, seen: See, typed: dict[str, str], field: str, says: str
    ) -> None:
        page = await (await seen(await town.deal())).refused("hold", **typed)

        assert page.status == 422
        assert page.errors("hold")[0].startswith(says)
        assert page.form("hold").one(name=field).attributes["aria-invalid"] == "true"
        assert page.fields("hold")["until"] == typed["until"]


class TestCallingItOff:
    async def test_in_time_and_the_job_ends(self, town: Town, seen: See) -> None:
        it = await seen(await town.scheduled(visit=window(days=5)))
        assert "on that counts as late" in (await it.page()).text

        page = await it.do("cancel", reason="It works again")

        assert page.said == "The visit is cancelled."
        assert "It works again" in page.text
        assert "Nothing to pay" in page.text
        assert not page.has_form("cancel")
        assert not page.has_form("propose")
        assert not (await it.deal.audit())[-1]["reason"].startswith("late")

    async def test_a_late_one_is_said_to_be_late(self, town: Town, seen: See) -> None:
        page = await (await seen(await town.scheduled(visit=window(days=0.5)))).page()

        assert "cancelling it now counts as late" in page.text

    async def test_the_job_is_kept_if_that_is_wished(self, town: Town, seen: See) -> None:
        it = await seen(await town.scheduled())

        page = await it.do("cancel", reason="Another day, please", keepJob="yes")

        assert page.said == "The visit is cancelled, and we look for somebody else."
        assert "The visit with Bob was cancelled, and the job is kept." in page.text
        assert page.has_form("cancel-job")

    async def test_it_takes_a_reason(self, town: Town, seen: See) -> None:
        it = await seen(await town.scheduled())

        page = await it.refused("cancel", keepJob="yes")

        assert page.status == 422
        assert page.errors("cancel") == ["Please fill this in."]
        assert page.fields("cancel")["keepJob"] == "yes"
        assert (await it.deal.now())["status"] == "scheduled"

    async def test_a_visit_that_has_begun_is_not_to_be_called_off(self, town: Town, seen: See) -> None:
        deal = await town.scheduled(visit=window(days=SOON))
        it = await seen(deal)
        page = await it.page()
        await deal.skip(hours=24 * SOON + 0.5)

        late = page_of(await it.ada.submit(page, "cancel", reason="no time"))

        assert late.status == 409
        assert "It is too late for this: the visit is too close, or has begun." in late.errors("cancel")
        assert not late.has_form("cancel")


class TestNobodyCame:
    async def test_it_can_be_said_once_the_time_has_come(self, town: Town, seen: See) -> None:
        deal = await town.scheduled(visit=window(days=SOON))
        it = await seen(deal)
        early = await it.page()
        assert not early.has_form("no-show")
        assert "If nobody comes, you can say so here from" in early.text
        # Past the end, where the run itself has asked whether the work is done.
        await deal.skip(hours=24 * SOON + 3.1)

        page = await it.do("no-show", note="I waited until one")

        assert page.said == "We have noted it and ask the provider what happened."
        assert "You have reported that Bob did not come. They are asked to answer by" in page.text
        assert not page.has_form("no-show")
        assert "Waiting for Bob to say how the visit went" in page.text

    async def test_too_early_it_is_refused(self, town: Town, seen: See) -> None:
        it = await seen(await town.scheduled())

        answer = await it.ada.post(f"{it.visit}/no-show", {"csrf": await it.ada.csrf(), "key": "k"})

        page = page_of(answer)
        assert page.status == 409
        assert page.errors("no-show") == ["This is not possible as things are now."]

    async def test_a_customer_who_is_said_not_to_have_come_answers(self, town: Town, seen: See) -> None:
        deal = await town.scheduled(visit=window(days=SOON))
        await deal.skip(hours=24 * SOON + 0.6)
        await deal.provider.post(f"{deal.path}/no-show", {"note": "Nobody opened"})
        it = await seen(deal)
        asked = await it.page()
        assert "It is your turn Please say how the visit went by" in asked.text
        assert (await it.refused("answer", statement="")).errors("answer") == ["Please fill this in."]

        page = await it.do("answer", statement="The bell is broken")

        assert page.said.startswith("Thank you.")
        assert "The bell is broken" in page.text
        assert not page.has_form("answer")


class TestTheWork:
    async def test_a_visit_under_way_says_so(self, town: Town, seen: See) -> None:
        deal = await town.scheduled(visit=window(days=SOON))
        await deal.skip(hours=24 * SOON - 1)
        await deal.provider.post(f"{deal.path}/check-in")

        page = await (await seen(deal)).page()

        assert "Bob checked in at" in page.text
        assert "Visit under way" in page.text
        assert not page.has_form("propose")

    async def test_it_is_disputed_once_and_until_when_is_said(self, town: Town, seen: See) -> None:
        it = await seen(await town.completed())
        before = await it.page()
        assert "You can tell us until" in before.text
        assert "To be looked at" in before.text

        page = await it.do("dispute", reason="It still leaks")

        assert page.said == "Nothing is paid until our team has settled this. You hear from us."
        assert "You have disputed it" in page.text
        assert "It still leaks" in page.text
        assert not page.has_form("dispute")

    async def test_a_dispute_says_what_is_wrong(self, town: Town, seen: See) -> None:
        page = await (await seen(await town.completed())).refused("dispute", reason="")

        assert page.status == 422
        assert page.errors("dispute") == ["Please fill this in."]

    async def test_what_is_over_takes_nothing_more(self, town: Town, seen: See) -> None:
        deal = await town.completed()
        it = await seen(deal)
        page = await it.page()
        await town.admin().post(f"{deal.payout}/approve", {"attempt": 1, "reason": "bank 1"})
        await deal.written("paid")
        await town.job(deal.job_id, "completed")

        late = page_of(await it.ada.submit(page, "dispute", reason="too late"))

        assert late.status == 409
        assert late.errors("dispute") == ["This has ended, and nothing more can happen to it."]
        assert "Done and paid" in late.text
        assert "It was settled by hand, without a card." in late.text


class TestTheCalendar:
    async def test_an_agreed_visit_can_be_taken_along(self, town: Town, seen: See) -> None:
        it = await seen(await town.scheduled())
        page = await it.page()
        links = {each.text: each.attributes["href"] for each in page.main.all("a")}

        file = await it.ada.ask(links["Calendar file"])

        assert file.headers["Content-Type"].startswith("text/calendar")
        assert b"BEGIN:VEVENT" in file.content
        assert links["Google Calendar"].startswith("https://calendar.google.com/")
        assert links["Outlook"].startswith("https://outlook")

    async def test_where_nothing_is_agreed_there_is_nothing_to_take(self, town: Town, seen: See) -> None:
        it = await seen(await town.deal(visit=window()))

        page, file = await it.page(), await it.ada.ask(f"{it.visit}/calendar.ics")

        assert "Calendar file" not in page.text
        assert file.status_code == 409


async def test_sending_it_twice_does_it_once(town: Town, seen: See) -> None:
    it = await seen(await town.completed())
    page = await it.page()

    answers = [await it.ada.submit(page, "dispute", reason="It still leaks") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    steps = [step["command"] for step in await it.deal.audit()]
    assert steps.count("OpenDispute") == 1


@pytest.mark.parametrize(
    "form",
    ["confirm", "decline", "withdraw", "cancel", "hold", "resume", "no-show", "answer", "dispute", "pay"],
)
async def test_nobody_else_can_do_any_of_it(
    town: Town, open_browser: OpenBrowser, seen: See, form: str
) -> None:
    it = await seen(await town.scheduled())
    before = (await it.deal.now())["stateVersion"]
    eve = await open_browser(fresh("eve"), Role.CUSTOMER)
    said = {"reason": "mine", "statement": "mine", "version": "1", "until": local(), "key": "k"}

    by_eve = await eve.post(f"{it.visit}/{form}", {**said, "csrf": await eve.csrf()})
    forged = await it.ada.post(f"{it.visit}/{form}", {**said, "csrf": "made up"})
    read = await it.ada.ask(f"{it.visit}/{form}")

    assert (by_eve.status_code, forged.status_code, read.status_code) == (404, 403, 405)
    assert (await it.deal.now())["stateVersion"] == before
