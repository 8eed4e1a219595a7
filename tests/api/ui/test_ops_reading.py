"""What operations see: what needs them first, what is found, and the whole story of one assignment."""

import csv
import io
from collections.abc import Awaitable, Callable

import pytest

from fulfillment.domain.people import Role
from fulfillment.store import directory
from fulfillment.store.directory import Person
from tests.api.ui.browser import Browser, Page, page_of
from tests.api.ui.html import Node
from tests.api.ui.test_hostile_texts import HOSTILE
from tests.journeys.town import Deal, Town, fresh, window

pytestmark = pytest.mark.nightly

OpenBrowser = Callable[..., Awaitable[Browser]]
LIST = "/ui/admin/assignments"
NEAR = 0.2


async def named(town: Town, id: str, name: str, role: Role) -> None:
    async with town.sessions.begin() as session:
        await directory.register(session, Person(id=id, name=name, timezone="Europe/Berlin", roles=(role,)))


async def needing(olga: Browser, page: Page, deal: Deal) -> Node:
    """Return the line of a deal among those that need somebody; others may have waited for longer."""
    while True:
        for line in page.main.one("ol", class_="rows").all("li"):
            if any(link.attributes["href"] == f"{LIST}/{deal.id}" for link in line.all("a")):
                return line
        (more,) = [link for link in page.main.all("a") if "more that need somebody" in link.text]
        page = await olga.see(more.attributes["href"])


class TestTheList:
    async def test_who_is_overdue_is_found_with_the_reason_and_since_when(
        self, town: Town, open_browser: OpenBrowser
    ) -> None:
        deal = await town.deal()
        await deal.skip(hours=25)
        await town.rows_once(
            lambda rows: rows[0]["reminder_overdue"],
            "SELECT reminder_overdue FROM assignment WHERE id = :id",
            id=deal.id,
        )
        olga = await open_browser(fresh("olga"), Role.OPS)

        page = await olga.see("/ui/")
        assert page.title == "Assignments"
        line = await needing(olga, page, deal)

        assert "Overdue" in line.text
        assert "since" in line.text
        assert "Time to be agreed" in line.text

    async def test_it_is_searched_by_id_name_and_title(self, town: Town, open_browser: OpenBrowser) -> None:
        deal, olga = await town.deal(), await open_browser(fresh("olga"), Role.OPS)
        surname = fresh("zoe").replace("-", "")
        await named(town, deal.customer.id, f"Ada {surname}", Role.CUSTOMER)

        by = [await olga.see(f"{LIST}?q={word}") for word in (deal.id, surname, deal.provider.id)]

        for page in by:
            assert [link.attributes["href"] for link in page.main.all("a") if "Mend" in link.text] == [
                f"{LIST}/{deal.id}"
            ]
            assert f"Ada {surname} and the provider" in page.text

    async def test_a_blank_form_asks_for_all_and_one_letter_for_more(self, open_browser: OpenBrowser) -> None:
        olga = await open_browser(fresh("olga"), Role.OPS)

        blank = await olga.see(f"{LIST}?q=&status=")
        short = page_of(await olga.ask(f"{LIST}?q=a&status=nonsense"))
        nothing = await olga.see(f"{LIST}?q={fresh('nothing')}&overdue=yes&status=paid")

        assert "All assignments, newest first" in blank.text
        assert (short.status, "Please give two letters or more." in short.text) == (422, True)
        assert "Nothing is found" in nothing.text
        assert nothing.main.one("select", name="status").value == "paid"

    async def test_what_is_found_is_saved_as_csv(self, town: Town, open_browser: OpenBrowser) -> None:
        deal, olga = await town.deal(), await open_browser(fresh("olga"), Role.OPS)
        page = await olga.see(f"{LIST}?q={deal.id}")
        (link,) = [each for each in page.main.all("a") if each.text == "Save as CSV"]

        answer = await olga.ask(link.attributes["href"])

        assert answer.headers["Content-Disposition"] == 'attachment; filename="assignments.csv"'
        (line,) = csv.DictReader(io.StringIO(answer.text))
        assert (line["id"], line["customerId"]) == (deal.id, deal.customer.id)


class TestOne:
    async def test_it_says_what_comes_why_and_who_was_told(
        self, town: Town, open_browser: OpenBrowser
    ) -> None:
        deal = await town.deal()
        await deal.skip(hours=13)
        version = (await deal.written())["stateVersion"]
        olga = await open_browser(fresh("olga"), Role.OPS)

        page = await olga.see(f"{LIST}/{deal.id}?since={version}")

        assert "Waiting for the provider to propose a time by" in page.text
        assert "If nobody does anything, at" in page.text
        assert "all of the patience to propose a window" in page.text
        assert "Reminder: propose nudge" in page.text
        assert f"To the provider, {deal.provider.id}" in page.text
        assert deal.customer.id in page.text
        assert "2026-" not in page.main.one(id="past").parent.text  # type: ignore[union-attr]

    async def test_staff_find_the_run_and_the_payout_if_they_rule_on_it(
        self, town: Town, open_browser: OpenBrowser
    ) -> None:
        deal = await town.completed()
        await deal.written("payout_pending")
        olga, una = await open_browser(fresh("olga"), Role.OPS), await open_browser(fresh("una"), Role.ADMIN)

        theirs, hers = await olga.see(f"{LIST}/{deal.id}"), await una.see(f"{LIST}/{deal.id}")

        outwards = [each for each in theirs.main.all("a") if "Temporal" in each.text]
        assert deal.id in outwards[0].attributes["href"]
        assert outwards[0].attributes["rel"] == "external noopener noreferrer"
        assert "Decide on the payout" not in theirs.text
        assert "It is your turn Please decide on the payout" in hers.text
        assert any(each.attributes["href"] == f"/ui{deal.payout}" for each in hers.main.all("a"))

    async def test_the_audit_says_who_what_and_why_page_by_page(
        self, town: Town, open_browser: OpenBrowser
    ) -> None:
        deal = await town.deal(visit=window())
        await town.ops().post(
            f"{deal.path}/schedule/confirm", {"version": 1, "force": True, "reason": "She rang"}
        )
        await deal.written("scheduled")
        olga = await open_browser(fresh("olga"), Role.OPS)

        page = await olga.see(f"{LIST}/{deal.id}/audit?limit=1")
        older = [each for each in page.main.all("a") if each.text == "Show older ones"]

        assert "Confirm window" in page.text
        assert "She rang" in page.text
        assert "Time to be agreed to Visit booked" in page.text
        assert "A provider was found" in (await olga.see(older[0].attributes["href"])).text

    async def test_the_evidence_is_a_file(self, town: Town, open_browser: OpenBrowser) -> None:
        deal, olga = await town.scheduled(), await open_browser(fresh("olga"), Role.OPS)
        await deal.written("scheduled")

        answer = await olga.ask(f"{LIST}/{deal.id}/evidence")

        assert f'filename="evidence-{deal.id}.json"' in answer.headers["Content-Disposition"]
        assert answer.json()["assignmentId"] == deal.id

    async def test_an_old_link_says_that_things_have_moved_on(
        self, town: Town, open_browser: OpenBrowser
    ) -> None:
        deal, olga = await town.deal(visit=window()), await open_browser(fresh("olga"), Role.OPS)
        await deal.written()

        assert "moved on since the message" in (await olga.see(f"{LIST}/{deal.id}?version=0")).text

    @pytest.mark.parametrize("path", [LIST, f"{LIST}?q=zz", "/ui/admin/jobs", "/ui/admin/tasks"])
    async def test_get_never_acts_and_parties_see_none_of_it(
        self, town: Town, open_browser: OpenBrowser, path: str
    ) -> None:
        for role in (Role.CUSTOMER, Role.PROVIDER):
            somebody = await open_browser(fresh("eve"), role)

            assert (await somebody.ask(path)).status_code == 403


@pytest.mark.parametrize("text", HOSTILE)
async def test_whatever_people_write_is_text(town: Town, open_browser: OpenBrowser, text: str) -> None:
    deal = await town.deal(visit=window())
    for person in (deal.customer, deal.provider):
        await named(town, person.id, text, person.role)
    await deal.propose(1, days=6)
    await town.ops().post(f"{deal.path}/schedule/confirm", {"version": 2, "force": True, "reason": text})
    await town.ops().post(f"{deal.path}/hold", {"until": window(days=3)["start"], "reason": text})
    version = (await deal.written("scheduled"))["stateVersion"]
    olga = await open_browser(fresh("olga"), Role.OPS)

    # `see` has read each page strictly: no script, no handler, nothing that breaks out of its place.
    one = await olga.see(f"{LIST}/{deal.id}?since={version}")
    listed = await olga.see(f"{LIST}?q={deal.id}")
    await olga.see(f"/ui/admin/jobs/{deal.job_id}")
    again = page_of(
        await olga.submit(one, "propose", side="provider", start=text, end=text, note=text, timezone=text)
    )

    shown = " ".join(text.split())
    assert one.text.count(shown) >= 3
    assert shown in listed.text
    assert again.fields("propose")["note"] == text
