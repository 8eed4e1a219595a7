"""What we count and how we log.

The names of the metrics are a contract with dashboards and alerts. Labels come from small closed sets:
never an id, a path as it was asked for, or anything else that a client can choose freely.
"""

import logging
import math
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TextIO

import structlog
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from structlog.typing import EventDict, Processor, WrappedLogger

# A `..._created` series would stand beside every counter and tell a dashboard nothing.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library annotates everything but this


class Reading(Collector):
    """A gauge whose values are read elsewhere, all at once, by their labels.

    What could not be read is not there, instead of old or nought: an alert can tell the difference.
    """

    def __init__(self, name: str, documentation: str, labels: Sequence[str] = ()) -> None:
        self.name = name
        self.labels = tuple(labels)
        self.values: Mapping[tuple[str, ...], float] = {}
        self._documentation = documentation
        REGISTRY.register(self)

    def describe(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(self.name, self._documentation, labels=self.labels)

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(self.name, self._documentation, labels=self.labels)
        for labels, value in self.values.items():
            family.add_metric(labels, value)
        yield family


def at_nought(counter: Counter, values: Iterable[str]) -> None:
    """Let a counter be scraped at nought for each of the values of its label.

    One that first appears at its first count does not grow by it, as Prometheus sees it: no alert would come.
    """
    for value in values:
        counter.labels(value)


SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which several processes behind one port share a folder of counts, as the library has it."""


def exposed() -> bytes:
    """Return what this process has counted; what all have that share a folder, where one is named."""
    if SHARED not in os.environ:
        return generate_latest()
    everybodys = CollectorRegistry()
    MultiProcessCollector(everybodys)  # type: ignore[no-untyped-call]  # as above
    return generate_latest(everybodys)


SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

# The library takes `_total` off a counter's name and appends it again, so these are the names as scraped.
ASSIGNMENTS_REQUEUED = Counter("assignments_requeued_total", "Assignments given back to dispatch.")
REMINDERS_SENT = Counter("reminder_sent_total", "Reminders handed to a channel.", ["kind", "channel"])
REMINDERS_FAILED = Counter("reminder_failed_total", "Reminders that will not be sent.", ["reason"])
REMINDERS_SWEPT = Counter(
    "reminder_sweep_recovered_total", "Reminders that the sweep had to send, because nobody else did."
)
REMINDER_LATENESS = Histogram(
    "reminder_lateness_seconds",
    "From the moment a reminder was due to the channel that took it.",
    ["kind"],
    buckets=(0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 86_400),
)
NOTICE_ATTEMPTS = Counter(
    "notice_attempts_total", "Attempts to deliver a message, by how they ended.", ["channel", "outcome"]
)
SWEEP_DRIFT = Counter(
    "sweep_drift_total", "What the sweep found to be otherwise than the engine should keep it.", ["kind"]
)
SWEEP_SECONDS = Histogram("sweep_seconds", "How long a sweep took.", buckets=(*SECONDS, 30, 60, 300))
RECONCILE_DRIFT = Counter(
    "reconcile_drift_total",
    "What the reconciler found of money on which run, rows and payment provider disagree.",
    ["kind"],
)
RECONCILE_HEALED = Counter(
    "reconcile_healed_total", "Drift that the reconciler has mended without anybody's help.", ["kind"]
)
RECONCILE_ENDED = Gauge(
    "reconcile_last_end_timestamp_seconds",
    "When a reconciliation last came to its end, in Unix time.",
    multiprocess_mode="max",
)
COMMANDS = Counter("commands_total", "Commands put to the engine.", ["command", "outcome"])
PROJECTION_LAG = Histogram(
    "projection_lag_seconds",
    "From an event in a workflow to its row in Postgres.",
    buckets=(*SECONDS, 30, 60, 300, 1800),
)
HTTP_REQUESTS = Counter("http_requests_total", "Requests answered.", ["route", "method", "status"])
HTTP_SECONDS = Histogram("http_request_seconds", "From request to answer.", ["route"], buckets=SECONDS)
RATE_LIMITED = Counter("rate_limited_total", "Requests refused with 429 by a rate limit.", ["role"])
RATE_LIMITS_IN_MEMORY = Gauge(
    "rate_limits_in_memory",
    "1 while rate limits cannot be counted in Postgres.",
    multiprocess_mode="mostrecent",
)

# How things stand: read by the worker when it is scraped (activities/gauges.py), and by nobody else.
ASSIGNMENTS = Reading("fulfillment_assignments", "Assignments, by where they stand.", ["state"])
ASSIGNMENTS_OVERDUE = Reading(
    "fulfillment_assignments_overdue", "Assignments on which somebody's patience is used up."
)
JOBS = Reading("fulfillment_jobs", "Jobs, by where they stand.", ["state"])
PAYOUTS_OPEN = Reading("fulfillment_payouts_open", "Payouts that have not come to an end.", ["status"])
PAYOUTS_OLDEST = Reading(
    "fulfillment_payouts_oldest_seconds", "Since when the oldest open payout has been submitted.", ["status"]
)
HOLDS_ENDING = Reading(
    "fulfillment_holds_ending",
    "Holds on cards that end within 24 hours, of work that has not ended.",
    ["currency"],
)
HOLDS_ENDING_MINOR = Reading(
    "fulfillment_holds_ending_minor", "How much money these hold, in minor units.", ["currency"]
)
OUTBOX_WAITING = Reading("fulfillment_outbox_waiting", "Messages that are owed to people.", ["status"])
OUTBOX_OLDEST = Reading(
    "fulfillment_outbox_oldest_seconds", "Since when the oldest of them has been owed.", ["status"]
)
TASKS_OPEN = Reading("fulfillment_tasks_open", "Open tasks for operations.", ["type"])
TASKS_OLDEST = Reading("fulfillment_tasks_oldest_seconds", "Since when the oldest has been open.", ["type"])
QUEUE_POLLERS = Reading(
    "fulfillment_queue_pollers",
    "Who has asked the engine for work of this queue within two minutes.",
    ["queue", "kind"],
)
RUNS_IN_TROUBLE = Reading(
    "fulfillment_runs_in_trouble", "Runs whose workflow tasks fail or time out again and again.", ["problem"]
)

HIDDEN = "[hidden]"
SECRET_NAME = re.compile(r"authorization|cookie|password|secret|token|api_?key|database_url", re.IGNORECASE)
SECRET_TEXT = (
    (re.compile(r"\b(Bearer)\s+[\w.~+/=-]+", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"(://[^\s:/@]*):[^\s@]+@"), rf"\1:{HIDDEN}@"),  # the password in a database's address
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), HIDDEN),  # a JSON Web Token, wherever it turns up
    (re.compile(r"\b(?:(?:sk|rk)_(?:live|test)|whsec)_\w+"), HIDDEN),  # a Stripe key
)
# Most texts have none of these and need no second look.
HINT = re.compile(r"bearer|://|eyJ|sk_|rk_|whsec_", re.IGNORECASE)
# Ours say it better (uvicorn.access also prints query strings), or theirs say too much too often.
QUIET = {"uvicorn.access": logging.CRITICAL, "httpx2": logging.WARNING, "httpcore2": logging.WARNING}


def configure_logging(*, service: str, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Make every log line of this process one JSON object on `stream` (standard output by default).

    Lines carry the UTC time `at`, the `level`, the `service` and what structlog's context variables
    hold, `request_id` and `workflow_id` above all. The logging of libraries takes the same way. A
    second call replaces the first.
    """
    chain: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        lambda _logger, _method, line: {**line, "service": service},
        _name_the_workflow,
        _hide_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *chain,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=chain,
            # Everything outside ASCII is escaped: whatever a client sends, a line stays a line.
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    _route_everything_to(handler, level=level)


def _route_everything_to(handler: logging.Handler, *, level: str) -> None:
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)


def _name_the_workflow(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Keep the workflow's id of all that the engine's library attaches to its lines, and nothing else."""
    line.pop("color_message", None)  # uvicorn's copy of the event, with ANSI codes
    for name in ("temporal_workflow", "temporal_activity", "temporal_log"):
        attached = line.pop(name, None)
        told = getattr(attached, "fields", attached)
        if isinstance(told, Mapping) and "workflow_id" in told:
            line.setdefault("workflow_id", told["workflow_id"])
    return line


def _hide_secrets(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    # What begins with an underscore is structlog's own luggage.
    return {key: value if key.startswith("_") else _safe(key, value) for key, value in line.items()}


def _safe(key: str, value: object) -> object:
    """Return `value` without secrets, and with nothing that JSON cannot say."""
    if SECRET_NAME.search(key):
        return HIDDEN
    match value:
        case str() if HINT.search(value):
            for secret, instead in SECRET_TEXT:
                value = secret.sub(instead, value)
            return value
        case float() if not math.isfinite(value):
            return str(value)
        case Mapping():
            return {str(name): _safe(str(name), inner) for name, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_safe("", inner) for inner in value]
        case None | str() | bool() | int() | float():
            return value
        case _:
            return _safe("", repr(value))
