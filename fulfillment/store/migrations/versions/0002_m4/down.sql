-- Back to what the old release reads. What it has no word for is lost; the extension stays.

DROP TRIGGER tally_insert ON assignment;
DROP TRIGGER tally_update ON assignment;
DROP TRIGGER tally_delete ON assignment;
DROP TRIGGER tally_truncate ON assignment;
DROP TRIGGER tally_insert ON job;
DROP TRIGGER tally_update ON job;
DROP TRIGGER tally_delete ON job;
DROP TRIGGER tally_truncate ON job;
DROP FUNCTION tally_assignment, tally_job, tally_add;
DROP TABLE rate_limit, person, tally, ops_task, command_outcome, audit_event, stripe_event, payout_decision,
    payout, calendar_artifact, notification_outbox, reminder, provider_hold, schedule_proposal,
    requeue, offer, quote;
DROP FUNCTION refuse_change();

UPDATE assignment SET status = CASE
    WHEN status IN ('awaiting_schedule', 'scheduled', 'in_progress') THEN 'accepted'
    WHEN status IN ('payout_pending', 'paid', 'closed_unpaid') THEN 'completed'
    WHEN status = 'rejected' THEN 'cancelled'
    ELSE status END;
UPDATE job SET status = CASE
    WHEN status IN ('quoting', 'offering', 'requeued', 'unfilled') THEN 'open'
    WHEN status = 'expired' THEN 'cancelled'
    ELSE status END;

ALTER TABLE assignment
    DROP COLUMN origin,
    DROP COLUMN site_timezone,
    DROP COLUMN status_entered_at,
    DROP COLUMN epoch,
    DROP COLUMN schedule_version,
    DROP COLUMN schedule_proposed_by,
    DROP COLUMN scheduled_start,
    DROP COLUMN scheduled_end,
    DROP COLUMN agreed_version,
    DROP COLUMN ics_sequence,
    DROP COLUMN rejected_at,
    DROP COLUMN reject_reason,
    DROP COLUMN late_rejection,
    DROP COLUMN cancelled_at,
    DROP COLUMN cancel_reason,
    DROP COLUMN late_cancel,
    DROP COLUMN checked_in_at,
    DROP COLUMN completed_at,
    DROP COLUMN reminder_overdue,
    DROP COLUMN reminder_overdue_at,
    DROP COLUMN next_reminder_at,
    DROP COLUMN last_reminder_at,
    DROP COLUMN reminder_count,
    DROP COLUMN hold_until,
    DROP COLUMN incident,
    DROP COLUMN payout_id,
    DROP COLUMN standing,
    DROP COLUMN state_version,
    DROP COLUMN projected_at;

ALTER TABLE job
    DROP COLUMN site_address,
    DROP COLUMN dispatch_mode,
    DROP COLUMN wanted_windows,
    DROP COLUMN priority,
    DROP COLUMN status_entered_at,
    DROP COLUMN expires_at,
    DROP COLUMN round,
    DROP COLUMN wave,
    DROP COLUMN requeue_count,
    DROP COLUMN excluded_providers,
    DROP COLUMN live_assignment_id,
    DROP COLUMN cancelled_at,
    DROP COLUMN cancel_reason,
    DROP COLUMN snapshot,
    DROP COLUMN state_version,
    DROP COLUMN projected_at;
