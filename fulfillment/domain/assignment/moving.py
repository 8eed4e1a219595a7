"""How far a hold or staff move an instant, and the limits that nobody moves it beyond."""

from datetime import datetime, timedelta

from fulfillment.domain.assignment.state import Assignment, Extension, Proposal
from fulfillment.domain.policy import Policy

CAPTURE_MARGIN = timedelta(hours=24)
"""A denied payout comes back, or is closed, this long before its authorisation lapses (P11)."""


def expiry(assignment: Assignment, proposal: Proposal, policy: Policy) -> datetime:
    """Return when `proposal` lapses: after the patience to confirm, and in time for the notice a visit needs.

    A reschedule also lapses when the visit it would move begins (A9). Holding the clock, or staff who
    move the expiry, stretch the patience, never the notice.
    """
    until, since = proposal.made_at + policy.sla_confirm, proposal.made_at
    if extension := extension_of(assignment, expiry_id(proposal)):
        until, since = extension.to, extension.since
    return min(put_off(assignment, until, since=since), too_late_to_agree(assignment, proposal, policy))


def too_late_to_agree(assignment: Assignment, proposal: Proposal, policy: Policy) -> datetime:
    latest = proposal.window.start - policy.min_notice
    return min(latest, assignment.agreed.window.start) if assignment.agreed else latest


def expiry_id(proposal: Proposal) -> str:
    return f"proposal_expiry/v{proposal.version}"


def put_off(assignment: Assignment, due: datetime, *, since: datetime) -> datetime:
    """Return `due` moved on by as long as the clock stood still, or will, between `since` and then."""
    for hold in assignment.holds:
        start = max(hold.since, since)
        if start < min(hold.until, due):
            due += hold.until - start
    return due


def extension_of(assignment: Assignment, id: str) -> Extension | None:
    return next((each for each in assignment.extended if each.deadline == id), None)


def too_late_to_capture(assignment: Assignment) -> datetime | None:
    return assignment.capture_before - CAPTURE_MARGIN if assignment.capture_before else None
