"""How the machinery runs: processes, task queues, runs, commands, HTTP."""

from ops.dashboards.panels import Dashboard, Panel, quantile

API = '{job="api", route!~"/readyz|/healthz|/metrics"}'
ERRORS = '{job="api", route!~"/readyz|/healthz|/metrics", status=~"5.."}'

ENGINE = Dashboard(
    uid="fulfillment-engine",
    title="Fulfillment: engine and API",
    description="How the machinery runs: processes, task queues, runs, commands, HTTP.",
    rows={
        "Engine": [
            Panel(
                title="Processes",
                unit="short",
                description="Which of ours can be scraped: 1 is up. ProcessDown comes after two minutes.",
                asks={"{{job}} {{instance}}": 'min by (job, instance) (up{job=~"api|worker"})'},
            ),
            Panel(
                title="Who asks for work",
                unit="short",
                description="Pollers of each task queue, within two minutes. NoWorkerPolls comes at none.",
                asks={"{{queue}} {{kind}}": "max by (queue, kind) (fulfillment_queue_pollers)"},
            ),
            Panel(
                title="Runs that cannot go on",
                unit="short",
                description="Their workflow tasks fail or time out. RunsInTrouble comes with the first.",
                asks={"{{problem}}": "max by (problem) (fulfillment_runs_in_trouble)"},
                limit=1,
            ),
            Panel(
                title="Commands",
                unit="ops",
                description="What the API asked of the engine, by command.",
                asks={"{{command}}": "sum by (command) (rate(commands_total[$__rate_interval]))"},
                stacked=True,
            ),
            Panel(
                title="Commands that were not honoured",
                unit="ops",
                description="`outcome_unknown` and `engine_unavailable` are trouble, the rest is rules.",
                asks={
                    "{{outcome}}": 'sum by (outcome) (rate(commands_total{outcome!="ok"}[$__rate_interval]))'
                },
            ),
            Panel(
                title="From a step to its row",
                unit="s",
                description="How far rows are behind runs. ProjectionLag comes at 30 seconds.",
                asks={
                    "p50": quantile(0.5, "projection_lag_seconds", over="5m"),
                    "p95": quantile(0.95, "projection_lag_seconds", over="5m"),
                },
                limit=30,
            ),
        ],
        "Workers, as the SDK sees them (SDK_METRICS_PORT)": [
            Panel(
                title="Free slots",
                unit="short",
                description="The least that any worker would still take at once; at none, tasks wait for it.",
                asks={"{{worker_type}}": "min by (worker_type) (temporal_worker_task_slots_available)"},
            ),
            Panel(
                title="Tasks wait for a worker",
                unit="s",
                description="95 of a hundred waited no longer. What grows here wants more workers.",
                asks={
                    "runs": quantile(0.95, "temporal_workflow_task_schedule_to_start_latency", over="5m"),
                    "activities": quantile(0.95, "temporal_activity_schedule_to_start_latency", over="5m"),
                },
                limit=1,
            ),
            Panel(
                title="A task of a run takes",
                unit="s",
                description="95 of a hundred took no longer. What takes five seconds is given away.",
                asks={"p95": quantile(0.95, "temporal_workflow_task_execution_latency", over="5m")},
                limit=5,
            ),
            Panel(
                title="Tasks of runs that failed",
                unit="ops",
                description="A bug, or code that does not fit the histories of open runs.",
                asks={
                    "{{workflow_type}}": "sum by (workflow_type)"
                    " (rate(temporal_workflow_task_execution_failed[$__rate_interval]))"
                },
            ),
            Panel(
                title="Runs in memory",
                unit="short",
                description="Each worker remembers 3,000 at most, and reads the others when they wake.",
                asks={"{{instance}}": "max by (instance) (temporal_sticky_cache_size)"},
            ),
            Panel(
                title="Asked of Temporal",
                unit="ops",
                description="Calls by operation.",
                asks={"{{operation}}": "sum by (operation) (rate(temporal_request[$__rate_interval]))"},
            ),
        ],
        "API": [
            Panel(
                title="Requests",
                unit="reqps",
                description="Answered a second, by status.",
                asks={"{{status}}": f"sum by (status) (rate(http_requests_total{API}[$__rate_interval]))"},
                stacked=True,
            ),
            Panel(
                title="Share of errors",
                unit="percentunit",
                description="Answers of 5xx, of all. ApiErrors comes at one in fifty.",
                asks={
                    "5xx": f"(sum(rate(http_requests_total{ERRORS}[5m])) or vector(0))"
                    f" / sum(rate(http_requests_total{API}[5m]))"
                },
                limit=0.02,
            ),
            Panel(
                title="Latency",
                unit="s",
                description="From request to answer; what takes longer than 10 seconds counts as 10.",
                asks={
                    f"p{share}": quantile(share / 100, f"http_request_seconds{API}", over="$__rate_interval")
                    for share in (50, 95, 99)
                },
                limit=5,
            ),
            Panel(
                title="Slowest routes",
                unit="s",
                description="The ten routes whose 95th of a hundred takes longest.",
                asks={
                    "{{route}}": "topk(10, "
                    f"{quantile(0.95, f'http_request_seconds{API}', over='5m', by='le, route')})"
                },
                width=12,
            ),
            Panel(
                title="Asked too often",
                unit="ops",
                description="Requests refused by a rate limit, by role.",
                asks={"{{role}}": "sum by (role) (rate(rate_limited_total[$__rate_interval]))"},
            ),
            Panel(
                title="Limits in memory",
                unit="short",
                description="Processes that cannot count in Postgres who asks how often.",
                asks={"processes": "sum(rate_limits_in_memory)"},
                kind="stat",
                limit=1,
                width=4,
            ),
        ],
    },
)
