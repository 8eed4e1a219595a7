"""How often activities try again."""

from datetime import timedelta

from temporalio.common import RetryPolicy

UNTIL_IT_WORKS = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=1.5,
    maximum_interval=timedelta(seconds=1),
)
"""For Postgres: it comes back, and somebody waits for the row."""

PATIENTLY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
"""For the doors to the outside."""
