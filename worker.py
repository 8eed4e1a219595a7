"""Run the worker: build what the outside needs, register what we do, serve until told to stop."""

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import structlog
import uvloop
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.converter import DataConverter
from temporalio.runtime import Runtime
from temporalio.service import RPCError
from temporalio.worker import Interceptor, Replayer, Worker, WorkerDeploymentConfig
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

import doors
from activities.absences import Absences
from activities.aftercare import Aftercare
from activities.clocks import People
from activities.gauges import Gauges
from activities.holds import Holds
from activities.ledger import Ledger
from activities.matching import Matching
from activities.notices import Notices
from activities.ops_monitor import OpsMonitor
from activities.payments import PaymentsDoor
from activities.reconcile import Reconciler
from activities.runs import EngineRuns
from activities.sweep import Sweep
from activities.telling import Telling
from activities.vouchers import Vouchers
from api import checks, connection, health
from api.house import address_of
from api.serve import served
from api.traces import Traces, traces_to
from doors import Doors
from fulfillment.domain.policy import Policy
from fulfillment.settings import Settings, WrongSetting, read
from fulfillment.store.database import engine as database_engine
from fulfillment.telemetry import configure_logging
from workflows.absence import ProviderUnavailableWorkflow
from workflows.aftercare import PayoutAftercareWorkflow
from workflows.asking import EngineAssignments
from workflows.assignment import AssignmentWorkflow
from workflows.causing import Causing
from workflows.job import JobWorkflow
from workflows.names import NOTIFICATIONS_QUEUE, PAYMENTS_QUEUE, QUEUE
from workflows.ops_monitor import OpsMonitorWorkflow, schedule_monitoring
from workflows.reconcile import EngineStories, ReconcileWorkflow, schedule_reconciling
from workflows.reminder_sweep import ReminderSweepWorkflow, schedule_sweeps
from workflows.watching import EngineWatch

log = structlog.stdlib.get_logger(__name__)

STICKY = timedelta(seconds=2)
"""After a worker dies, its runs wait this long before another takes them; the SDK's 10 s are felt."""
DRAIN = timedelta(seconds=8)
MOST_CACHED = 3000
PAYMENT_SLOTS = 8
STORIES_AT_ONCE = 16
"""They share one interpreter: a hundred, each a moment's work, would hold each other up for seconds."""
NOTICES_PER_SECOND = 50.0
NOTICE_SLOTS = 10
"""Whoever dies with mails in its hands may have them sent again: no more than these."""

STORIES = (
    JobWorkflow,
    AssignmentWorkflow,
    OpsMonitorWorkflow,
    PayoutAftercareWorkflow,
    ProviderUnavailableWorkflow,
    ReconcileWorkflow,
    ReminderSweepWorkflow,
)
"""All that the runs of our queue may tell."""


def build(
    client: Client,
    *,
    sessions: async_sessionmaker[AsyncSession],
    doors: Doors,
    approval_key: bytes,
    policy: Policy | None = None,
    version: WorkerDeploymentVersion | None = None,
    notices_per_second: float = NOTICES_PER_SECOND,
) -> tuple[Worker, ...]:
    """Return the workers of the three queues: the stories, the payments (few slots), the notices (paced).

    `policy` is what the sweep, the reconciler and refunds go by. Workers of a `version` get nothing to do
    before somebody has made it the current one (docs/runbooks/deploying.md). `notices_per_second` is what the
    engine hands out to all workers together; the latest to say a number is heeded.
    """
    holds, ledger, notices = Holds(sessions), Ledger(sessions), Notices(sessions, doors.delivering)
    sweep = Sweep(sessions, notices=notices, runs=EngineRuns(client), policy=policy or Policy())
    aftercare = Aftercare(doors.cards, sessions, policy=policy)
    absences = Absences(sessions, EngineAssignments(client))
    monitor = OpsMonitor(sessions, EngineWatch(client), desk=doors.desk, thresholds=doors.thresholds)
    stories = worker_for(
        client,
        QUEUE,
        workflows=STORIES,
        activities=[
            ledger.project_assignment,
            ledger.project_job,
            holds.reserve_hold,
            holds.settle_hold,
            Matching(doors.matcher).find_candidates,
            Vouchers(approval_key).verify_voucher,
            People(sessions).read_clocks,
            aftercare.read_ended,
            aftercare.read_ground,
            absences.begin,
            absences.consider,
            absences.carry_out,
            absences.note,
            monitor.monitor_operations,
        ],
        version=version,
        max_concurrent_workflow_tasks=STORIES_AT_ONCE,
    )
    payments_door = PaymentsDoor(doors.cards, sessions)
    reconciler = Reconciler(
        sessions, cards=doors.cards, stories=EngineStories(client), policy=policy or Policy()
    )
    payments = worker_for(
        client,
        PAYMENTS_QUEUE,
        activities=[
            payments_door.settle_payout,
            payments_door.place_hold,
            payments_door.take_money,
            payments_door.look_at_card,
            payments_door.let_hold_go,
            payments_door.pass_on,
            payments_door.give_back,
            aftercare.look_for_chargeback,
            reconciler.reconcile_money,
        ],
        version=version,
        max_concurrent_activities=PAYMENT_SLOTS,
    )
    messages = worker_for(
        client,
        NOTIFICATIONS_QUEUE,
        activities=[notices.deliver, sweep.sweep_reminders],
        version=version,
        max_concurrent_activities=NOTICE_SLOTS,
        max_task_queue_activities_per_second=notices_per_second,
    )
    return stories, payments, messages


def worker_for(
    client: Client,
    queue: str,
    *,
    activities: Sequence[Callable[..., Any]],
    workflows: Sequence[type] = (),
    version: WorkerDeploymentVersion | None = None,
    **limits: Any,  # the SDK's own keywords
) -> Worker:
    """Return a worker of one queue, with the settings that keep recovery short (docs/decisions/0004).

    Runs last for weeks, so they move on to the current version (docs/decisions/0018): our changes are
    patched, and recorded histories replay.
    """
    deployment = None
    if version is not None:
        deployment = WorkerDeploymentConfig(
            version=version,
            use_worker_versioning=True,
            default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
        )
    return Worker(
        client,
        task_queue=queue,
        workflows=workflows,
        activities=activities,
        sticky_queue_schedule_to_start_timeout=STICKY,
        graceful_shutdown_timeout=DRAIN,
        max_cached_workflows=MOST_CACHED,
        workflow_runner=runner(),
        interceptors=interceptors(),
        deployment_config=deployment,
        **limits,
    )


def replayer(converter: DataConverter, *, runtime: Runtime | None = None) -> Replayer:
    """Return what plays recorded histories to our stories, as a worker of today would play them on."""
    return Replayer(
        workflows=STORIES,
        workflow_runner=runner(),
        interceptors=interceptors(),
        data_converter=converter,
        runtime=runtime,
    )


def interceptors() -> tuple[Interceptor, ...]:
    return (Telling(), Causing())


def runner() -> SandboxedWorkflowRunner:
    """Return the sandbox in which stories run.

    Our modules pass through it: the import contracts keep clock, dice and disk out of them already,
    and loading them anew for every run costs more than twice the time.
    """
    ours = SandboxRestrictions.default.with_passthrough_modules("activities", "fulfillment", "workflows")
    return SandboxedWorkflowRunner(restrictions=ours)


async def main() -> None:
    """Work until SIGTERM or SIGINT, then finish what is under way.

    Raises:
        WrongSetting: the environment cannot be worked with; the message says which variable and why.
    """
    settings = read()
    configure_logging(service="worker", level=settings.log_level)
    database = database_engine(settings.database_url, pool_size=settings.database_connections)
    traces = traces_to(settings.otel_exporter_otlp_endpoint, service="worker")
    client = await patiently_connected(settings, traces)
    sessions = async_sessionmaker(database)
    open_doors = doors.of(settings, sessions)
    workers = build(
        client,
        sessions=sessions,
        doors=open_doors,
        approval_key=settings.approval_key(),
        policy=settings.policy(),
        version=version_of(settings),
        notices_per_second=settings.notices_per_second,
    )
    gauges = Gauges(sessions, EngineWatch(client))
    front = health.application(_checks(database, client), read=gauges.read)
    async with served(front, host=settings.host, port=settings.worker_http_port):
        await schedule_sweeps(client, cron=settings.reminder_cron, lookahead=settings.lookahead())
        await schedule_reconciling(client, cron=settings.reconcile_cron)
        await schedule_monitoring(client, is_wanted=settings.alert_webhook_url is not None)
        await _work(workers)
    await open_doors.aclose()
    await database.dispose()
    await asyncio.to_thread(traces.end)
    log.info("worker.stopped")


def version_of(settings: Settings) -> WorkerDeploymentVersion | None:
    """Return the version that this worker works as; None where versions are not told apart."""
    if settings.temporal_worker_build_id is None:
        return None
    return WorkerDeploymentVersion(
        deployment_name=settings.temporal_deployment_name, build_id=settings.temporal_worker_build_id
    )


async def patiently_connected(settings: Settings, traces: Traces) -> Client:
    """Return a client of the engine, waiting for one that is still starting."""
    address, runtime = address_of(settings), connection.runtime(metrics_at=settings.sdk_metrics_at())
    while True:
        try:
            return await connection.connect(
                address, runtime=runtime, retry=None, interceptors=traces.interceptors
            )
        except (RuntimeError, RPCError) as error:
            log.warning("worker.engine.awaited", address=address.host, reason=type(error).__name__)
            await asyncio.sleep(1)


async def _work(workers: Sequence[Worker]) -> None:
    stop = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    async with AsyncExitStack() as running:
        for worker in workers:
            await running.enter_async_context(worker)
        log.info("worker.started", queues=[worker.task_queue for worker in workers])
        await stop.wait()
        log.info("worker.draining", seconds=DRAIN.total_seconds())


def _checks(database: AsyncEngine, client: Client) -> dict[str, health.Check]:
    return {
        "database": checks.database_answers(database),
        "migrations": checks.schema_is_current(database),
        "engine": checks.engine_answers(lambda: client),
    }


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        try:
            loop.run(main())
        except WrongSetting as wrong:
            sys.exit(str(wrong))
