"""Writing assignments: the head that lists read, and with it all that its steps left behind."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment.entries import Entry
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.steps import Refusal
from fulfillment.store import wire
from fulfillment.store.ledger import history, holds, messages, money, payouts, proposals, sql
from fulfillment.store.ledger.history import About

HEAD = sql.newest(
    "assignment",
    """id, job_id, customer_id, provider_id, price, currency, status, created_at, origin, site_timezone,
    status_entered_at, epoch, schedule_version, schedule_proposed_by, scheduled_start, scheduled_end,
    agreed_version, rejected_at, reject_reason, late_rejection, cancelled_at, cancel_reason, late_cancel,
    checked_in_at, completed_at, reminder_overdue, reminder_overdue_at, next_reminder_at, last_reminder_at,
    reminder_count, hold_until, incident, payout_id, standing, state_version""",
    rows="head",
    key="id",
    newer="it.state_version < excluded.state_version",
    change={"projected_at": "clock_timestamp()"},
)
WRITE = sql.together(
    head=HEAD,
    **proposals.SQL,
    **payouts.SQL,
    **money.SQL,
    **holds.SQL,
    **messages.SQL,
    audit=history.AUDIT,
    outcomes=history.OUTCOMES,
)


async def record_assignment(
    session: AsyncSession,
    about: About,
    *,
    entries: Sequence[Entry],
    refusals: Sequence[Refusal] = (),
    claim: int = 0,
) -> None:
    """Write steps of one assignment and all that follows from them; writing them again changes nothing.

    `claim` fences the provider's time; see `holds.narrowed`.

    Raises:
        ValueError: an entry is about another assignment.
    """
    if entries:
        newest = _newest(about, entries)
        turns = [holds.turn(newest.assignment.provider_id)] if claim else []
        # Always in this order, or two could wait for each other.
        await sql.take_turns(session, about.turn, *turns)
        await session.execute(WRITE, _written(about, entries, newest, claim=claim))
    await history.write_refusals(session, about, refusals)


def _written(about: About, entries: Sequence[Entry], newest: Standing, *, claim: int) -> dict[str, Any]:
    answers = [(each.step, wire.standing_to_json(each.standing)) for each in entries]
    return {
        "id": about.id,
        "head": sql.rows(_head(newest)),
        **proposals.proposals(entries),
        **payouts.payouts(newest),
        **money.money(entries, newest.assignment),
        **holds.narrowed(newest.assignment, claim=claim),
        **messages.messages(about, entries),
        "audit": history.audit(about, [each.step for each in entries]),
        "outcomes": history.outcomes(about, answers),
    }


def _newest(about: About, entries: Sequence[Entry]) -> Standing:
    strangers = {each.standing.assignment.id for each in entries} - {about.id}
    if strangers:
        raise ValueError(f"entries of {sorted(strangers)} came with those of {about.id}")
    return max(entries, key=lambda each: each.step.number).standing


def _head(standing: Standing) -> dict[str, Any]:
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
        "incident": it.incident and it.incident.kind,
        "payout_id": it.payout and it.payout.id,
        "standing": wire.standing_to_json(standing),
        "state_version": it.state_version,
    }
