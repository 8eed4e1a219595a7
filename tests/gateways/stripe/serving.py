"""The fake Stripe at work: inside a test's own loop, or as a process (`python -m … --port N`)."""

import argparse
import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import stripe

from api.serve import served
from tests.gateways.stripe.control import Control
from tests.gateways.stripe.fake import FakeStripe

SECRET_KEY = "sk_test_of_nobody"  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripe:
    """A fake at work: where it is, and the hand on it."""

    url: str
    control: Control
    _clients: list[stripe.HTTPXClient] = field(default_factory=list)

    def client(
        self, *, key: str = SECRET_KEY, timeout: float = 5.0, max_network_retries: int = 0
    ) -> stripe.StripeClient:
        """Return the official SDK, told to speak to this fake; its own repetitions are off unless asked."""
        # Nothing here is encrypted, and reading the certificates is slow.
        http_client = stripe.HTTPXClient(timeout=timeout, verify_ssl_certs=False)
        self._clients.append(http_client)
        return stripe.StripeClient(
            key,
            base_addresses={"api": self.url},
            http_client=http_client,
            max_network_retries=max_network_retries,
        )

    async def hang_up(self) -> None:
        """Close the connections of all clients that were made here."""
        for http_client in self._clients:
            await http_client.close_async()  # type: ignore[no-untyped-call]  # so it is in the SDK


@asynccontextmanager
async def serving(*, port: int = 0) -> AsyncIterator[Stripe]:
    """Serve a fake of its own for as long as the block lasts, on a free port unless told."""
    fake = FakeStripe()
    async with served(fake.app, host="127.0.0.1", port=port) as at:
        url = f"http://127.0.0.1:{at}"
        async with Control(url) as control:
            stripe_at_work = Stripe(url=url, control=control)
            try:
                yield stripe_at_work
            finally:
                await stripe_at_work.hang_up()
                await fake.aclose()


async def _until_told(port: int) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with serving(port=port) as fake:
        print(f"fake Stripe ready at {fake.url}", flush=True)  # noqa: T201
        await told.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(_until_told(parser.parse_args().port))
