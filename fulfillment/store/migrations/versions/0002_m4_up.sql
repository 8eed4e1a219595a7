-- The old tables, widened. Every column is nullable or has a constant default: no row is rewritten.

ALTER TABLE job
    ADD COLUMN site_address text NOT NULL DEFAULT '',
    ADD COLUMN dispatch_mode text NOT NULL DEFAULT 'quotes',
    ADD COLUMN wanted_windows jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN priority text NOT NULL DEFAULT 'normal',
    ADD COLUMN status_entered_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN round integer NOT NULL DEFAULT 0,
    ADD COLUMN wave integer NOT NULL DEFAULT 0,
    ADD COLUMN requeue_count integer NOT NULL DEFAULT 0,
    ADD COLUMN excluded_providers text[] NOT NULL DEFAULT '{}',
    ADD COLUMN live_assignment_id text,
    ADD COLUMN cancelled_at timestamptz,
    ADD COLUMN cancel_reason text,
    ADD COLUMN snapshot jsonb,
    ADD COLUMN state_version integer NOT NULL DEFAULT 0,
    ADD COLUMN projected_at timestamptz NOT NULL DEFAULT now(),
    ADD CONSTRAINT ck_job_dispatch_mode CHECK (dispatch_mode IN ('quotes', 'auto', 'both')) NOT VALID,
    ADD CONSTRAINT ck_job_priority CHECK (priority IN ('normal', 'high')) NOT VALID;

ALTER TABLE assignment
    ADD COLUMN origin text NOT NULL DEFAULT 'ops',
    ADD COLUMN site_timezone text NOT NULL DEFAULT 'UTC',
    ADD COLUMN status_entered_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN epoch integer NOT NULL DEFAULT 1,
    ADD COLUMN schedule_version integer NOT NULL DEFAULT 0,
    ADD COLUMN schedule_proposed_by text,
    ADD COLUMN scheduled_start timestamptz,
    ADD COLUMN scheduled_end timestamptz,
    ADD COLUMN agreed_version integer,
    ADD COLUMN ics_sequence integer,
    ADD COLUMN rejected_at timestamptz,
    ADD COLUMN reject_reason text,
    ADD COLUMN late_rejection boolean NOT NULL DEFAULT false,
    ADD COLUMN cancelled_at timestamptz,
    ADD COLUMN cancel_reason text,
    ADD COLUMN late_cancel boolean NOT NULL DEFAULT false,
    ADD COLUMN checked_in_at timestamptz,
    ADD COLUMN completed_at timestamptz,
    ADD COLUMN reminder_overdue boolean NOT NULL DEFAULT false,
    ADD COLUMN reminder_overdue_at timestamptz,
    ADD COLUMN next_reminder_at timestamptz,
    ADD COLUMN last_reminder_at timestamptz,
    ADD COLUMN reminder_count integer NOT NULL DEFAULT 0,
    ADD COLUMN hold_until timestamptz,
    ADD COLUMN incident text,
    ADD COLUMN payout_id text,
    ADD COLUMN standing jsonb,
    ADD COLUMN state_version integer NOT NULL DEFAULT 0,
    ADD COLUMN projected_at timestamptz NOT NULL DEFAULT now(),
    ADD CONSTRAINT ck_assignment_origin CHECK (origin IN ('quote', 'offer', 'ops')) NOT VALID,
    ADD CONSTRAINT ck_assignment_schedule_proposed_by
        CHECK (schedule_proposed_by IN ('customer', 'provider', 'admin')) NOT VALID,
    ADD CONSTRAINT ck_assignment_window_whole
        CHECK (num_nulls(scheduled_start, scheduled_end) IN (0, 2)) NOT VALID,
    ADD CONSTRAINT ck_assignment_window_order CHECK (scheduled_start < scheduled_end) NOT VALID;

-- Dispatch.

CREATE TABLE quote (
    id text NOT NULL,
    job_id text NOT NULL,
    provider_id text NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    window_start timestamptz,
    window_end timestamptz,
    note text NOT NULL,
    valid_until timestamptz,
    status text NOT NULL,
    version integer NOT NULL,
    submitted_at timestamptz NOT NULL,
    state_version integer NOT NULL,
    CONSTRAINT pk_quote PRIMARY KEY (id),
    CONSTRAINT ck_quote_status
        CHECK (status IN ('open', 'standby', 'accepted', 'declined', 'withdrawn', 'expired')),
    CONSTRAINT ck_quote_window_order CHECK (window_start < window_end),
    CONSTRAINT uq_quote_job_id_provider_id UNIQUE (job_id, provider_id),
    CONSTRAINT fk_quote_job_id FOREIGN KEY (job_id) REFERENCES job (id)
);
CREATE INDEX ix_quote_newest ON quote (job_id, submitted_at, id);

CREATE TABLE offer (
    id text NOT NULL,
    job_id text NOT NULL,
    round integer NOT NULL,
    wave integer NOT NULL,
    provider_id text NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    window_start timestamptz,
    window_end timestamptz,
    sent_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    responded_at timestamptz,
    status text NOT NULL,
    decline_reason text,
    state_version integer NOT NULL,
    CONSTRAINT pk_offer PRIMARY KEY (id),
    CONSTRAINT ck_offer_status
        CHECK (status IN ('open', 'accepted', 'declined', 'expired', 'filled', 'withdrawn')),
    CONSTRAINT ck_offer_window_order CHECK (window_start < window_end),
    CONSTRAINT uq_offer_job_id_round_provider_id UNIQUE (job_id, round, provider_id),
    CONSTRAINT fk_offer_job_id FOREIGN KEY (job_id) REFERENCES job (id)
);
CREATE INDEX ix_offer_provider ON offer (provider_id, sent_at, id);
CREATE INDEX ix_offer_provider_status ON offer (provider_id, status, sent_at, id);

CREATE TABLE requeue (
    job_id text NOT NULL,
    no integer NOT NULL,
    from_assignment text NOT NULL,
    provider_id text NOT NULL,
    reason text NOT NULL,
    late boolean NOT NULL,
    counted boolean NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_requeue PRIMARY KEY (job_id, no),
    CONSTRAINT fk_requeue_job_id FOREIGN KEY (job_id) REFERENCES job (id)
);

-- Scheduling.

CREATE TABLE schedule_proposal (
    assignment_id text NOT NULL,
    version integer NOT NULL,
    proposed_by text NOT NULL,
    proposer_id text NOT NULL,
    on_behalf_of text,
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    input_tz text,
    note text NOT NULL,
    late boolean NOT NULL,
    status text NOT NULL,
    made_at timestamptz NOT NULL,
    expires_at timestamptz,
    responded_by text,
    responded_at timestamptz,
    forced_reason text,
    state_version integer NOT NULL,
    CONSTRAINT pk_schedule_proposal PRIMARY KEY (assignment_id, version),
    CONSTRAINT ck_schedule_proposal_status CHECK (
        status IN ('open', 'confirmed', 'superseded', 'declined', 'withdrawn', 'expired', 'void')
    ),
    CONSTRAINT ck_schedule_proposal_proposed_by
        CHECK (proposed_by IN ('customer', 'provider', 'admin')),
    CONSTRAINT ck_schedule_proposal_on_behalf_of
        CHECK (on_behalf_of IN ('customer', 'provider', 'admin')),
    CONSTRAINT ck_schedule_proposal_window_order CHECK (window_start < window_end),
    CONSTRAINT fk_schedule_proposal_assignment_id FOREIGN KEY (assignment_id) REFERENCES assignment (id)
);

-- Equality of a text inside a GiST index is what the exclusion below needs it for.
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE provider_hold (
    assignment_id text NOT NULL,
    provider_id text NOT NULL,
    spans tstzmultirange NOT NULL,
    version integer NOT NULL,
    state_version integer NOT NULL,
    claim bigint NOT NULL,
    CONSTRAINT pk_provider_hold PRIMARY KEY (assignment_id),
    CONSTRAINT ex_provider_hold_overlap EXCLUDE USING gist (provider_id WITH =, spans WITH &&)
);

-- Messages.

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

-- Payouts.

CREATE TABLE payout (
    id text NOT NULL,
    assignment_id text NOT NULL,
    attempt integer NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    status text NOT NULL,
    submitted_by text NOT NULL,
    submitted_at timestamptz NOT NULL,
    evidence jsonb NOT NULL,
    payment_intent_id text,
    capture_before timestamptz,
    authorised_amount bigint,
    captured_amount bigint,
    four_eyes_first text,
    hold_reason text,
    settled_by text,
    settled_at timestamptz,
    reference text,
    state_version integer NOT NULL,
    projected_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_payout PRIMARY KEY (id),
    CONSTRAINT ck_payout_status CHECK (status IN (
        'pending_approval', 'approved', 'captured', 'settled_manual', 'denied', 'closed_denied'
    )),
    CONSTRAINT uq_payout_assignment_id UNIQUE (assignment_id),
    CONSTRAINT fk_payout_assignment_id FOREIGN KEY (assignment_id) REFERENCES assignment (id)
);
CREATE INDEX ix_payout_at_risk
    ON payout (coalesce(capture_before, 'infinity'::timestamptz), (-amount), submitted_at, id)
    WHERE status IN ('pending_approval', 'approved', 'denied');
CREATE INDEX ix_payout_newest ON payout (submitted_at, id);
CREATE INDEX ix_payout_status ON payout (status, submitted_at, id);

CREATE TABLE payout_decision (
    id bigint GENERATED ALWAYS AS IDENTITY,
    payout_id text NOT NULL,
    attempt integer NOT NULL,
    ruling text NOT NULL,
    admin_id text NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    reason text NOT NULL,
    final boolean NOT NULL DEFAULT false,
    source text NOT NULL,
    request_id text NOT NULL,
    decided_at timestamptz NOT NULL,
    CONSTRAINT pk_payout_decision PRIMARY KEY (id),
    CONSTRAINT ck_payout_decision_ruling CHECK (ruling IN ('first_mark', 'approved', 'denied')),
    CONSTRAINT ck_payout_decision_source
        CHECK (source IN ('api', 'page', 'update', 'signal', 'clock')),
    CONSTRAINT uq_payout_decision_payout_id_attempt_ruling_admin_id
        UNIQUE (payout_id, attempt, ruling, admin_id),
    CONSTRAINT fk_payout_decision_payout_id FOREIGN KEY (payout_id) REFERENCES payout (id)
);

CREATE TABLE stripe_event (
    event_id text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_stripe_event PRIMARY KEY (event_id)
);

-- Who did what, and what they were answered.

CREATE TABLE audit_event (
    id bigint GENERATED ALWAYS AS IDENTITY,
    entity text NOT NULL,
    entity_id text NOT NULL,
    state_version integer,
    applied boolean NOT NULL,
    command text NOT NULL,
    command_id text NOT NULL,
    request_id text NOT NULL,
    actor_id text NOT NULL,
    actor_role text NOT NULL,
    on_behalf_of text,
    source text NOT NULL,
    from_status text,
    to_status text,
    code text,
    reason text NOT NULL,
    events text[] NOT NULL DEFAULT '{}',
    workflow_id text NOT NULL,
    run_id text NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_audit_event PRIMARY KEY (id),
    CONSTRAINT ck_audit_event_entity CHECK (entity IN ('assignment', 'job')),
    CONSTRAINT ck_audit_event_actor_role
        CHECK (actor_role IN ('customer', 'provider', 'ops', 'admin', 'system')),
    CONSTRAINT ck_audit_event_on_behalf_of CHECK (on_behalf_of IN ('customer', 'provider', 'admin')),
    CONSTRAINT ck_audit_event_source CHECK (source IN ('api', 'page', 'update', 'signal', 'clock')),
    CONSTRAINT ck_audit_event_applied_is_numbered CHECK (applied = (state_version IS NOT NULL))
);
CREATE UNIQUE INDEX uq_audit_event_step ON audit_event (entity, entity_id, state_version) WHERE applied;
CREATE UNIQUE INDEX uq_audit_event_refusal
    ON audit_event (entity, entity_id, at, actor_id, command, command_id, code) WHERE NOT applied;
CREATE INDEX ix_audit_event_entity ON audit_event (entity, entity_id, id);

CREATE TABLE command_outcome (
    command_id text NOT NULL,
    fingerprint text NOT NULL,
    entity text NOT NULL,
    entity_id text NOT NULL,
    state_version integer NOT NULL,
    answer jsonb NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_command_outcome PRIMARY KEY (command_id),
    CONSTRAINT ck_command_outcome_entity CHECK (entity IN ('assignment', 'job'))
);

CREATE TABLE ops_task (
    id text NOT NULL,
    type text NOT NULL,
    entity text NOT NULL,
    entity_id text NOT NULL,
    detail text NOT NULL,
    owner text,
    due_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    closed_by text,
    outcome text,
    CONSTRAINT pk_ops_task PRIMARY KEY (id),
    CONSTRAINT ck_ops_task_entity CHECK (entity IN ('assignment', 'job'))
);
CREATE INDEX ix_ops_task_open ON ops_task (created_at, id) WHERE closed_at IS NULL;

-- The past is not rewritten: neither by a bug of ours nor by somebody with a console.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payout_decision
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- How many stand where, kept by the rows themselves, so that a dashboard need not count what may be a
-- million. Each connection adds to slots of its own: two that write at once seldom wait for each other.

CREATE TABLE tally (
    noun text NOT NULL,
    state text NOT NULL,
    slot integer NOT NULL,
    n bigint NOT NULL,
    CONSTRAINT pk_tally PRIMARY KEY (noun, state, slot)
) WITH (fillfactor = 50);

CREATE FUNCTION tally_add(noun text, state text, by bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO tally (noun, state, slot, n) VALUES (noun, state, pg_backend_pid() % 32, by)
    ON CONFLICT ON CONSTRAINT pk_tally DO UPDATE SET n = tally.n + excluded.n
$$;

-- Always in the order of the states: two that want the same rows then queue up and cannot block each other.

CREATE FUNCTION tally_assignment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM tally_add('assignment', state, count(*)) FROM (
            SELECT status AS state FROM come
            UNION ALL SELECT 'reminder_overdue' FROM come WHERE reminder_overdue
        ) each GROUP BY state ORDER BY state;
    ELSIF TG_OP = 'UPDATE' THEN
        PERFORM tally_add('assignment', state, sum(by)::bigint) FROM (
            SELECT status AS state, -1 AS by FROM gone
            UNION ALL SELECT 'reminder_overdue', -1 FROM gone WHERE reminder_overdue
            UNION ALL SELECT status, 1 FROM come
            UNION ALL SELECT 'reminder_overdue', 1 FROM come WHERE reminder_overdue
        ) each GROUP BY state HAVING sum(by) <> 0 ORDER BY state;
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM tally_add('assignment', state, -count(*)) FROM (
            SELECT status AS state FROM gone
            UNION ALL SELECT 'reminder_overdue' FROM gone WHERE reminder_overdue
        ) each GROUP BY state ORDER BY state;
    ELSE
        DELETE FROM tally WHERE noun = 'assignment';
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION tally_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM tally_add('job', status, count(*)) FROM come GROUP BY status ORDER BY status;
    ELSIF TG_OP = 'UPDATE' THEN
        PERFORM tally_add('job', status, sum(by)::bigint) FROM (
            SELECT status, -1 AS by FROM gone UNION ALL SELECT status, 1 FROM come
        ) each GROUP BY status HAVING sum(by) <> 0 ORDER BY status;
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM tally_add('job', status, -count(*)) FROM gone GROUP BY status ORDER BY status;
    ELSE
        DELETE FROM tally WHERE noun = 'job';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER tally_insert AFTER INSERT ON assignment
    REFERENCING NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION tally_assignment();
CREATE TRIGGER tally_update AFTER UPDATE ON assignment
    REFERENCING OLD TABLE AS gone NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION tally_assignment();
CREATE TRIGGER tally_delete AFTER DELETE ON assignment
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION tally_assignment();
CREATE TRIGGER tally_truncate AFTER TRUNCATE ON assignment
    FOR EACH STATEMENT EXECUTE FUNCTION tally_assignment();
CREATE TRIGGER tally_insert AFTER INSERT ON job
    REFERENCING NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION tally_job();
CREATE TRIGGER tally_update AFTER UPDATE ON job
    REFERENCING OLD TABLE AS gone NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION tally_job();
CREATE TRIGGER tally_delete AFTER DELETE ON job
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION tally_job();
CREATE TRIGGER tally_truncate AFTER TRUNCATE ON job
    FOR EACH STATEMENT EXECUTE FUNCTION tally_job();

-- The triggers' locks keep writers out until this is committed, so no row is counted twice or not at all.

INSERT INTO tally (noun, state, slot, n)
SELECT 'assignment', status, 0, count(*) FROM assignment GROUP BY status
UNION ALL SELECT 'job', status, 0, count(*) FROM job GROUP BY status;

-- People, and how often they ask. Unlogged: a crash forgets the counts, and they cost no log.

CREATE TABLE person (
    id text NOT NULL,
    name text NOT NULL,
    email text,
    phone text,
    timezone text NOT NULL,
    locale text NOT NULL,
    roles text[] NOT NULL DEFAULT '{}',
    categories text[] NOT NULL DEFAULT '{}',
    active boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_person PRIMARY KEY (id)
);
CREATE INDEX ix_person_newest ON person (created_at, id);

CREATE UNLOGGED TABLE rate_limit (
    key text NOT NULL,
    hits integer NOT NULL,
    expires timestamptz NOT NULL,
    CONSTRAINT pk_rate_limit PRIMARY KEY (key)
);
