-- Dispatch: what providers ask and are asked, and jobs that came back.

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
