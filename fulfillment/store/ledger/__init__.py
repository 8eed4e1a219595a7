"""Writing down what happened: once, in order, deaf to echoes. Only activities import this package.

Every write is idempotent by what it is about and fenced by the step it reflects, so a batch may be
delivered again, late, or by a worker that was frozen while another took over.
"""

from fulfillment.store.ledger.assignments import record_assignment
from fulfillment.store.ledger.history import About
from fulfillment.store.ledger.holds import Busy, Overtaken, Taking, reserve, settle
from fulfillment.store.ledger.jobs import record_job
from fulfillment.store.ledger.messages import Due, record_swept
from fulfillment.store.ledger.shelving import may_yet_fit, shelve

__all__ = [
    "About",
    "Busy",
    "Due",
    "Overtaken",
    "Taking",
    "may_yet_fit",
    "record_assignment",
    "record_job",
    "record_swept",
    "reserve",
    "settle",
    "shelve",
]
