"""Reading: as far along as one needs it, page by page, and with the version that the next command quotes."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.journeys.people import Json, problem_of
from tests.journeys.town import Town, window


class TestMinVersion:
    async def test_who_has_just_written_reads_what_they_wrote(self, town: Town) -> None:
        deal = await town.deal()

        for version in range(5):
            answer = await deal.propose(version)
            read = await deal.customer.get(deal.path, minVersion=answer["stateVersion"])
            assert (read["stateVersion"], read["openProposal"]) == (
                answer["stateVersion"],
                answer["openProposal"],
            )
            assert read["projectedAt"] is not None

    async def test_a_version_that_never_comes_is_waited_for_and_then_not(self, town: Town) -> None:
        deal = await town.deal()
        await deal.written()
        began = asyncio.get_running_loop().time()

        read = await deal.customer.get(deal.path, minVersion=99)

        assert 1.9 < asyncio.get_running_loop().time() - began < 4.5
        assert read["stateVersion"] == 1

    async def test_jobs_and_payouts_have_it_too(self, town: Town) -> None:
        deal = await town.completed()
        answer = await deal.now()

        payout = await town.admin().get(deal.payout, minVersion=answer["stateVersion"])
        job = await deal.customer.get(f"/jobs/{deal.job_id}", minVersion=3)

        assert (payout["stateVersion"], payout["status"]) == (answer["stateVersion"], "pending_approval")
        assert job["stateVersion"] >= 3


class TestVersionsInHeaders:
    async def test_the_etag_is_what_if_match_takes(self, town: Town) -> None:
        deal = await town.deal()
        await deal.propose(0)
        await deal.written()
        tag = (await deal.customer.ask("GET", deal.path)).headers["ETag"]

        stale = await deal.customer.ask(
            "POST", f"{deal.path}/schedule/decline", {"reason": "no"}, If_Match='"0"'
        )
        confirmed = await deal.customer.ask("POST", f"{deal.path}/schedule/confirm", {}, If_Match=tag)
        moved = await deal.provider.ask("POST", f"{deal.path}/schedule", window(days=8), If_Match='"2"')

        assert tag == '"1"'
        assert problem_of(stale)["code"] == "VERSION_MISMATCH"
        assert (confirmed.status_code, confirmed.json()["status"]) == (200, "scheduled")
        assert (moved.status_code, moved.json()["openProposal"]["version"]) == (200, 3)

    @pytest.mark.parametrize("tag", ["1", "W/1", '"one"', '"-1"', '"99999999999"', '"1", "2"', "*"])
    async def test_a_header_that_holds_no_version_of_ours_is_refused(self, town: Town, tag: str) -> None:
        deal = await town.deal()

        answer = await deal.customer.ask("POST", f"{deal.path}/schedule/confirm", {}, If_Match=tag)

        assert problem_of(answer)["code"] == "INVALID_BODY"
        assert [each["field"] for each in answer.json()["errors"]] == ["If-Match"]

    async def test_header_and_body_may_agree_but_not_differ(self, town: Town) -> None:
        deal = await town.deal()
        body = {**window(), "expectedVersion": 0}

        differ = await deal.provider.ask("POST", f"{deal.path}/schedule", body, If_Match='"7"')
        agree = await deal.provider.ask("POST", f"{deal.path}/schedule", body, If_Match='"0"')

        assert problem_of(differ)["code"] == "INVALID_BODY"
        assert agree.status_code == 200


class TestLists:
    async def test_pages_follow_one_another_while_others_go_on_posting(self, town: Town) -> None:
        ada = town.customer()
        posted = [(await town.posted(ada))["id"] for _ in range(5)]
        await town.job(posted[-1], "quoting")

        # Two to a page, newest first; what is posted meanwhile comes before all of them.
        first = await ada.get("/jobs", limit=2)
        await town.posted(ada)
        second = await ada.get("/jobs", limit=2, cursor=first["nextCursor"])
        third = await ada.get("/jobs", limit=2, cursor=second["nextCursor"])

        seen = [each["id"] for page in (first, second, third) for each in page["items"]]
        assert seen == posted[::-1]
        assert third["nextCursor"] is None

    async def test_filters_narrow_them(self, town: Town) -> None:
        deal = await town.scheduled(visit=window(days=5))
        await deal.written("scheduled")
        await town.posted(deal.customer, mode="both")
        soon, later = (
            (datetime.now(UTC) + timedelta(days=days)).isoformat().replace("+00:00", "Z") for days in (4, 6)
        )

        async def found(**query: object) -> list[str]:
            return [each["id"] for each in await deal.customer.all("/assignments", **query)]

        assert await found(status="scheduled") == [deal.id]
        assert await found(status="paid") == []
        assert await found(jobId=deal.job_id) == [deal.id]
        assert await found(**{"from": soon, "to": later}) == [deal.id]
        assert await found(**{"from": later}) == []
        assert await found(reminderOverdue="true") == []
        modes = await deal.customer.all("/jobs", dispatchMode="both")
        assert [each["dispatchMode"] for each in modes] == ["both"]

    @pytest.mark.parametrize("path", ["/jobs", "/assignments", "/admin/payouts"])
    @pytest.mark.parametrize(
        "query", ["limit=0", "limit=101", "limit=x", "cursor=garbage", "cursor=" + "x" * 500, "status=lost"]
    )
    async def test_a_question_that_makes_no_sense_is_refused(self, town: Town, path: str, query: str) -> None:
        answer = await town.admin().ask("GET", f"{path}?{query}")

        assert answer.status_code == 422, answer.text
        assert problem_of(answer)["code"] in {"INVALID_PARAMETER", "VALUE_INVALID"}

    async def test_payouts_are_listed_by_the_money_at_risk(self, town: Town) -> None:
        deals = [await town.completed(price=price) for price in (900, 40_000, 7_000)]
        for deal in deals:
            await deal.written("payout_pending")

        listed = await town.admin().all("/admin/payouts", status="payout_pending")

        amounts = [each["amount"]["amount"] for each in listed]
        assert amounts == sorted(amounts, reverse=True)
        assert {deal.id for deal in deals} <= {each["id"] for each in listed}


class TestTheJobsSchedule:
    async def test_reaches_whichever_assignment_the_job_is_in(self, town: Town) -> None:
        ada, bob, bea = town.customer(), town.provider(), town.provider()
        job_id = (await town.quoting(ada))["id"]
        path = f"/jobs/{job_id}/schedule"
        body: Json = {**window(), "expectedVersion": 0}
        assert (await ada.refused(path, body))["code"] == "NO_LIVE_ASSIGNMENT"

        # Bob has it, then Bea; each time Ada proposes to the job, and means whoever has it.
        for provider in (bob, bea):
            quote = await provider.post(f"/jobs/{job_id}/quotes", {"amount": 9_000, "currency": "EUR"})
            made = await ada.post(f"/jobs/{job_id}/quotes/{quote['id']}/accept", {"version": 1})
            proposed = await ada.post(path, body)
            assert (proposed["id"], proposed["scheduleProposedBy"]) == (made["id"], "customer")
            await provider.post(f"/assignments/{made['id']}/reject", {"reasonCode": "sick"})
            await town.job(job_id, "quoting")
            refused = await ada.refused(path, body)
            assert (refused["code"], refused["snapshot"]["status"]) == ("NO_LIVE_ASSIGNMENT", "quoting")

    async def test_operations_speak_for_the_customer_there(self, town: Town) -> None:
        deal = await town.deal()

        proposed = await town.ops().post(f"/jobs/{deal.job_id}/schedule", {**window(), "expectedVersion": 0})

        assert proposed["scheduleProposedBy"] == "customer"
        assert (await deal.confirm(1, by=deal.provider))["status"] == "scheduled"
        await deal.written()
        (row,) = await town.rows(
            "SELECT on_behalf_of FROM schedule_proposal WHERE assignment_id = :id", id=deal.id
        )
        assert row["on_behalf_of"] == "customer"


async def test_local_times_are_shown_as_the_instants_they_name(town: Town) -> None:
    deal = await town.deal()
    day = (datetime.now(UTC) + timedelta(days=10)).date().isoformat()
    body = {"start": f"{day}T09:00:00", "end": f"{day}T11:00:00", "timezone": "Asia/Kathmandu"}

    proposed = await deal.provider.post(f"{deal.path}/schedule", {**body, "expectedVersion": 0})

    assert proposed["openProposal"]["start"] == f"{day}T03:15:00Z"  # +05:45, all year round


async def test_the_timeline_tells_each_side_its_own(town: Town) -> None:
    deal = await town.deal(visit=window(days=5))
    await deal.confirm(1)
    await deal.skip(hours=24 * 4.5)
    await deal.written()

    theirs = await deal.customer.get(f"{deal.path}/timeline")
    all_of_it = await town.ops().get(f"{deal.path}/timeline")

    assert {each["to"] for each in theirs["coming"]} == {"customer"}
    assert {each["to"] for each in all_of_it["coming"]} == {"customer", "provider"}
    assert [each["recipientId"] for each in theirs["reminders"]] == [deal.customer.id]
    assert len(all_of_it["reminders"]) == 2
    assert [each["due"] for each in all_of_it["coming"]] == sorted(
        each["due"] for each in all_of_it["coming"]
    )


async def test_staff_see_the_figures(town: Town) -> None:
    await (await town.completed()).written("payout_pending")

    figures = await town.ops().get("/metrics/fulfillment")

    assert figures.keys() >= {"awaiting_schedule", "scheduled", "reminder_overdue", "payout_pending"}
    assert figures["payout_pending"] >= 1


async def test_it_says_that_it_is_ready(town: Town) -> None:
    ready = await town.http.get("/readyz")

    assert (ready.status_code, [each["ok"] for each in ready.json()["checks"].values()]) == (200, [True] * 3)
