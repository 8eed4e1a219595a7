"""Keep who is signed in to the pages."""

from alembic import op

revision = "0012_sessions"
down_revision = "0011_attention"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE page_session (
    id text NOT NULL,
    person_id text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    roles text[] NOT NULL DEFAULT '{}',
    known_roles text[],
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    until timestamptz NOT NULL,
    CONSTRAINT pk_page_session PRIMARY KEY (id),
    CONSTRAINT ck_page_session_role CHECK (role IN ('customer', 'provider', 'ops', 'admin'))
);
CREATE INDEX ix_page_session_person ON page_session (person_id);
CREATE INDEX ix_page_session_until ON page_session (until);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE page_session")
