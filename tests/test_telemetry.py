"""One JSON object per line, whatever is logged by whom; and no secret in any."""

import json
import logging
import warnings
from collections.abc import Iterator
from io import StringIO
from types import SimpleNamespace

import pytest
import structlog
from prometheus_client import REGISTRY, generate_latest

from fulfillment import telemetry
from fulfillment.telemetry import configure_logging

CONTRACT = {
    "assignments_requeued_total": (),
    "reminder_sent_total": ("kind", "channel"),
    "reminder_failed_total": ("reason",),
    "commands_total": ("command", "outcome"),
    "projection_lag_seconds_count": (),
    "http_requests_total": ("route", "method", "status"),
    "http_request_seconds_count": ("route",),
}
NASTY = [
    "a\r\nb",
    "\x1b[31mred\x1b[0m",
    '{"level": "info", "event": "forged"}',
    '"}\n{"event": "forged"',
    "\u2028\u2029\u0085\x0b\x0c\x1c",
    "\x00",
    "\ud800",
]


class Sink(StringIO):
    def lines(self) -> list[dict[str, object]]:
        """Return what was logged, as anybody would read it who splits by whatever may end a line."""
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def sink() -> Iterator[Sink]:
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    sink = Sink()
    configure_logging(service="test", stream=sink)
    structlog.configure(cache_logger_on_first_use=False)
    yield sink
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


class TestALine:
    def test_says_who_when_and_how_grave(self, sink: Sink) -> None:
        structlog.get_logger("api.x").warning("assignment.window.confirmed", version=3)

        (line,) = sink.lines()
        assert {name: line[name] for name in ("event", "version", "level", "logger", "service")} == {
            "event": "assignment.window.confirmed",
            "version": 3,
            "level": "warning",
            "logger": "api.x",
            "service": "test",
        }
        assert str(line["at"]).endswith("Z")

    def test_carries_what_it_belongs_to(self, sink: Sink) -> None:
        with structlog.contextvars.bound_contextvars(request_id="r1", workflow_id="assignment-1"):
            structlog.get_logger().info("ours")
            logging.getLogger("sqlalchemy").warning("theirs")

        assert {(line["request_id"], line["workflow_id"]) for line in sink.lines()} == {
            ("r1", "assignment-1")
        }

    @pytest.mark.parametrize(
        ("name", "attached"),
        [
            ("temporal_workflow", {"workflow_id": "job-7", "run_id": "x"}),
            ("temporal_activity", {"workflow_id": "job-7", "activity_id": "1"}),
            ("temporal_log", SimpleNamespace(fields={"workflow_id": "job-7", "failure": "a private note"})),
        ],
    )
    def test_the_engines_own_lines_name_the_workflow_and_no_more(
        self, sink: Sink, name: str, attached: object
    ) -> None:
        logging.getLogger("temporalio.any").warning("told", extra={name: attached})

        (line,) = sink.lines()
        assert line["workflow_id"] == "job-7"
        assert name not in line
        assert "private" not in str(line)

    @pytest.mark.parametrize("text", NASTY)
    def test_stays_one_line_whatever_is_in_it(self, sink: Sink, text: str) -> None:
        structlog.get_logger().info(text, value=text, name=text)
        logging.getLogger("uvicorn.error").info("%s", text, extra={"color_message": text})
        structlog.contextvars.bind_contextvars(request_id=text)
        structlog.get_logger().info("bound")

        assert len(sink.lines()) == 3
        assert "\x1b" not in sink.getvalue()

    def test_holds_a_whole_traceback(self, sink: Sink) -> None:
        error = ZeroDivisionError("a\nb")
        structlog.get_logger().error("ours", exc_info=error)
        logging.getLogger("asyncio").error("theirs", exc_info=error)

        assert all("ZeroDivisionError: a\nb" in str(line["exception"]) for line in sink.lines())

    def test_holds_what_json_cannot_say(self, sink: Sink) -> None:
        structlog.get_logger().info("odd", number=float("nan"), thing=object(), keys={1: {2, 3}})

        (line,) = sink.lines()
        assert line["number"] == "nan"

    def test_warnings_take_the_same_way(self, sink: Sink) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("mind the gap", stacklevel=1)

        assert "mind the gap" in str(sink.lines()[0]["event"])

    def test_what_is_less_grave_than_wanted_is_not_written(self, sink: Sink) -> None:
        structlog.get_logger("api").debug("ours")
        logging.getLogger("theirs").debug("theirs")
        logging.getLogger("uvicorn.access").info("GET /calendar/secret-token.ics")

        assert sink.lines() == []


class TestSecrets:
    @pytest.mark.parametrize(
        "text",
        [
            "Authorization: Bearer s3cr3t-t0ken/+=",
            "postgresql+psycopg://ada:s3cr3t@127.0.0.1/d",
            "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJzM2NyM3QifQ.s3cr3t",
            "sk_live_s3cr3t and whsec_s3cr3t",
        ],
    )
    def test_are_hidden_wherever_they_turn_up(self, sink: Sink, text: str) -> None:
        structlog.get_logger().info(text, value=[{"deep": text}])
        logging.getLogger("theirs").warning("%s", text)
        structlog.get_logger().error("failed", exc_info=RuntimeError(text))

        assert "s3cr3t" not in sink.getvalue()
        assert len(sink.lines()) == 3

    @pytest.mark.parametrize(
        "name", ["password", "access_token", "API_KEY", "Authorization", "approval_secret"]
    )
    def test_are_hidden_by_their_names(self, sink: Sink, name: str) -> None:
        structlog.get_logger().info("told", **{name: "s3cr3t"}, inside={name: ["s3cr3t"]})

        assert "s3cr3t" not in sink.getvalue()


class TestMetrics:
    @pytest.mark.parametrize("name", CONTRACT)
    def test_are_scraped_by_the_names_of_the_contract(self, name: str) -> None:
        family = next(
            metric
            for metric in (getattr(telemetry, name) for name in dir(telemetry))
            if hasattr(metric, "_name") and name in (f"{metric._name}_total", f"{metric._name}_count")
        )

        assert family._labelnames == CONTRACT[name]

    def test_a_counter_counts_under_its_name(self) -> None:
        before = REGISTRY.get_sample_value("reminder_failed_total", {"reason": "opted_out"}) or 0
        telemetry.REMINDERS_FAILED.labels(reason="opted_out").inc()

        assert REGISTRY.get_sample_value("reminder_failed_total", {"reason": "opted_out"}) == before + 1

    def test_nothing_is_scraped_twice_over(self) -> None:
        assert b"_created" not in generate_latest()
        assert b"_total_total" not in generate_latest()
