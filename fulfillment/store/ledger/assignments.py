"""Writing assignments: the head that lists read, and with it all that its steps left behind."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.entries import Entry, Refusal
from fulfillment.domain.standing import Standing
from fulfillment.store import wire
from fulfillment.store.ledger import history, holds
from fulfillment.store.ledger.history import About
from fulfillment.store.ledger.messages import write_messages
from fulfillment.store.ledger.payouts import write_payout
from fulfillment.store.ledger.proposals import write_proposals
from fulfillment.store.tables import AssignmentRow


async def record_assignment(
    session: AsyncSession,
    about: About,
    *,
    entries: Sequence[Entry],
    refusals: Sequence[Refusal] = (),
    claim: int = 0,
) -> None:
    """Write steps of one assignment and all that follows from them; writing them again changes nothing.

    `claim` fences the provider's time; see `holds.narrow`.

    Raises:
        ValueError: an entry is about another assignment.
    """
    if entries:
        newest = _newest(about, entries)
        await history.take_turns(session, about)
        await _write_head(session, newest)
        await write_proposals(session, entries)
        await write_payout(session, newest)
        await write_messages(session, about, entries)
        await history.write_steps(session, about, [each.step for each in entries])
        answers = [(each.step, wire.standing_to_json(each.standing)) for each in entries]
        await history.write_outcomes(session, about, answers)
        await holds.narrow(session, newest.assignment, claim=claim)
    if refusals:
        await history.write_refusals(session, about, refusals)


def _newest(about: About, entries: Sequence[Entry]) -> Standing:
    strangers = {each.standing.assignment.id for each in entries} - {about.id}
    if strangers:
        raise ValueError(f"entries of {sorted(strangers)} came with those of {about.id}")
    return max(entries, key=lambda each: each.step.number).standing


async def _write_head(session: AsyncSession, standing: Standing) -> None:
    state = _state(standing)
    row = insert(AssignmentRow).values(state)
    older = AssignmentRow.state_version < standing.assignment.state_version
    await session.execute(
        row.on_conflict_do_update(index_elements=[AssignmentRow.id], set_=state, where=older)
    )


def _state(standing: Standing) -> dict[str, Any]:
    it = standing.assignment
    window = it.agreed.window if it.agreed else None
    return {
        "id": it.id,
        "job_id": it.job_id,
        "customer_id": it.customer_id,
        "provider_id": it.provider_id,
        "price": it.price.amount,
        "currency": it.price.currency,
        "status": it.status,
        "created_at": it.created_at,
        "origin": it.origin,
        "site_timezone": it.site_timezone,
        "status_entered_at": it.status_entered_at,
        "epoch": it.epoch,
        "schedule_version": it.schedule_version,
        "schedule_proposed_by": it.proposal and it.proposal.proposed_by,
        "scheduled_start": window and window.start,
        "scheduled_end": window and window.end,
        "agreed_version": it.agreed and it.agreed.version,
        "rejected_at": it.rejected_at,
        "reject_reason": it.reject_reason,
        "late_rejection": it.late_rejection,
        "cancelled_at": it.cancelled_at,
        "cancel_reason": it.cancel_reason,
        "late_cancel": it.late_cancel,
        "checked_in_at": it.checked_in_at,
        "completed_at": it.completed_at,
        "reminder_overdue": it.overdue_at is not None,
        "reminder_overdue_at": it.overdue_at,
        "next_reminder_at": standing.next_reminder_at,
        "last_reminder_at": it.last_reminder_at,
        "reminder_count": it.reminder_count,
        "hold_until": it.holds[-1].until if it.holds else None,
        "payout_id": it.payout and it.payout.id,
        "standing": wire.standing_to_json(standing),
        "state_version": it.state_version,
        "projected_at": func.clock_timestamp(),
    }
