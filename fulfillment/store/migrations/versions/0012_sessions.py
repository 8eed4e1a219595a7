"""Keep who is signed in to the pages, and tell their pages when something moves.

A trigger tells of each step once it is committed. Its text is short: ids and a version.
"""

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

CREATE FUNCTION tell_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'job' THEN
        PERFORM pg_notify('moved', json_build_object(
            'job', NEW.id, 'customer', NEW.customer_id, 'version', NEW.state_version
        )::text);
    ELSE
        PERFORM pg_notify('moved', json_build_object(
            'job', NEW.job_id, 'customer', NEW.customer_id, 'version', NEW.state_version,
            'assignment', NEW.id, 'provider', NEW.provider_id
        )::text);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tell_moved AFTER INSERT OR UPDATE OF state_version ON job
    FOR EACH ROW EXECUTE FUNCTION tell_moved();
CREATE TRIGGER tell_moved AFTER INSERT OR UPDATE OF state_version ON assignment
    FOR EACH ROW EXECUTE FUNCTION tell_moved();
"""
DOWN = """
DROP TRIGGER tell_moved ON assignment;
DROP TRIGGER tell_moved ON job;
DROP FUNCTION tell_moved();
DROP TABLE page_session;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(UP)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DOWN)
