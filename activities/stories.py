"""The runs of assignments, as somebody sees them who is none: how they stand, and a word to them."""

from typing import Protocol

from fulfillment.domain.assignment.standing import Standing


class Stories(Protocol):
    """All of it raises what the engine raises when it, or a worker, cannot be reached."""

    async def state(self, assignment_id: str) -> Standing | None:
        """Return how its run says that it stands; None if no run goes on."""

    async def doubt(self, assignment_id: str, *, by: str, reason: str) -> bool:
        """Have its run look at the card, and return whether there is one; a repeat is harmless."""

    async def look_after(self, payout_id: str) -> None:
        """Have somebody look for a complaint about a payout; a repeat is harmless."""
