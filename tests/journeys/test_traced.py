"""One trace leads from a request through the engine to what was done for it outside, in nobody's words."""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
import structlog
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs
from structlog.typing import EventDict

from api.traced import Traced
from api.traces import traces_to
from devstack.engine import EmbeddedTemporal
from devstack.waiting import until
from fulfillment.domain.people import Role
from tests.journeys.apart import engine_in, running
from tests.journeys.collector import Collector, collecting
from tests.journeys.people import Json
from tests.journeys.test_timeline import known
from tests.journeys.town import Deal, Town, fresh, window
from workflows.names import assignment_run

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CANARY = "Canary-in-a-note"
ROOT = "POST /assignments/{assignment_id}/schedule/confirm"
PATHS = (
    (
        ROOT,
        "StartWorkflowUpdate:confirm_schedule",
        "HandleUpdate:confirm_schedule",
        "RunActivity:reserve_hold",
    ),
    (
        ROOT,
        "StartWorkflowUpdate:confirm_schedule",
        "HandleUpdate:confirm_schedule",
        "RunActivity:project_assignment",
    ),
    (
        ROOT,
        "StartWorkflowUpdate:confirm_schedule",
        "HandleUpdate:confirm_schedule",
        "RunActivity:deliver",
        "send by email",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """A confirmation that a caller made from within a trace of their own, and all that was sent of it."""

    deal: Deal
    request_id: str
    lines: list[EventDict]
    collector: Collector

    def of_trace(self) -> dict[bytes, Span]:
        """Return the spans of the caller's trace by their id."""
        return {each.span_id: each for each in self.collector.spans if each.trace_id.hex() == TRACE}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine")


@pytest.fixture(scope="module")
def engine(files: Path) -> Iterator[EmbeddedTemporal]:
    with engine_in(files) as engine:
        yield engine


@pytest_asyncio.fixture(scope="module")
async def lived(
    plain_logs: None, town_database: AsyncEngine, engine: EmbeddedTemporal, files: Path
) -> AsyncIterator[Lived]:
    with collecting() as collector:
        traces = traces_to(collector.url, service="fulfillment")
        async with running(
            town_database, engine, files, interceptors=traces.interceptors, wrapped_in=Traced
        ) as apart:
            deal, id, lines = await _confirmed(apart.town)
        traces.end()
        yield Lived(deal=deal, request_id=id, lines=lines, collector=collector)


async def _confirmed(town: Town) -> tuple[Deal, str, list[EventDict]]:
    deal, id = await town.deal(visit=window(), customer=await known(town, Role.CUSTOMER)), fresh("call")
    await deal.customer.refused(f"{deal.path}/schedule/decline", {"version": 7, "reason": CANARY})
    await _at_rest(deal)
    with capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        said = {"X_Request_Id": id, "traceparent": f"00-{TRACE}-{CALLER}-01"}
        answer = await deal.customer.ask("POST", f"{deal.path}/schedule/confirm", {"version": 1}, **said)
        assert answer.status_code == 200

        async def sent() -> Json:
            return {"lines": [each for each in lines if each["event"] == "activity.done"]}

        def both(it: Json) -> bool:
            return {"project_assignment", "deliver"} <= {each["activity"] for each in it["lines"]}

        await until(sent, both, "the confirmation to be written and sent")
    return deal, id, lines


async def _at_rest(deal: Deal) -> None:
    """Wait until nothing is under way: a delivery for an earlier step takes along what it finds waiting."""
    run = deal.town.engine.get_workflow_handle(assignment_run(deal.id))

    async def look() -> Json:
        seen = (await run.describe()).raw_description
        deciding = seen.HasField("pending_workflow_task")
        return {"deciding": deciding, "doing": len(seen.pending_activities)}

    await until(look, lambda it: not (it["deciding"] or it["doing"]), f"assignment {deal.id} to come to rest")


def _way_to(span: Span, spans: dict[bytes, Span]) -> tuple[str, ...]:
    """Return the names from the root to `span`."""
    above = spans.get(span.parent_span_id)
    return (*(_way_to(above, spans) if above else ()), span.name)


async def test_a_request_and_all_that_it_leads_to_are_one_tree(lived: Lived) -> None:
    spans = lived.of_trace()

    (root,) = [each for each in spans.values() if each.parent_span_id not in spans]
    assert (root.name, root.parent_span_id.hex()) == (ROOT, CALLER)
    ways = [_way_to(each, spans) for each in spans.values()]
    for path in PATHS:
        assert ways.count(path) == 1, (path, ways)


async def test_the_log_leads_to_the_trace_and_the_trace_to_the_log(lived: Lived) -> None:
    root = next(each for each in lived.of_trace().values() if each.name == ROOT)

    lines = [each for each in lived.lines if each.get("request_id") == lived.request_id]
    assert {each["trace_id"] for each in lines} == {TRACE}
    assert {each["event"] for each in lines} >= {"http.request.answered", "activity.done"}
    told = {each.key: each.value.string_value for each in root.attributes}
    assert told["fulfillment.request_id"] == lived.request_id
    activities = [each for each in lived.of_trace().values() if each.name == "RunActivity:deliver"]
    ids = [{each.key: each.value.string_value for each in span.attributes} for span in activities]
    assert [each["temporalWorkflowID"] for each in ids] == [assignment_run(lived.deal.id)]


async def test_what_people_wrote_and_who_they_are_is_in_no_span(lived: Lived) -> None:
    everything = b"".join(lived.collector.raw)

    assert b"StartWorkflowUpdate:decline_schedule" in everything
    for private in (CANARY, lived.deal.customer.id, lived.deal.provider.id, "127.0.0.1", "HTTP/1.1"):
        assert private.encode() not in everything, private
    assert [each for each in lived.collector.spans if each.events or each.links or each.status.message] == []


def test_without_a_collector_nothing_of_it_is_loaded() -> None:
    loaded = "import sys, worker; print([m for m in sys.modules if m.startswith('opentelemetry.')])"

    found = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)  # noqa: S603

    assert "opentelemetry.sdk" not in found.stdout
    assert "opentelemetry.exporter" not in found.stdout
