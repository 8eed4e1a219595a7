"""Writing proposals: each window that was put forward, and what became of it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from fulfillment.domain.assignment import Proposal, ProposalStatus
from fulfillment.domain.commands import ProposeWindow
from fulfillment.domain.entries import Entry
from fulfillment.store.tables import ProposalRow


async def write_proposals(session: AsyncSession, entries: Sequence[Entry]) -> None:
    """Write the proposals that `entries` speak of, each as the youngest step knows it."""
    latest = {
        proposal.version: _proposal(each, proposal)
        for each in sorted(entries, key=lambda each: each.step.number)
        if (proposal := each.standing.assignment.proposal)
    }
    if not latest:
        return
    made = _made_on_behalf(entries)
    rows = [{**row, "on_behalf_of": made.get(version)} for version, row in latest.items()]
    statement = insert(ProposalRow).values(rows)
    new, old = statement.excluded, ProposalRow
    changes: dict[str, Any] = {name: new[name] for name in rows[0]}
    # Said only once, while it was open or when it was made; later steps do not know it any more.
    changes["expires_at"] = func.coalesce(new.expires_at, old.expires_at)
    changes["on_behalf_of"] = func.coalesce(new.on_behalf_of, old.on_behalf_of)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[old.assignment_id, old.version],
            set_=changes,
            where=old.state_version < new.state_version,
        )
    )
    await _supersede(session, entries[0].standing.assignment.id)


def _made_on_behalf(entries: Sequence[Entry]) -> dict[int, str | None]:
    """Return in whose name each proposal was made, for those that these entries saw being made."""
    return {
        each.standing.assignment.schedule_version: each.step.actor.on_behalf_of
        for each in entries
        if each.step.command == ProposeWindow.__name__
    }


def _proposal(entry: Entry, proposal: Proposal) -> dict[str, Any]:
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


async def _supersede(session: AsyncSession, assignment_id: str) -> None:
    """Close every open proposal but the newest: an assignment does not mention those that it replaced."""
    newest = aliased(ProposalRow)
    last = select(func.max(newest.version)).where(newest.assignment_id == assignment_id).scalar_subquery()
    await session.execute(
        update(ProposalRow)
        .where(
            ProposalRow.assignment_id == assignment_id,
            ProposalRow.status == ProposalStatus.OPEN,
            ProposalRow.version < last,
        )
        .values(status=ProposalStatus.SUPERSEDED)
        .execution_options(synchronize_session=False)
    )
