"""A provider's work over HTTP: what needs them first, and every step that they take, or are refused."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from fulfillment.domain.people import Role
from tests.api.ui.browser import Browser, Page, page_of
from tests.journeys.test_waves import offer
from tests.journeys.town import Deal, Town, fresh, window

pytestmark = pytest.mark.nightly

OpenBrowser = Callable[..., Awaitable[Browser]]

BERLIN = ZoneInfo("Europe/Berlin")
NEAR = 0.2
"""Days to a visit that a run is moved to, or beyond."""
OVER = 24 * NEAR + 3.5
"""Hours after which it should be over, and was asked about."""
DENIAL = {"attempt": 1, "reasonCode": "photo_missing", "note": "Show the <b>new</b> pump."}


def local(*, days: float) -> str:
    """Return a time on the clocks of Berlin, as an input has it."""
    return f"{datetime.now(BERLIN) + timedelta(days=days):%Y-%m-%dT%H:%M}"


class Bob:
    """The provider of a deal, at a browser."""

    def __init__(self, deal: Deal, browser: Browser) -> None:
        self.deal = deal
        self.browser = browser

    async def page(self) -> Page:
        """Return the page of the work, as far along as its run."""
        version = (await self.deal.now())["stateVersion"]
        return await self.browser.see(f"/ui/work/{self.deal.id}?since={version}")

    async def do(self, form: str, **typed: str) -> Page:
        """Send a form of the page, and return where that leads."""
        return await self.browser.follow(await self.browser.submit(await self.page(), form, **typed))

    async def refused(self, form: str, **typed: str) -> Page:
        """Send a form of the page, and return the page on which what was typed is refused."""
        page = page_of(await self.browser.submit(await self.page(), form, **typed))
        assert page.status == 422, page.text
        return page

    async def post(self, verb: str, **fields: str) -> Page:
        """Send what no form of the page offers."""
        form = {**fields, "csrf": await self.browser.csrf()}
        return page_of(await self.browser.post(f"/ui/work/{self.deal.id}/{verb}", form))


Begin = Callable[[Deal], Awaitable[Bob]]


@pytest.fixture
def bob_of(open_browser: OpenBrowser) -> Begin:
    async def begin(deal: Deal) -> Bob:
        return Bob(deal, await open_browser(deal.provider.id, Role.PROVIDER))

    return begin


async def denied(town: Town) -> Deal:
    deal = await town.completed()
    await town.admin().post(f"{deal.payout}/deny", DENIAL)
    return deal


class TestTheList:
    async def test_what_needs_one_comes_first_and_what_is_over_is_elsewhere(
        self, town: Town, bob_of: Begin
    ) -> None:
        provider = town.provider()
        mine = await town.deal(provider=provider)
        coming = await town.scheduled(provider=provider)
        theirs = await town.deal(provider=provider, visit=window(days=8))
        over = await town.deal(provider=provider)
        await provider.post(f"{over.path}/reject", {"reasonCode": "sick"})
        for deal in (mine, coming, theirs):
            await deal.written()
        await over.written("rejected")
        bob = await bob_of(mine)

        page = await bob.browser.see("/ui/work")
        ended = await bob.browser.see("/ui/work?which=over")

        assert [each.text for each in page.root.all("h2")] == [
            "Needs you (1)",
            "Visits to come (1)",
            "Waiting for others (1)",
        ]
        assert ids(page) == [mine.id, coming.id, theirs.id]
        assert ids(ended) == [over.id]
        assert "A job you gave back" in ended.text

    async def test_an_empty_list_says_what_to_do(self, open_browser: OpenBrowser) -> None:
        newcomer = await open_browser(fresh("bob"), Role.PROVIDER)

        page = await newcomer.see("/ui/work")

        assert "Nothing is waiting for you" in page.text
        assert any(each.attributes["href"] == "/ui/open-jobs" for each in page.main.all("a"))
        assert "Nothing is over yet" in (await newcomer.see("/ui/work?which=over")).text

    async def test_an_offer_that_waits_is_said_on_top(self, town: Town, open_browser: OpenBrowser) -> None:
        trade = fresh("trade")
        dan = await town.tradesman(trade)
        job_id = (await town.posted(town.customer(), mode="auto", trade=trade))["id"]
        await offer(dan, job_id)

        page = await (await open_browser(dan.id, Role.PROVIDER)).see("/ui/work")

        assert "An offer waits for your answer" in page.text
        assert "in 2 h" in page.text


class TestTheTime:
    async def test_a_proposal_is_declined_and_another_one_made(self, town: Town, bob_of: Begin) -> None:
        deal = await town.deal()
        await deal.propose(0, by=deal.customer)
        bob = await bob_of(deal)

        declined = await bob.do("decline", reason="I am at a fair")

        assert declined.said == "You declined this time. Please propose another one."
        assert "It is your turn" in declined.text
        assert not declined.has_form("confirm")

    async def test_ones_own_proposal_is_withdrawn(self, town: Town, bob_of: Begin) -> None:
        deal = await town.deal(visit=window())
        bob = await bob_of(deal)

        page = await bob.do("withdraw")

        assert page.said == "Your proposal is withdrawn. Please propose another time."
        assert (await deal.now())["openProposal"] is None

    async def test_declining_what_was_replaced_meanwhile_shows_what_is_newer(
        self, town: Town, bob_of: Begin
    ) -> None:
        deal = await town.deal()
        await deal.propose(0, by=deal.customer)
        bob = await bob_of(deal)
        before = await bob.page()
        await deal.propose(1, by=deal.customer, days=9)

        page = page_of(await bob.browser.submit(before, "decline", reason="no"))

        assert page.status == 409
        assert "Something has changed meanwhile." in page.text
        assert "proposed another time" in page.text
        assert page.errors("decline") == ["Another time was proposed meanwhile. Please look at that one."]
        assert page.fields("decline")["reason"] == "no"
        assert page.fields("decline")["version"] == "2"


class TestTheVisit:
    async def test_one_checks_in_and_says_that_the_work_is_done(self, town: Town, bob_of: Begin) -> None:
        deal = await town.scheduled(visit=window(days=NEAR))
        bob = await bob_of(deal)

        # Too early: the page says from when on, and does not offer it.
        early = await bob.page()
        assert "You can check in from" in early.text
        assert not early.has_form("check_in")
        assert not early.has_form("complete")
        assert "Visits to come" in (await bob.browser.see("/ui/work")).text

        await deal.skip(hours=24 * NEAR + 0.3)
        await deal.written()
        assert "Needs you" in (await bob.browser.see("/ui/work")).text
        there = await bob.do("check_in")
        assert there.said == "You are checked in. The customer knows that the visit has begun."
        assert "Checked in" in there.text

        done = await bob.do("complete", evidence="New pump\n\n https://photos.example/1.jpg ", amount="99,50")
        assert done.said == "Well done. Your payout is with our team, and you hear from us."
        assert "To be approved" in done.text
        assert "99.50 EUR" in done.text.replace("\N{NO-BREAK SPACE}", " ")
        link = next(each for each in done.main.all("a") if each.text == "https://photos.example/1.jpg")
        assert link.attributes["rel"] == "external noopener noreferrer"
        (row,) = await town.rows("SELECT amount, evidence FROM payout WHERE id = :id", id=deal.id)
        assert row == {"amount": 9_950, "evidence": ["New pump", "https://photos.example/1.jpg"]}

    @pytest.mark.parametrize(
        ("typed", "field", "says"),
        [
            ({"amount": "125.01"}, "amount", "more than was agreed"),
            ({"amount": "a lot"}, "amount", "no amount such as"),
            ({"amount": "1.234"}, "amount", "decimals"),
            ({"amount": "0"}, "amount", "more than nothing"),
            ({"evidence": "x" * 501}, "evidence", "500"),
            ({"evidence": "\n".join("abc" for _ in range(21))}, "evidence", "20"),
        ],
        ids=str,
    )
    async def test_what_cannot_be_is_said_at_its_field(
        self, town: Town, bob_of: Begin, typed: dict[str, str], field: str, says: str
    ) -> None:
        deal = await town.scheduled(visit=window(days=NEAR))
        await deal.skip(hours=24 * NEAR + 0.3)
        bob = await bob_of(deal)

        page = await bob.refused("complete", **typed)

        assert says in page.root.one(id=f"complete-{field}-fault").text
        assert page.fields("complete")[field] == typed[field]
        assert page.root.one("textarea", id="complete-evidence").attributes["name"] == "evidence"
        assert (await deal.now())["status"] == "scheduled"

    async def test_what_is_not_offered_is_refused_on_top(self, town: Town, bob_of: Begin) -> None:
        bob = await bob_of(await town.scheduled())

        page = await bob.post("check-in")

        assert page.status == 409
        assert page.errors("check_in") == ["This is not possible as things are now."]

    async def test_a_step_sent_twice_is_taken_once(self, town: Town, bob_of: Begin) -> None:
        deal = await town.deal()
        bob = await bob_of(deal)
        page = await bob.page()

        first = await bob.browser.submit(page, "hold", until=local(days=2), reason="parts")
        again = await bob.browser.submit(page, "hold", until=local(days=2), reason="parts")

        assert first.status_code == again.status_code == 303
        assert first.headers["Location"] == again.headers["Location"]
        await deal.written()
        assert [step["command"] for step in await deal.audit()].count("HoldAssignment") == 1

    async def test_work_is_given_back_with_a_reason_and_the_page_says_what_happens_then(
        self, town: Town, bob_of: Begin
    ) -> None:
        deal = await town.scheduled(visit=window(days=0.8))
        bob = await bob_of(deal)
        assert "this counts as late" in (await bob.page()).text

        unsaid = await bob.refused("reject")
        assert unsaid.root.one(id="reject-reasonCode-fault").text == "Error: Please fill this in."

        gone = await bob.do("reject", reasonCode="equipment", note="My drill broke")
        assert gone.said == "You gave this back. The job looks for somebody else."
        assert "You gave this back; the visit" in gone.text
        assert not gone.has_form("reject")

        # The job is told, and is none of theirs from then on.
        await town.job(deal.job_id, "quoting")
        assert (await bob.page()).title == "A job you gave back"

    async def test_the_visit_is_a_file_for_ones_calendar_once_it_is_agreed(
        self, town: Town, bob_of: Begin
    ) -> None:
        deal = await town.scheduled()
        bob = await bob_of(deal)
        page = await bob.page()

        file = await bob.browser.ask(f"/ui/work/{deal.id}/visit.ics")

        assert file.headers["Content-Type"].startswith("text/calendar")
        assert "BEGIN:VEVENT" in file.text
        assert {"Calendar file", "Google Calendar", "Outlook"} <= {each.text for each in page.main.all("a")}
        assert "Calendar file" not in (await (await bob_of(await town.deal())).page()).text


class TestTheClock:
    async def test_it_is_stopped_for_a_while_and_runs_again(self, town: Town, bob_of: Begin) -> None:
        deal = await town.deal()
        bob = await bob_of(deal)

        held = await bob.do("hold", until=local(days=2), reason="A part is on order")
        assert held.said == "The clock stands still."
        assert "The clock stands still until" in held.text
        assert not held.has_form("hold")

        running = await bob.do("resume")
        assert running.said == "The clock runs again."
        # Once in each stage.
        assert not running.has_form("hold")

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"until": "", "reason": "parts"}, "until"),
            ({"until": "2027-03-28T02:30", "reason": "parts"}, "until"),
            ({"until": "soon", "reason": "parts"}, "until"),
            ({"until": local(days=99), "reason": "parts"}, "until"),
            ({"until": local(days=2), "reason": " "}, "reason"),
        ],
        ids=str,
    )
    async def test_a_hold_that_cannot_be_is_said_at_its_field(
        self, town: Town, bob_of: Begin, typed: dict[str, str], field: str
    ) -> None:
        bob = await bob_of(await town.deal())

        page = await bob.refused("hold", **typed)

        assert page.root.one(id=f"hold-{field}-fault")
        assert page.fields("hold")["reason"] == typed["reason"]


class TestWhatGoesWrong:
    async def test_a_customer_who_is_not_there_is_reported(self, town: Town, bob_of: Begin) -> None:
        deal = await town.scheduled(visit=window(days=NEAR))
        bob = await bob_of(deal)
        assert "Should nobody be there, you can report that from" in (await bob.page()).text
        await deal.skip(hours=OVER)

        page = await bob.do("report", note="Rang twice")

        assert page.said == "Thank you. The customer is asked what happened."
        assert "A no-show is reported" in page.text
        assert not page.has_form("report")
        assert not page.has_form("answer")

    async def test_an_accused_provider_answers_once(self, town: Town, bob_of: Begin) -> None:
        deal = await town.scheduled(visit=window(days=NEAR))
        await deal.skip(hours=24 * NEAR + 0.6)
        await deal.customer.post(f"{deal.path}/no-show", {"note": "I waited in vain"})
        bob = await bob_of(deal)

        asked = await bob.page()
        assert "says that you did not come" in asked.text
        assert "I waited in vain" not in asked.text
        unsaid = await bob.refused("answer")
        assert unsaid.root.one(id="answer-statement-fault")

        page = await bob.do("answer", statement="The street was closed")
        assert page.said == "Thank you. Our team reads it and decides."
        assert "The street was closed" in page.text
        assert not page.has_form("answer")


class TestThePayout:
    async def test_a_denial_says_why_and_until_when_and_is_answered(self, town: Town, bob_of: Begin) -> None:
        deal = await denied(town)
        bob = await bob_of(deal)

        page = await bob.page()
        assert "Why: photo missing: Show the <b>new</b> pump." in page.text
        assert "You have 2 attempts left, until" in page.text
        assert page.fields("resubmit")["evidence"] == "a photo"

        unsaid = await bob.refused("resubmit", evidence=" \n ")
        assert unsaid.root.one(id="resubmit-evidence-fault")

        again = await bob.do("resubmit", evidence="a better photo", amount="120")
        assert again.said == "Your payout is with our team again."
        assert "Denied: attempt 1" in again.text
        assert "120.00 EUR" in again.text.replace("\N{NO-BREAK SPACE}", " ")
        assert not again.has_form("resubmit")

    async def test_what_was_paid_says_so(self, town: Town, bob_of: Begin) -> None:
        deal = await town.completed()
        await town.admin().post(f"{deal.payout}/approve", {"attempt": 1, "reason": "bank 4711"})
        await deal.written("paid")

        page = await (await bob_of(deal)).page()

        assert "It was paid by transfer" in page.text
        assert "Paid by transfer" in page.text
        assert not page.has_form("resubmit")

    async def test_when_all_attempts_are_used_there_is_nothing_to_send(
        self, town: Town, bob_of: Begin
    ) -> None:
        deal = await denied(town)
        for attempt in (2, 3):
            await deal.provider.post(f"/payouts/{deal.id}/resubmit", {"evidence": ["more"]})
            await town.admin().post(f"{deal.payout}/deny", {**DENIAL, "attempt": attempt})

        page = await (await bob_of(deal)).page()

        assert "All attempts are used" in page.text
        assert not page.has_form("resubmit")


async def test_a_stranger_sees_and_does_nothing(town: Town, open_browser: OpenBrowser) -> None:
    deal = await town.scheduled()
    stranger = await open_browser(fresh("eve"), Role.PROVIDER)
    form = {"csrf": await stranger.csrf(), "reasonCode": "sick"}

    for verb in ("", "/visit.ics"):
        assert (await stranger.ask(f"/ui/work/{deal.id}{verb}")).status_code == 404
    for verb in ("check-in", "reject", "complete", "decline", "hold", "no-show", "answer", "resubmit"):
        more = {"until": local(days=2), "reason": "x", "statement": "x", "evidence": "x", "version": "1"}
        answer = await stranger.post(f"/ui/work/{deal.id}/{verb}", form | more)
        assert (verb, answer.status_code) == (verb, 404)
    assert (await deal.now())["status"] == "scheduled"


def ids(page: Page) -> list[str]:
    """Return the ids of the work that is listed, in its order."""
    rows = (each for each in page.root.all("p", class_="row-title"))
    return [next(row.all("a")).attributes["href"].rpartition("/")[2] for row in rows]
