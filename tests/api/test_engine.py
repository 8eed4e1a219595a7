"""Commands are answered in time and honestly, whatever the engine, the worker or the run is up to."""

import asyncio
import gc
import uuid

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from api.engine import Engine
from api.errors import Internal, OutcomeUnknown, RunClosed, RunMissing, TooManyRequests, Unavailable
from api.gate import Gate
from api.problems import snapshot_of
from devstack.engine import EmbeddedTemporal
from fulfillment.domain.errors import NotAParty, VersionMismatch
from tests.api.engines import opened, started, step, step_new
from tests.api.tiny import Answer, Step

pytestmark = pytest.mark.filterwarnings("ignore:.*TMPRL1102")  # a run that ends half way through is our point


@pytest.mark.usefixtures("tiny_worker")
class TestAnswers:
    async def test_a_good_command_is_answered_in_its_type(self, tiny_engine: Engine) -> None:
        run = await started(tiny_engine.client)

        assert await step(tiny_engine, run.id, version=0) == Answer(version=1)

    async def test_a_repeat_brings_the_same_answer(self, tiny_engine: Engine) -> None:
        run = await started(tiny_engine.client)
        first = await step(tiny_engine, run.id, id="k", version=0)
        await step(tiny_engine, run.id, version=1)

        assert await step(tiny_engine, run.id, id="k", version=0) == first

    async def test_a_repeat_after_the_end_still_brings_it(self, tiny_engine: Engine) -> None:
        run = await started(tiny_engine.client)
        first = await step(tiny_engine, run.id, id="k", how="end")
        await run.result()

        assert await step(tiny_engine, run.id, id="k", how="end") == first

    async def test_a_refusal_is_the_domains_own_with_its_words_and_snapshot(
        self, tiny_engine: Engine
    ) -> None:
        run = await started(tiny_engine.client)

        with pytest.raises(VersionMismatch, match="this is version 0") as refusal:
            await step(tiny_engine, run.id, version=7)

        assert snapshot_of(refusal.value) == {"version": 0}

    async def test_a_refusal_may_come_without_a_snapshot(self, tiny_engine: Engine) -> None:
        run = await started(tiny_engine.client)

        with pytest.raises(NotAParty) as refusal:
            await step(tiny_engine, run.id, how="stranger")

        assert snapshot_of(refusal.value) is None

    async def test_what_nobody_foresaw_is_internal_and_tells_nothing(self, tiny_engine: Engine) -> None:
        run = await started(tiny_engine.client)

        with capture_logs() as lines, pytest.raises(Internal) as error:
            await step(tiny_engine, run.id, how="unforeseen")

        assert "secret" not in str(error.value) + str(lines)
        assert await step(tiny_engine, run.id, version=0) == Answer(version=1)

    async def test_an_unknown_command_and_an_argument_of_the_wrong_kind_too(
        self, tiny_engine: Engine
    ) -> None:
        run = await started(tiny_engine.client)

        with pytest.raises(Internal):
            await tiny_engine.ask(run.id, "nonsense", Step(), command_id="k1", result_type=Answer)
        with pytest.raises(Internal):
            await tiny_engine.ask(run.id, "step", "nonsense", command_id="k2", result_type=Answer)

    async def test_not_now_is_tried_again_under_the_next_id(self, tiny_engine: Engine) -> None:
        run = await started(tiny_engine.client, not_yet=3)

        assert await step(tiny_engine, run.id, id="k", how="transient") == Answer(version=1)
        assert await step(tiny_engine, run.id, id="k", how="transient") == Answer(version=1)

    async def test_not_now_for_too_long_means_that_nothing_has_happened(
        self, tiny_server: EmbeddedTemporal
    ) -> None:
        async with opened(tiny_server.address, budget=1.0) as engine:
            run = await started(engine.client, not_yet=1000)
            with pytest.raises(Unavailable):
                await step(engine, run.id, how="transient")

    async def test_a_missing_run(self, tiny_engine: Engine) -> None:
        with pytest.raises(RunMissing):
            await step(tiny_engine, "tiny-nowhere")
        with pytest.raises(RunMissing):
            await step(tiny_engine, "x" * 2000)

    async def test_a_closed_run(self, tiny_engine: Engine) -> None:
        run = await started(tiny_engine.client)
        await step(tiny_engine, run.id, how="end")
        await run.result()

        with pytest.raises(RunClosed):
            await step(tiny_engine, run.id)

    async def test_a_terminated_run(self, tiny_engine: Engine) -> None:
        run = await started(tiny_engine.client)
        await run.terminate()

        with pytest.raises(RunClosed):
            await step(tiny_engine, run.id)

    async def test_a_run_that_ends_while_it_carries_the_command_out(self, tiny_engine: Engine) -> None:
        run = await started(tiny_engine.client)

        with pytest.raises(OutcomeUnknown):
            await step(tiny_engine, run.id, how="end half way")

    async def test_a_slow_answer_within_the_budget_is_waited_for(self, tiny_engine: Engine) -> None:
        run = await started(tiny_engine.client)

        assert await step(tiny_engine, run.id, how="slow") == Answer(version=1)

    async def test_a_crowd_on_one_run_is_served_or_sent_away(self, tiny_engine: Engine) -> None:
        run = await started(tiny_engine.client)

        results = await asyncio.gather(
            *(step(tiny_engine, run.id, how="any") for _ in range(40)), return_exceptions=True
        )

        versions = sorted(result.version for result in results if isinstance(result, Answer))
        assert versions == list(range(1, 25))
        assert sum(isinstance(result, TooManyRequests) for result in results) == 16

    async def test_beyond_the_engines_own_limit_all_are_served_in_the_end(
        self, tiny_server: EmbeddedTemporal
    ) -> None:
        async with opened(tiny_server.address, gate=Gate(at_once=30, waiting=0), budget=20) as engine:
            run = await started(engine.client)
            answers = await asyncio.gather(*(step(engine, run.id, how="slow") for _ in range(25)))

        assert sorted(answer.version for answer in answers) == list(range(1, 26))

    async def test_outcomes_are_counted(self, tiny_engine: Engine) -> None:
        labels = {"command": "step", "outcome": "version_mismatch"}
        before = REGISTRY.get_sample_value("commands_total", labels) or 0
        run = await started(tiny_engine.client)

        with pytest.raises(VersionMismatch):
            await step(tiny_engine, run.id, version=7)

        assert REGISTRY.get_sample_value("commands_total", labels) == before + 1


@pytest.mark.usefixtures("tiny_worker")
class TestStartingARun:
    async def test_the_run_is_started_and_asked(self, tiny_engine: Engine) -> None:
        assert await step_new(tiny_engine, f"new-{uuid.uuid4()}") == Answer(version=1)

    async def test_a_repeat_starts_nothing_and_brings_the_same_answer(self, tiny_engine: Engine) -> None:
        run = f"new-{uuid.uuid4()}"

        answers = [await step_new(tiny_engine, run) for _ in range(3)]

        assert answers == [Answer(version=1)] * 3

    async def test_a_refusal_is_the_domains_own(self, tiny_engine: Engine) -> None:
        with pytest.raises(VersionMismatch):
            await step_new(tiny_engine, f"new-{uuid.uuid4()}", version=7)

    async def test_a_start_that_fails_leaves_nothing_for_asyncio_to_complain_about(
        self, tiny_engine: Engine
    ) -> None:
        complaints: list[object] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        run = f"new-{uuid.uuid4()}"
        await step_new(tiny_engine, run, how="end")
        await tiny_engine.client.get_workflow_handle(run).result()

        with pytest.raises(RunClosed):
            await step_new(tiny_engine, run, id="another")
        await asyncio.sleep(0)
        gc.collect()

        loop.set_exception_handler(None)
        assert complaints == []

    async def test_the_id_of_a_closed_run_is_not_used_again(self, tiny_engine: Engine) -> None:
        run = f"new-{uuid.uuid4()}"
        await step_new(tiny_engine, run, how="end")
        await tiny_engine.client.get_workflow_handle(run).result()

        with pytest.raises(RunClosed):
            await step_new(tiny_engine, run, id="another")
        assert await step_new(tiny_engine, run, how="end") == Answer(version=1)


@pytest.mark.usefixtures("tiny_worker")
class TestQuestions:
    async def test_the_live_run_answers(self, tiny_engine: Engine) -> None:
        run = await started(tiny_engine.client)

        assert await tiny_engine.look(run.id, "version", result_type=Answer) == Answer(version=0)

    async def test_a_missing_run(self, tiny_engine: Engine) -> None:
        with pytest.raises(RunMissing):
            await tiny_engine.look("tiny-nowhere", "version", result_type=Answer)

    async def test_an_unknown_question_is_our_mistake(self, tiny_engine: Engine) -> None:
        run = await started(tiny_engine.client)

        with pytest.raises(Internal):
            await tiny_engine.look(run.id, "nonsense", result_type=Answer)
