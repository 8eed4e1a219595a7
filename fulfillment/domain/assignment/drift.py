"""Where three accounts of the same money disagree: the run's, the database's, and the payment provider's.

A run that goes on is believed about what was decided, the payment provider about where the money is, and
the database about nothing but its own rows. What follows from a finding is for others to do; here it is
only said, so that the same three pictures always give the same findings.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fulfillment.domain.assignment.card import Card, CardSeen, CardState, CardStatus
from fulfillment.domain.assignment.money_calls import share_owed
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.policy import Policy


class DriftKind(StrEnum):
    """What is not as it should be. The names are labels of a metric and types of tasks: a closed set."""

    PROJECTION_BEHIND = "projection_behind"
    PROJECTION_AHEAD = "projection_ahead"
    """The rows are of a step that the run has not taken: it was reset, or a number was changed by hand."""
    PROJECTION_DIFFERS = "projection_differs"
    RUN_MISSING = "run_missing"
    CARD_DIFFERS = "card_differs"
    HOLD_LEFT = "hold_left"
    CAPTURED_UNAPPROVED = "captured_unapproved"
    CAPTURED_AFTER_END = "captured_after_end"
    """Money was taken for an assignment that had ended unpaid, or from a hold that was over."""
    AMOUNT_DIFFERS = "amount_differs"
    TRANSFER_MISSING = "transfer_missing"
    HINT_UNHANDLED = "hint_unhandled"
    UNREACHABLE = "unreachable"


TRANSFER_PATIENCE = timedelta(hours=1)
BOOKS = "books"
"""What a finding is about that the book of moves gives away."""

ENDED_UNPAID = frozenset({Status.CLOSED_UNPAID, Status.CANCELLED, Status.REJECTED})
KNOWN_AS = {
    CardStatus.HELD: CardState.HELD,
    CardStatus.NEEDS_CUSTOMER: CardState.NEEDS_CUSTOMER,
    CardStatus.CAPTURED: CardState.CAPTURED,
    CardStatus.EXPIRED: CardState.GONE,
}
"""What the provider has to say of a card for us to have known it right; of others we expect nothing."""
STILL_THERE = frozenset({CardState.HELD, CardState.NEEDS_CUSTOMER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the database says.

    `version` is the row's own number, `differing` names the columns that do not say what they would if they
    were written anew, `open_holds` are holds by their ids, `booked` is what the moves say was taken in all.
    """

    assignment: Assignment
    version: int
    differing: tuple[str, ...] = ()
    open_holds: frozenset[str] = frozenset()
    booked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One assignment, three times, from about the same moment.

    `run` is the state of its run, None if none goes on. `seen` is what the payment provider says of each
    hold, by its id; one that could not be looked at is not in it, and nothing is found about it.
    """

    written: Written
    run: Assignment | None
    seen: Mapping[str, CardSeen]

    @property
    def it(self) -> Assignment:
        """The assignment as whoever knows best has it."""
        run = self.run
        if run is None or run.state_version < self.written.version:
            return self.written.assignment
        return run

    @property
    def as_of_the_rows(self) -> Assignment:
        """The assignment at the step that the rows are of."""
        run = self.run
        return run if run and run.state_version == self.written.version else self.written.assignment


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that does not agree. `about` sets apart findings of one kind: a hold, a step, the books.

    `may_release` says that nobody needs the hold any more, so that it may be let go without asking.
    """

    kind: DriftKind
    assignment_id: str
    about: str = ""
    what: str
    may_release: bool = False

    @property
    def mark(self) -> str:
        """The same whenever the same thing is found again; the id of its task, if it becomes one."""
        return "/".join(filter(None, (self.kind, self.assignment_id, self.about)))


def drift(picture: Picture, *, at: datetime, policy: Policy) -> tuple[Finding, ...]:
    """Return all that does not agree at the moment `at`; nothing, if all is well."""
    return (*_of_rows(picture), *_of_holds(picture), *_of_books(picture), *_of_shares(picture, at, policy))


def _of_rows(picture: Picture) -> Iterator[Finding]:
    written, run = picture.written, picture.run
    id = written.assignment.id
    if run is None:
        if not written.assignment.is_closed:
            what = f"{written.assignment.status}, and no run"
            yield Finding(kind=DriftKind.RUN_MISSING, assignment_id=id, what=what)
            return
    elif run.state_version > written.version:
        what = f"the run is at step {run.state_version}, the rows are at {written.version}"
        about = f"step {written.version}"
        yield Finding(kind=DriftKind.PROJECTION_BEHIND, assignment_id=id, about=about, what=what)
        return
    elif run.state_version < written.version:
        # After the end there are other writers: whoever looks after a chargeback goes on counting.
        if not run.is_closed:
            what = f"the rows are at step {written.version}, the run is at {run.state_version}"
            yield Finding(kind=DriftKind.PROJECTION_AHEAD, assignment_id=id, what=what)
            return
    elif run != written.assignment:
        what = f"at step {run.state_version} the row has another state than the run"
        yield Finding(kind=DriftKind.PROJECTION_DIFFERS, assignment_id=id, what=what)
        return
    if written.differing:
        what = f"{', '.join(written.differing)}: not as it was written"
        yield Finding(kind=DriftKind.PROJECTION_DIFFERS, assignment_id=id, what=what)


def _of_holds(picture: Picture) -> Iterator[Finding]:
    it = picture.it
    for intent, seen in picture.seen.items():
        card = it.card if it.card and it.card.intent_id == intent else None
        if card and it.status is Status.PAID and card.status is CardStatus.CAPTURED:
            yield from _of_what_was_paid(it, card, intent, seen)
        elif card and card.status in KNOWN_AS and not it.is_closed:
            yield from _of_the_card(picture, card, intent, seen)
        else:
            yield from _of_a_hold_that_is_over(picture, intent, seen)


def _of_the_card(picture: Picture, card: Card, intent: str, seen: CardSeen) -> Iterator[Finding]:
    it = picture.it
    if _is_being_asked(it):
        return
    taken, known = _taken(seen), card.captured.amount if card.captured else 0
    if picture.run is not None and (seen.state is not KNOWN_AS[card.status] or taken != known):
        what = f"{intent}: we say {card.status}, the payment provider says {seen.state}"
        yield Finding(kind=DriftKind.CARD_DIFFERS, assignment_id=it.id, about=intent, what=what)
    if taken:
        yield from _taken_while_open(it, intent, taken)
    elif seen.state is CardState.HELD and seen.amount not in {None, card.amount}:
        what = f"{intent}: {seen.amount} are held, and we say {card.amount}"
        yield Finding(kind=DriftKind.AMOUNT_DIFFERS, assignment_id=it.id, about=intent, what=what)


def _taken_while_open(it: Assignment, intent: str, taken: int) -> Iterator[Finding]:
    approval = it.payout.approval if it.payout else None
    if approval is None:
        # Not about the hold: the run opens this very case once it knows, and there shall be one.
        what = f"{intent}: {taken} were taken that nobody has approved; approve it or give it back"
        yield Finding(kind=DriftKind.CAPTURED_UNAPPROVED, assignment_id=it.id, what=what)
    elif taken != approval.amount.amount:
        what = f"{intent}: {taken} were taken, and {approval.amount.amount} were approved"
        yield Finding(kind=DriftKind.AMOUNT_DIFFERS, assignment_id=it.id, about=intent, what=what)


def _of_what_was_paid(it: Assignment, card: Card, intent: str, seen: CardSeen) -> Iterator[Finding]:
    payout = it.payout
    if payout and payout.refund_under_way:
        return  # whoever gives it back looks at the card afterwards
    approval, known = payout.approval if payout else None, card.captured
    approved = approval.amount if approval else known
    taken, given_back = _taken(seen), payout.given_back if payout and approval else 0
    if approved is None or taken != approved.amount - given_back:
        back = f", {given_back} of it given back" if given_back else ""
        what = f"{intent}: {approved} were approved and paid{back}, the payment provider has taken {taken}"
        yield Finding(kind=DriftKind.AMOUNT_DIFFERS, assignment_id=it.id, about=intent, what=what)


def _of_a_hold_that_is_over(picture: Picture, intent: str, seen: CardSeen) -> Iterator[Finding]:
    """Yield what is wrong with a hold that is not the card's own any more."""
    it = picture.it
    being_let_go = picture.run is not None and intent in it.let_go
    if being_let_go:
        return
    if taken := _taken(seen):
        yield _captured_after_end(it, intent, taken)
    elif seen.state in STILL_THERE:
        yield _left(it, intent, seen)
    elif intent in picture.written.open_holds and _rows_are_the_last_word(picture):
        what = f"{intent}: it is gone, and its row says that it is there"
        yield Finding(kind=DriftKind.PROJECTION_DIFFERS, assignment_id=it.id, about=intent, what=what)


def _rows_are_the_last_word(picture: Picture) -> bool:
    """Return whether no run is about to write something newer."""
    run = picture.run
    return run.state_version == picture.written.version if run else picture.it.is_closed


def _left(it: Assignment, intent: str, seen: CardSeen) -> Finding:
    # Whatever is open may still want its money, and beside what was paid only a person can tell why there
    # is another hold. But nothing will ever be taken for work that ended unpaid (trap M13).
    may = it.status in ENDED_UNPAID
    what = f"{intent}: {seen.state} for an assignment that is {it.status}, and nobody lets it go"
    return Finding(kind=DriftKind.HOLD_LEFT, assignment_id=it.id, about=intent, what=what, may_release=may)


def _captured_after_end(it: Assignment, intent: str, taken: int) -> Finding:
    what = f"{intent}: {taken} were taken, and the assignment is {it.status} without needing them"
    return Finding(kind=DriftKind.CAPTURED_AFTER_END, assignment_id=it.id, about=intent, what=what)


def _of_books(picture: Picture) -> Iterator[Finding]:
    """Yield that the moves, each of which is written once and for ever, add up to something else."""
    it, booked = picture.as_of_the_rows, picture.written.booked
    card = it.card
    known = card.captured.amount if card and card.captured and card.status is CardStatus.CAPTURED else 0
    if booked != known:
        what = f"the book of moves says that {booked} were taken, the state says {known}"
        yield Finding(kind=DriftKind.AMOUNT_DIFFERS, assignment_id=it.id, about=BOOKS, what=what)


def _of_shares(picture: Picture, at: datetime, policy: Policy) -> Iterator[Finding]:
    it = picture.it
    payout = it.payout
    if payout is None or payout.settled_at is None or payout.settled_at > at - TRANSFER_PATIENCE:
        return
    if share_owed(it, policy):
        who = "its run is at it: has the provider an account?" if picture.run else "no run is at it"
        what = f"the provider's share was not passed on; {who}"
        yield Finding(kind=DriftKind.TRANSFER_MISSING, assignment_id=it.id, what=what)


def _is_being_asked(it: Assignment) -> bool:
    """Return whether the run is asking the payment provider at this moment, and will know by itself."""
    card, payout = it.card, it.payout
    capturing = payout is not None and payout.status is PayoutStatus.CAPTURING
    return capturing or (card is not None and card.in_doubt)


def _taken(seen: CardSeen) -> int:
    """Return what was taken and not given back, in minor units."""
    if seen.state is not CardState.CAPTURED:
        return 0
    taken = seen.amount if seen.captured is None else seen.captured
    return taken.amount if taken else 0
