"""At most a few commands on one target at once, a short queue, and nothing that grows."""

import asyncio

import pytest

from api.errors import TooManyRequests
from api.gate import Gate


class Crowd:
    """People who go through a gate and stay inside until they are let out."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.inside: dict[str, int] = {}
        self.most: dict[str, int] = {}
        self.let_out = asyncio.Event()

    async def enter(self, target: str) -> None:
        async with self.gate.turn(target):
            self.inside[target] = self.inside.get(target, 0) + 1
            self.most[target] = max(self.most.get(target, 0), self.inside[target])
            await self.let_out.wait()
            self.inside[target] -= 1


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_four_at_once_twenty_waiting_and_the_rest_refused() -> None:
    crowd = Crowd(Gate())
    people = [asyncio.create_task(crowd.enter("a1")) for _ in range(30)]
    await settled()
    refused = [person for person in people if person.done()]

    crowd.let_out.set()
    results = await asyncio.gather(*people, return_exceptions=True)

    assert crowd.most == {"a1": 4}
    assert len(refused) == sum(isinstance(result, TooManyRequests) for result in results) == 6


async def test_one_targets_crowd_is_not_anothers() -> None:
    crowd = Crowd(Gate())
    people = [asyncio.create_task(crowd.enter("a1")) for _ in range(24)]
    people += [asyncio.create_task(crowd.enter("a2"))]
    await settled()

    assert crowd.inside == {"a1": 4, "a2": 1}
    crowd.let_out.set()
    await asyncio.gather(*people)


async def test_nothing_is_kept_of_those_who_have_left() -> None:
    gate = Gate()
    for number in range(1000):
        async with gate.turn(f"a{number}"):
            assert len(gate) == 1

    assert len(gate) == 0


async def test_who_gives_up_waiting_leaves_the_queue() -> None:
    crowd = Crowd(Gate(at_once=1, waiting=1))
    inside, waiting = (asyncio.create_task(crowd.enter("a1")) for _ in range(2))
    await settled()
    waiting.cancel()
    await settled()
    next_one = asyncio.create_task(crowd.enter("a1"))
    await settled()

    assert not next_one.done()
    crowd.let_out.set()
    await asyncio.gather(inside, next_one)
    assert len(crowd.gate) == 0


async def test_an_error_inside_gives_the_place_back() -> None:
    gate = Gate(at_once=1, waiting=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with gate.turn("a1"):
                raise ZeroDivisionError

    assert len(gate) == 0
