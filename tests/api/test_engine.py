"""Commands are answered in time and honestly, whatever the engine, the worker or the run is up to."""

import asyncio
import gc
import signal
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from api.connection import Address, connect
from api.engine import Engine
from api.errors import Internal, OutcomeUnknown, RunClosed, RunMissing, TooManyRequests, Unavailable
from api.gate import Gate
from api.problems import snapshot_of
from devstack import ports
from devstack.engine import EmbeddedTemporal
from fulfillment.domain.errors import NotAParty, VersionMismatch
from tests.api.tiny import NOBODY, QUEUE, Answer, Step, Tiny

pytestmark = pytest.mark.filterwarnings("ignore:.*TMPRL1102")  # a run that ends half way through is our point


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedTemporal]:
    server = temporal(tmp_path_factory.mktemp("temporal")).start()
    yield server
    server.stop()


def temporal(root: Path) -> EmbeddedTemporal:
    return EmbeddedTemporal(
        root / "temporal.db",
        port=ports.free(),
        ui_port=ports.free(),
        search_attributes={},
        log=root / "temporal.log",
    )


@asynccontextmanager
async def opened(address: str, **settings: Any) -> AsyncIterator[Engine]:
    """Open the way to the engine at `address`, and wait until it is there."""
    async with Engine(partial(connect, Address(host=address)), **settings) as engine:
        await connected(engine)
        yield engine


async def connected(engine: Engine) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                assert engine.client
            except Unavailable:
                await asyncio.sleep(0.02)
            else:
                return


@pytest_asyncio.fixture(scope="module")
async def engine(server: EmbeddedTemporal) -> AsyncIterator[Engine]:
    async with opened(server.address) as engine:
        yield engine


@pytest_asyncio.fixture(scope="module")
async def worker(engine: Engine) -> AsyncIterator[None]:
    async with working(engine.client):
        yield


def working(client: Client) -> Worker:
    return Worker(client, task_queue=QUEUE, workflows=[Tiny], workflow_runner=UnsandboxedWorkflowRunner())


async def started(client: Client, *, not_yet: int = 0, queue: str = QUEUE) -> WorkflowHandle[Any, Any]:
    return await client.start_workflow("Tiny", not_yet, id=f"tiny-{uuid.uuid4().hex}", task_queue=queue)


async def step(engine: Engine, run: str, *, id: str | None = None, **command: Any) -> Answer:
    return await engine.ask(
        run, "step", Step(**command), command_id=id or uuid.uuid4().hex, result_type=Answer
    )


@pytest.mark.usefixtures("worker")
class TestAnswers:
    async def test_a_good_command_is_answered_in_its_type(self, engine: Engine) -> None:
        run = await started(engine.client)

        assert await step(engine, run.id, version=0) == Answer(version=1)

    async def test_a_repeat_brings_the_same_answer(self, engine: Engine) -> None:
        run = await started(engine.client)
        first = await step(engine, run.id, id="k", version=0)
        await step(engine, run.id, version=1)

        assert await step(engine, run.id, id="k", version=0) == first

    async def test_a_repeat_after_the_end_still_brings_it(self, engine: Engine) -> None:
        run = await started(engine.client)
        first = await step(engine, run.id, id="k", how="end")
        await run.result()

        assert await step(engine, run.id, id="k", how="end") == first

    async def test_a_refusal_is_the_domains_own_with_its_words_and_snapshot(self, engine: Engine) -> None:
        run = await started(engine.client)

        with pytest.raises(VersionMismatch, match="this is version 0") as refusal:
            await step(engine, run.id, version=7)

        assert snapshot_of(refusal.value) == {"version": 0}

    async def test_a_refusal_may_come_without_a_snapshot(self, engine: Engine) -> None:
        run = await started(engine.client)

        with pytest.raises(NotAParty) as refusal:
            await step(engine, run.id, how="stranger")

        assert snapshot_of(refusal.value) is None

    async def test_what_nobody_foresaw_is_internal_and_tells_nothing(self, engine: Engine) -> None:
        run = await started(engine.client)

        with capture_logs() as lines, pytest.raises(Internal) as error:
            await step(engine, run.id, how="unforeseen")

        assert "secret" not in str(error.value) + str(lines)
        assert await step(engine, run.id, version=0) == Answer(version=1)

    async def test_an_unknown_command_and_an_argument_of_the_wrong_kind_too(self, engine: Engine) -> None:
        run = await started(engine.client)

        with pytest.raises(Internal):
            await engine.ask(run.id, "nonsense", Step(), command_id="k1", result_type=Answer)
        with pytest.raises(Internal):
            await engine.ask(run.id, "step", "nonsense", command_id="k2", result_type=Answer)

    async def test_not_now_is_tried_again_under_the_next_id(self, engine: Engine) -> None:
        run = await started(engine.client, not_yet=3)

        assert await step(engine, run.id, id="k", how="transient") == Answer(version=1)
        assert await step(engine, run.id, id="k", how="transient") == Answer(version=1)

    async def test_not_now_for_too_long_means_that_nothing_has_happened(
        self, server: EmbeddedTemporal
    ) -> None:
        async with opened(server.address, budget=1.0) as engine:
            run = await started(engine.client, not_yet=1000)
            with pytest.raises(Unavailable):
                await step(engine, run.id, how="transient")

    async def test_a_missing_run(self, engine: Engine) -> None:
        with pytest.raises(RunMissing):
            await step(engine, "tiny-nowhere")
        with pytest.raises(RunMissing):
            await step(engine, "x" * 2000)

    async def test_a_closed_run(self, engine: Engine) -> None:
        run = await started(engine.client)
        await step(engine, run.id, how="end")
        await run.result()

        with pytest.raises(RunClosed):
            await step(engine, run.id)

    async def test_a_terminated_run(self, engine: Engine) -> None:
        run = await started(engine.client)
        await run.terminate()

        with pytest.raises(RunClosed):
            await step(engine, run.id)

    async def test_a_run_that_ends_while_it_carries_the_command_out(self, engine: Engine) -> None:
        run = await started(engine.client)

        with pytest.raises(OutcomeUnknown):
            await step(engine, run.id, how="end half way")

    async def test_a_slow_answer_within_the_budget_is_waited_for(self, engine: Engine) -> None:
        run = await started(engine.client)

        assert await step(engine, run.id, how="slow") == Answer(version=1)

    async def test_a_crowd_on_one_run_is_served_or_sent_away(self, engine: Engine) -> None:
        run = await started(engine.client)

        results = await asyncio.gather(
            *(step(engine, run.id, how="any") for _ in range(40)), return_exceptions=True
        )

        versions = sorted(result.version for result in results if isinstance(result, Answer))
        assert versions == list(range(1, 25))
        assert sum(isinstance(result, TooManyRequests) for result in results) == 16

    async def test_beyond_the_engines_own_limit_all_are_served_in_the_end(
        self, server: EmbeddedTemporal
    ) -> None:
        async with opened(server.address, gate=Gate(at_once=30, waiting=0), budget=20) as engine:
            run = await started(engine.client)
            answers = await asyncio.gather(*(step(engine, run.id, how="slow") for _ in range(25)))

        assert sorted(answer.version for answer in answers) == list(range(1, 26))

    async def test_outcomes_are_counted(self, engine: Engine) -> None:
        labels = {"command": "step", "outcome": "version_mismatch"}
        before = REGISTRY.get_sample_value("commands_total", labels) or 0
        run = await started(engine.client)

        with pytest.raises(VersionMismatch):
            await step(engine, run.id, version=7)

        assert REGISTRY.get_sample_value("commands_total", labels) == before + 1


def starting(id: str, queue: str = QUEUE) -> WithStartWorkflowOperation[Any, Any]:
    return WithStartWorkflowOperation(
        "Tiny",
        0,
        id=id,
        task_queue=queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
    )


async def step_new(engine: Engine, run: str, *, id: str = "k", queue: str = QUEUE, **command: Any) -> Answer:
    return await engine.ask_new(
        partial(starting, run, queue),
        "step",
        Step(**command),
        workflow_id=run,
        command_id=id,
        result_type=Answer,
    )


@pytest.mark.usefixtures("worker")
class TestStartingARun:
    async def test_the_run_is_started_and_asked(self, engine: Engine) -> None:
        assert await step_new(engine, f"new-{uuid.uuid4()}") == Answer(version=1)

    async def test_a_repeat_starts_nothing_and_brings_the_same_answer(self, engine: Engine) -> None:
        run = f"new-{uuid.uuid4()}"

        answers = [await step_new(engine, run) for _ in range(3)]

        assert answers == [Answer(version=1)] * 3

    async def test_a_refusal_is_the_domains_own(self, engine: Engine) -> None:
        with pytest.raises(VersionMismatch):
            await step_new(engine, f"new-{uuid.uuid4()}", version=7)

    async def test_a_start_that_fails_leaves_nothing_for_asyncio_to_complain_about(
        self, engine: Engine
    ) -> None:
        complaints: list[object] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        run = f"new-{uuid.uuid4()}"
        await step_new(engine, run, how="end")
        await engine.client.get_workflow_handle(run).result()

        with pytest.raises(RunClosed):
            await step_new(engine, run, id="another")
        await asyncio.sleep(0)
        gc.collect()

        loop.set_exception_handler(None)
        assert complaints == []

    async def test_the_id_of_a_closed_run_is_not_used_again(self, engine: Engine) -> None:
        run = f"new-{uuid.uuid4()}"
        await step_new(engine, run, how="end")
        await engine.client.get_workflow_handle(run).result()

        with pytest.raises(RunClosed):
            await step_new(engine, run, id="another")
        assert await step_new(engine, run, how="end") == Answer(version=1)


@pytest.mark.usefixtures("worker")
class TestQuestions:
    async def test_the_live_run_answers(self, engine: Engine) -> None:
        run = await started(engine.client)

        assert await engine.look(run.id, "version", result_type=Answer) == Answer(version=0)

    async def test_a_missing_run(self, engine: Engine) -> None:
        with pytest.raises(RunMissing):
            await engine.look("tiny-nowhere", "version", result_type=Answer)

    async def test_an_unknown_question_is_our_mistake(self, engine: Engine) -> None:
        run = await started(engine.client)

        with pytest.raises(Internal):
            await engine.look(run.id, "nonsense", result_type=Answer)


class TestWithoutAWorker:
    async def test_a_command_is_answered_within_five_seconds_and_may_have_happened(
        self, engine: Engine
    ) -> None:
        run = await started(engine.client, queue=NOBODY)
        began = time.monotonic()

        with pytest.raises(OutcomeUnknown):
            await step(engine, run.id)

        assert time.monotonic() - began < 5

    async def test_so_is_one_that_starts_a_run_and_so_is_a_question(self, server: EmbeddedTemporal) -> None:
        async with opened(server.address, budget=0.5) as engine:
            run = f"new-{uuid.uuid4()}"
            with pytest.raises(OutcomeUnknown):
                await step_new(engine, run, queue=NOBODY)
            with pytest.raises(Unavailable):
                await engine.look(run, "version", result_type=Answer)

    async def test_when_the_worker_comes_a_repeat_tells_what_became_of_it(
        self, server: EmbeddedTemporal
    ) -> None:
        async with opened(server.address, budget=0.5) as engine:
            run = await started(engine.client, queue="later")
            with pytest.raises(OutcomeUnknown):
                await step(engine, run.id, id="k", version=0)

        async with opened(server.address) as engine:
            late = Worker(
                engine.client,
                task_queue="later",
                workflows=[Tiny],
                workflow_runner=UnsandboxedWorkflowRunner(),
            )
            async with late:
                assert await step(engine, run.id, id="k", version=0) == Answer(version=1)


class TestWithoutAnEngine:
    async def test_everything_is_answered_at_once_and_nothing_has_happened(self) -> None:
        began = time.monotonic()
        async with Engine(partial(connect, Address(host=f"127.0.0.1:{ports.free()}"))) as engine:
            with pytest.raises(Unavailable):
                await step(engine, "tiny-1")
            with pytest.raises(Unavailable):
                await step_new(engine, "tiny-1")
            with pytest.raises(Unavailable):
                await engine.look("tiny-1", "version", result_type=Answer)

        assert time.monotonic() - began < 2

    async def test_it_is_found_when_it_comes_and_again_after_a_kill(self, tmp_path: Path) -> None:
        server = temporal(tmp_path)
        async with Engine(partial(connect, Address(host=server.address)), budget=2.0) as engine:
            with pytest.raises(Unavailable):
                await step(engine, "tiny-1")

            child = await asyncio.to_thread(server.launch)
            await connected(engine)
            run = await started(engine.client)

            child.process.kill()
            child.process.wait()
            with pytest.raises(Unavailable):
                await step(engine, run.id)

            await asyncio.to_thread(server.start)
            async with working(engine.client):
                assert await again(step, engine, run.id, version=0) == Answer(version=1)
        await asyncio.to_thread(server.stop)

    async def test_frozen_or_killed_with_the_command_in_its_hands_it_leaves_us_in_doubt(
        self, tmp_path: Path
    ) -> None:
        server = temporal(tmp_path)
        child = await asyncio.to_thread(server.launch)
        async with opened(server.address, budget=2.0) as engine:
            run = await started(engine.client, queue=NOBODY)

            child.process.send_signal(signal.SIGSTOP)
            with pytest.raises(OutcomeUnknown):
                await step(engine, run.id)
            child.process.send_signal(signal.SIGCONT)

            asking = asyncio.create_task(step(engine, run.id))
            await asyncio.sleep(0.5)
            child.process.kill()
            child.process.wait()
            with pytest.raises(OutcomeUnknown):
                await asking


async def again(ask: Any, *args: Any, **command: Any) -> Any:
    """Ask until the engine is well: a server that has just come up owns its shards a little later."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await ask(*args, id="k", **command)
            except (Unavailable, OutcomeUnknown):
                await asyncio.sleep(0.1)
