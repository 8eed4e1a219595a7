"""What M4 adds: scheduling, dispatch, payouts and their history. It only adds, so the old release runs on.

The SQL lies in the folder of the same name, a file per subject. New constraints on the old tables are
NOT VALID here, which takes no look at the rows; revision 0004 fills the rows in and then validates.
"""

from pathlib import Path

from alembic import op

revision = "0002_m4"
down_revision = "0001_baseline"
branch_labels = None
depends_on = None

SQL = Path(__file__).with_suffix("")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for script in sorted(SQL.glob("[0-9]*.sql")):
        _run(script)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _run(SQL / "down.sql")


def _run(script: Path) -> None:
    sql = script.read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})
