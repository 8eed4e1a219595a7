-- Payouts: what is owed, and who ruled on it.

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
    CONSTRAINT uq_payout_decision_payout_id_attempt_ruling_admin_id_final
        UNIQUE (payout_id, attempt, ruling, admin_id, final),
    CONSTRAINT fk_payout_decision_payout_id FOREIGN KEY (payout_id) REFERENCES payout (id)
);

CREATE TABLE stripe_event (
    event_id text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_stripe_event PRIMARY KEY (event_id)
);
