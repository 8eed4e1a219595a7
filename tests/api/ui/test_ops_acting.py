"""Operations act on an assignment from its page: a deed is done, on record, offered when it can be."""

from collections.abc import Awaitable, Callable

import pytest

from fulfillment.domain.people import Role
from tests.api.ui.browser import Browser, Page, page_of
from tests.api.ui.test_agreeing import local
from tests.journeys.people import Json
from tests.journeys.town import Deal, Town, fresh, window

pytestmark = pytest.mark.nightly

OpenBrowser = Callable[..., Awaitable[Browser]]
NEAR = 0.2
BERLIN = {"timezone": "Europe/Berlin"}


class Olga:
    """Somebody of operations at the page of one deal."""

    def __init__(self, deal: Deal, browser: Browser) -> None:
        self.deal, self.browser = deal, browser

    async def page(self, query: str = "") -> Page:
        version = (await self.deal.now())["stateVersion"]
        return await self.browser.see(f"/ui/admin/assignments/{self.deal.id}?since={version}{query}")

    async def does(self, form: str, **typed: str) -> Page:
        """Return the page on which what was done is said; it has to be honoured."""
        answer = await self.browser.submit(await self.page(), form, **typed)
        assert answer.status_code == 303, page_of(answer).text
        return await self.browser.follow(answer)

    async def is_refused(self, form: str, **typed: str) -> Page:
        answer = await self.browser.submit(await self.page(), form, **typed)
        assert answer.is_client_error, answer.headers
        return page_of(answer)

    async def last_step(self) -> Json:
        return (await self.deal.audit())[-1]


@pytest.fixture
def olga_at(open_browser: OpenBrowser) -> Callable[[Deal], Awaitable[Olga]]:
    async def come(deal: Deal) -> Olga:
        return Olga(deal, await open_browser(fresh("olga"), Role.OPS))

    return come


OlgaAt = Callable[[Deal], Awaitable[Olga]]


def forms(page: Page) -> set[str]:
    return {each.attributes["id"] for each in page.main.all("form")}


class TestAgreeing:
    @pytest.mark.parametrize("side", ["customer", "provider"])
    async def test_a_time_is_proposed_in_the_name_of_either_side(
        self, town: Town, olga_at: OlgaAt, side: str
    ) -> None:
        olga = await olga_at(await town.deal())

        page = await olga.does("propose", side=side, start=local(), end=local(hour=12), **BERLIN)

        assert page.said == "The proposal is sent."
        now = await olga.deal.written("awaiting_schedule")
        assert (now["openProposal"]["proposedBy"], now["scheduleVersion"]) == (side, 1)
        step = await olga.last_step()
        assert (step["source"], step["actor_role"], step["on_behalf_of"]) == ("page", "ops", side)

    async def test_nobody_is_proposed_for_without_saying_whom(self, town: Town, olga_at: OlgaAt) -> None:
        olga = await olga_at(await town.deal())
        typed = {"start": local(), "end": local(hour=12), "note": "by phone"}

        page = await olga.is_refused("propose", **typed)

        assert (page.status, page.errors("propose")) == (422, ["Please say in whose name."])
        assert {name: page.fields("propose")[name] for name in typed} == typed

    async def test_a_proposal_is_confirmed_by_force_with_a_reason_alone(
        self, town: Town, olga_at: OlgaAt
    ) -> None:
        olga = await olga_at(await town.deal(visit=window()))

        silent = await olga.is_refused("confirm")
        page = await olga.does("confirm", reason="Ada said yes on the phone")

        assert silent.errors("confirm") == ["Please give a reason."]
        assert page.said == "The visit is booked."
        assert (await olga.deal.written("scheduled"))["agreedVersion"] == 1
        assert (await olga.last_step())["reason"] == "Ada said yes on the phone"

    @pytest.mark.parametrize(("form", "turn"), [("decline", "customer"), ("withdraw", "provider")])
    async def test_it_is_declined_for_one_side_and_taken_back_for_the_other(
        self, town: Town, olga_at: OlgaAt, form: str, turn: str
    ) -> None:
        olga = await olga_at(await town.deal(visit=window()))

        await olga.does(form, reason="as she said on the phone")

        now = await olga.deal.written("awaiting_schedule")
        assert (now["openProposal"], now["obligation"]["party"]) == (None, turn)
        assert (await olga.last_step())["on_behalf_of"] == turn

    async def test_what_is_newer_is_shown_and_can_be_answered(self, town: Town, olga_at: OlgaAt) -> None:
        olga = await olga_at(await town.deal(visit=window()))
        old = await olga.page()
        await olga.deal.propose(1, days=6)

        page = page_of(await olga.browser.submit(old, "confirm", reason="by phone"))

        assert page.status == 409
        assert "proposed another time meanwhile" in page.text
        assert page.fields("confirm")["version"] == "2"
        assert page.fields("confirm")["reason"] == "by phone"
        assert (await olga.browser.submit(page, "confirm")).status_code == 303


class TestTheVisit:
    async def test_from_check_in_to_a_payout_that_waits(self, town: Town, olga_at: OlgaAt) -> None:
        olga = await olga_at(await town.scheduled(visit=window(days=0.1)))
        await olga.deal.skip(hours=1.5)

        await olga.does("check-in")
        dear = await olga.is_refused("complete", evidence="a photo", amount="99999.00")
        page = await olga.does("complete", evidence="a photo\nhttps://example.org/2", amount="90,50")

        assert dear.errors("complete") == ["This is more than was agreed, or than the card was asked for."]
        assert dear.fields("complete")["evidence"] == "a photo"
        now = await olga.deal.written("payout_pending")
        assert now["payout"]["amount"] == {"amount": 9_050, "currency": "EUR"}
        assert "Waiting for an admin to decide on the payout" in page.text
        assert not forms(page) & {"complete", "check-in", "reject"}

    async def test_a_dispute_stops_the_payout(self, town: Town, olga_at: OlgaAt) -> None:
        olga = await olga_at(await town.completed())

        page = await olga.does("dispute", reason="She says that it still leaks")

        assert (await olga.deal.written("payout_pending"))["payout"]["status"] == "on_hold"
        assert not page.has_form("dispute")

    async def test_a_no_show_is_reported_answered_and_settled_with_a_fee(
        self, town: Town, olga_at: OlgaAt
    ) -> None:
        olga = await olga_at(await town.scheduled(visit=window(days=NEAR)))
        # Beyond a step of the run, by which its page knows what time it is there.
        await olga.deal.skip(hours=24 * NEAR + 3.2)

        reported = await olga.does("no-show", who="customer", note="Bob stood before the door")
        await olga.does("answer", statement="She forgot")
        unsaid = await olga.is_refused("resolve", reason="heard", amount="40")
        await olga.does("resolve", verdict="customer_fault", reason="She says so herself", amount="40.00")

        assert "did not come, as the other side says" in reported.text
        assert unsaid.errors("resolve") == ["Please fill this in."]
        now = await olga.deal.written("payout_pending")
        assert now["payout"]["amount"]["amount"] == 4_000

    @pytest.mark.parametrize("keep", ["", "yes"])
    async def test_it_is_cancelled_with_the_job_or_without(
        self, town: Town, olga_at: OlgaAt, keep: str
    ) -> None:
        olga = await olga_at(await town.scheduled())
        kept = {"keepJob": keep} if keep else {}

        page = await olga.does("cancel", reason="The customer has moved", **kept)

        assert "Cancelled" in page.text
        await town.job(olga.deal.job_id, *(("quoting", "requeued", "unfilled") if keep else ("cancelled",)))
        assert forms(page) == set()

    async def test_it_is_given_back_for_the_provider(self, town: Town, olga_at: OlgaAt) -> None:
        olga = await olga_at(await town.scheduled())

        await olga.does("reject", reasonCode="sick", note="His wife rang")

        assert (await olga.deal.written("rejected"))["rejectReason"] == "sick"


class TestTheClock:
    async def test_it_is_stopped_and_let_run_again(self, town: Town, olga_at: OlgaAt) -> None:
        olga = await olga_at(await town.deal())

        far = await olga.is_refused("hold", until=local(days=100), reason="a holiday")
        held = await olga.does("hold", until=local(days=3), reason="a holiday")
        running = await olga.does("resume", reason="they are back")

        assert far.errors("hold")[0].startswith("It takes an instant within 30 days")
        assert "The clock stands still until" in held.text
        assert not held.has_form("hold")
        assert "The clock stands still" not in running.text

    async def test_a_deadline_is_moved_and_another_skipped(self, town: Town, olga_at: OlgaAt) -> None:
        olga = await olga_at(await town.deal())
        ids = [each.attributes["id"] for each in (await olga.page()).main.all("form")]
        first, second = [id.removeprefix("skip-") for id in ids if id.startswith("skip-")][:2]

        past = await olga.is_refused(f"extend-{first}", to=local(days=-1), reason="later")
        moved = await olga.does(f"extend-{first}", to=local(days=9), reason="She is on a ship")
        skipped = await olga.does(f"skip-{second}", reason="He knows")

        assert past.errors(f"extend-{first}")[0].startswith("It takes an instant within")
        assert "it was moved to this moment" in moved.text
        assert not skipped.has_form(f"skip-{second}")
        reasons = [step["reason"] for step in await olga.deal.audit()][-2:]
        assert [reason.partition(": ")[0] for reason in reasons] == ["She is on a ship", "He knows"]


async def test_what_cannot_be_done_now_is_not_offered_and_refused_when_it_is_sent(
    town: Town, olga_at: OlgaAt
) -> None:
    olga = await olga_at(await town.deal())
    page = await olga.page()
    fields = {"csrf": page.fields("hold")["csrf"], "key": "k"}

    late = page_of(await olga.browser.post(f"/ui/admin/assignments/{olga.deal.id}/check-in", fields))

    assert {"propose", "hold", "cancel", "reject"} <= forms(page)
    assert not forms(page) & {"check-in", "complete", "confirm", "resume", "dispute", "resolve"}
    assert late.status == 409
    assert late.errors("check-in") == ["This is not possible as things are now."]


async def test_a_double_click_does_it_once(town: Town, olga_at: OlgaAt) -> None:
    olga = await olga_at(await town.deal())
    page = await olga.page()
    typed = {"side": "provider", "start": local(), "end": local(hour=12)}

    first, second = [await olga.browser.submit(page, "propose", **typed) for _ in range(2)]

    assert (first.status_code, second.status_code) == (303, 303)
    assert (await olga.deal.now())["scheduleVersion"] == 1
