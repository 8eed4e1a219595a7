"""What there was before M4: jobs, and assignments that were accepted, completed or cancelled."""

from alembic import op

revision = "0001_baseline"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE job (
            id text NOT NULL,
            customer_id text NOT NULL,
            title text NOT NULL,
            category text NOT NULL,
            site_tz text NOT NULL,
            price_cap bigint NOT NULL,
            currency text NOT NULL,
            status text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_job PRIMARY KEY (id)
        )
    """)
    op.execute("""
        CREATE TABLE assignment (
            id text NOT NULL,
            job_id text NOT NULL,
            customer_id text NOT NULL,
            provider_id text NOT NULL,
            price bigint NOT NULL,
            currency text NOT NULL,
            status text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_assignment PRIMARY KEY (id)
        )
    """)


def downgrade() -> None:
    op.execute("DROP TABLE assignment, job")
