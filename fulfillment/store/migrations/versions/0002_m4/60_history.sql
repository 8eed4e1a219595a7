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
