"""The door to other systems: signed webhooks after the public specification Standard Webhooks."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import httpx2

from fulfillment.gateways.notices import NoticeFailed, NoticeRefused, WhyRefused

TIMEOUT = 10
"""Seconds from the look-up of the name to the end of the answer."""

MOST_READ = 64 * 1024
"""Bytes of an answer that are read before the connection is closed; nobody looks at them."""

GONE = 410
PORTS = range(65536)
PREFIX = "whsec_"
SECRET_BYTES = range(24, 65)
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host, best first; raises OSError if there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One event for another system: `key` names it for good, `body` is JSON.

    `at` is the instant of this attempt, not of the event: receivers take nothing older than five minutes.
    """

    key: str
    body: bytes
    at: datetime


def hook_id(key: str) -> str:
    """Return the webhook-id of the event that `key` names: the same for every repeat, and nobody's words."""
    return f"msg_{hashlib.sha256(key.encode()).hexdigest()[:40]}"


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses that this machine's resolver knows for `host`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(str(sockaddr[0]) for *_, sockaddr in found)


class Webhook:
    """One receiver. Its URL comes from outside, so it is not believed to lead outside (S8).

    The name is looked up once, each address has to be a public one, and the connection goes to the very
    address that was looked at: a second look-up could give another. TLS is still about the name.
    """

    def __init__(
        self,
        url: str,
        secrets: Sequence[str],
        *,
        allow_private: bool = False,
        timeout: float = TIMEOUT,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = resolve,
    ) -> None:
        """Remember the receiver. `secrets` are newest first; while they are exchanged, each signs.

        `allow_private` is for receivers in one's own network: it allows their addresses, and plain HTTP.
        Keep the object: reading the machine's certificates takes some 40 ms, unless `tls` brings them.

        Raises:
            ValueError: a secret is not `whsec_` and 24 to 64 bytes in base64, or there is none.
        """
        self._url = url
        self._keys = tuple(_key(secret) for secret in secrets)
        if not self._keys:
            raise ValueError("a webhook needs a secret to sign with")
        self._allow_private = allow_private
        self._timeout = timeout
        # An address that swallows packets leaves time for the next one.
        self._steps = httpx2.Timeout(timeout, connect=timeout / 3)
        self._tls = tls or httpx2.create_ssl_context()
        self._resolve = resolve

    async def send(self, hook: Hook) -> str:
        """Return the id of `hook` when the receiver has taken it; a repeat has the same one.

        Raises:
            NoticeRefused: the receiver wants no more (410), or the URL leads where we do not go.
            NoticeFailed: every other answer, redirects included, or none; trying again may help.
        """
        id = hook_id(hook.key)
        try:
            async with asyncio.timeout(self._timeout):
                status = await self._post(hook.body, self._headers(id, hook))
        except TimeoutError:
            raise NoticeFailed(f"webhook: no answer within {self._timeout} s") from None
        if status == GONE:
            raise NoticeRefused(WhyRefused.REJECTED, "webhook: 410, gone")
        if not httpx2.codes.is_success(status):
            raise NoticeFailed(f"webhook: {status}")
        return id

    def _headers(self, id: str, hook: Hook) -> dict[str, str]:
        seconds = str(int(hook.at.timestamp()))
        content = b".".join((id.encode(), seconds.encode(), hook.body))
        return {
            "webhook-id": id,
            "webhook-timestamp": seconds,
            "webhook-signature": " ".join(_signature(key, content) for key in self._keys),
            "content-type": "application/json",
            "accept-encoding": "identity",
        }

    async def _post(self, body: bytes, headers: dict[str, str]) -> int:
        """Return the status of the first address that can be reached."""
        url = self._expected_url()
        trouble = "no address"
        for address in await self._addresses(url):
            try:
                return await self._post_to(address, url, body, headers)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                trouble = type(error).__name__
            except httpx2.HTTPError as error:
                # What it knows of the URL may be a secret of the receiver's.
                raise NoticeFailed(f"webhook: no answer: {type(error).__name__}") from None
        raise NoticeFailed(f"webhook: not connected: {trouble}")

    async def _post_to(self, address: str, url: httpx2.URL, body: bytes, headers: dict[str, str]) -> int:
        # The name that TLS asks for and checks the certificate against.
        extensions = {"sni_hostname": url.raw_host.decode()}
        # Without the environment: a proxy named there would do the look-up, and connect, for us.
        async with httpx2.AsyncClient(verify=self._tls, trust_env=False, timeout=self._steps) as http:
            request = http.build_request(
                "POST",
                url.copy_with(host=address),
                headers={**headers, "host": url.netloc.decode()},
                content=body,
                extensions=extensions,
            )
            answer = await http.send(request, stream=True, follow_redirects=False)
            with suppress(httpx2.HTTPError):
                await _read_off(answer)
            return answer.status_code

    def _expected_url(self) -> httpx2.URL:
        try:
            url = httpx2.URL(self._url)
        except (httpx2.InvalidURL, ValueError):
            raise _refused("the URL cannot be read") from None
        if url.scheme not in ({"https", "http"} if self._allow_private else {"https"}):
            raise _refused("the URL is not https")
        if not url.host or url.userinfo or (url.port or 0) not in PORTS:
            raise _refused("the URL has no host, or a user, or no such port")
        return url

    async def _addresses(self, url: httpx2.URL) -> Sequence[str]:
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            addresses = await self._resolve(url.raw_host.decode(), port)
        except UnicodeError:
            raise _refused("the host is no name") from None
        except OSError as error:
            raise NoticeFailed(f"webhook: the host was not found: {type(error).__name__}") from None
        # One private address among public ones is a private address.
        if not self._allow_private and not all(is_public(address) for address in addresses):
            raise _refused("the host is not a public one")
        return addresses


def is_public(address: str) -> bool:
    """Say whether `address` is one of the internet's, whatever it is wrapped in."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast
    if ip in NAT64:
        return is_public(str(ipaddress.IPv4Address(ip.packed[-4:])))
    # Outside of 2000::/3 are IPv4 addresses in IPv6 clothes, local ones of all kinds, and multicast; inside
    # are two tunnels to IPv4, 6to4 and Teredo, which nobody should have to receive webhooks through.
    return ip in GLOBAL_UNICAST and ip.is_global and ip.sixtofour is None and ip.teredo is None


def _key(secret: str) -> bytes:
    text = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(PREFIX) or len(key) not in SECRET_BYTES:
        raise ValueError("a webhook's secret is whsec_ and 24 to 64 bytes in base64")
    return key


def _signature(key: bytes, content: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()


async def _read_off(answer: httpx2.Response) -> None:
    """Read enough of the answer's body to let its sender finish, and hang up."""
    read = 0
    async for chunk in answer.aiter_raw():
        read += len(chunk)
        if read > MOST_READ:
            break
    await answer.aclose()


def _refused(why: str) -> NoticeRefused:
    return NoticeRefused(WhyRefused.REJECTED, f"webhook: {why}")
