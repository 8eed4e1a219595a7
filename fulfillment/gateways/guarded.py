"""Posting to an address that comes from outside: it is not believed to lead outside (S8)."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

import httpx2

from fulfillment.gateways.notices import NoticeFailed, NoticeRefused, WhyRefused

TIMEOUT = 10
"""Seconds from the look-up of the name to the end of the answer."""

MOST_READ = 64 * 1024
"""Bytes of an answer that are read before the connection is closed; nobody looks at them."""

PORTS = range(65536)
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host, best first; raises OSError if there are none."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses that this machine's resolver knows for `host`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(str(sockaddr[0]) for *_, sockaddr in found)


class Guarded:
    """One receiver of posts.

    The name is looked up once, each address has to be a public one, and the connection goes to the very
    address that was looked at: a second look-up could give another. TLS is still about the name.
    """

    def __init__(
        self,
        url: str,
        *,
        allow_private: bool = False,
        timeout: float = TIMEOUT,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = resolve,
    ) -> None:
        """Remember the receiver.

        `allow_private` is for receivers in one's own network: it allows their addresses, and plain HTTP.
        Keep the object: reading the machine's certificates takes some 40 ms, unless `tls` brings them.
        """
        self._url = url
        self._allow_private = allow_private
        self._timeout = timeout
        # An address that swallows packets leaves time for the next one.
        self._steps = httpx2.Timeout(timeout, connect=timeout / 3)
        self._tls = tls or httpx2.create_ssl_context()
        self._resolve = resolve

    async def post(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Return the status with which the first address answers that can be reached.

        Raises:
            NoticeRefused: the URL leads where we do not go.
            NoticeFailed: there is no answer.
        """
        try:
            async with asyncio.timeout(self._timeout):
                return await self._post(body, headers)
        except TimeoutError:
            raise NoticeFailed(f"webhook: no answer within {self._timeout} s") from None

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> int:
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

    async def _post_to(self, address: str, url: httpx2.URL, body: bytes, headers: Mapping[str, str]) -> int:
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
