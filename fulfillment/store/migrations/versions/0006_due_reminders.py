"""Index what the sweep looks for, and validate the guards of 0005, beside other work.

Neither takes a lock that readers or writers wait for. An index is built CONCURRENTLY, which cannot run in a
transaction; one that was interrupted leaves an unusable index behind, so it is dropped before it is built.
"""

from alembic import op

revision = "0006_due_reminders"
down_revision = "0005_notifications"
branch_labels = None
depends_on = None

LIVE = "status IN ('awaiting_schedule', 'scheduled', 'in_progress', 'payout_pending')"
INDEXES = {
    "ix_assignment_next_reminder": "assignment (next_reminder_at) WHERE next_reminder_at IS NOT NULL",
    "ix_assignment_live": f"assignment (id) WHERE {LIVE}",
    "ix_job_unended": "job (id) WHERE status NOT IN ('cancelled', 'completed', 'expired')",
}
GUARDS = {"reminder": "ck_reminder_status", "notification_outbox": "ck_notification_outbox_status"}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, what in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {what}")
        for table, guard in GUARDS.items():
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {guard}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
