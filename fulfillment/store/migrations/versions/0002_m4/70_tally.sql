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
