"""Writing proposals: each window that was put forward, and what became of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from fulfillment.domain.assignment.commands import ProposeWindow
from fulfillment.domain.assignment.entries import Entry
from fulfillment.domain.assignment.state import Proposal, ProposalStatus
from fulfillment.store.ledger import sql

# An assignment does not mention the proposals that a newer one replaced: whichever of the two is written
# last sees that the older one is closed.
PROPOSALS = sql.newest(
    "schedule_proposal",
    """assignment_id, version, proposed_by, proposer_id, on_behalf_of, window_start, window_end, input_tz,
    note, late, status, made_at, expires_at, responded_by, responded_at, forced_reason, state_version""",
    rows="proposals",
    key="assignment_id, version",
    newer="it.state_version < excluded.state_version",
    read={
        "status": """CASE WHEN came.status = 'open' AND EXISTS (
            SELECT FROM schedule_proposal AS later
            WHERE later.assignment_id = came.assignment_id AND later.version > came.version
        ) THEN 'superseded' ELSE came.status END"""
    },
    # Said only once, while it was open or when it was made; later steps do not know it any more.
    change={
        "expires_at": "coalesce(excluded.expires_at, it.expires_at)",
        "on_behalf_of": "coalesce(excluded.on_behalf_of, it.on_behalf_of)",
    },
)
REPLACED = """
    UPDATE schedule_proposal SET status = 'superseded'
    WHERE assignment_id = :id AND status = 'open' AND version < :first_proposal
"""

SQL = {"proposals": PROPOSALS, "replaced": REPLACED}


def proposals(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return the proposals that `entries` speak of, each as the youngest step knows it."""
    latest: dict[int, dict[str, Any]] = {}
    for each in sorted(entries, key=lambda each: each.step.number):
        proposal = each.standing.assignment.proposal
        if proposal:
            latest[proposal.version] = _row(each, proposal)
    for version, made_for in _made_on_behalf(entries).items():
        latest[version]["on_behalf_of"] = made_for
    for version, row in latest.items():
        if row["status"] is ProposalStatus.OPEN and version < max(latest):
            row["status"] = ProposalStatus.SUPERSEDED
    return {"proposals": sql.rows(*latest.values()), "first_proposal": min(latest, default=0)}


def _made_on_behalf(entries: Sequence[Entry]) -> Mapping[int, str | None]:
    """Return in whose name each proposal was made, for those that these entries saw being made."""
    return {
        each.standing.assignment.schedule_version: each.step.actor.on_behalf_of
        for each in entries
        if each.step.command == ProposeWindow.__name__
    }


def _row(entry: Entry, proposal: Proposal) -> dict[str, Any]:
    return {
        "assignment_id": entry.standing.assignment.id,
        "version": proposal.version,
        "proposed_by": proposal.proposed_by,
        "proposer_id": proposal.by,
        "window_start": proposal.window.start,
        "window_end": proposal.window.end,
        "input_tz": proposal.timezone,
        "note": proposal.note,
        "late": proposal.late,
        "status": proposal.status,
        "made_at": proposal.made_at,
        "expires_at": entry.standing.proposal_expires_at if proposal.is_open else None,
        "responded_by": proposal.responded_by,
        "responded_at": proposal.responded_at,
        "forced_reason": proposal.forced_reason,
        "state_version": entry.step.number,
    }
