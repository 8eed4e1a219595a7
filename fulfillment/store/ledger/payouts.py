"""Writing payouts: what is owed as it stands, and every word that was ever said on it."""

from typing import Any

from fulfillment.domain.assignment.card import CardStatus
from fulfillment.domain.assignment.payout import Decision, Payout
from fulfillment.domain.assignment.standing import Standing
from fulfillment.store.ledger import sql

PAYOUTS = sql.newest(
    "payout",
    """id, assignment_id, attempt, amount, currency, status, submitted_by, submitted_at, evidence,
    payment_intent_id, capture_before, authorised_amount, captured_amount, four_eyes_first, hold_reason,
    settled_by, settled_at, reference, problem, transfer_id, state_version""",
    rows="payouts",
    key="id",
    newer="it.state_version < excluded.state_version",
    change={"projected_at": "clock_timestamp()"},
)
DECISIONS = sql.once(
    "payout_decision",
    "payout_id, attempt, ruling, admin_id, amount, currency, reason, final, source, request_id, decided_at",
    rows="decisions",
)

SQL = {"payouts": PAYOUTS, "decisions": DECISIONS}

AT_RISK = frozenset({CardStatus.HELD, CardStatus.EXPIRED})
"""Money that can be lost, or has been; it comes first among what waits for somebody."""


def payouts(standing: Standing) -> dict[str, str]:
    """Return the payout of an assignment, if it has one, and every decision on it."""
    payout = standing.assignment.payout
    if payout is None:
        return {"payouts": sql.rows(), "decisions": sql.rows()}
    decisions = (_decision(payout, decision) for decision in payout.decisions)
    return {"payouts": sql.rows(_payout(standing, payout)), "decisions": sql.rows(*decisions)}


def _payout(standing: Standing, payout: Payout) -> dict[str, Any]:
    assignment, card = standing.assignment, standing.assignment.card
    captured = card.captured if card else None
    return {
        "id": payout.id,
        "assignment_id": standing.assignment.id,
        "attempt": payout.attempt,
        "amount": payout.amount.amount,
        "currency": payout.amount.currency,
        "status": payout.status,
        "submitted_by": payout.submitted_by,
        "submitted_at": payout.submitted_at,
        "evidence": payout.evidence,
        "payment_intent_id": card and card.intent_id,
        "capture_before": card.capture_before if card and card.status in AT_RISK else None,
        "authorised_amount": assignment.authorised and assignment.authorised.amount,
        "captured_amount": captured and captured.amount,
        "hold_reason": payout.dispute and payout.dispute.reason,
        "problem": payout.problem or None,
        "transfer_id": payout.transfer_id,
        "four_eyes_first": payout.first_mark and payout.first_mark.by,
        "settled_by": payout.settled_by,
        "settled_at": payout.settled_at,
        "reference": payout.reference,
        "state_version": standing.assignment.state_version,
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
