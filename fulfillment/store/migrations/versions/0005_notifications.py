"""Remember what was said to whom by which channel, why a reminder came when it did, and who is subscribed.

Everything is added: new tables, and columns that are null or have a constant default, which rewrites
nothing. Guards on closed sets are widened, never narrowed, so the release before this one goes on writing;
the next revision validates them, without the lock that this one holds.
"""

from alembic import op

revision = "0005_notifications"
down_revision = "0004_m4_backfill"
branch_labels = None
depends_on = None

WIDENED = {
    "reminder_status": (
        "reminder",
        "status",
        """'planned', 'claimed', 'sent', 'failed', 'unknown',
        'skipped_covered', 'skipped_late', 'skipped_obsolete', 'skipped_quiet'""",
    ),
    "notification_outbox_status": (
        "notification_outbox",
        "status",
        "'waiting', 'claimed', 'sent', 'failed', 'unknown', 'skipped'",
    ),
}
BEFORE = {
    "reminder_status": (
        "reminder",
        "status",
        """'planned', 'claimed', 'sent', 'failed', 'unknown',
        'skipped_covered', 'skipped_late', 'skipped_obsolete'""",
    ),
    "notification_outbox_status": (
        "notification_outbox",
        "status",
        "'waiting', 'claimed', 'sent', 'failed'",
    ),
}

UP = """
ALTER TABLE reminder
    ADD COLUMN rule text NOT NULL DEFAULT '',
    ADD COLUMN moved_from timestamptz,
    ADD COLUMN zone text NOT NULL DEFAULT '',
    ADD COLUMN state_version integer NOT NULL DEFAULT 0,
    ADD COLUMN swept boolean NOT NULL DEFAULT false;

ALTER TABLE notification_outbox
    ADD COLUMN facts jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN swept boolean NOT NULL DEFAULT false;

ALTER TABLE person
    ADD COLUMN sms_consent boolean NOT NULL DEFAULT false,
    ADD COLUMN sms_opted_out_at timestamptz;

ALTER TABLE calendar_artifact
    ADD COLUMN object_key text,
    ADD COLUMN made_at timestamptz NOT NULL DEFAULT now();

CREATE TABLE notification_delivery (
    dedupe_key text NOT NULL,
    channel text NOT NULL,
    status text NOT NULL,
    attempts integer NOT NULL,
    message_id text,
    reason text,
    begun_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT pk_notification_delivery PRIMARY KEY (dedupe_key, channel),
    CONSTRAINT fk_notification_delivery_dedupe_key
        FOREIGN KEY (dedupe_key) REFERENCES notification_outbox (dedupe_key),
    CONSTRAINT ck_notification_delivery_channel
        CHECK (channel IN ('email', 'sms', 'webhook', 'calendar')),
    CONSTRAINT ck_notification_delivery_status
        CHECK (status IN ('waiting', 'begun', 'sent', 'delayed', 'failed', 'unknown', 'skipped'))
);
CREATE INDEX ix_notification_delivery_pending
    ON notification_delivery (begun_at) WHERE status IN ('waiting', 'begun', 'delayed');

CREATE TABLE notification_attempt (
    id bigint GENERATED ALWAYS AS IDENTITY,
    dedupe_key text NOT NULL,
    channel text NOT NULL,
    n integer NOT NULL,
    outcome text NOT NULL,
    reason text,
    message_id text,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_notification_attempt PRIMARY KEY (id),
    CONSTRAINT ck_notification_attempt_channel
        CHECK (channel IN ('email', 'sms', 'webhook', 'calendar')),
    CONSTRAINT ck_notification_attempt_outcome
        CHECK (outcome IN ('sent', 'delayed', 'failed', 'unknown', 'skipped'))
);
CREATE INDEX ix_notification_attempt_dedupe_key ON notification_attempt (dedupe_key, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notification_attempt
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE kept_message (
    id text NOT NULL,
    channel text NOT NULL,
    to_name text NOT NULL,
    to_address text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    html text,
    ics bytea,
    raw bytea NOT NULL,
    request_id text NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_kept_message PRIMARY KEY (id),
    CONSTRAINT ck_kept_message_channel CHECK (channel IN ('email', 'sms', 'webhook', 'calendar'))
);
CREATE INDEX ix_kept_message_newest ON kept_message (kept_at, id);

CREATE TABLE calendar_feed (
    person_id text NOT NULL,
    role text NOT NULL,
    token_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_calendar_feed PRIMARY KEY (person_id, role),
    CONSTRAINT uq_calendar_feed_token_hash UNIQUE (token_hash),
    CONSTRAINT ck_calendar_feed_role CHECK (role IN ('customer', 'provider', 'ops', 'admin', 'system'))
);

CREATE TABLE calendar_account (
    person_id text NOT NULL,
    secret bytea,
    scope text NOT NULL DEFAULT '',
    pending_state_hash text,
    pending_secret bytea,
    pending_until timestamptz,
    connected_at timestamptz,
    gone_at timestamptz,
    CONSTRAINT pk_calendar_account PRIMARY KEY (person_id),
    CONSTRAINT uq_calendar_account_pending_state_hash UNIQUE (pending_state_hash)
);
"""
DOWN = """
DROP TABLE calendar_account, calendar_feed, kept_message, notification_attempt, notification_delivery;
ALTER TABLE calendar_artifact DROP COLUMN object_key, DROP COLUMN made_at;
ALTER TABLE person DROP COLUMN sms_consent, DROP COLUMN sms_opted_out_at;
ALTER TABLE notification_outbox DROP COLUMN facts, DROP COLUMN swept;
ALTER TABLE reminder
    DROP COLUMN rule, DROP COLUMN moved_from, DROP COLUMN zone, DROP COLUMN state_version, DROP COLUMN swept;
UPDATE reminder SET status = 'skipped_late' WHERE status = 'skipped_quiet';
UPDATE notification_outbox SET status = 'failed' WHERE status IN ('unknown', 'skipped');
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(UP)
    _guard(WIDENED)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DOWN)
    _guard(BEFORE)


def _guard(guards: dict[str, tuple[str, str, str]]) -> None:
    for name, (table, column, members) in guards.items():
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{name} CHECK ({column} IN ({members})) NOT VALID")
