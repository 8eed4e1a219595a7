"""The tables: names, columns, constraints. Nothing here decides anything."""

from fulfillment.store.tables.absences import AbsenceResultRow, AbsenceRow
from fulfillment.store.tables.assignments import HAS_ENDED, IS_LIVE, AssignmentRow, HoldRow, ProposalRow
from fulfillment.store.tables.audit import AuditRow, OpsTaskRow, OutcomeRow, TallyRow
from fulfillment.store.tables.base import LIVE, Entity, Json, Table
from fulfillment.store.tables.calendars import CalendarAccountRow, CalendarRow, FeedRow
from fulfillment.store.tables.jobs import (
    IS_OPEN_TO_PROVIDERS,
    IS_UNENDED,
    JobRow,
    OfferRow,
    QuoteRow,
    QuoteWordingRow,
    RequeueRow,
)
from fulfillment.store.tables.messages import (
    AttemptRow,
    DeliveryRow,
    DeliveryStatus,
    KeptRow,
    OutboxRow,
    OutboxStatus,
    ReminderRow,
    ReminderStatus,
)
from fulfillment.store.tables.payouts import (
    IS_OPEN_PAYOUT,
    OPEN_HOLDS,
    RISK,
    SIZE,
    CardHoldRow,
    DecisionRow,
    HoldStatus,
    MoneyMoveRow,
    PayoutRow,
    StripeEventRow,
)
from fulfillment.store.tables.people import PersonRow, RateLimitRow
from fulfillment.store.tables.sessions import PageSessionRow
from fulfillment.store.tables.wallets import PayoutAccountRow, WalletRow

__all__ = [
    "HAS_ENDED",
    "IS_LIVE",
    "IS_OPEN_PAYOUT",
    "IS_OPEN_TO_PROVIDERS",
    "IS_UNENDED",
    "LIVE",
    "OPEN_HOLDS",
    "RISK",
    "SIZE",
    "AbsenceResultRow",
    "AbsenceRow",
    "AssignmentRow",
    "AttemptRow",
    "AuditRow",
    "CalendarAccountRow",
    "CalendarRow",
    "CardHoldRow",
    "DecisionRow",
    "DeliveryRow",
    "DeliveryStatus",
    "Entity",
    "FeedRow",
    "HoldRow",
    "HoldStatus",
    "JobRow",
    "Json",
    "KeptRow",
    "MoneyMoveRow",
    "OfferRow",
    "OpsTaskRow",
    "OutboxRow",
    "OutboxStatus",
    "OutcomeRow",
    "PageSessionRow",
    "PayoutAccountRow",
    "PayoutRow",
    "PersonRow",
    "ProposalRow",
    "QuoteRow",
    "QuoteWordingRow",
    "RateLimitRow",
    "ReminderRow",
    "ReminderStatus",
    "RequeueRow",
    "StripeEventRow",
    "Table",
    "TallyRow",
    "WalletRow",
]
