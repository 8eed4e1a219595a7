"""How often each person, in each role, may ask for each kind of thing; and strangers, by their address."""

import ipaddress
import math
import time
from collections.abc import Mapping
from enum import StrEnum

import structlog
from limits import RateLimitItem
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import Scope

from api.errors import TooManyRequests
from api.visit import READS, add_header
from fulfillment.domain.people import Role
from fulfillment.patience import within
from fulfillment.store.ratelimit import Count, Hits, MemoryHits
from fulfillment.telemetry import RATE_LIMITED, RATE_LIMITS_IN_MEMORY

log = structlog.stdlib.get_logger(__name__)

PATIENCE = 0.25
"""Seconds that counting may take before it is done in memory."""
REST = 5.0
"""Seconds until a database that did not count is tried again, by a single request."""
STRANGER = "stranger"
MOST_SPENT = 10_000
"""Used-up windows that are remembered here; beyond, all are forgotten and counted again."""


class Kind(StrEnum):
    """The kinds of request that are counted apart."""

    COMMANDS = "commands"
    READS = "reads"


class Steady:
    """Counts in `shared` for as long as that answers at once, and in memory while it does not.

    The first requests of an outage wait `patience` seconds; then one request in each `rest` seconds
    tries again, so that an outage costs the others nothing.
    """

    def __init__(self, shared: Hits, *, patience: float = PATIENCE, rest: float = REST) -> None:
        self._shared = shared
        self._memory = MemoryHits()
        self._patience = patience
        self._rest = rest
        self._well = True
        self._try_again = 0.0

    async def hit(self, key: str, *, seconds: int) -> Count:
        if not self._well and time.monotonic() < self._try_again:
            return await self._memory.hit(key, seconds=seconds)
        self._try_again = time.monotonic() + self._rest
        try:
            count = await within(self._patience, self._shared.hit(key, seconds=seconds))
        except (TimeoutError, OSError, SQLAlchemyError) as error:
            self._is_well(well=False, reason=type(error).__name__)
            return await self._memory.hit(key, seconds=seconds)
        self._is_well(well=True)
        return count

    def _is_well(self, *, well: bool, reason: str | None = None) -> None:
        if well is not self._well:
            self._well = well
            RATE_LIMITS_IN_MEMORY.set(0 if well else 1)
            log.warning("ratelimit.counting.moved", to="postgres" if well else "memory", reason=reason)


class Limiter:
    """Counts each request, puts what is left on the answer, and refuses what is too much."""

    def __init__(
        self, hits: Hits, *, rates: Mapping[tuple[str, str], RateLimitItem], strangers: RateLimitItem
    ) -> None:
        self._hits = hits
        self._rates = rates
        self._strangers = strangers
        self._spent: dict[str, float] = {}

    async def count(self, scope: Scope, *, id: str, role: Role) -> None:
        """Count a request of the person `id`, who acts as `role`.

        Raises:
            TooManyRequests: more than the role's rate for this kind of request.
        """
        kind = Kind.READS if scope["method"] in READS else Kind.COMMANDS
        rate = self._rates[role, kind]
        await self._count(scope, rate, key=rate.key_for(role, kind, id), role=role)

    async def count_stranger(self, scope: Scope) -> None:
        """Count a request without a valid token, by the address it came from.

        Headers such as X-Forwarded-For are not heeded: anybody can write one.

        Raises:
            TooManyRequests: more than the rate for strangers.
        """
        key = self._strangers.key_for(STRANGER, _network(scope))
        await self._count(scope, self._strangers, key=key, role=STRANGER)

    async def _count(self, scope: Scope, rate: RateLimitItem, *, key: str, role: str) -> None:
        count = self._known_spent(key, rate) or await self._hits.hit(key, seconds=rate.get_expiry())
        left = max(0, rate.amount - count.hits)
        reset = math.ceil(count.seconds_left)
        add_header(scope, "RateLimit-Limit", str(rate.amount))
        add_header(scope, "RateLimit-Remaining", str(left))
        add_header(scope, "RateLimit-Reset", str(reset))
        add_header(scope, "RateLimit-Policy", f"{rate.amount};w={rate.get_expiry()}")
        if count.hits > rate.amount:
            self._remember_spent(key, seconds=count.seconds_left)
            RATE_LIMITED.labels(role=role).inc()
            raise TooManyRequests(retry_after=max(1, reset))

    def _known_spent(self, key: str, rate: RateLimitItem) -> Count | None:
        """Return the count of a window that is used up: a flood need not reach the database."""
        left = self._spent.get(key, 0.0) - time.monotonic()
        return Count(hits=rate.amount + 1, seconds_left=left) if left > 0 else None

    def _remember_spent(self, key: str, *, seconds: float) -> None:
        if len(self._spent) >= MOST_SPENT:
            self._spent.clear()
        self._spent[key] = time.monotonic() + seconds


def _network(scope: Scope) -> str:
    """Return the address of the caller; for IPv6 its /64, which is what one subscriber has."""
    host = (scope.get("client") or ("unknown", 0))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)
