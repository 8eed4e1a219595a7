-- Messages: reminders, the outbox, calendar files.

CREATE TABLE reminder (
    id bigint GENERATED ALWAYS AS IDENTITY,
    assignment_id text,
    job_id text,
    kind text NOT NULL,
    recipient_role text NOT NULL,
    recipient_id text NOT NULL,
    channel text NOT NULL,
    basis text NOT NULL,
    n integer NOT NULL,
    due_at timestamptz NOT NULL,
    planned_at timestamptz NOT NULL,
    dedupe_key text NOT NULL,
    status text NOT NULL,
    claimed_at timestamptz,
    sent_at timestamptz,
    provider_message_id text,
    reason text,
    late_by_s integer,
    CONSTRAINT pk_reminder PRIMARY KEY (id),
    CONSTRAINT ck_reminder_kind CHECK (kind IN (
        'propose_nudge', 'confirm_nudge', 'visit_24h', 'visit_2h', 'visit', 'start_check',
        'completion_nudge', 'payout_review', 'auth_expiring', 'resubmit_nudge', 'offer_expiring'
    )),
    CONSTRAINT ck_reminder_recipient_role
        CHECK (recipient_role IN ('customer', 'provider', 'ops', 'admin', 'system')),
    CONSTRAINT ck_reminder_status CHECK (status IN (
        'planned', 'claimed', 'sent', 'failed', 'unknown',
        'skipped_covered', 'skipped_late', 'skipped_obsolete'
    )),
    CONSTRAINT ck_reminder_about_one_thing CHECK (num_nonnulls(assignment_id, job_id) = 1),
    CONSTRAINT uq_reminder_dedupe_key UNIQUE (dedupe_key),
    CONSTRAINT fk_reminder_assignment_id FOREIGN KEY (assignment_id) REFERENCES assignment (id),
    CONSTRAINT fk_reminder_job_id FOREIGN KEY (job_id) REFERENCES job (id)
);
CREATE INDEX ix_reminder_assignment ON reminder (assignment_id, due_at, id);
CREATE INDEX ix_reminder_job ON reminder (job_id, due_at, id);
CREATE INDEX ix_reminder_planned ON reminder (due_at) WHERE status = 'planned';

CREATE TABLE notification_outbox (
    dedupe_key text NOT NULL,
    entity text NOT NULL,
    entity_id text NOT NULL,
    state_version integer NOT NULL,
    event text NOT NULL,
    reminder_kind text,
    recipient_role text NOT NULL,
    recipient_id text NOT NULL,
    request_id text NOT NULL,
    at timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'waiting',
    attempts integer NOT NULL DEFAULT 0,
    claimed_by text,
    claimed_at timestamptz,
    sent_at timestamptz,
    provider_message_id text,
    reason text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_notification_outbox PRIMARY KEY (dedupe_key),
    CONSTRAINT ck_notification_outbox_entity CHECK (entity IN ('assignment', 'job')),
    CONSTRAINT ck_notification_outbox_recipient_role
        CHECK (recipient_role IN ('customer', 'provider', 'ops', 'admin', 'system')),
    CONSTRAINT ck_notification_outbox_status
        CHECK (status IN ('waiting', 'claimed', 'sent', 'failed')),
    CONSTRAINT ck_notification_outbox_reminder_kind CHECK (reminder_kind IN (
        'propose_nudge', 'confirm_nudge', 'visit_24h', 'visit_2h', 'visit', 'start_check',
        'completion_nudge', 'payout_review', 'auth_expiring', 'resubmit_nudge', 'offer_expiring'
    ))
);
CREATE INDEX ix_notification_outbox_entity
    ON notification_outbox (entity, entity_id, created_at, dedupe_key);
CREATE INDEX ix_notification_outbox_unsent
    ON notification_outbox (created_at) WHERE status IN ('waiting', 'claimed');

CREATE TABLE calendar_artifact (
    assignment_id text NOT NULL,
    recipient_role text NOT NULL,
    sequence integer NOT NULL,
    uid text NOT NULL,
    method text NOT NULL,
    sha256 text NOT NULL,
    ics bytea NOT NULL,
    sent_at timestamptz,
    CONSTRAINT pk_calendar_artifact PRIMARY KEY (assignment_id, recipient_role, sequence),
    CONSTRAINT ck_calendar_artifact_method CHECK (method IN ('REQUEST', 'CANCEL', 'PUBLISH')),
    CONSTRAINT fk_calendar_artifact_assignment_id FOREIGN KEY (assignment_id) REFERENCES assignment (id)
);
