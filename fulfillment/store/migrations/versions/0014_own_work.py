"""Index what a provider's own pages read, while everybody works on."""

from alembic import op

revision = "0014_own_work"
down_revision = "0013_quote_wordings"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_quote_provider": "quote (provider_id, submitted_at, id)",
    "ix_assignment_provider_start": (
        "assignment (provider_id, scheduled_start) WHERE scheduled_start IS NOT NULL"
    ),
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, columns in INDEXES.items():
            # One that was interrupted leaves an unusable index behind.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {columns}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
