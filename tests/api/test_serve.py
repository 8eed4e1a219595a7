"""A server that is a guest in somebody else's loop: it starts, answers, and leaves without a trace."""

import asyncio
import signal
import socket

import httpx2
import pytest
from fastapi import FastAPI

from api import health
from api.serve import configuration, served


async def test_it_answers_while_the_block_lasts_and_not_after() -> None:
    app = health.application({})
    async with served(app, host="127.0.0.1", port=0) as port, httpx2.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{port}/healthz")

    assert answer.json() == {"status": "ok"}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


async def test_it_leaves_the_signals_to_its_host() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with served(health.application({}), host="127.0.0.1", port=0):
        during = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    assert during == before


async def test_a_taken_port_is_an_error_and_not_the_end_of_the_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        async with served(health.application({}), host="127.0.0.1", port=taken.getsockname()[1]):
            pass


async def test_a_request_under_way_is_finished() -> None:
    app = FastAPI()

    @app.get("/slow")
    async def slow() -> str:
        await asyncio.sleep(0.5)
        return "done"

    async with httpx2.AsyncClient() as client:
        async with served(app, host="127.0.0.1", port=0) as port:
            asking = asyncio.create_task(client.get(f"http://127.0.0.1:{port}/slow"))
            await asyncio.sleep(0.2)

        assert (await asking).json() == "done"


def test_no_client_can_say_where_it_comes_from() -> None:
    """By default uvicorn believes it of clients on this machine; each could have a limit per request."""
    assert configuration(FastAPI()).proxy_headers is False
