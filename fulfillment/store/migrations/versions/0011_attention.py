"""Index what needs a person, what people search by, and when reminders ended, beside other work.

No index takes a lock that readers or writers wait for: each is built CONCURRENTLY, which cannot run in a
transaction; one that was interrupted leaves an unusable index behind, so it is dropped before it is built.
Words are looked up by Postgres's own full-text search, for the extension of trigrams may not be there.
"""

from alembic import op

revision = "0011_attention"
down_revision = "0010_unavailable"
branch_labels = None
depends_on = None

LIVE = "status IN ('awaiting_schedule', 'scheduled', 'in_progress', 'payout_pending')"
STUCK = "status IN ('on_hold', 'capture_failed', 'authorization_expired')"
ABOUT_ASSIGNMENTS = "closed_at IS NULL AND entity = 'assignment'"
INDEXES = {
    "ix_assignment_overdue_since": "assignment (reminder_overdue_at, id) WHERE reminder_overdue",
    "ix_assignment_incident": (
        "assignment (coalesce(scheduled_start, status_entered_at), id) WHERE incident IS NOT NULL"
    ),
    "ix_assignment_held": f"assignment (hold_until, id) WHERE hold_until IS NOT NULL AND {LIVE}",
    "ix_payout_stuck": f"payout (submitted_at, assignment_id) WHERE {STUCK}",
    "ix_ops_task_oldest": f"ops_task (created_at, entity_id) WHERE {ABOUT_ASSIGNMENTS}",
    "ix_ops_task_about": f"ops_task (entity_id, created_at, id) WHERE {ABOUT_ASSIGNMENTS}",
    "ix_assignment_id_prefix": "assignment (id text_pattern_ops)",
    "ix_assignment_job_prefix": "assignment (job_id text_pattern_ops)",
    "ix_job_words": "job USING gin (to_tsvector('simple'::regconfig, title))",
    "ix_person_words": "person USING gin (to_tsvector('simple'::regconfig, name))",
    "ix_reminder_ended": (
        "reminder (coalesce(sent_at, claimed_at), status) WHERE status IN ('sent', 'failed')"
    ),
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, what in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {what}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
