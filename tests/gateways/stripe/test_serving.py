"""The fake as a process: it says when it is ready, works, and ends when it is told to."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.gateways.stripe.control import Control
from tests.gateways.stripe.desk import SDK_WARNS, Desk
from tests.gateways.stripe.faults import Kind
from tests.gateways.stripe.serving import Stripe

pytestmark = pytest.mark.filterwarnings(SDK_WARNS)

ROOT = Path(__file__).parents[3]


async def test_a_process_is_ready_when_it_says_so_and_ends_with_somebody_waiting() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.gateways.stripe.serving"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    url = (await process.stdout.readline()).decode().split()[-1]
    async with Control(url) as control:
        fake = Stripe(url=url, control=control)
        desk = Desk(fake)
        intent = await desk.captured()
        assert (await control.ledger()).total("capture", intent=intent.id) == 10_000
        gate = await control.fault(Kind.HANG_BEFORE, "retrieve")
        waiting = asyncio.create_task(desk.look(intent.id))
        await control.wait_reached(gate)

        process.send_signal(signal.SIGTERM)

        assert await asyncio.wait_for(process.wait(), 10) == 0
        await asyncio.gather(waiting, return_exceptions=True)
        await fake.hang_up()
