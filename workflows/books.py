"""What a run has done and not yet written down: entries, refusals, and the number that fences its holds."""

from collections.abc import Callable
from typing import Generic, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from fulfillment.domain.steps import Refusal

E = TypeVar("E")


class Books(Generic[E]):
    """Pending entries in the order of their numbers. They leave only when the ledger has them."""

    def __init__(self, entries: tuple[E, ...] = (), refusals: tuple[Refusal, ...] = ()) -> None:
        self._entries = entries
        self._refusals = refusals

    @property
    def are_written(self) -> bool:
        return not self._entries and not self._refusals

    def note(self, entry: E) -> None:
        self._entries = (*self._entries, entry)

    def amend_last(self, change: Callable[[E], E]) -> None:
        """Put the last entry that is not written yet otherwise, if there is one."""
        if self._entries:
            self._entries = (*self._entries[:-1], change(self._entries[-1]))

    def note_refusal(self, refusal: Refusal) -> None:
        """Keep a refusal for the audit; a flood of bad signals keeps only the last hundred."""
        self._refusals = (*self._refusals, refusal)[-MOST_REFUSALS:]

    def pending(self, *, most: int) -> tuple[tuple[E, ...], tuple[Refusal, ...]]:
        """Return the oldest `most` entries and all refusals, to be written in one go."""
        return self._entries[:most], self._refusals

    def written(self, entries: tuple[E, ...], refusals: tuple[Refusal, ...]) -> None:
        """Let go of what the ledger now has."""
        self._entries = self._entries[len(entries) :]
        self._refusals = tuple(each for each in self._refusals if each not in refusals)

    def carried(self) -> tuple[tuple[E, ...], tuple[Refusal, ...]]:
        return self._entries, self._refusals


MOST_REFUSALS = 100
