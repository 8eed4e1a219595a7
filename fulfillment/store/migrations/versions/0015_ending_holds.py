"""Index the holds on cards by when they end, while everybody works on."""

from alembic import op

revision = "0015_ending_holds"
down_revision = "0014_own_work"
branch_labels = None
depends_on = None

NAME = "ix_card_hold_ending"
ENDING = "card_hold (capture_before) WHERE status IN ('held', 'needs_customer', 'letting_go')"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # One that was interrupted leaves an unusable index behind.
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
        op.execute(f"CREATE INDEX CONCURRENTLY {NAME} ON {ENDING}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
