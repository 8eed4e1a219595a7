"""Keep absences of providers, and what became of each assignment that one touches.

Both tables are new, so nobody waits; the index by which a provider's open assignments are found is built
CONCURRENTLY, and one that was interrupted is dropped before it is built.
"""

from alembic import op
from sqlalchemy import text

revision = "0010_unavailable"
down_revision = "0009_money"
branch_labels = None
depends_on = None

LIVE = "status IN ('awaiting_schedule', 'scheduled', 'in_progress', 'payout_pending')"
UP = """
CREATE TABLE provider_absence (
    id text NOT NULL,
    provider_id text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    reason text NOT NULL,
    reason_code text NOT NULL,
    status text NOT NULL,
    reported_by text NOT NULL,
    reporter_role text NOT NULL,
    reported_at timestamptz NOT NULL,
    command_id text NOT NULL,
    fingerprint text NOT NULL,
    request_id text NOT NULL,
    done_at timestamptz,
    ended_at timestamptz,
    ended_by text,
    end_reason text,
    end_command_id text,
    end_fingerprint text,
    end_request_id text,
    CONSTRAINT pk_provider_absence PRIMARY KEY (id),
    CONSTRAINT ck_provider_absence_reason_code CHECK (reason_code IN ('sick', 'on_leave')),
    CONSTRAINT ck_provider_absence_status CHECK (status IN ('running', 'done', 'ended')),
    CONSTRAINT ck_provider_absence_reporter_role CHECK (
        reporter_role IN ('customer', 'provider', 'ops', 'admin', 'system')
    ),
    CONSTRAINT ck_provider_absence_span_order CHECK (since < until),
    CONSTRAINT ck_provider_absence_ended_is_dated CHECK ((status = 'ended') = (ended_at IS NOT NULL))
);
CREATE INDEX ix_provider_absence_provider ON provider_absence (provider_id, reported_at, id);
CREATE INDEX ix_provider_absence_away ON provider_absence (provider_id, until) WHERE ended_at IS NULL;

CREATE TABLE absence_result (
    absence_id text NOT NULL,
    assignment_id text NOT NULL,
    place integer NOT NULL,
    job_id text NOT NULL,
    customer_id text NOT NULL,
    status text NOT NULL,
    what text NOT NULL,
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    version integer NOT NULL,
    why text NOT NULL,
    late boolean DEFAULT false NOT NULL,
    outcome text NOT NULL,
    did text,
    command_id text,
    state_version integer,
    code text,
    detail text,
    settled_at timestamptz,
    CONSTRAINT pk_absence_result PRIMARY KEY (absence_id, assignment_id),
    CONSTRAINT fk_absence_result_absence_id FOREIGN KEY (absence_id) REFERENCES provider_absence (id),
    CONSTRAINT fk_absence_result_assignment_id FOREIGN KEY (assignment_id) REFERENCES assignment (id),
    CONSTRAINT ck_absence_result_status CHECK (status IN (
        'awaiting_schedule', 'scheduled', 'in_progress', 'payout_pending', 'paid', 'closed_unpaid',
        'rejected', 'cancelled'
    )),
    CONSTRAINT ck_absence_result_what CHECK (what IN ('reject', 'withdraw', 'decline', 'leave')),
    CONSTRAINT ck_absence_result_outcome CHECK (outcome IN (
        'waiting', 'done', 'left', 'refused', 'untouched', 'unreached', 'spared'
    )),
    CONSTRAINT ck_absence_result_did CHECK (did IN ('reject', 'withdraw', 'decline', 'leave')),
    CONSTRAINT ck_absence_result_settled_is_dated CHECK ((outcome = 'waiting') = (settled_at IS NULL))
);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # What follows the transaction may be interrupted, and is then carried on with by the next try.
    if op.get_bind().scalar(text("SELECT to_regclass('provider_absence') IS NULL")):
        op.execute(UP)
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_assignment_provider_live")
        op.execute(
            f"CREATE INDEX CONCURRENTLY ix_assignment_provider_live ON assignment (provider_id) WHERE {LIVE}"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TABLE absence_result, provider_absence")
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_assignment_provider_live")
