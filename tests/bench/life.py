"""One assignment from the posting of its job to a paid provider, as the people in it bring it there."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from devstack.marketplace import Json, Marketplace
from devstack.waiting import until

AT_ONCE = 8
COMMANDS = 8
"""Post, quote, accept, propose, confirm, check in, complete, approve."""
BY = ("bob", "bea", "ben")
SPACING = 4
"""Hours between two visits of one provider, who cannot be in two places."""
CHECK_IN = 0.25
"""Hours before the visit at which the provider checks in; both sides have been reminded by then."""


async def live(market: Marketplace, number: int) -> None:
    """Bring one assignment from nothing to `paid`, its days passing in a moment."""
    by = BY[number % len(BY)]
    ahead = 48 + SPACING * (number // len(BY))
    assignment = await market.scheduled(f"Mend tap {number}", by=by, hours=ahead)
    path = f"/assignments/{assignment['id']}"
    known = await market["olga"].get(path, minVersion=3)
    left = datetime.fromisoformat(known["scheduledStart"]) - datetime.now(UTC)
    await market.skip(assignmentId=assignment["id"], hours=left.total_seconds() / 3600 - CHECK_IN)
    await market[by].post(f"{path}/check-in", key=f"seed/{number}/in")
    await market["olga"].post(f"{path}/complete", {"evidence": ["A photo"]}, key=f"seed/{number}/done")
    approval = {"attempt": 1, "reason": f"Transfer {number}"}
    await market["ruth"].post(
        f"/admin/payouts/{assignment['id']}/approve", approval, key=f"seed/{number}/yes"
    )
    await until(lambda: market["olga"].get(path), _is_paid, f"assignment {number} to be paid")


async def live_all(market: Marketplace, numbers: Sequence[int]) -> None:
    """Bring many there, a few at once."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with turn:
            await live(market, number)

    await asyncio.gather(*(one(number) for number in numbers))


def _is_paid(assignment: Json) -> bool:
    return bool(assignment["status"] == "paid")
