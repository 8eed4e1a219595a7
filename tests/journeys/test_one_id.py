"""One id, chosen by a caller, leads through everything that their request has set in motion."""

from typing import Any

import structlog
from structlog.testing import capture_logs
from structlog.typing import EventDict
from temporalio.api.common.v1 import Payload
from temporalio.client import Client

from activities.cause import fields_of
from devstack.waiting import until
from fulfillment.domain.people import Role
from tests.journeys.test_timeline import known
from tests.journeys.town import Town, fresh, window
from workflows.names import assignment_run
from workflows.payloads import data_converter

DONE_FOR_IT = {"reserve_hold", "project_assignment", "deliver"}


async def test_a_request_is_found_by_its_id_in_all_five_places(town: Town) -> None:
    deal = await town.deal(visit=window(), customer=await known(town, Role.CUSTOMER))
    id, run = fresh("call"), assignment_run(deal.id)

    with capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        answer = await deal.customer.ask(
            "POST", f"{deal.path}/schedule/confirm", {"version": 1}, X_Request_Id=id
        )
        mail = await until(
            lambda: _mail_of(town, id), lambda it: bool(it["raw"]), "the confirmation to be mailed"
        )
        found = await until(
            lambda: _done(lines, id), lambda it: it["activities"] >= DONE_FOR_IT, "the activities"
        )

    assert answer.headers["X-Request-Id"] == id
    assert {each["actor_role"] for each in found["lines"]} == {"customer"}
    assert {each["workflow_id"] for each in found["lines"] if "workflow_id" in each} == {run}
    assert {each["event"] for each in found["lines"]} >= {
        "http.request.answered",
        "engine.command.answered",
        "activity.done",
        "notice.sent",
    }
    told, activities = await _history(town.engine, run, id)
    assert (told["request_id"], told["actor"]["role"]) == (id, "customer")
    assert activities >= DONE_FOR_IT
    (step,) = [each for each in await deal.audit() if each["request_id"] == id]
    assert (step["command"], step["actor_role"]) == ("ConfirmWindow", "customer")
    assert f"X-Request-Id: {id}\r\n" in mail["raw"]


async def test_what_the_clock_does_goes_back_to_no_request(town: Town) -> None:
    deal = await town.deal(visit=window())

    with capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        await deal.skip(hours=25)
        await deal.written()
        found = await until(
            lambda: _written_by_the_clock(lines, assignment_run(deal.id)),
            lambda it: bool(it["lines"]),
            "the lapse to be written",
        )

    assert [each for each in found["lines"] if "request_id" in each] == []


async def _mail_of(town: Town, id: str) -> dict[str, Any]:
    rows = await town.rows(
        "SELECT convert_from(raw, 'UTF8') AS raw FROM kept_message WHERE request_id = :id", id=id
    )
    return {"raw": "".join(row["raw"] for row in rows)}


async def _done(lines: list[EventDict], id: str) -> dict[str, Any]:
    mine = [each for each in lines if each.get("request_id") == id]
    return {
        "lines": mine,
        "activities": {each["activity"] for each in mine if each["event"] == "activity.done"},
    }


async def _written_by_the_clock(lines: list[EventDict], run: str) -> dict[str, Any]:
    mine = [each for each in lines if each.get("workflow_id") == run and each["event"] == "activity.done"]
    return {"lines": [each for each in mine if each.get("actor_role") == "system"]}


async def _history(engine: Client, run: str, id: str) -> tuple[dict[str, Any], set[str]]:
    """Return the command that carries the id, and the activities whose header does."""
    commands: list[dict[str, Any]] = []
    activities: set[str] = set()
    async for event in engine.get_workflow_handle(run).fetch_history_events():
        update = event.workflow_execution_update_accepted_event_attributes
        payloads: list[Payload] = list(update.accepted_request.input.args.payloads)
        commands += await data_converter.decode(payloads)
        scheduled = event.activity_task_scheduled_event_attributes
        if fields_of(scheduled.header.fields).get("request_id") == id:
            activities.add(scheduled.activity_type.name)
    (told,) = [each for each in commands if each["request_id"] == id]
    return told, activities
