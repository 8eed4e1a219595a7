"""Which side an actor speaks for, and who is let in at all."""

from fulfillment.domain.assignment.payout import Payout
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.errors import AssignmentClosed, NotAParty, SelfApproval, WrongState
from fulfillment.domain.people import Actor, Party, Role


def side_of(assignment: Assignment, actor: Actor) -> Party:
    """Return the side `actor` speaks for; staff speak for whom they name, or in their own name.

    Raises:
        NotAParty: a customer or provider of some other assignment; they are told it does not exist.
    """
    if actor.is_staff:
        return actor.on_behalf_of or Party.ADMIN
    ours = {Role.CUSTOMER: assignment.customer_id, Role.PROVIDER: assignment.provider_id}
    if actor.role is Role.SYSTEM:
        return Party.ADMIN
    if ours[actor.role] != actor.id:
        raise NotAParty("there is no such assignment")
    return Party(actor.role.value)


def expect_open(assignment: Assignment) -> None:
    """Refuse anything once the assignment has ended (A23).

    Raises:
        AssignmentClosed: it has.
    """
    if assignment.is_closed:
        raise AssignmentClosed(f"the assignment is {assignment.status}; nothing more can happen to it")


def expect_status(assignment: Assignment, *allowed: Status) -> None:
    """Refuse a step that does not follow from the status.

    Raises:
        AssignmentClosed: the assignment has ended.
        WrongState: it stands elsewhere.
    """
    expect_open(assignment)
    if assignment.status not in allowed:
        raise WrongState(f"not possible while {assignment.status}; it takes {' or '.join(allowed)}")


def expect_disinterested(assignment: Assignment, payout: Payout, admin: Actor) -> None:
    """Refuse whoever would decide on money of their own.

    Raises:
        SelfApproval: the admin is a side of this assignment, or submitted the payout.
    """
    if admin.id in {assignment.customer_id, assignment.provider_id, payout.submitted_by}:
        raise SelfApproval("somebody who is not part of this assignment has to rule on it")
