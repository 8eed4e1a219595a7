"""Index the assignments whose next reminder is due, for the sweep, while everybody works on.

Built CONCURRENTLY, which takes no lock that writers wait for and cannot run in a transaction. One that
was interrupted leaves an unusable index behind, so it is dropped before it is built.
"""

from alembic import op

revision = "0006_due_reminders"
down_revision = "0005_notifications"
branch_labels = None
depends_on = None

NAME = "ix_assignment_next_reminder"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
        op.execute(
            f"CREATE INDEX CONCURRENTLY {NAME} ON assignment (next_reminder_at) "
            "WHERE next_reminder_at IS NOT NULL"
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
