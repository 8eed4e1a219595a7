-- Scheduling: windows put forward, and time of providers that is taken.

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
