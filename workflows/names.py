"""What runs and queues are called. Ids are opaque, so nothing personal shows in the engine."""

from datetime import timedelta

QUEUE = "fulfillment"
PAYMENTS_QUEUE = "payments"
NOTIFICATIONS_QUEUE = "notifications"

TASK_TIMEOUT = timedelta(seconds=5)
"""A dead worker's task waits this long; shorter ones thrash while long histories are replayed."""


def assignment_run(assignment_id: str) -> str:
    return f"assignment-{assignment_id}"


def aftercare_run(payout_id: str) -> str:
    return f"payout-aftercare-{payout_id}"


def job_run(job_id: str) -> str:
    return f"job-{job_id}"


def absence_run(absence_id: str) -> str:
    return f"unavailable-{absence_id}"
