"""A webhook's URL is believed nothing: it leads to the internet, or nowhere (S8)."""

import asyncio
import base64
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from fulfillment.gateways.guarded import is_public
from fulfillment.gateways.notices import NoticeFailed, NoticeRefused, WhyRefused
from fulfillment.gateways.webhooks import Hook, Webhook
from tests.gateways.channels import hook_sink, trust
from tests.waiting import until

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
NAME = "hooks.example"
PUBLIC = "203.0.114.7"
"""Somebody's address; nothing here ever connects to it."""

LOCAL = [
    "127.0.0.1",
    "127.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "\uff11\uff12\uff17.0.0.1",  # in full width, which name preparation makes the usual digits
    "localhost",
    "0.0.0.0",  # noqa: S104  # nothing binds to it
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::1]",
    "[2001:0:7f00:1::1]",
    "[fe80::1]",
    "[fec0::1]",
    "[fd00::1]",
    "[ff02::1]",
    "169.254.169.254",
    "[::ffff:169.254.169.254]",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "255.255.255.255",
]


@dataclass(slots=True)
class Listener:
    port: int = 0
    met: int = 0


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    """Count who comes to a port of 127.0.0.1."""
    listener = Listener()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listener.met += 1
        writer.close()

    async with await asyncio.start_server(meet, "127.0.0.1", 0) as server:
        listener.port = server.sockets[0].getsockname()[1]
        yield listener


@contextmanager
def swallowing(address: str, port: int) -> Iterator[None]:
    """Let nobody be answered at `address`, not even with a no: its queue is full and stays so."""
    with ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind((address, port))
        full.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex((address, port))
        yield


@dataclass(slots=True)
class Resolver:
    """Gives one answer after another, as a server that rebinds names does, and the last for ever."""

    answers: list[Sequence[str]]
    asked: int = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def hook() -> Hook:
    return Hook(key="a1|notifyScheduleProposed|ops:ops|3", body=b"{}", at=datetime.now(UTC))


async def refusal(webhook: Webhook) -> NoticeRefused:
    with pytest.raises(NoticeRefused) as refused:
        await webhook.send(hook())
    return refused.value


async def test_nothing_that_is_local_is_ever_connected_to() -> None:
    async with listening() as listener:
        reasons = [
            (await refusal(Webhook(f"https://{host}:{listener.port}/", (SECRET,)))).reason for host in LOCAL
        ]
        # The listener would have met the others before this one.
        _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.close()
        await until(lambda: listener.met > 0)

    assert set(reasons) == {WhyRefused.REJECTED}
    assert listener.met == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "hooks.example",
        "",
        "https://",
        "https:///hooks",
        "https://user:password@hooks.example/",
        "https://hooks.example:99999/",
        "https://[::1/",
        "https://hooks.example\r\nx: y/",
        f"https://{'a' * 64}.example/",
    ],
)
async def test_what_is_no_https_url_is_refused_in_words_that_do_not_quote_it(url: str) -> None:
    refused = await refusal(Webhook(url, (SECRET,)))

    assert refused.reason is WhyRefused.REJECTED
    assert not url or url not in str(refused)


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], [PUBLIC, "127.0.0.1"], [PUBLIC, "::1"], ["10.0.0.1", PUBLIC]]
)
async def test_a_name_with_one_private_address_is_private(addresses: list[str]) -> None:
    resolver = Resolver([addresses, [PUBLIC]])

    await refusal(Webhook(f"https://{NAME}/", (SECRET,), resolve=resolver))

    assert resolver.asked == 1


async def test_the_connection_goes_to_the_address_that_was_looked_at() -> None:
    resolver = Resolver([["127.0.0.1"], ["127.0.0.2"]])
    async with hook_sink.opened(SECRET, tls_name=NAME) as sink:
        webhook = Webhook(sink.url, (SECRET,), allow_private=True, tls=trust.client_side(), resolve=resolver)
        await webhook.send(hook())

    [heard] = sink.heard
    assert resolver.asked == 1
    assert heard.headers["host"] == sink.url.split("/")[2]


async def test_whoever_cannot_prove_the_name_hears_nothing() -> None:
    async with hook_sink.opened(SECRET, tls_name="other.example") as sink:
        webhook = Webhook(
            sink.url.replace("other.example", NAME),
            (SECRET,),
            allow_private=True,
            tls=trust.client_side(),
            resolve=Resolver([["127.0.0.1"]]),
        )
        with pytest.raises(NoticeFailed, match="not connected"):
            await webhook.send(hook())

    assert (sink.heard, sink.forged) == ([], 0)


async def test_the_next_address_is_tried_when_one_cannot_be_reached() -> None:
    async with hook_sink.opened(SECRET, tls_name=NAME) as sink:
        webhook = Webhook(
            sink.url,
            (SECRET,),
            allow_private=True,
            tls=trust.client_side(),
            resolve=Resolver([["127.0.0.2", "127.0.0.1"]]),
        )
        await webhook.send(hook())

    assert len(sink.heard) == 1


@pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere 127.0.0.2 is nobody's, and a full queue answers"
)
async def test_an_address_that_swallows_everything_leaves_time_for_the_next() -> None:
    async with hook_sink.opened(SECRET, tls_name=NAME) as sink:
        webhook = Webhook(
            sink.url,
            (SECRET,),
            allow_private=True,
            timeout=3,
            tls=trust.client_side(),
            resolve=Resolver([["127.0.0.2", "127.0.0.1"]]),
        )
        with swallowing("127.0.0.2", int(sink.url.split(":")[2].split("/")[0])):
            await webhook.send(hook())

    assert len(sink.heard) == 1


async def test_no_proxy_of_the_environment_gets_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening() as proxy, hook_sink.opened(SECRET) as sink:
        for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        await Webhook(sink.url, (SECRET,), allow_private=True).send(hook())

    assert (proxy.met, len(sink.heard)) == (0, 1)


async def test_a_name_that_is_not_found_may_be_found_later() -> None:
    async def nowhere(host: str, port: int) -> Sequence[str]:
        raise OSError

    with pytest.raises(NoticeFailed):
        await Webhook(f"https://{NAME}/", (SECRET,), resolve=nowhere).send(hook())


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_the_internet_is_public(address: str) -> None:
    assert is_public(address)
