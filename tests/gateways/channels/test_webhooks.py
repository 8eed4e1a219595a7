"""Webhooks to a receiver that checks them: signed, never redirected, repeated under the same id."""

import asyncio
import base64
import json
import socket
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from fulfillment.gateways.notices import NoticeFailed, NoticeRefused, WhyRefused
from fulfillment.gateways.webhooks import Hook, Webhook, hook_id
from tests.gateways.channels import hook_sink

OLD = "whsec_" + base64.b64encode(b"o" * 24).decode()
NEW = "whsec_" + base64.b64encode(b"n" * 32).decode()
KEY = "a1|notifyScheduleProposed|customer:pat|3"
SAID = {"type": "notifyScheduleProposed", "about": "a1", "city": "Köln"}


def hook(*, at: datetime | None = None) -> Hook:
    # The receiver's clock is the real one.
    return Hook(key=KEY, body=json.dumps(SAID, ensure_ascii=False).encode(), at=at or datetime.now(UTC))


def webhook(url: str, *secrets: str, timeout: float = 10) -> Webhook:
    return Webhook(url, secrets or (NEW,), allow_private=True, timeout=timeout)


@asynccontextmanager
async def babbling() -> AsyncIterator[str]:
    """Yield the URL of a receiver that says yes and then never stops talking."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n")
        try:
            while True:
                writer.write(b"blah " * 1000)
                await writer.drain()
        except ConnectionError:
            writer.close()

    async with await asyncio.start_server(meet, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def test_a_receiver_finds_the_signature_right() -> None:
    async with hook_sink.opened(NEW) as sink:
        id = await webhook(sink.url).send(hook())

    [heard] = sink.heard
    assert (heard.said, heard.headers["webhook-id"]) == (SAID, id)
    assert heard.headers["content-type"] == "application/json"


async def test_a_receiver_with_another_secret_does_not() -> None:
    async with hook_sink.opened(OLD) as sink:
        with pytest.raises(NoticeFailed, match="400"):
            await webhook(sink.url, NEW).send(hook())

    assert (sink.heard, sink.forged) == ([], 1)


@pytest.mark.parametrize("theirs", [OLD, NEW])
async def test_while_secrets_are_exchanged_either_will_do(theirs: str) -> None:
    async with hook_sink.opened(theirs) as sink:
        await webhook(sink.url, NEW, OLD).send(hook())

    assert len(sink.heard) == 1


async def test_a_repeat_has_the_same_id_and_the_time_of_its_own_attempt() -> None:
    now = datetime.now(UTC)
    async with hook_sink.opened(NEW) as sink:
        for at in (now - timedelta(minutes=4), now):
            await webhook(sink.url).send(hook(at=at))

    first, again = (heard.headers for heard in sink.heard)
    assert first["webhook-id"] == again["webhook-id"] == hook_id(KEY)
    assert int(again["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 240


def test_the_id_tells_nothing_and_fits_into_a_header() -> None:
    assert hook_id("a1|customer:pät\r\n").removeprefix("msg_").isalnum()
    assert "." not in hook_id(KEY)  # which would make what is signed ambiguous


async def test_a_receiver_that_is_gone_is_told_nothing_more() -> None:
    async with hook_sink.opened(NEW) as sink:
        sink.status = 410
        with pytest.raises(NoticeRefused) as refused:
            await webhook(sink.url).send(hook())

    assert refused.value.reason is WhyRefused.REJECTED


@pytest.mark.parametrize("status", [400, 401, 404, 408, 425, 429, 500, 502, 503])
async def test_every_other_answer_may_be_another_one_later(status: int) -> None:
    async with hook_sink.opened(NEW) as sink:
        sink.status = status
        with pytest.raises(NoticeFailed, match=str(status)):
            await webhook(sink.url).send(hook())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int) -> None:
    async with hook_sink.opened(NEW) as elsewhere, hook_sink.opened(NEW) as sink:
        sink.status, sink.location = status, elsewhere.url
        with pytest.raises(NoticeFailed, match=str(status)):
            await webhook(sink.url).send(hook())

    assert (len(sink.heard), len(elsewhere.heard)) == (1, 0)


async def test_nobody_has_to_be_heard_out() -> None:
    async with babbling() as url:
        assert await webhook(url).send(hook()) == hook_id(KEY)


async def test_a_receiver_that_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(NoticeFailed, match="no answer"):
            await webhook(url, timeout=1).send(hook())


async def test_a_receiver_that_is_away_is_a_failure_that_does_not_tell_its_url() -> None:
    with socket.socket() as unheard:  # bound and not listening: nobody else can take the port
        unheard.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unheard.getsockname()[1]}/token-of-theirs"
        with pytest.raises(NoticeFailed) as failed:
            await webhook(url).send(hook())

    assert "token-of-theirs" not in "".join(traceback.format_exception(failed.value))


@pytest.mark.parametrize(
    "secrets", [(), ("",), ("whsec_",), ("whsec_!!!",), ("whsec_c2hvcnQ=",), (NEW[6:],), (NEW, "whsec_")]
)
def test_a_secret_that_is_none_is_found_at_once(secrets: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="secret"):
        Webhook("https://hooks.example", secrets)
