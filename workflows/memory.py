"""What a run remembers of the commands it has carried out, so that a repeat is answered and not done again.

The engine forgets update ids when a run continues as new (trap E4), so this memory travels along.
"""

from dataclasses import dataclass

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from fulfillment.domain.command import Command, fingerprint
    from fulfillment.domain.errors import IdempotencyMismatch

MOST = 200
"""Older commands are looked up in Postgres by the API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A command that was carried out, what it asked, and the step it became."""

    command_id: str
    fingerprint: str
    number: int


class Memory:
    def __init__(self, remembered: tuple[Remembered, ...] = ()) -> None:
        self._known = {each.command_id: each for each in remembered}

    def recall(self, command: Command) -> Remembered | None:
        """Return what became of this very command, if it was carried out before.

        Raises:
            IdempotencyMismatch: its id stood for another request.
        """
        known = self._known.get(command.command_id)
        if known and known.fingerprint != fingerprint(command):
            raise IdempotencyMismatch("this Idempotency-Key was used for another request; take a new one")
        return known

    def remember(self, command: Command, *, number: int) -> None:
        if not command.command_id:
            return
        self._known[command.command_id] = Remembered(
            command_id=command.command_id, fingerprint=fingerprint(command), number=number
        )
        while len(self._known) > MOST:
            self._known.pop(next(iter(self._known)))

    def carried(self) -> tuple[Remembered, ...]:
        """Return what the next run has to know."""
        return tuple(self._known.values())
