"""Writing payouts: what is owed as it stands, and every word that was ever said on it."""

from typing import Any

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.payout import Decision, Payout, PayoutStatus
from fulfillment.domain.standing import Standing
from fulfillment.store.tables import DecisionRow, PayoutRow


async def write_payout(session: AsyncSession, standing: Standing) -> None:
    """Write the payout of an assignment, if it has one; a decision is written once and stands."""
    payout = standing.assignment.payout
    if payout is None:
        return
    state = _payout(standing, payout)
    row = insert(PayoutRow).values(state)
    older = PayoutRow.state_version < standing.assignment.state_version
    await session.execute(row.on_conflict_do_update(index_elements=[PayoutRow.id], set_=state, where=older))
    if payout.decisions:
        rows = [_decision(payout, decision) for decision in payout.decisions]
        await session.execute(insert(DecisionRow).values(rows).on_conflict_do_nothing())


def _payout(standing: Standing, payout: Payout) -> dict[str, Any]:
    captured = (
        payout.ruling.amount.amount if payout.ruling and payout.status is PayoutStatus.CAPTURED else None
    )
    return {
        "id": payout.id,
        "assignment_id": standing.assignment.id,
        "attempt": payout.attempt,
        "amount": payout.amount.amount,
        "currency": payout.amount.currency,
        "status": payout.status,
        "submitted_by": payout.submitted_by,
        "submitted_at": payout.submitted_at,
        "evidence": list(payout.evidence),
        "capture_before": payout.capture_before,
        "authorised_amount": payout.authorised and payout.authorised.amount,
        "captured_amount": captured,
        "four_eyes_first": payout.first_mark and payout.first_mark.by,
        "settled_by": payout.settled_by,
        "settled_at": payout.settled_at,
        "reference": payout.reference,
        "state_version": standing.assignment.state_version,
        "projected_at": func.clock_timestamp(),
    }


def _decision(payout: Payout, decision: Decision) -> dict[str, Any]:
    return {
        "payout_id": payout.id,
        "attempt": decision.attempt,
        "ruling": decision.ruling,
        "admin_id": decision.by,
        "amount": decision.amount.amount,
        "currency": decision.amount.currency,
        "reason": decision.reason,
        "final": decision.final,
        "source": decision.source,
        "request_id": decision.request_id,
        "decided_at": decision.at,
    }
