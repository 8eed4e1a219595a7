"""What an assignment is in people's calendars: one entry each, whose revisions are numbered."""

from fulfillment.domain.assignment.state import Assignment, Status

CALLED_OFF = frozenset({Status.REJECTED, Status.CANCELLED})


def calendar_revision(assignment: Assignment) -> int | None:
    """Return the SEQUENCE of the entry as it is now (RFC 5545 3.8.7.4), counted from 0; None without a visit.

    It rises with every agreement, and once more when the visit is called off: a revision that says less
    than the one before would be thrown away by calendars (trap I4).
    """
    if assignment.agreed is None:
        return None
    # An epoch begins with each agreement, with each that comes to nothing, and when the work is done.
    begun_by_agreeing = assignment.epoch - (1 if assignment.completed_at else 0)
    return begun_by_agreeing - (1 if assignment.status in CALLED_OFF else 2)


def revision_that_clears(before: Assignment) -> int | None:
    """Return the SEQUENCE by which the visit agreed `before` leaves the calendars again."""
    revision = calendar_revision(before)
    return None if revision is None else revision + 1
