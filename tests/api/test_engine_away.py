"""No worker, no engine, or one that dies with the command in its hands: answered in time all the same."""

import asyncio
import signal
import time
import uuid
from functools import partial
from pathlib import Path

import pytest

from api.connection import Address, connect
from api.engine import Engine
from api.errors import OutcomeUnknown, Unavailable
from devstack import ports
from devstack.engine import EmbeddedTemporal
from tests.api.engines import again, connected, opened, started, step, step_new, temporal, working
from tests.api.tiny import NOBODY, Answer


class TestWithoutAWorker:
    async def test_a_command_is_answered_within_five_seconds_and_may_have_happened(
        self, tiny_engine: Engine
    ) -> None:
        run = await started(tiny_engine.client, queue=NOBODY)
        began = time.monotonic()

        with pytest.raises(OutcomeUnknown):
            await step(tiny_engine, run.id)

        assert time.monotonic() - began < 5

    async def test_so_is_one_that_starts_a_run_and_so_is_a_question(
        self, tiny_server: EmbeddedTemporal
    ) -> None:
        async with opened(tiny_server.address, budget=0.5) as engine:
            run = f"new-{uuid.uuid4()}"
            with pytest.raises(OutcomeUnknown):
                await step_new(engine, run, queue=NOBODY)
            with pytest.raises(Unavailable):
                await engine.look(run, "version", result_type=Answer)

    async def test_when_the_worker_comes_a_repeat_tells_what_became_of_it(
        self, tiny_server: EmbeddedTemporal
    ) -> None:
        async with opened(tiny_server.address, budget=0.5) as engine:
            run = await started(engine.client, queue="later")
            with pytest.raises(OutcomeUnknown):
                await step(engine, run.id, id="k", version=0)

        async with opened(tiny_server.address) as engine, working(engine.client, queue="later"):
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
            # On a busy machine it has left before the connection is seen to be gone: then nobody knows.
            with pytest.raises((Unavailable, OutcomeUnknown)):
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
