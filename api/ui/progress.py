"""How far a visit has come, from the provider's yes to the payment, at a glance."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fulfillment.domain.assignment.payout import SETTLED
from fulfillment.domain.assignment.state import Assignment, Status


class Reached(StrEnum):
    """Whether a stage is behind, at hand, still to come, or will not come any more."""

    DONE = "done"
    NOW = "now"
    AHEAD = "ahead"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage of the way; `at` is when it was reached, or is to be."""

    label: str
    reached: Reached
    at: datetime | None = None


OFF = frozenset({Status.REJECTED, Status.CANCELLED})


def stages_of(it: Assignment) -> tuple[Stage, ...]:
    """Return the stages of the way, the first first."""
    start = it.agreed.window.start if it.agreed else None
    paid = it.payout.settled_at if it.payout and it.payout.status in SETTLED else None
    has_begun = it.checked_in_at is not None or it.completed_at is not None
    made = (
        ("Provider found", it.created_at, True),
        ("Time agreed", it.agreed.at if it.agreed else None, it.agreed is not None),
        ("Checked in" if it.checked_in_at else "Visit", it.checked_in_at or start, has_begun),
        ("Work done", it.completed_at, it.completed_at is not None),
        ("Paid", paid, paid is not None),
    )
    is_off = it.status in OFF or it.status is Status.CLOSED_UNPAID
    found: list[Stage] = []
    for label, at, is_done in made:
        ahead = Reached.OFF if is_off else Reached.AHEAD
        is_next = not is_done and not is_off and all(each.reached is Reached.DONE for each in found)
        reached = Reached.DONE if is_done else Reached.NOW if is_next else ahead
        found.append(Stage(label=label, reached=reached, at=at))
    return tuple(found)
