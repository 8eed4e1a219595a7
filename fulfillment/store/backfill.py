"""Filling in, for rows from before M4, what M4 keeps beside them. Safe to run twice, and while people work.

It speaks the SQL of revision 0004 and does not follow the tables any further: later revisions that
need rows changed bring their own.
"""

from sqlalchemy import Connection, TextClause, text

BATCH = 1000

ASSIGNMENTS = text("""
    WITH batch AS MATERIALIZED (
        SELECT assignment.id, coalesce(job.site_tz, 'UTC') AS zone,
            CASE assignment.status
                WHEN 'accepted' THEN 'awaiting_schedule' WHEN 'completed' THEN 'paid' ELSE assignment.status
            END AS status,
            to_char(assignment.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS since
        FROM assignment LEFT JOIN job ON job.id = assignment.job_id
        WHERE assignment.standing IS NULL AND assignment.id > :after
        ORDER BY assignment.id LIMIT :size FOR UPDATE OF assignment
    ), done AS (
        UPDATE assignment
        SET status = batch.status,
            status_entered_at = assignment.created_at,
            site_timezone = batch.zone,
            standing = jsonb_build_object('assignment', jsonb_build_object(
                'id', assignment.id,
                'job_id', assignment.job_id,
                'customer_id', assignment.customer_id,
                'provider_id', assignment.provider_id,
                'origin', assignment.origin,
                'price', jsonb_build_object('amount', assignment.price, 'currency', assignment.currency),
                'site_timezone', batch.zone,
                'status', batch.status,
                'created_at', batch.since,
                'status_entered_at', batch.since,
                'turn_since', batch.since
            ))
        FROM batch WHERE assignment.id = batch.id
        RETURNING assignment.id
    )
    SELECT count(*) AS rows, max(id) AS last FROM done
""")

JOBS = text("""
    WITH batch AS MATERIALIZED (
        SELECT id, created_at + interval '30 days' AS expires_at,
            to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS since
        FROM job WHERE snapshot IS NULL AND id > :after
        ORDER BY id LIMIT :size FOR UPDATE
    ), live AS (
        SELECT job_id, id, jsonb_build_object(
            'assignment_id', id,
            'provider_id', provider_id,
            'origin', origin,
            'price', jsonb_build_object('amount', price, 'currency', currency),
            'accepted_at', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        ) AS hands
        FROM assignment WHERE status = 'awaiting_schedule' AND job_id IN (SELECT id FROM batch)
    ), done AS (
        UPDATE job
        SET status_entered_at = job.created_at,
            expires_at = batch.expires_at,
            live_assignment_id = live.id,
            snapshot = jsonb_build_object(
                'id', job.id,
                'customer_id', job.customer_id,
                'title', job.title,
                'category', job.category,
                'site_timezone', job.site_tz,
                'price_cap', jsonb_build_object('amount', job.price_cap, 'currency', job.currency),
                'dispatch_mode', job.dispatch_mode,
                'status', job.status,
                'created_at', batch.since,
                'status_entered_at', batch.since,
                'expires_at',
                    to_char(batch.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                'live', live.hands
            )
        FROM batch LEFT JOIN live ON live.job_id = batch.id
        WHERE job.id = batch.id
        RETURNING job.id
    )
    SELECT count(*) AS rows, max(id) AS last FROM done
""")


def backfill(connection: Connection, *, batch: int = BATCH) -> int:
    """Fill in what is missing, `batch` rows at a time, and return how many rows that were.

    Give it a connection in autocommit, so that each batch is a transaction of its own. Rows that are
    filled in already are left alone, whoever filled them.
    """
    # Assignments first: a job's snapshot names the one that is live.
    filled = _in_batches(connection, ASSIGNMENTS, size=batch)
    return filled + _in_batches(connection, JOBS, size=batch)


def _in_batches(connection: Connection, statement: TextClause, *, size: int) -> int:
    filled, after = 0, ""
    while True:
        rows, last = connection.execute(statement, {"after": after, "size": size}).one()
        if not rows:
            return filled
        filled, after = filled + rows, last
