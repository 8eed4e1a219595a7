"""What M4 adds: scheduling, dispatch, payouts and their history. It only adds, so the old release runs on.

The SQL lives beside this file. New constraints on the old tables are NOT VALID here, which takes no
look at the rows; the next revision fills the rows in and then validates.
"""

from pathlib import Path

from alembic import op

revision = "0002_m4"
down_revision = "0001_baseline"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _run("0002_m4_up.sql")


def downgrade() -> None:
    _run("0002_m4_down.sql")


def _run(script: str) -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    sql = Path(__file__).with_name(script).read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})
