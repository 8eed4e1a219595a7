"""Keep which card a customer pays with, whose account a provider is paid to, and what Stripe tells us.

Everything is added. No release has written to stripe_event yet, so its index is built on an empty table that
nobody waits for.
"""

from alembic import op

revision = "0007_payment_sources"
down_revision = "0006_due_reminders"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE wallet (
    person_id text NOT NULL,
    customer_ref text NOT NULL,
    method_ref text,
    brand text,
    last4 text,
    exp_month integer,
    exp_year integer,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_wallet PRIMARY KEY (person_id),
    CONSTRAINT ck_wallet_card_whole
        CHECK (num_nonnulls(method_ref, brand, last4, exp_month, exp_year) IN (0, 5))
);

CREATE TABLE payout_account (
    provider_id text NOT NULL,
    account_ref text NOT NULL,
    ready boolean NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_payout_account PRIMARY KEY (provider_id)
);

ALTER TABLE stripe_event
    ADD COLUMN type text NOT NULL DEFAULT '',
    ADD COLUMN intent_id text,
    ADD COLUMN created_at timestamptz,
    ADD COLUMN handled_at timestamptz;
CREATE INDEX ix_stripe_event_unhandled ON stripe_event (received_at, event_id) WHERE handled_at IS NULL;
"""
DOWN = """
DROP INDEX ix_stripe_event_unhandled;
ALTER TABLE stripe_event
    DROP COLUMN type, DROP COLUMN intent_id, DROP COLUMN created_at, DROP COLUMN handled_at;
DROP TABLE payout_account, wallet;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(UP)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DOWN)
