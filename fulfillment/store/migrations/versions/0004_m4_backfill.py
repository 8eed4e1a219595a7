"""Fill M4's columns in for the rows from before, then hold every row to M4's constraints.

The backfill commits batch by batch outside this migration's transaction: no lock outlives a batch,
and a run that is interrupted goes on where it was. From here on the old release's words for a status
are refused, so it should have been shut down before.
"""

from alembic import op

from fulfillment.store.backfill import backfill

revision = "0004_m4_backfill"
down_revision = "0003_m4_indexes"
branch_labels = None
depends_on = None

ASSIGNMENT = """
    'awaiting_schedule', 'scheduled', 'in_progress', 'payout_pending',
    'paid', 'closed_unpaid', 'rejected', 'cancelled'
"""
JOB = """
    'open', 'quoting', 'offering', 'accepted', 'requeued', 'unfilled', 'completed', 'cancelled', 'expired'
"""
VALIDATED = {
    "assignment": ("status", "origin", "schedule_proposed_by", "window_whole", "window_order"),
    "job": ("status", "dispatch_mode", "priority"),
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        backfill(op.get_bind())
    for table, statuses in (("assignment", ASSIGNMENT), ("job", JOB)):
        guard = f"ck_{table}_status"
        # A try that was interrupted below has left it behind.
        op.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {guard},"
            f" ADD CONSTRAINT {guard} CHECK (status IN ({statuses})) NOT VALID"
        )
    # In the transaction above, every row would be looked at while the table is locked.
    with op.get_context().autocommit_block():
        for table, constraints in VALIDATED.items():
            for constraint in constraints:
                op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{constraint}")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("assignment", "job"):
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_status")
