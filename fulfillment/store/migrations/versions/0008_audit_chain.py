"""Chain the audit by hashes: each row names the one before it of the same assignment or job.

Two columns that may be null rewrite nothing, and rows from before keep nulls. The function is the form of the
chain, word for word: `fulfillment.store.chain` has it once more, and a change of it is a new form with a name
of its own.
"""

from alembic import op

revision = "0008_audit_chain"
down_revision = "0007_payment_sources"
branch_labels = None
depends_on = None

# Its turn is the one that writers of the ledger take, so those who have it already take it again for nothing.
# The id is drawn once more, within the turn: whoever had to wait comes after whom they waited for, and an id
# that somebody made up counts for nothing. What is not inserted in the end, because it is there, leaves no
# trace: the next row looks at the table again.
FUNCTION = """
CREATE FUNCTION chain_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    turn bigint := hashtextextended(NEW.entity || '/' || NEW.entity_id, 0);
BEGIN
    -- To try is cheaper than to wait, and most have the turn already.
    IF NOT pg_try_advisory_xact_lock(turn) THEN
        PERFORM pg_advisory_xact_lock(turn);
    END IF;
    NEW.id := nextval('audit_event_id_seq');
    NEW.prev_hash := (
        SELECT hash FROM audit_event
        WHERE entity = NEW.entity AND entity_id = NEW.entity_id AND hash IS NOT NULL
        ORDER BY id DESC LIMIT 1
    );
    NEW.hash := sha256(coalesce(NEW.prev_hash, '') || convert_to(jsonb_build_array(
        'audit/1', NEW.id, NEW.entity, NEW.entity_id, NEW.state_version, NEW.applied, NEW.command,
        NEW.command_id, NEW.request_id, NEW.actor_id, NEW.actor_role, NEW.on_behalf_of, NEW.source,
        NEW.from_status, NEW.to_status, NEW.code, NEW.reason, NEW.events, NEW.workflow_id, NEW.run_id,
        to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        to_char(NEW.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    )::text, 'UTF8'));
    RETURN NEW;
END
$$
"""
TRIGGER = "CREATE TRIGGER chained BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION chain_audit()"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE audit_event ADD COLUMN prev_hash bytea, ADD COLUMN hash bytea")
    op.execute(FUNCTION)
    op.execute(TRIGGER)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TRIGGER chained ON audit_event")
    op.execute("DROP FUNCTION chain_audit()")
    op.execute("ALTER TABLE audit_event DROP COLUMN prev_hash, DROP COLUMN hash")
