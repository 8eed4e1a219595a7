-- A marketplace of %(size)s jobs. One assignment in twenty is still open, one in a hundred of all overdue.

CREATE TEMP TABLE crowd AS
SELECT n, 'a' || n AS assignment, 'j' || n AS job,
    'c' || n %% greatest(%(size)s / 10, 1) AS customer,
    'p' || n %% greatest(%(size)s / 100, 1) AS provider,
    timestamptz '2024-01-01' + n * interval '1 minute' AS at
FROM generate_series(1, %(size)s) n;

INSERT INTO job (
    id, customer_id, title, category, site_tz, price_cap, currency, status, dispatch_mode,
    created_at, state_version, snapshot
)
SELECT job, customer, 'Mend gutter no' || n, 'roof', 'Europe/Berlin', 20000, 'EUR',
    CASE n %% 20 WHEN 0 THEN 'quoting' WHEN 1 THEN 'accepted' ELSE 'completed' END,
    CASE n %% 2 WHEN 0 THEN 'quotes' ELSE 'auto' END,
    at, 3, %(job)s::jsonb || jsonb_build_object('id', job, 'customer_id', customer, 'created_at', at)
FROM crowd;

INSERT INTO assignment (
    id, job_id, customer_id, provider_id, price, currency, status, created_at, reminder_overdue,
    reminder_overdue_at, incident, hold_until, scheduled_start, scheduled_end, state_version, next_reminder_at, standing
)
SELECT assignment, job, customer, provider, 12500, 'EUR',
    CASE n %% 80
        WHEN 0 THEN 'awaiting_schedule' WHEN 20 THEN 'scheduled' WHEN 40 THEN 'in_progress'
        WHEN 60 THEN 'payout_pending' WHEN 5 THEN 'rejected' WHEN 6 THEN 'cancelled' ELSE 'paid'
    END,
    at, n %% 100 = 0, CASE n %% 100 WHEN 0 THEN at END, CASE n %% 400 WHEN 20 THEN 'no_show' END,
    CASE n %% 10 WHEN 0 THEN at END, at + interval '7 days', at + interval '7 days 2 hours', 5,
    CASE WHEN n %% 20 = 0 THEN at + interval '1 day' END,
    jsonb_build_object('assignment', %(assignment)s::jsonb || jsonb_build_object(
        'id', assignment, 'job_id', job, 'customer_id', customer, 'provider_id', provider, 'created_at', at
    ))
FROM crowd;

INSERT INTO payout (
    id, assignment_id, attempt, amount, currency, status, submitted_by, submitted_at, evidence,
    capture_before, state_version
)
SELECT assignment, assignment, 1, 1000 + n, 'EUR',
    CASE n %% 160 WHEN 60 THEN 'pending_approval' WHEN 140 THEN 'capture_failed' ELSE 'settled_manual' END,
    provider, at, '[]', CASE n %% 160 WHEN 60 THEN at + interval '1 month' END, 5
FROM crowd;

INSERT INTO payout_decision (
    payout_id, attempt, ruling, admin_id, amount, currency, reason, source, request_id, decided_at
)
SELECT assignment, 1, 'approved', 'root', 1000 + n, 'EUR', '', 'api', '', at FROM crowd WHERE n %% 80 <> 60;

INSERT INTO schedule_proposal (
    assignment_id, version, proposed_by, proposer_id, window_start, window_end, note, late, status, made_at,
    state_version
)
SELECT assignment, 1, 'provider', provider, at, at + interval '2 hours', '', false, 'confirmed', at, 2 FROM crowd;

INSERT INTO calendar_artifact (assignment_id, recipient_role, sequence, uid, method, sha256, ics)
SELECT assignment, 'customer', 0, assignment, 'REQUEST', '', '' FROM crowd;

INSERT INTO quote (
    id, job_id, provider_id, amount, currency, note, status, version, submitted_at, state_version
)
SELECT 'q' || n, job, provider, 12500, 'EUR', '', 'open', 1, at, 2 FROM crowd;

INSERT INTO quote_wording (quote_id, version, job_id, amount, currency, note, submitted_at)
SELECT 'q' || n, version, job, 12500, 'EUR', '', at FROM crowd, generate_series(1, 2) version;

INSERT INTO offer (
    id, job_id, round, wave, provider_id, amount, currency, sent_at, expires_at, status, state_version
)
SELECT 'o' || n, job, 0, 1, provider, 12500, 'EUR', at, at + interval '2 hours',
    CASE n %% 20 WHEN 0 THEN 'open' ELSE 'expired' END, 2
FROM crowd;

INSERT INTO audit_event (
    entity, entity_id, state_version, applied, command, command_id, request_id, actor_id, actor_role,
    source, reason, workflow_id, run_id, at
)
SELECT 'assignment', assignment, step, true, 'ProposeWindow', '', '', provider, 'provider',
    'api', '', 'assignment-' || assignment, 'r', at
FROM crowd, generate_series(1, 2) step;

INSERT INTO reminder (
    assignment_id, kind, recipient_role, recipient_id, channel, basis, n, due_at, planned_at, dedupe_key,
    status, claimed_at, sent_at
)
SELECT assignment, 'visit_24h', 'provider', provider, 'email', 'v1', 1, at, at, assignment || '|visit',
    CASE n %% 50 WHEN 0 THEN 'failed' ELSE 'sent' END, at, CASE WHEN n %% 50 <> 0 THEN at END
FROM crowd;

INSERT INTO notification_outbox (
    dedupe_key, entity, entity_id, state_version, event, recipient_role, recipient_id, request_id, at,
    created_at, status
)
SELECT assignment || '|note', 'assignment', assignment, 1, 'notifyScheduleProposed', 'provider', provider,
    '', at, at, CASE n %% 1000 WHEN 0 THEN 'waiting' ELSE 'sent' END
FROM crowd;

INSERT INTO notification_attempt (dedupe_key, channel, n, outcome)
SELECT assignment || '|note', 'email', 1, 'sent' FROM crowd;

INSERT INTO notification_delivery (dedupe_key, channel, status, attempts, begun_at)
SELECT assignment || '|note', 'webhook', CASE n %% 1000 WHEN 0 THEN 'waiting' ELSE 'sent' END, 1, at
FROM crowd;

INSERT INTO kept_message (id, channel, to_name, to_address, subject, body, raw, request_id, kept_at)
SELECT assignment, 'email', customer, customer || '@example.org', 'Your visit', 'It is agreed.', '', '', at
FROM crowd;

INSERT INTO calendar_feed (person_id, role, token_hash)
SELECT 'c' || n, 'customer', md5('token' || n) FROM crowd;

INSERT INTO person (id, name, timezone, locale, active, created_at)
SELECT 'c' || n, 'Customer Number' || n, 'UTC', 'en', true, at FROM crowd WHERE n <= %(size)s / 10;

INSERT INTO calendar_account (person_id, secret) SELECT 'c' || n, 'sealed' FROM crowd;

INSERT INTO command_outcome (command_id, fingerprint, entity, entity_id, state_version, answer, at)
SELECT 'k' || n, 'f', 'assignment', assignment, 1, '{}', at FROM crowd;

INSERT INTO wallet (person_id, customer_ref) SELECT 'c' || n, 'cus_' || n FROM crowd;

INSERT INTO payout_account (provider_id, account_ref, ready) SELECT 'p' || n, 'acct_' || n, true FROM crowd;

INSERT INTO stripe_event (event_id, received_at, type, intent_id, created_at, handled_at)
SELECT 'evt_' || n, at, 'payment_intent.succeeded', 'pi_' || n, at, CASE WHEN n %% 1000 <> 0 THEN at END
FROM crowd;

INSERT INTO card_hold (intent_id, assignment_id, status, amount, currency, state_version)
SELECT 'pi_' || n, assignment, CASE n %% 50 WHEN 0 THEN 'held' ELSE 'captured' END, 12500, 'EUR', 2 FROM crowd;

INSERT INTO money_move (assignment_id, state_version, kind, amount, currency, reference, request_id, at)
SELECT assignment, 2, 'captured', 12500, 'EUR', 'ch_' || n, '', at FROM crowd;

INSERT INTO provider_absence (
    id, provider_id, since, until, reason, reason_code, status, reported_by, reporter_role, reported_at,
    command_id, fingerprint, request_id
)
SELECT 'b' || n, provider, at, at + interval '3 days', 'Flu', 'sick', 'done', provider, 'provider', at, 'k' || n,
    'f', ''
FROM crowd;

INSERT INTO absence_result (
    absence_id, assignment_id, place, job_id, customer_id, status, what, window_start, window_end, version,
    why, outcome, settled_at
)
SELECT 'b' || n, assignment, 1, job, customer, 'scheduled', 'reject', at, at + interval '2 hours', 1, '',
    'done', at
FROM crowd;

INSERT INTO person (id, name, timezone, locale, roles, categories, active, created_at)
SELECT provider, provider, 'UTC', 'en', '{provider}'::text[], '{roof}'::text[], true, min(at)
FROM crowd GROUP BY provider
UNION ALL
SELECT customer, customer, 'UTC', 'en', '{customer}'::text[], '{}'::text[], true, min(at)
FROM crowd GROUP BY customer
ON CONFLICT DO NOTHING;

INSERT INTO ops_task (id, type, entity, entity_id, detail, created_at, closed_at)
SELECT 'capture_failed/' || assignment, 'capture_failed', 'assignment', assignment, 'look', at,
    CASE WHEN n %% 100 <> 0 THEN at END
FROM crowd;

INSERT INTO page_session (id, person_id, name, role, roles, until)
SELECT 's' || n, person.id, 'Ada', 'customer', '{customer}', now() + interval '1 day'
FROM crowd JOIN person ON person.id = 'c' || n;
