"""Index the assignments whose next reminder is due, and validate the guards of 0005, beside other work.

Neither takes a lock that readers or writers wait for. The index is built CONCURRENTLY, which cannot run in a
transaction; one that was interrupted leaves an unusable index behind, so it is dropped before it is built.
"""

from alembic import op

revision = "0006_due_reminders"
down_revision = "0005_notifications"
branch_labels = None
depends_on = None

NAME = "ix_assignment_next_reminder"
GUARDS = {"reminder": "ck_reminder_status", "notification_outbox": "ck_notification_outbox_status"}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
        op.execute(
            f"CREATE INDEX CONCURRENTLY {NAME} ON assignment (next_reminder_at) "
            "WHERE next_reminder_at IS NOT NULL"
        )
        for table, guard in GUARDS.items():
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {guard}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
