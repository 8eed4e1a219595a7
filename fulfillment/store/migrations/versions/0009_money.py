"""Keep what happens to money: holds on cards, a book of moves, and payouts in the states that say the truth.

Constraints are replaced unvalidated and validated afterwards, and indexes are built CONCURRENTLY, so nobody
waits for a look at all rows.
"""

from alembic import op
from sqlalchemy import text

revision = "0009_money"
down_revision = "0008_audit_chain"
branch_labels = None
depends_on = None

OLD_STATUSES = "'pending_approval', 'approved', 'captured', 'settled_manual', 'denied', 'closed_denied'"
STATUSES = """'pending_approval', 'approved', 'capturing', 'captured', 'settled_manual', 'denied', 'on_hold',
    'capture_failed', 'capture_unknown', 'authorization_expired', 'awaiting_customer_payment',
    'closed_denied', 'disputed', 'reversed'"""
OLD_KINDS = """'propose_nudge', 'confirm_nudge', 'visit_24h', 'visit_2h', 'visit', 'start_check',
    'completion_nudge', 'payout_review', 'auth_expiring', 'resubmit_nudge', 'offer_expiring'"""
KINDS = OLD_KINDS.replace("'auth_expiring',", "'auth_expiring', 'payment_nudge',")
GUARDS = {
    ("payout", "ck_payout_status"): ("status", OLD_STATUSES, STATUSES),
    ("reminder", "ck_reminder_kind"): ("kind", OLD_KINDS, KINDS),
    ("notification_outbox", "ck_notification_outbox_reminder_kind"): ("reminder_kind", OLD_KINDS, KINDS),
}
AT_RISK = "payout (coalesce(capture_before, 'infinity'::timestamptz), (-amount), submitted_at, id)"
OLD_OPEN = "status IN ('pending_approval', 'approved', 'denied')"
OPEN = """status IN ('pending_approval', 'approved', 'capturing', 'denied', 'on_hold', 'capture_failed',
    'capture_unknown', 'authorization_expired', 'awaiting_customer_payment')"""
UP = """
ALTER TABLE payout ADD COLUMN problem text, ADD COLUMN transfer_id text;

CREATE TABLE card_hold (
    intent_id text NOT NULL,
    assignment_id text NOT NULL,
    status text NOT NULL,
    amount bigint,
    currency text,
    captured_amount bigint,
    charge_id text,
    capture_before timestamptz,
    state_version integer NOT NULL,
    CONSTRAINT pk_card_hold PRIMARY KEY (intent_id),
    CONSTRAINT ck_card_hold_status CHECK (status IN (
        'held', 'needs_customer', 'captured', 'expired', 'letting_go', 'released'
    )),
    CONSTRAINT fk_card_hold_assignment_id FOREIGN KEY (assignment_id) REFERENCES assignment (id)
);
CREATE INDEX ix_card_hold_assignment ON card_hold (assignment_id);
CREATE INDEX ix_card_hold_open ON card_hold (assignment_id, intent_id)
    WHERE status IN ('held', 'needs_customer', 'letting_go');

CREATE TABLE money_move (
    id bigint GENERATED ALWAYS AS IDENTITY,
    assignment_id text NOT NULL,
    state_version integer NOT NULL,
    kind text NOT NULL,
    amount bigint,
    currency text,
    intent_id text,
    reference text NOT NULL,
    attempt integer,
    decided_by text,
    request_id text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_money_move PRIMARY KEY (id),
    CONSTRAINT ck_money_move_kind CHECK (kind IN (
        'held', 'released', 'expired', 'captured', 'settled_manual', 'transferred', 'disputed', 'reversed',
        'refunded'
    )),
    CONSTRAINT fk_money_move_assignment_id FOREIGN KEY (assignment_id) REFERENCES assignment (id)
);
CREATE UNIQUE INDEX uq_money_move
    ON money_move (assignment_id, state_version, kind, coalesce(intent_id, ''));
CREATE INDEX ix_money_move_at ON money_move (at);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON money_move
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
DOWN = """
DROP TABLE money_move, card_hold;
ALTER TABLE payout DROP COLUMN problem, DROP COLUMN transfer_id;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # What follows the transaction may be interrupted, and is then carried on with by the next try.
    if op.get_bind().scalar(text("SELECT to_regclass('money_move') IS NULL")):
        op.execute(UP)
        for (table, guard), (column, _, members) in GUARDS.items():
            _replace(table, guard, f"{column} IN ({members})")
    with op.get_context().autocommit_block():
        for table, guard in GUARDS:
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {guard}")
        _rebuild(OPEN)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DOWN)
    for (table, guard), (column, members, _) in GUARDS.items():
        # Rows in states that the release before does not know stay: it never reads them by their constraint.
        _replace(table, guard, f"{column} IN ({members})")
    with op.get_context().autocommit_block():
        _rebuild(OLD_OPEN)


def _replace(table: str, guard: str, rule: str) -> None:
    op.execute(
        f"ALTER TABLE {table} DROP CONSTRAINT {guard}, ADD CONSTRAINT {guard} CHECK ({rule}) NOT VALID"
    )


def _rebuild(where: str) -> None:
    op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_payout_at_risk")
    op.execute(f"CREATE INDEX CONCURRENTLY ix_payout_at_risk ON {AT_RISK} WHERE {where}")
