"""How the marketplace stands: visits, reminders, messages, money."""

from ops.dashboards.panels import Dashboard, Panel, quantile

OVER = "paid|closed_unpaid|rejected|cancelled"
JOBS_OVER = "completed|cancelled|expired"

OPERATIONS = Dashboard(
    uid="fulfillment-operations",
    title="Fulfillment: operations",
    description="How the marketplace stands: visits, reminders, messages, money.",
    rows={
        "Assignments": [
            Panel(
                title="Assignments by status",
                unit="short",
                description="Where assignments stand that are not over.",
                asks={"{{state}}": f'max by (state) (fulfillment_assignments{{state!~"{OVER}"}})'},
                stacked=True,
                width=12,
            ),
            Panel(
                title="Overdue",
                unit="short",
                description="Somebody's patience is used up; /ui/admin/assignments has them on top.",
                asks={"overdue": "max(fulfillment_assignments_overdue)"},
                kind="stat",
                limit=1,
                width=4,
            ),
            Panel(
                title="Given back in 24 hours",
                unit="short",
                description="Jobs that came back to dispatch: their provider gave up, or did not come.",
                asks={"requeued": "sum(increase(assignments_requeued_total[24h]))"},
                kind="stat",
                width=4,
            ),
            Panel(
                title="Open tasks",
                unit="short",
                description="What only a person can mend, at /ui/admin/tasks.",
                asks={"{{type}}": "max by (type) (fulfillment_tasks_open)"},
                kind="stat",
                limit=1,
                width=4,
            ),
            Panel(
                title="Jobs by status",
                unit="short",
                description="Where jobs stand that still look for somebody.",
                asks={"{{state}}": f'max by (state) (fulfillment_jobs{{state!~"{JOBS_OVER}"}})'},
                stacked=True,
                width=12,
            ),
            Panel(
                title="Age of the oldest task",
                unit="s",
                description="How long the oldest open task of each type has been open.",
                asks={"{{type}}": "max by (type) (fulfillment_tasks_oldest_seconds)"},
                width=12,
            ),
        ],
        "Reminders and messages": [
            Panel(
                title="Reminders sent",
                unit="short",
                description="By kind, in the span of a point; in health they follow the agreed visits.",
                asks={"{{kind}}": "sum by (kind) (increase(reminder_sent_total[$__rate_interval]))"},
                stacked=True,
            ),
            Panel(
                title="Reminders failed",
                unit="short",
                description="Reminders that will not be sent, and why. ReminderFailures comes above 10.",
                asks={"{{reason}}": "sum by (reason) (increase(reminder_failed_total[15m]))"},
                limit=10,
            ),
            Panel(
                title="Lateness",
                unit="s",
                description="From the moment a reminder was due to the channel that took it.",
                asks={
                    "p50": quantile(0.5, "reminder_lateness_seconds", over="30m"),
                    "p95": quantile(0.95, "reminder_lateness_seconds", over="30m"),
                },
                limit=60,
            ),
            Panel(
                title="Outbox",
                unit="short",
                description="Messages that are owed to people: waiting, or in the hands of who sends them.",
                asks={"{{status}}": "max by (status) (fulfillment_outbox_waiting)"},
                stacked=True,
            ),
            Panel(
                title="Oldest message in the outbox",
                unit="s",
                description="How long the oldest of them has been owed. OutboxStuck comes at 15 minutes.",
                asks={"{{status}}": "max by (status) (fulfillment_outbox_oldest_seconds)"},
                limit=900,
            ),
            Panel(
                title="Attempts to deliver",
                unit="ops",
                description="By channel and how they ended. A channel that has only `delayed` is down.",
                asks={
                    "{{channel}} {{outcome}}": "sum by (channel, outcome)"
                    " (rate(notice_attempts_total[$__rate_interval]))"
                },
            ),
            Panel(
                title="What the sweep found",
                unit="short",
                description="What the timers should have done and the sweep had to. In health, nothing.",
                asks={
                    "{{kind}}": "sum by (kind) (increase(sweep_drift_total[1h]))",
                    "sent by it": "sum(increase(reminder_sweep_recovered_total[1h]))",
                },
                limit=1,
                width=12,
            ),
            Panel(
                title="A sweep takes",
                unit="s",
                description="95 of a hundred take no longer. SweepNotRun comes after 30 minutes without one.",
                asks={"p95": quantile(0.95, "sweep_seconds", over="1h")},
                width=12,
            ),
        ],
        "Money": [
            Panel(
                title="Open payouts",
                unit="short",
                description="`denied` and `awaiting_customer_payment` wait for others, the rest for us.",
                asks={"{{status}}": "max by (status) (fulfillment_payouts_open)"},
                stacked=True,
                width=12,
            ),
            Panel(
                title="Oldest open payout",
                unit="s",
                description="Since its submission. PayoutsWaitLong comes at 48 hours.",
                asks={"{{status}}": "max by (status) (fulfillment_payouts_oldest_seconds)"},
                limit=172_800,
                width=12,
            ),
            Panel(
                title="Money at risk",
                unit="short",
                description="What is held on cards, and for less than 24 hours more; in minor units.",
                asks={"{{currency}}": "max by (currency) (fulfillment_holds_ending_minor)"},
                limit=1,
            ),
            Panel(
                title="Holds that end within 24 hours",
                unit="short",
                description="HoldsEnding comes with the first: rule on it, or have it held anew.",
                asks={"{{currency}}": "max by (currency) (fulfillment_holds_ending)"},
                kind="stat",
                limit=1,
                width=4,
            ),
            Panel(
                title="Last reconciliation",
                unit="s",
                description="When our books were compared with Stripe's. ReconcilerNotRun comes at 3 hours.",
                asks={"ago": "time() - max(reconcile_last_end_timestamp_seconds > 0)"},
                kind="stat",
                limit=10_800,
                width=4,
            ),
            Panel(
                title="Drift of money",
                unit="short",
                description="On what runs, rows and Stripe disagree, and what of it was mended by itself.",
                asks={
                    "{{kind}}": "sum by (kind) (increase(reconcile_drift_total[2h]))",
                    "{{kind}} mended": "sum by (kind) (increase(reconcile_healed_total[2h]))",
                },
                limit=1,
            ),
        ],
    },
)
