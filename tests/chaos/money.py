"""Cells of the money matrix: at which step which trouble comes, and what has to be true in the end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tests.gateways.stripe.faults import Kind, Stored

PRICE = 15_000
TRANSIENT = (
    Kind.ERROR_BEFORE,
    Kind.ERROR_STORED,
    Kind.ERROR_AFTER,
    Kind.HANG_AFTER,
    Kind.DROP_BEFORE,
    Kind.DROP_AFTER,
    Kind.RATE_LIMITED,
    Kind.CONFLICT,
)
"""Trouble that is over after a while; nobody but the log should notice."""
PAUSES = (Kind.PAUSE_BEFORE, Kind.PAUSE_INSIDE, Kind.PAUSE_AFTER)
"""No trouble but a death: the request has not arrived, is being done, is done and not answered."""
HANDS = 8
"""Calls to the payment provider that one worker makes at a time; one death cuts no more than these."""


class Death(StrEnum):
    """Who is killed -9 in the middle of the cell's step."""

    NOBODY = ""
    WORKER = "worker"
    """While it waits to hear what became of its call: the trouble has happened, and nobody has told it."""
    WORKER_AND_API = "worker and API"
    API = "API, inside"
    """While the command that leads to the step is on its way to a worker."""


class Step(StrEnum):
    """The calls that move money, by the fake's names for them."""

    HOLD = "authorise"
    CAPTURE = "capture"
    RELEASE = "cancel"
    TRANSFER = "transfer"
    REFUND = "refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What is true at last: of the assignment, its payout, and of what the payment provider did for us.

    `captures`, `transfers` and `refunds` are amounts, ours only; `holds` is how many are still open.
    """

    assignment: str = "paid"
    payout: str | None = "captured"
    problem: str = ""
    captures: tuple[int, ...] = (PRICE,)
    transfers: tuple[int, ...] = (PRICE,)
    refunds: tuple[int, ...] = ()
    holds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    step: Step
    trouble: Kind | None
    death: Death = Death.NOBODY
    end: End = field(default_factory=End)
    times: int = 1
    amount: int | None = None
    code: str = ""
    stored: Stored = Stored.THE_500

    def __str__(self) -> str:
        killed = f"{self.death} killed" if self.death else ""
        return f"{self.step:<9} {self.trouble or 'no trouble':<24} x{self.times:<3} {killed:<21}"


PAID = End()
HELD = End(assignment="scheduled", payout=None, captures=(), transfers=(), holds=1)
CANCELLED = End(assignment="cancelled", payout=None, captures=(), transfers=())
GIVEN_BACK = End(payout="reversed", refunds=(PRICE,))
GOOD = {
    Step.HOLD: HELD,
    Step.CAPTURE: PAID,
    Step.RELEASE: CANCELLED,
    Step.TRANSFER: PAID,
    Step.REFUND: GIVEN_BACK,
}
"""How it ends where the trouble is over after a while."""
UNPAID = End(
    assignment="payout_pending",
    payout="awaiting_customer_payment",
    problem="insufficient_funds",
    captures=(),
    transfers=(),
    # An intent that waits for its customer holds no money, and is there all the same.
    holds=0,
)


def _stuck(payout: str, problem: str = "", *, holds: int = 0) -> End:
    return End(
        assignment="payout_pending",
        payout=payout,
        problem=problem,
        captures=(),
        transfers=(),
        holds=holds,
    )


def cells() -> Sequence[Cell]:
    """Return every trouble at every step; whoever hears of it first is killed before they do."""
    undisturbed = [
        Cell(step=it, trouble=kind, end=GOOD[it]) for it in Step for kind in (None, Kind.HANG_AFTER)
    ]
    killed = [replace(cell, death=Death.WORKER) for cell in (*_for_good(), *_over_after_a_while())]
    waves = [killed[start : start + HANDS] for start in range(0, len(killed), HANDS)]
    for wave in waves[1::2]:
        wave[:] = [replace(cell, death=Death.WORKER_AND_API) for cell in wave]
    return [*undisturbed, *(cell for wave in waves for cell in wave), *_api_inside()]


def _over_after_a_while() -> Iterator[Cell]:
    for trouble in (*PAUSES, *TRANSIENT):
        for step in Step:
            yield Cell(step=step, trouble=trouble, end=GOOD[step])


def _api_inside() -> Iterator[Cell]:
    for step, trouble in (
        (Step.HOLD, None),
        (Step.RELEASE, None),
        (Step.CAPTURE, None),
        (Step.CAPTURE, Kind.ERROR_BEFORE),
        (Step.CAPTURE, Kind.ERROR_AFTER),
        (Step.CAPTURE, Kind.DROP_AFTER),
        (Step.TRANSFER, Kind.DROP_AFTER),
        (Step.REFUND, None),
    ):
        yield Cell(step=step, trouble=trouble, death=Death.API, end=GOOD[step])


def _for_good() -> Sequence[Cell]:
    """Return what is not over after a while, or not in the same way at every step."""
    return (
        # An error that is stored under the key comes again and again, until another key is taken.
        Cell(step=Step.CAPTURE, trouble=Kind.ERROR_BEFORE, times=4),
        Cell(step=Step.CAPTURE, trouble=Kind.ERROR_AFTER, stored=Stored.NOTHING),
        Cell(step=Step.HOLD, trouble=Kind.DECLINE, code="insufficient_funds", end=UNPAID),
        Cell(
            step=Step.HOLD,
            trouble=Kind.AUTHENTICATION_REQUIRED,
            end=_stuck("awaiting_customer_payment", "authentication_required"),
        ),
        Cell(
            step=Step.HOLD,
            trouble=Kind.REQUIRES_ACTION,
            end=_stuck("awaiting_customer_payment", "authentication_required"),
        ),
        Cell(
            step=Step.CAPTURE,
            trouble=Kind.DECLINE,
            code="do_not_honor",
            end=_stuck("capture_failed", "do_not_honor", holds=1),
        ),
        # Whoever asks again after the death is refused once more; a wrong key is stored nowhere.
        Cell(
            step=Step.CAPTURE,
            trouble=Kind.UNAUTHORISED,
            times=2,
            end=_stuck("capture_failed", "authentication", holds=1),
        ),
        Cell(step=Step.CAPTURE, trouble=Kind.EXPIRE, end=_stuck("authorization_expired")),
        Cell(step=Step.CAPTURE, trouble=Kind.LAPSE, end=_stuck("authorization_expired")),
        Cell(step=Step.CAPTURE, trouble=Kind.RELEASED_BY_HAND, end=_stuck("authorization_expired")),
        Cell(step=Step.CAPTURE, trouble=Kind.CAPTURED_BY_HAND, end=End(captures=())),
        Cell(
            step=Step.CAPTURE,
            trouble=Kind.CAPTURED_BY_HAND,
            amount=PRICE // 2,
            end=_stuck("capture_failed", "amount_mismatch"),
        ),
        Cell(step=Step.CAPTURE, trouble=Kind.DROP_BEFORE, times=99, end=_stuck("capture_unknown", holds=1)),
        Cell(step=Step.RELEASE, trouble=Kind.RELEASED_BY_HAND, end=CANCELLED),
        Cell(step=Step.RELEASE, trouble=Kind.CAPTURED_BY_HAND, end=CANCELLED),
    )
