"""Staff find an assignment by what they have in hand, and take lists home as files; nobody else does."""

import csv
import io
from collections.abc import Mapping, Sequence

import httpx2
import pytest

from tests.journeys.people import Person, problem_of
from tests.journeys.town import Town


async def exported(who: Person, path: str, **query: str) -> Sequence[Mapping[str, str]]:
    """Return the lines of an export, as a spreadsheet reads them."""
    answer = await who.ask("GET", str(httpx2.URL(path, params={"format": "csv", **query})))
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


class TestAssignments:
    async def test_a_file_has_what_the_filters_let_through(self, town: Town) -> None:
        deal = await town.scheduled()
        await deal.written("scheduled")
        shown = await deal.now()

        (line,) = await exported(town.ops(), "/assignments", jobId=deal.job_id)

        assert (line["id"], line["status"], line["price.currency"]) == (deal.id, "scheduled", "EUR")
        assert int(line["price.amount"]) == shown["price"]["amount"]
        assert (line["scheduledStart"], line["reminderOverdue"]) == (shown["scheduledStart"], "false")
        assert line["obligation.action"] == shown["obligation"]["action"]
        assert await exported(town.ops(), "/assignments", jobId=deal.job_id, status="paid") == []

    async def test_what_somebody_wrote_is_no_formula_in_it(self, town: Town) -> None:
        deal = await town.deal()
        await deal.customer.post(f"{deal.path}/cancel", {"reason": "=1+1; +2"})
        await deal.written("cancelled")

        (line,) = await exported(town.admin(), "/assignments", jobId=deal.job_id)

        assert line["cancelReason"] == "'=1+1;' +2"

    async def test_the_header_asks_for_one_as_the_link_does(self, town: Town) -> None:
        deal = await town.deal()
        await deal.written()
        path = f"/assignments?jobId={deal.job_id}"

        by_header = await town.ops().ask("GET", path, Accept="text/csv;q=0.9, application/json;q=0.1")
        preferring_json = await town.ops().ask("GET", path, Accept="text/csv;q=0.1, application/json;q=0.9")

        assert by_header.headers["Content-Disposition"] == 'attachment; filename="assignments.csv"'
        assert deal.id in by_header.text
        assert [each["id"] for each in preferring_json.json()["items"]] == [deal.id]

    @pytest.mark.parametrize("query", ["format=csv", "q=gutter"])
    async def test_files_and_searching_are_for_staff(self, town: Town, query: str) -> None:
        for who in (town.customer(), town.provider()):
            refused = await who.ask("GET", f"/assignments?{query}")

            assert (refused.status_code, problem_of(refused)["code"]) == (403, "ROLE_FORBIDDEN")

    async def test_a_forged_cursor_makes_no_file(self, town: Town) -> None:
        refused = await town.ops().ask("GET", "/assignments?format=csv&cursor=garbage")

        assert (refused.status_code, problem_of(refused)["code"]) == (422, "VALUE_INVALID")


class TestSearching:
    async def test_ids_names_and_titles_lead_to_it(self, town: Town) -> None:
        deal = await town.deal()
        await deal.written()
        job = await deal.customer.get(f"/jobs/{deal.job_id}")

        for sought in (deal.id, deal.id[:12], deal.job_id, deal.customer.id, deal.provider.id):
            found = await town.ops().get("/assignments", q=sought)
            assert [each["id"] for each in found["items"]] == [deal.id]
        by_title = await town.ops().get("/assignments", q=job["title"][:6], jobId=deal.job_id)
        assert [each["id"] for each in by_title["items"]] == [deal.id]

    async def test_a_found_list_is_a_file_too(self, town: Town) -> None:
        deal = await town.deal()
        await deal.written()

        (line,) = await exported(town.admin(), "/assignments", q=deal.id)

        assert line["jobId"] == deal.job_id

    @pytest.mark.parametrize("q", ["x", "x" * 101])
    async def test_too_little_and_too_much_are_refused_by_the_field(self, town: Town, q: str) -> None:
        refused = await town.ops().ask("GET", f"/assignments?q={q}")

        assert [each["field"] for each in problem_of(refused)["errors"]] == ["q"]


class TestPayouts:
    async def test_a_file_has_the_queue_in_its_order(self, town: Town) -> None:
        deal = await town.completed()
        await deal.written("payout_pending")
        listed = await town.admin().all("/admin/payouts", status="payout_pending")

        lines = await exported(town.admin(), "/admin/payouts", status="payout_pending")

        assert [line["id"] for line in lines] == [each["id"] for each in listed]
        (mine,) = [line for line in lines if line["id"] == deal.id]
        assert (mine["status"], mine["amount.currency"]) == ("pending_approval", "EUR")
        assert int(mine["amount.amount"]) > 0

    async def test_it_is_for_admins_as_the_list_is(self, town: Town) -> None:
        refused = await town.ops().ask("GET", "/admin/payouts?format=csv")

        assert refused.status_code == 403


async def test_the_figures_are_a_file_and_reminders_a_series(town: Town) -> None:
    deal = await town.deal()
    await deal.skip(hours=25)
    await deal.written()

    figures = {
        line["figure"]: int(line["count"]) for line in await exported(town.ops(), "/metrics/fulfillment")
    }
    series = await town.ops().get("/metrics/fulfillment/reminders", range="1h", step="5m")

    assert figures.keys() >= {"awaiting_schedule", "scheduled", "reminder_overdue", "payout_pending"}
    assert (series["source"], len(series["points"])) == ("history", 12)
    assert sum(each["sent"] + each["failed"] for each in series["points"]) >= 1
