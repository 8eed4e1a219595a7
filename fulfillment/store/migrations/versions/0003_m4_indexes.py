"""Index what lists read, and keep a job in one provider's hands, while everybody works on.

Built CONCURRENTLY, which takes no lock that writers wait for and cannot run in a transaction. One that
was interrupted leaves an unusable index behind, so each is dropped before it is built.
"""

from alembic import op

revision = "0003_m4_indexes"
down_revision = "0002_m4"
branch_labels = None
depends_on = None

LIVE = "status IN ('awaiting_schedule', 'scheduled', 'in_progress', 'payout_pending')"
SEEKING = "status IN ('quoting', 'offering', 'requeued', 'unfilled')"

INDEXES = {
    "uq_assignment_live_job": f"assignment (job_id) WHERE {LIVE}",
    "ix_assignment_newest": "assignment (created_at, id)",
    "ix_assignment_customer": "assignment (customer_id, created_at, id)",
    "ix_assignment_provider": "assignment (provider_id, created_at, id)",
    "ix_assignment_job": "assignment (job_id, created_at, id)",
    "ix_assignment_status": "assignment (status, created_at, id)",
    "ix_assignment_overdue": "assignment (created_at, id) WHERE reminder_overdue",
    "ix_assignment_start": "assignment (scheduled_start) WHERE scheduled_start IS NOT NULL",
    "ix_job_newest": "job (created_at, id)",
    "ix_job_customer": "job (customer_id, created_at, id)",
    "ix_job_status": "job (status, created_at, id)",
    "ix_job_open": f"job (created_at, id) WHERE {SEEKING}",
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, columns in INDEXES.items():
            unique = "UNIQUE " if name.startswith("uq_") else ""
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE {unique}INDEX CONCURRENTLY {name} ON {columns}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
