"""Keep every wording of a quote, so that customers see what a new one has changed."""

from alembic import op

revision = "0013_quote_wordings"
down_revision = "0012_sessions"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE quote_wording (
    quote_id text NOT NULL,
    version integer NOT NULL,
    job_id text NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    window_start timestamptz,
    window_end timestamptz,
    note text NOT NULL,
    valid_until timestamptz,
    submitted_at timestamptz NOT NULL,
    CONSTRAINT pk_quote_wording PRIMARY KEY (quote_id, version),
    CONSTRAINT fk_quote_wording_quote_id FOREIGN KEY (quote_id) REFERENCES quote (id),
    CONSTRAINT ck_quote_wording_window_order CHECK (window_start < window_end)
);
CREATE INDEX ix_quote_wording_job ON quote_wording (job_id, quote_id, version);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE quote_wording")
