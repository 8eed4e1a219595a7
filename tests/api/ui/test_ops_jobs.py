"""What operations do for a job that found nobody, and an absence from its preview to its end."""

from collections.abc import Awaitable, Callable

import pytest
import pytest_asyncio

from devstack.waiting import until
from fulfillment.domain.people import Role
from tests.api.ui.browser import Browser, Page, page_of
from tests.api.ui.test_agreeing import local
from tests.journeys.people import Json, Person
from tests.journeys.town import Town, fresh, window

pytestmark = pytest.mark.nightly

OpenBrowser = Callable[..., Awaitable[Browser]]
LIST = "/ui/admin/jobs"


@pytest_asyncio.fixture
async def olga(open_browser: OpenBrowser) -> Browser:
    return await open_browser(fresh("olga"), Role.OPS)


async def unfilled(town: Town) -> str:
    """Return a job whose time for quotes has run out."""
    posted = await town.quoting(town.customer())
    await town.skip(jobId=posted["id"], hours=49)
    await town.job(posted["id"], "unfilled")
    return str(posted["id"])


async def does(olga: Browser, path: str, form: str, **typed: str) -> Page:
    answer = await olga.submit(await olga.see(path), form, **typed)
    assert answer.status_code == 303, page_of(answer).text
    return await olga.follow(answer)


class TestAJob:
    async def test_one_that_found_nobody_is_ours_and_says_until_when(self, town: Town, olga: Browser) -> None:
        id = await unfilled(town)

        listed = await olga.see(f"{LIST}?status=unfilled")
        page = await olga.see(f"{LIST}/{id}")

        assert "Your turn: find a provider" in listed.text
        assert any(each.attributes["href"] == f"{LIST}/{id}" for each in listed.main.all("a"))
        assert "It is your turn Please find a provider by" in page.text
        assert "Nobody has named a price" in page.text
        forms = {each.attributes["id"] for each in page.main.all("form")}
        assert forms == {"extend", "widen", "assign", "cancel"}

    async def test_it_is_given_more_time(self, town: Town, olga: Browser) -> None:
        id = await unfilled(town)

        typed = {"until": local(days=60), "reason": "The customer is patient"}
        page = await does(olga, f"{LIST}/{id}", "extend", **typed)

        assert page.said == "The job has more time."
        job = await town.job(id, "quoting")
        assert job["expiresAt"].startswith(local(days=60)[:10])

    async def test_it_searches_wider(self, town: Town, olga: Browser) -> None:
        id = await unfilled(town)
        path = f"{LIST}/{id}"

        wild = page_of(await olga.submit(await olga.see(path), "widen", waveSize="many", reason="more"))
        page = await does(olga, path, "widen", dispatchMode="quotes", waveSize="7", reason="more")

        assert (wild.status, wild.fields("widen")["waveSize"]) == (422, "many")
        assert page.said == "The job is searching once more."
        await town.job(id, "quoting")

    async def test_it_is_given_to_somebody_by_name(self, town: Town, olga: Browser) -> None:
        id, bob = await unfilled(town), town.provider()
        path = f"{LIST}/{id}"
        typed = {"providerId": bob.id, "amount": "95,50", "reason": "He said yes on the phone"}

        dear = page_of(await olga.submit(await olga.see(path), "assign", **typed | {"amount": "9999"}))
        page = await does(olga, path, "assign", **typed)

        assert dear.errors("assign") == ["This is more than was agreed, or than the card was asked for."]
        assert page.said == "The job is theirs; they are asked to propose a time."
        assert "95.50" in page.text
        assert (await town.job(id, "accepted"))["providerId"] == bob.id

    async def test_who_gave_it_back_may_be_asked_again(self, town: Town, olga: Browser) -> None:
        deal = await town.deal()
        await deal.provider.post(f"{deal.path}/reject", {"reasonCode": "sick"})
        await town.job(deal.job_id, "quoting", "requeued", "unfilled")
        path = f"{LIST}/{deal.job_id}"

        before = await olga.see(path)
        page = await does(olga, path, "readmit", reason="They are well again")

        assert "Illness" in before.text or "illness" in before.text
        assert page.said == "They may be asked again."
        assert not page.has_form("readmit")

    async def test_it_is_cancelled_and_its_end_is_told(self, town: Town, olga: Browser) -> None:
        id = await unfilled(town)

        page = await does(olga, f"{LIST}/{id}", "cancel", reason="The customer has moved")
        late = await olga.post(
            f"{LIST}/{id}/cancel", {"csrf": await olga.csrf(), "key": "k", "reason": "again"}
        )

        assert page.said == "The job is cancelled."
        assert "There is nothing to do here any more." in page.text
        assert late.status_code == 409
        assert "nothing more can happen to it" in page_of(late).text

    async def test_its_audit_goes_on_by_pages(self, town: Town, olga: Browser) -> None:
        page = await olga.see(f"{LIST}/{await unfilled(town)}/audit?limit=1")

        assert "A deadline came" in page.text
        assert any(each.text == "Show older ones" for each in page.main.all("a"))


def away(provider: Person) -> str:
    return f"/ui/admin/providers/{provider.id}/unavailable"


FLU = {"reasonCode": "sick", "reason": "Flu, says the doctor"}


class TestAnAbsence:
    async def test_from_a_preview_to_each_result(self, town: Town, olga: Browser) -> None:
        deal = await town.scheduled(visit=window(days=2))
        await deal.written("scheduled")
        path, span = away(deal.provider), {"from": local(days=1), "to": local(days=5)}

        # The preview says what would be done, and does none of it.
        form = await olga.see(path)
        seen = page_of(await olga.submit(form, "report", **span, **FLU))
        assert "Nothing has been done yet." in seen.text
        assert "Given back, and the job looks for somebody else" in seen.text
        assert "No absence is reported" in (await olga.see(path)).text
        assert (await deal.now())["status"] == "scheduled"

        # It is run once, however often it is sent.
        answers = [await olga.submit(seen, "run") for _ in range(2)]
        assert {each.status_code for each in answers} == {303}
        assert answers[0].headers["Location"] == answers[1].headers["Location"]
        at = answers[0].headers["Location"]
        assert (await olga.follow(answers[0])).said == "The absence is reported."

        page = await self._gone_through(olga, at)
        assert "1 of 1 assignment is seen to" in page.text
        assert page.main.one("progress").attributes["value"] == "1"
        assert f"/ui/live?absence={at.rpartition('/')[2]}." in page.main.attributes["data-live"]
        assert (await deal.written("rejected"))["rejectReason"] == "sick"
        assert "1 of 1 assignment is seen to" in (await olga.see(path)).text

        # And it is ended before its time, with a reason.
        silent = page_of(await olga.submit(page, "end"))
        over = await olga.follow(await olga.submit(page, "end", reason="He is well again"))
        assert (silent.status, silent.errors("end")) == (422, ["Please fill this in."])
        assert "Ended early" in over.text
        assert not over.has_form("end")

    async def test_what_nobody_could_have_is_said_at_its_field(self, town: Town, olga: Browser) -> None:
        bob = await town.tradesman(fresh("roof"))
        form = await olga.see(away(bob))
        typed = {"from": local(days=5), "to": local(days=1), **FLU}

        page = page_of(await olga.submit(form, "report", **typed))

        assert page.status == 422
        assert page.errors("report")[0].startswith("The absence must end after it begins")
        assert page.form("report").one(name="to").attributes["aria-invalid"] == "true"
        assert {name: page.fields("report")[name] for name in typed} == typed

    async def test_one_that_touches_nothing_is_reported_all_the_same(self, town: Town, olga: Browser) -> None:
        bob = await town.tradesman(fresh("roof"))
        typed = {"from": local(days=1), "to": local(days=2), **FLU}

        seen = page_of(await olga.submit(await olga.see(away(bob)), "report", **typed))
        answer = await olga.submit(seen, "run")
        page = await self._gone_through(olga, answer.headers["Location"])

        assert "It touches nothing" in seen.text
        assert "It touches nothing." in page.text

    async def test_who_is_no_provider_has_no_absences(self, town: Town, olga: Browser) -> None:
        nobody = page_of(await olga.ask(away(town.customer())))

        assert nobody.status == 404

    async def _gone_through(self, olga: Browser, path: str) -> Page:
        async def look() -> Json:
            return {"text": (await olga.see(path)).text}

        await until(look, lambda it: "Gone through" in it["text"], "the absence to be gone through")
        return await olga.see(path)
