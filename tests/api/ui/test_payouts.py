"""An admin's day where money is moved by hand: what waits, what is decided, and what is said no to."""

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from api.ui.admin.options import Step
from api.ui.admin.wording import COMES, DENIALS, DONE, MEANS, QUESTIONS, YES
from doors import HOME
from fulfillment.domain.assignment.deadline import DeadlineKind
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.people import Role
from fulfillment.store import directory
from fulfillment.store.directory import Person
from tests.api.ui.browser import Browser, Page, page_of
from tests.journeys.town import Deal, Town, fresh

pytestmark = pytest.mark.nightly

OpenBrowser = Callable[..., Awaitable[Browser]]

LIST = "/ui/admin/payouts"
BANK = "transfer 2026-118"
LARGE = 60_000


async def named(town: Town, id: str, role: Role, name: str) -> None:
    """Put somebody into the directory, by that name."""
    async with town.sessions.begin() as session:
        entry = Person(id=id, name=name, timezone="Europe/Berlin", roles=(role,))
        await directory.register(session, entry)


class Desk:
    """A deal whose payout waits, and admins at browsers."""

    def __init__(self, deal: Deal, open_browser: OpenBrowser) -> None:
        self.deal, self.path = deal, f"{LIST}/{deal.id}"
        self._open = open_browser

    async def admin(self, id: str = "") -> Browser:
        return await self._open(id or fresh("admin"), Role.ADMIN)

    async def page(self, who: Browser) -> Page:
        version = (await self.deal.now())["stateVersion"]
        return await who.see(f"{self.path}?since={version}")

    async def payout(self) -> Any:
        version = (await self.deal.now())["stateVersion"]
        return await self.deal.town.admin().get(self.deal.payout, minVersion=version)


async def sure(who: Browser, page: Page, id: str, **typed: str) -> Page:
    """Return the page that asks whether they are sure."""
    answer = await who.submit(page, id, **typed)
    assert answer.status_code == 200, answer.text
    return page_of(answer)


async def decided(who: Browser, page: Page, id: str, **typed: str) -> Page:
    """Say yes on both pages, and return where that leads."""
    asked = await sure(who, page, id, **typed)
    answer = await who.submit(asked, id)
    assert answer.status_code == 303, answer.text
    return await who.follow(answer)


At = Callable[..., Awaitable[Desk]]


@pytest.fixture
def at(town: Town, open_browser: OpenBrowser) -> At:
    async def begin(**more: Any) -> Desk:
        deal = await town.completed(**more)
        await deal.written("payout_pending")
        return Desk(deal, open_browser)

    return begin


class TestTheQueue:
    async def test_says_what_waits_for_whom_and_over_how_much(self, at: At, town: Town) -> None:
        desk = await at(price=LARGE)
        await named(town, desk.deal.provider.id, Role.PROVIDER, "Bob Baumann")
        await named(town, desk.deal.customer.id, Role.CUSTOMER, "Ada Albrecht")
        ruth = await desk.admin()

        page = await ruth.see(f"{LIST}?limit=100")

        row = await row_of(ruth, page, desk)
        assert "Mend the boiler" in row
        assert "600.00 EUR" in row.replace("\N{NO-BREAK SPACE}", " ")
        assert "No card" in row
        assert "Bob Baumann for Ada Albrecht" in row

    async def test_says_whose_first_mark_waits_for_a_second(self, at: At, town: Town) -> None:
        desk, one, other = await at(price=LARGE), town.admin(), town.admin()
        await one.post(f"{desk.deal.payout}/approve", {"attempt": 1, "reason": BANK})
        await desk.deal.written()
        await named(town, one.id, Role.ADMIN, "Ruth Richter")

        first, second = await desk.admin(one.id), await desk.admin(other.id)

        mine = await row_of(first, await first.see(f"{LIST}?limit=100"), desk)
        theirs = await row_of(second, await second.see(f"{LIST}?limit=100"), desk)
        assert "Yours is the first mark; somebody else sets the second." in mine
        assert "Ruth Richter has set the first mark; it takes a second admin." in theirs

    async def test_a_filter_shows_one_status_and_says_so(self, at: At, town: Town) -> None:
        waiting, denied = await at(), await at()
        await town.admin().post(
            f"{denied.deal.payout}/deny", {"attempt": 1, "reasonCode": "other", "note": "no photo"}
        )
        await denied.deal.written()
        ruth = await waiting.admin()

        page = await ruth.see(f"{LIST}?status=denied")

        (chosen,) = [each for each in page.main.all("a") if "aria-current" in each.attributes]
        assert chosen.text == "Denied"
        led = [each.attributes["href"] for each in page.main.one("tbody").all("a")]
        assert denied.path in led
        assert waiting.path not in led
        assert page.main.one("caption").text == "The newest first"

    async def test_an_empty_list_says_what_to_do(self, open_browser: OpenBrowser) -> None:
        ruth = await open_browser(fresh("ruth"), Role.ADMIN)

        page = await ruth.see(f"{LIST}?status=disputed")

        assert "No payout is in this status" in page.text
        assert any(each.attributes["href"] == LIST for each in page.main.all("a"))

    async def test_a_status_that_somebody_made_up_is_refused(self, open_browser: OpenBrowser) -> None:
        ruth = await open_browser(fresh("ruth"), Role.ADMIN)

        assert page_of(await ruth.ask(f"{LIST}?status=paid_twice")).status == 422

    async def test_the_file_has_what_the_api_lists(self, at: At) -> None:
        desk = await at()
        ruth = await desk.admin()
        page = await ruth.see(f"{LIST}?status=pending_approval")
        (link,) = [each for each in page.main.all("a") if each.text == "This list as CSV"]

        answer = await ruth.ask(link.attributes["href"])

        assert answer.headers["Content-Disposition"] == 'attachment; filename="payouts.csv"'
        lines = {each["id"]: each for each in csv.DictReader(io.StringIO(answer.text))}
        assert lines[desk.deal.id]["status"] == "pending_approval"

    async def test_hears_of_what_moves(self, at: At) -> None:
        desk = await at()
        ruth = await desk.admin()

        listed, one = await ruth.see(LIST), await desk.page(ruth)

        version = (await desk.deal.now())["stateVersion"]
        assert listed.main.attributes["data-live"].startswith("/ui/live?since=")
        assert one.main.attributes["data-live"] == f"/ui/live?visit={desk.deal.id}.{version}"


class TestThePage:
    async def test_says_what_is_owed_why_and_whose_turn_it_is(self, at: At) -> None:
        desk = await at()

        page = await desk.page(await desk.admin())

        said = page.text.replace("\N{NO-BREAK SPACE}", " ")
        for each in (
            "125.00 EUR",
            "The agreed price.",
            "a photo",
            "It is your turn",
            "No card pays for this",
        ):
            assert each in said, each
        assert "Please decide on the payout by" in said
        assert "If nobody does anything, at" in said
        assert desk.deal.id in said
        assert desk.deal.customer.id in said

    async def test_evidence_that_is_an_address_is_a_link_that_tells_nobody(self, town: Town, at: At) -> None:
        deal = await town.scheduled()
        shown = ["https://photos.example/1.jpg", "javascript:alert(1)", "see https://photos.example/2.jpg"]
        await town.ops().post(f"{deal.path}/complete", {"evidence": shown})
        await deal.written("payout_pending")
        page = await (await (await at()).admin()).see(f"{LIST}/{deal.id}")

        (link,) = page.main.one("ul", class_="points").all("a")

        assert link.attributes["href"] == shown[0]
        assert {"noopener", "noreferrer"} <= set(link.attributes["rel"].split())
        assert all(each in page.text for each in shown)

    async def test_staff_gets_the_run_the_audit_and_the_evidence(self, at: At) -> None:
        desk = await at()
        ruth = await desk.admin()
        led = {each.text: each.attributes["href"] for each in (await desk.page(ruth)).main.all("a")}

        audit = await ruth.see(led["Audit trail"])
        evidence = await ruth.ask(led["Evidence as a file"])

        assert led["Its run in Temporal"].endswith(f"/workflows/assignment-{desk.deal.id}")
        assert "The chain holds." in audit.text
        assert "Complete assignment" in audit.text
        assert evidence.headers["Content-Disposition"].startswith("attachment; ")
        told = json.loads(evidence.text)
        assert (told["assignmentId"], len(told["head"])) == (desk.deal.id, 64)

    async def test_a_row_that_was_changed_is_found_out(self, at: At, town: Town) -> None:
        desk = await at()
        ruth = await desk.admin()
        async with town.sessions.begin() as session:
            connection = await session.connection()
            await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            await connection.exec_driver_sql(
                "UPDATE audit_event SET reason = 'never said' WHERE entity_id = %s AND state_version = 2",
                (desk.deal.id,),
            )

        page = await ruth.see(f"{desk.path}/audit")

        assert "The chain is broken." in page.text
        assert "step 2, what it says does not give its hash" in page.text

    async def test_it_is_where_mails_to_admins_lead(self, at: At) -> None:
        desk = await at()
        link = HOME.page(Role.ADMIN, job=desk.deal.job_id, assignment=desk.deal.id)

        page = await (await desk.admin()).see(urlsplit(link).path)

        assert page.title == "Mend the boiler"
        assert page.has_form("approve")

    async def test_before_the_work_is_done_it_says_that_nothing_is_owed(
        self, town: Town, open_browser: OpenBrowser
    ) -> None:
        deal = await town.scheduled()
        await deal.written("scheduled")
        ruth = await open_browser(fresh("ruth"), Role.ADMIN)

        page = await ruth.see(f"{LIST}/{deal.id}")

        assert "There is no payout yet" in page.text
        assert not any(page.has_form(id) for id in ("approve", "deny", "close", "refund"))

    async def test_a_payout_of_nobody_is_a_page_that_says_so(self, open_browser: OpenBrowser) -> None:
        ruth = await open_browser(fresh("ruth"), Role.ADMIN)
        form = {"csrf": await ruth.csrf(), "attempt": "1", "reasonCode": "other", "note": "no", "key": "k"}

        seen = page_of(await ruth.ask(f"{LIST}/00000000-0000-8000-8000-000000000000"))
        denied = page_of(await ruth.post(f"{LIST}/00000000-0000-8000-8000-000000000000/deny", form))

        assert (seen.status, denied.status) == (404, 404)


class TestApproving:
    async def test_takes_a_reference_a_second_look_and_is_on_record(self, at: At) -> None:
        desk = await at()
        ruth = await desk.admin()

        asked = await sure(ruth, await desk.page(ruth), "approve", reason=BANK)
        before = (await desk.payout())["status"]
        done = await ruth.follow(await ruth.submit(asked, "approve"))

        assert asked.title == "Approve 125.00 EUR?"
        assert "you move the money yourself, under this reference" in asked.text
        assert before == "pending_approval"
        assert done.said == "It is approved."
        await desk.deal.written("paid")
        paid = await desk.payout()
        assert (paid["status"], paid["reference"]) == ("settled_manual", BANK)
        (word,) = paid["decisions"]
        assert (word["source"], word["amount"]["amount"]) == ("page", 12_500)
        page = await desk.page(ruth)
        assert not page.has_form("approve")
        assert "Paid by transfer" in page.text

    async def test_less_says_how_much_less(self, at: At) -> None:
        desk = await at()
        ruth = await desk.admin()

        asked = await sure(ruth, await desk.page(ruth), "approve", reason=BANK, amount="100,50")

        assert asked.title == "Approve 100.50 EUR?"
        assert "That is 24.50 EUR less than the 125.00 EUR" in asked.text
        await ruth.submit(asked, "approve")
        assert (await desk.payout())["decisions"][0]["amount"]["amount"] == 10_050

    @pytest.mark.parametrize(
        ("typed", "field", "says"),
        [
            ({"amount": ""}, "amount", "Please fill this in."),
            ({"amount": "lots"}, "amount", "This is no amount such as 240.00."),
            ({"amount": "0"}, "amount", "This has to be more than nothing."),
            ({"amount": "125.01"}, "amount", "At most 125.00 EUR can be paid: that is the agreed price."),
            ({"reason": "  "}, "reason", "Please give a reason."),
        ],
    )
    async def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
        self, at: At, typed: dict[str, str], field: str, says: str
    ) -> None:
        desk = await at()
        ruth = await desk.admin()
        whole = {"reason": BANK, "amount": "125.00"} | typed

        page = page_of(await ruth.submit(await desk.page(ruth), "approve", **whole))

        assert (page.status, page.errors("approve")) == (422, [says])
        assert page.form("approve").one(name=field).attributes["aria-invalid"] == "true"
        assert {name: page.fields("approve")[name] for name in whole} == whole
        assert (await desk.payout())["status"] == "pending_approval"

    async def test_a_double_click_approves_once(self, at: At) -> None:
        desk = await at()
        ruth = await desk.admin()
        asked = await sure(ruth, await desk.page(ruth), "approve", reason=BANK)

        answers = await asyncio.gather(*(ruth.submit(asked, "approve") for _ in range(3)))

        assert {each.status_code for each in answers} == {303}
        assert len((await desk.payout())["decisions"]) == 1

    async def test_being_sure_cannot_be_skipped_by_an_address(self, at: At) -> None:
        desk = await at()
        ruth = await desk.admin()

        for path in ("approve?sure=yes&attempt=1", "deny", "close?sure=yes", "refund"):
            assert (await ruth.ask(f"{desk.path}/{path}")).status_code == 405

        assert (await desk.payout())["decisions"] == []


class TestTwoAdmins:
    async def test_a_large_one_is_explained_marked_and_paid_by_the_second(self, at: At, town: Town) -> None:
        desk = await at(price=LARGE)
        one, other = fresh("ruth"), fresh("rita")
        await named(town, one, Role.ADMIN, "Ruth Richter")
        ruth, rita = await desk.admin(one), await desk.admin(other)

        # Before anybody tries, it says that it takes two.
        page = await desk.page(ruth)
        assert "This takes two admins" in page.text
        asked = await sure(ruth, page, "approve", reason=BANK)
        assert "no money moves until another admin sets the second one" in asked.text
        marked = await ruth.follow(await ruth.submit(asked, "approve"))
        assert marked.said == "Your mark is set. Another admin sets the second one."

        # The first is told that it is not theirs any more, and may still deny.
        assert "Yours is the first mark." in marked.text
        assert "It is your turn" in marked.text
        assert not marked.has_form("approve")
        assert marked.has_form("deny")

        # The second sees whose mark it is, and pays.
        seen = await desk.page(rita)
        assert "Ruth Richter has set the first mark" in seen.text
        done = await decided(rita, seen, "approve", reason=BANK)
        assert done.said == "It is approved."
        assert [each["ruling"] for each in (await desk.payout())["decisions"]] == ["first_mark", "approved"]

    async def test_the_second_has_to_mean_the_same_amount(self, at: At) -> None:
        desk = await at(price=LARGE)
        ruth, rita = await desk.admin(), await desk.admin()
        await decided(ruth, await desk.page(ruth), "approve", reason=BANK)

        answer = await rita.submit(await desk.page(rita), "approve", reason=BANK, amount="550")

        page = page_of(answer)
        assert page.status == 422
        assert page.errors("approve") == [
            "The first admin approved 600.00 EUR; it takes the same amount twice."
        ]

    async def test_who_was_slower_sees_who_decided_what(self, at: At, town: Town) -> None:
        desk = await at()
        quick, slow = fresh("ruth"), await desk.admin()
        await named(town, quick, Role.ADMIN, "Ruth Richter")
        old = await sure(slow, await desk.page(slow), "approve", reason=BANK)
        ruth = await desk.admin(quick)
        await ruth.submit(
            await desk.page(ruth), "deny", reasonCode="evidence_missing", note="The photo shows the cellar"
        )

        late = page_of(await slow.submit(old, "approve"))

        assert late.status == 409
        assert "Something has changed meanwhile." in late.text
        assert "Ruth Richter denied it" in late.text
        assert "The photo shows the cellar" in late.text
        assert late.errors("approve") == ["Somebody has decided on this before you."]
        assert not late.has_form("approve")
        assert [each["ruling"] for each in (await desk.payout())["decisions"]] == ["denied"]

    async def test_of_many_at_once_one_decides(self, at: At) -> None:
        desk = await at()
        admins = [await desk.admin() for _ in range(4)]
        asked = [await sure(each, await desk.page(each), "close", note="over") for each in admins]

        answers = await asyncio.gather(
            *(each.submit(page, "close") for each, page in zip(admins, asked, strict=True))
        )

        # A denial that stands is told again, and not said again.
        assert {each.status_code for each in answers} <= {303, 409}
        assert len((await desk.payout())["decisions"]) == 1

    @pytest.mark.parametrize("part", ["customer", "provider"])
    async def test_who_has_a_part_in_it_is_told_so_and_offered_nothing(self, at: At, part: str) -> None:
        desk = await at()
        party = desk.deal.customer if part == "customer" else desk.deal.provider
        page = await desk.page(await desk.admin(party.id))

        assert "You have a part in this" in page.text
        assert "It is another admin's turn" in page.text
        assert not any(page.has_form(id) for id in ("approve", "deny", "close"))

    async def test_who_tries_all_the_same_is_refused_in_words(self, at: At) -> None:
        desk = await at()
        bob = await desk.admin(desk.deal.provider.id)
        form = {"csrf": await bob.csrf(), "key": "k", "attempt": "1", "reasonCode": "other", "note": "mine"}

        page = page_of(await bob.post(f"{desk.path}/deny", form))

        assert page.status == 403
        assert page.errors("deny") == ["Somebody who is not part of this assignment has to rule on it."]
        assert (await desk.payout())["decisions"] == []


class TestDenying:
    async def test_the_provider_is_told_why_and_may_answer(self, at: At) -> None:
        desk = await at()
        ruth = await desk.admin()

        answer = await ruth.submit(
            await desk.page(ruth), "deny", reasonCode="evidence_missing", note="Show the pipe"
        )

        done = await ruth.follow(answer)
        assert done.said == DONE[Step.DENY]
        (word,) = (await desk.payout())["decisions"]
        assert (word["reason"], word["final"]) == ("evidence_missing: Show the pipe", False)
        assert "evidence_missing: Show the pipe" in done.text
        assert "to send the payout in again" in done.text
        assert done.has_form("close")

    async def test_closing_for_good_asks_first_and_ends_it(self, at: At) -> None:
        desk = await at()
        ruth = await desk.admin()

        asked = await sure(ruth, await desk.page(ruth), "close", reasonCode="duplicate", note="Paid in cash")
        before = (await desk.payout())["status"]
        done = await ruth.follow(await ruth.submit(asked, "close"))

        assert asked.title == "Close this payout for good?"
        assert DENIALS["duplicate"] in asked.text
        assert before == "pending_approval"
        assert "nothing is paid" in done.said
        assert (await desk.payout())["status"] == "closed_denied"
        assert "There is nothing to decide now." in done.text

    async def test_a_no_without_words_is_refused_at_its_field(self, at: At) -> None:
        desk = await at()
        ruth = await desk.admin()

        page = page_of(await ruth.submit(await desk.page(ruth), "deny", note=" "))

        assert (page.status, page.errors("deny")) == (422, ["Please fill this in."])
        assert "open" in page.form("deny").parent.parent.attributes  # type: ignore[union-attr]


class TestADispute:
    async def disputed(self, at: At) -> Desk:
        desk = await at()
        await desk.deal.customer.post(f"{desk.deal.path}/dispute", {"reason": "it still leaks"})
        return desk

    async def test_is_settled_for_less(self, at: At) -> None:
        desk = await self.disputed(at)
        ruth = await desk.admin()
        page = await desk.page(ruth)
        assert "it still leaks" in page.text
        assert not page.has_form("approve")

        done = await decided(
            ruth, page, "resolve-dispute", outcome="reduce", amount="100", reason="half of it leaks"
        )

        assert done.said == "The dispute is settled. Both sides are told."
        payout = await desk.payout()
        assert (payout["status"], payout["amount"]["amount"]) == ("pending_approval", 10_000)
        assert done.has_form("approve")
        assert done.fields("approve")["amount"] == "100.00"

    async def test_is_closed_once_somebody_is_sure(self, at: At) -> None:
        desk = await self.disputed(at)
        ruth = await desk.admin()

        asked = await sure(
            ruth, await desk.page(ruth), "resolve-dispute", outcome="refund", reason="both agree"
        )
        before = (await desk.payout())["status"]
        await ruth.submit(asked, "resolve-dispute")

        assert "The payout is closed for good" in asked.text
        assert before == "on_hold"
        assert (await desk.payout())["status"] == "closed_denied"

    @pytest.mark.parametrize(
        ("outcome", "amount"), [("reduce", "125.00"), ("release", "10"), ("reduce", "")], ids=str
    )
    async def test_an_amount_that_does_not_fit_is_said_in_the_unit_it_was_typed_in(
        self, at: At, outcome: str, amount: str
    ) -> None:
        desk = await self.disputed(at)
        ruth = await desk.admin()

        answer = await ruth.submit(
            await desk.page(ruth), "resolve-dispute", outcome=outcome, amount=amount, reason="so be it"
        )

        page = page_of(answer)
        assert page.status == 422
        assert page.errors("resolve-dispute") == [
            "An amount goes with “Reduce” alone, and is less than 125.00 EUR."
        ]


class TestWords:
    def test_there_are_some_for_every_status_deadline_and_step(self) -> None:
        assert set(MEANS) == set(PayoutStatus)
        assert set(COMES) == set(DeadlineKind)
        assert set(QUESTIONS) == set(YES) == set(DONE) - {Step.DENY}

    @pytest.mark.parametrize(
        "text", ["<script>alert(1)</script>", "{{ 7 * 7 }}{who}{sum}", '"><img src=x onerror=alert(1)>']
    )
    async def test_what_people_wrote_is_text(self, at: At, town: Town, text: str) -> None:
        desk = await at()
        provider = desk.deal.provider
        await named(town, provider.id, Role.PROVIDER, text)
        ruth = await desk.admin()
        await named(town, (ruth_id := fresh("ruth")), Role.ADMIN, text)
        other = await desk.admin(ruth_id)
        await other.submit(await desk.page(other), "deny", reasonCode="other", note=text)
        await provider.post(f"/payouts/{desk.deal.id}/resubmit", {"evidence": [text]})

        page = await desk.page(ruth)
        listed = await ruth.see(f"{LIST}?limit=100")
        asked = await sure(ruth, page, "approve", reason=text)

        shown = " ".join(text.split())
        assert page.text.count(shown) >= 4
        assert f"{shown} denied it" in page.text
        assert shown in listed.text
        assert shown in asked.text


async def row_of(who: Browser, page: Page, desk: Desk) -> str:
    """Return the row of a payout, on whichever page of the list it is."""
    while True:
        for row in page.main.all("tr"):
            if any(each.attributes["href"] == desk.path for each in row.all("a")):
                return row.text
        (more,) = [each for each in page.main.all("a") if each.text == "Show more"]
        page = await who.see(more.attributes["href"])
