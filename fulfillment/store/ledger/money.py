"""Writing what happens to money: each hold as it stands, each move once, and the cases that are open."""

from collections.abc import Sequence
from typing import Any

from fulfillment.domain.assignment.card import CardStatus
from fulfillment.domain.assignment.cases import CaseType, cases
from fulfillment.domain.assignment.entries import Entry
from fulfillment.domain.assignment.money_moves import MoveKind
from fulfillment.domain.assignment.state import Assignment
from fulfillment.store.ledger import sql
from fulfillment.store.tables import Entity, HoldStatus

HOLDS = sql.newest(
    "card_hold",
    """intent_id, assignment_id, status, amount, currency, captured_amount, charge_id, capture_before,
    state_version""",
    rows="card_holds",
    key="intent_id",
    newer="it.state_version < excluded.state_version",
    change={
        column: f"coalesce(excluded.{column}, it.{column})"
        for column in ("amount", "currency", "captured_amount", "charge_id", "capture_before")
    },
)
MOVES = sql.once(
    "money_move",
    """assignment_id, state_version, kind, amount, currency, intent_id, reference, attempt, decided_by,
    request_id, at""",
    rows="moves",
)
# A batch that comes again finds the assignment as far as it leads itself, and opens and closes nothing.
NEWS = "coalesce((SELECT state_version FROM assignment WHERE id = :id), 0) < CAST(:version AS integer)"
OPENED = f"""
    INSERT INTO ops_task AS it (id, type, entity, entity_id, detail)
    SELECT id, type, entity, entity_id, detail FROM {sql.taken_apart("ops_task", rows="cases")} WHERE {NEWS}
    ON CONFLICT (id) DO UPDATE SET
        detail = excluded.detail,
        created_at = CASE WHEN it.closed_at IS NULL THEN it.created_at ELSE now() END,
        closed_at = NULL, closed_by = NULL, outcome = NULL
"""  # noqa: S608 - every name in it is ours
SETTLED = f"""
    UPDATE ops_task SET closed_at = now(), closed_by = 'system', outcome = 'settled'
    WHERE id = ANY(CAST(:settled AS text[])) AND closed_at IS NULL AND {NEWS}
"""  # noqa: S608 - every name in it is ours

SQL = {"card_holds": HOLDS, "moves": MOVES, "opened": OPENED, "settled": SETTLED}

STATUSES = {
    CardStatus.HELD: HoldStatus.HELD,
    CardStatus.NEEDS_CUSTOMER: HoldStatus.NEEDS_CUSTOMER,
    CardStatus.CAPTURED: HoldStatus.CAPTURED,
    CardStatus.EXPIRED: HoldStatus.EXPIRED,
}
"""Of the card as it is; one that is wanted or missing is no hold, and one released is among those let go."""


def money(entries: Sequence[Entry], newest: Assignment) -> dict[str, Any]:
    """Return what the steps did to money, and the cases that are open after the last of them."""
    open_now = {_case_id(case.type, newest): case for case in cases(newest)}
    rows = [
        {
            "id": id,
            "type": case.type,
            "entity": Entity.ASSIGNMENT,
            "entity_id": newest.id,
            "detail": case.detail,
        }
        for id, case in open_now.items()
    ]
    every = {_case_id(each, newest) for each in CaseType}
    return {
        "card_holds": sql.rows(*_holds(entries)),
        "moves": sql.rows(*(line for entry in entries for line in _moves(entry))),
        "cases": sql.rows(*rows),
        "settled": sorted(every - set(open_now)),
        "version": newest.state_version,
    }


def _case_id(type: CaseType, assignment: Assignment) -> str:
    return f"{type}/{assignment.id}"


def _holds(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return each hold that a step was about, as the last of them leaves it."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        for row in _holds_after(entry):
            known = found.get(row["intent_id"], {})
            found[row["intent_id"]] = known | {name: it for name, it in row.items() if it is not None}
    blank = dict.fromkeys(("amount", "currency", "captured_amount", "charge_id", "capture_before"))
    return [blank | row for row in found.values()]


def _holds_after(entry: Entry) -> list[dict[str, Any]]:
    it = entry.standing.assignment
    card, version = it.card, it.state_version
    rows = [_hold(it, intent, HoldStatus.LETTING_GO) for intent in it.let_go]
    rows += [
        _hold(it, move.intent_id, HoldStatus.RELEASED)
        for move in entry.moves
        if move.kind is MoveKind.RELEASED and move.intent_id
    ]
    if card and card.intent_id and card.status in STATUSES:
        rows.append(
            {
                "intent_id": card.intent_id,
                "assignment_id": it.id,
                "status": STATUSES[card.status],
                "amount": card.amount.amount,
                "currency": card.amount.currency,
                "captured_amount": card.captured and card.captured.amount,
                "charge_id": card.charge_id or None,
                "capture_before": card.capture_before,
                "state_version": version,
            }
        )
    return rows


def _hold(it: Assignment, intent: str, status: HoldStatus) -> dict[str, Any]:
    return {
        "intent_id": intent,
        "assignment_id": it.id,
        "status": status,
        "state_version": it.state_version,
    }


def _moves(entry: Entry) -> list[dict[str, Any]]:
    it = entry.standing.assignment
    return [
        {
            "assignment_id": it.id,
            "state_version": it.state_version,
            "kind": move.kind,
            "amount": move.amount and move.amount.amount,
            "currency": move.amount and move.amount.currency,
            "intent_id": move.intent_id,
            "reference": move.reference,
            "attempt": move.attempt,
            "decided_by": move.decided_by,
            "request_id": move.request_id,
            "at": move.at,
        }
        for move in entry.moves
    ]
