"""One job, live."""

from devstack.addresses import Addresses


async def demo(addresses: Addresses) -> None:
    """Follow one job from its posting to a paid provider."""
    del addresses
