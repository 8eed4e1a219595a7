"""What operations can search runs by: opaque ids, states and instants, for these are never encrypted."""

from typing import Any

from temporalio import workflow
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

with workflow.unsafe.imports_passed_through():
    from fulfillment.domain.assignment.state import Assignment

ASSIGNMENT_ID = SearchAttributeKey.for_keyword("AssignmentId")
JOB_ID = SearchAttributeKey.for_keyword("JobId")
CUSTOMER_ID = SearchAttributeKey.for_keyword("CustomerId")
PROVIDER_ID = SearchAttributeKey.for_keyword("ProviderId")
STATUS = SearchAttributeKey.for_keyword("FulfillmentStatus")
PAYOUT_STATUS = SearchAttributeKey.for_keyword("PayoutStatus")
SCHEDULED_START = SearchAttributeKey.for_datetime("ScheduledStart")
REMINDER_OVERDUE = SearchAttributeKey.for_bool("ReminderOverdue")
SCHEDULE_VERSION = SearchAttributeKey.for_int("ScheduleVersion")
CAPTURE_BEFORE = SearchAttributeKey.for_datetime("CaptureBefore")

KEYS = (
    ASSIGNMENT_ID,
    JOB_ID,
    CUSTOMER_ID,
    PROVIDER_ID,
    STATUS,
    PAYOUT_STATUS,
    SCHEDULED_START,
    REMINDER_OVERDUE,
    SCHEDULE_VERSION,
    CAPTURE_BEFORE,
)

SEARCH_ATTRIBUTES = {key.name: key.indexed_value_type.name.title() for key in KEYS}
"""Name to type, as a cluster has to register them before the first run starts."""


def changes(before: Assignment, after: Assignment) -> list[SearchAttributeUpdate[Any]]:
    """Return what has to be said anew about an assignment after a step; often nothing."""
    old, new = _of(before), _of(after)
    return [_update(key, new[key]) for key in new if before.state_version == 0 or new[key] != old[key]]


def _of(assignment: Assignment) -> dict[SearchAttributeKey[Any], Any]:
    payout = assignment.payout
    return {
        STATUS: assignment.status.value,
        PAYOUT_STATUS: payout.status.value if payout else None,
        SCHEDULED_START: assignment.agreed.window.start if assignment.agreed else None,
        REMINDER_OVERDUE: assignment.overdue_at is not None,
        SCHEDULE_VERSION: assignment.schedule_version,
        CAPTURE_BEFORE: assignment.capture_before,
    }


def _update(key: SearchAttributeKey[Any], value: object) -> SearchAttributeUpdate[Any]:
    return key.value_unset() if value is None else key.value_set(value)


def identity(assignment: Assignment) -> TypedSearchAttributes:
    """Return what an assignment's run is found by from its start on."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(ASSIGNMENT_ID, assignment.id),
            SearchAttributePair(JOB_ID, assignment.job_id),
            SearchAttributePair(CUSTOMER_ID, assignment.customer_id),
            SearchAttributePair(PROVIDER_ID, assignment.provider_id),
            SearchAttributePair(STATUS, assignment.status.value),
        ]
    )


def job_identity(job_id: str, customer_id: str) -> TypedSearchAttributes:
    """Return what a job's run is found by from its start on."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(JOB_ID, job_id),
            SearchAttributePair(CUSTOMER_ID, customer_id),
            SearchAttributePair(STATUS, "open"),
        ]
    )


def absence_identity(provider_id: str) -> TypedSearchAttributes:
    """Return what an absence's run is found by."""
    return TypedSearchAttributes([SearchAttributePair(PROVIDER_ID, provider_id)])
