"""Which route refuses what: one line for each code that an endpoint can answer for its own reasons (T13)."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.journeys.people import Json
from tests.journeys.stages import MONEY
from tests.journeys.town import window


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """On that `stage`, `who` asks for `path` with `body`, and reads `code`."""

    path: str
    code: str
    stage: str
    who: str
    body: Json

    def __str__(self) -> str:
        return f"{self.path}-{self.code}-{self.stage}"


def _cases(path: str, *lines: tuple[str, str, str, Json]) -> Sequence[Case]:
    return [Case(path=path, code=code, stage=stage, who=who, body=body) for code, stage, who, body in lines]


LOCAL = {"timezone": "Europe/Berlin", "expectedVersion": 0}
GAP: Json = LOCAL | {"start": "2027-03-28T02:30:00", "end": "2027-03-28T04:30:00"}
TWICE: Json = LOCAL | {"start": "2026-10-25T02:30:00", "end": "2026-10-25T05:30:00"}
NO_ZONE: Json = {"start": "2027-04-01T09:00:00", "end": "2027-04-01T10:00:00", "timezone": "Europe/Atlantis"}
SAID: Json = {"reason": "so that it is said"}
UNSAID: Json = {"reason": "  "}
RULED: Json = {"attempt": 1, "reason": "bank 1"}
DENIED: Json = {"attempt": 1, "reasonCode": "late", "note": "too late"}
BEFORE_START = "2020-01-01T00:00:00Z"


def _windows(version: int) -> Json:
    return {**window(), "expectedVersion": version}


def _proposals(path: str, who: str) -> Sequence[Case]:
    return _cases(
        path,
        ("VERSION_MISMATCH", "proposed", who, _windows(0)),
        ("TOO_MANY_PROPOSALS", "crowded", who, _windows(20)),
        ("CUTOFF_PASSED", "begun", who, {**window(days=20), "expectedVersion": 2}),
        ("WRONG_STATE", "under way", who, {**window(days=20), "expectedVersion": 2}),
        ("WINDOW_INVALID", "made", who, {**window(days=0.01), "expectedVersion": 0}),
        ("WINDOW_INVALID", "made", who, {**window(days=200), "expectedVersion": 0}),
        ("WINDOW_INVALID", "made", who, {**window(hours=9), "expectedVersion": 0}),
        ("WINDOW_INVALID", "made", who, {**window(hours=0.1), "expectedVersion": 0}),
        ("WINDOW_INVALID", "made", who, {**window(hours=0), "expectedVersion": 0}),
        ("WINDOW_INVALID", "made", who, {**window(hours=-1), "expectedVersion": 0}),
        ("DST_GAP", "made", who, GAP),
        ("DST_AMBIGUOUS", "made", who, TWICE),
        ("VALUE_INVALID", "made", who, NO_ZONE | {"expectedVersion": 0}),
        ("VALUE_INVALID", "made", who, _windows(0) | {"note": "line\u2028separator"}),
        ("INVALID_BODY", "made", who, window()),
    )


def _answers(path: str, who: str, own: str, its_code: str) -> Sequence[Case]:
    """Return what confirm, decline and withdraw have in common; `own` may not, and reads `its_code`."""
    return _cases(
        path,
        ("VERSION_MISMATCH", "proposed", who, {"version": 99}),
        ("PROPOSAL_SUPERSEDED", "countered", who, {"version": 1}),
        ("PROPOSAL_NOT_OPEN", "declined", who, {"version": 1}),
        ("PROPOSAL_NOT_OPEN", "made", who, {"version": 0}),
        ("PROPOSAL_EXPIRED", "lapsed", who, {"version": 1}),
        ("WRONG_STATE", "under way", who, {"version": 9}),
        ("ASSIGNMENT_CLOSED", "paid", who, {"version": 9}),
        ("ASSIGNMENT_CLOSED", "rejected", who, {"version": 9}),
        (its_code, "proposed", own, {"version": 1}),
        ("INVALID_BODY", "proposed", who, {}),
    )


ASSIGNMENT = "/assignments/{assignment_id}"
DEADLINE = "/assignments/{assignment_id}/deadlines/{deadline_id}"
QUOTE = "/jobs/{job_id}/quotes/{quote_id}"
PAYOUT = "/admin/payouts/{payout_id}"

CASES: Sequence[Case] = [
    *_cases(
        "/jobs/{job_id}/cancel",
        ("JOB_CLOSED", "called off", "customer", SAID),
        ("REASON_REQUIRED", "quoting", "customer", UNSAID),
    ),
    *_cases(
        "/jobs/{job_id}/extend",
        ("JOB_CLOSED", "called off", "ops", SAID | {"hours": 1}),
        ("REASON_REQUIRED", "quoting", "ops", UNSAID | {"hours": 1}),
        ("VALUE_INVALID", "quoting", "ops", SAID),
        ("VALUE_INVALID", "quoting", "ops", SAID | {"until": BEFORE_START}),
    ),
    *_cases(
        "/jobs/{job_id}/widen",
        ("JOB_CLOSED", "called off", "ops", SAID),
        ("WRONG_STATE", "quoting", "ops", SAID),
        ("REASON_REQUIRED", "unfilled", "ops", UNSAID),
    ),
    *_cases(
        "/jobs/{job_id}/assign",
        ("JOB_CLOSED", "called off", "ops", SAID | MONEY | {"providerId": "x"}),
        ("WRONG_STATE", "quoting", "ops", SAID | MONEY | {"providerId": "x"}),
        ("PROVIDER_EXCLUDED", "unfilled", "ops", SAID | MONEY | {"providerId": "{provider}"}),
        ("ROLE_FORBIDDEN", "unfilled", "ops", SAID | MONEY | {"providerId": "{customer}"}),
        (
            "AMOUNT_EXCEEDS_AUTHORISED",
            "unfilled",
            "ops",
            SAID | MONEY | {"providerId": "x", "amount": 99_999},
        ),
        ("VALUE_INVALID", "unfilled", "ops", SAID | MONEY | {"providerId": "x", "currency": "USD"}),
        ("REASON_REQUIRED", "unfilled", "ops", UNSAID | MONEY | {"providerId": "x"}),
    ),
    *_cases(
        "/jobs/{job_id}/readmit",
        ("JOB_CLOSED", "called off", "ops", SAID | {"providerId": "x"}),
        ("REASON_REQUIRED", "unfilled", "ops", UNSAID | {"providerId": "x"}),
    ),
    *_cases(
        "/jobs/{job_id}/quotes",
        ("JOB_CLOSED", "called off", "provider", MONEY),
        ("WRONG_STATE", "made", "provider", MONEY),
        ("PROVIDER_EXCLUDED", "rejected", "provider", MONEY),
        ("ROLE_FORBIDDEN", "quoting", "customer as provider", MONEY),
        ("AMOUNT_EXCEEDS_AUTHORISED", "quoting", "provider", MONEY | {"amount": 99_999}),
        ("VALUE_INVALID", "quoting", "provider", MONEY | {"currency": "USD"}),
        ("VALUE_INVALID", "quoting", "provider", MONEY | {"validUntil": BEFORE_START}),
        ("WINDOW_INVALID", "quoting", "provider", MONEY | {"window": window(hours=-1)}),
        ("WINDOW_INVALID", "quoting", "provider", MONEY | {"window": window(hours=12)}),
    ),
    *_cases(
        f"{QUOTE}/withdraw",
        ("QUOTE_NOT_OPEN", "made", "provider", {}),
        ("JOB_CLOSED", "paid", "provider", {}),
    ),
    *_cases(
        f"{QUOTE}/accept",
        ("QUOTE_NOT_OPEN", "quoting", "customer", {"version": 9}),
        ("WRONG_STATE", "made", "customer", {"version": 9}),
        ("PROVIDER_EXCLUDED", "rejected", "customer", {"version": 1}),
        ("JOB_CLOSED", "called off", "customer", {"version": 1}),
    ),
    *_cases(
        "/offers/{expired}/accept",
        ("OFFER_EXPIRED", "offered", "expired", {}),
    ),
    *_cases("/offers/{filled}/accept", ("OFFER_FILLED", "offered", "filled", {})),
    *_cases("/offers/{declined}/accept", ("WRONG_STATE", "offered", "declined", {})),
    *_cases("/offers/{expired}/decline", ("OFFER_EXPIRED", "offered", "expired", {"reasonCode": "x"})),
    *_cases("/offers/{filled}/decline", ("OFFER_FILLED", "offered", "filled", {"reasonCode": "x"})),
    *_cases("/offers/{accepted}/decline", ("WRONG_STATE", "offered", "accepted", {"reasonCode": "x"})),
    *_proposals("/jobs/{job_id}/schedule", "customer"),
    *_cases(
        "/jobs/{job_id}/schedule",
        ("NO_LIVE_ASSIGNMENT", "quoting", "customer", _windows(0)),
        ("NO_LIVE_ASSIGNMENT", "rejected", "customer", _windows(0)),
        ("NO_LIVE_ASSIGNMENT", "paid", "customer", _windows(0)),
    ),
    *_proposals(f"{ASSIGNMENT}/schedule", "provider"),
    *_cases(
        f"{ASSIGNMENT}/schedule",
        ("ASSIGNMENT_CLOSED", "paid", "provider", _windows(2)),
        ("ASSIGNMENT_CLOSED", "rejected", "provider", _windows(0)),
    ),
    *_answers(f"{ASSIGNMENT}/schedule/confirm", "customer", "provider", "CANNOT_CONFIRM_OWN_PROPOSAL"),
    *_cases(
        f"{ASSIGNMENT}/schedule/confirm",
        ("PROVIDER_BUSY", "busy", "customer", {"version": 1}),
        ("ROLE_FORBIDDEN", "proposed", "ops", {"version": 1}),
        ("ROLE_FORBIDDEN", "proposed", "customer", {"version": 1, "force": True}),
        ("REASON_REQUIRED", "proposed", "ops", {"version": 1, "force": True}),
    ),
    *_answers(f"{ASSIGNMENT}/schedule/decline", "customer", "provider", "FORBIDDEN"),
    *_cases(
        f"{ASSIGNMENT}/schedule/decline",
        ("ROLE_FORBIDDEN", "proposed", "ops", {"version": 1}),
    ),
    *_answers(f"{ASSIGNMENT}/schedule/withdraw", "provider", "customer", "FORBIDDEN"),
    *_cases(
        f"{ASSIGNMENT}/reject",
        ("USE_INCIDENT", "under way", "provider", {"reasonCode": "sick"}),
        ("WRONG_STATE", "completed", "provider", {"reasonCode": "sick"}),
        ("ASSIGNMENT_CLOSED", "paid", "provider", {"reasonCode": "sick"}),
        ("VALUE_INVALID", "made", "provider", {"reasonCode": "bored"}),
        ("VALUE_INVALID", "made", "provider", {"reasonCode": "sla_provider"}),
        ("VALUE_INVALID", "made", "provider", {"reasonCode": "no_show"}),
    ),
    *_cases(
        f"{ASSIGNMENT}/cancel",
        ("CUTOFF_PASSED", "begun", "customer", SAID),
        ("WRONG_STATE", "under way", "customer", SAID),
        ("WRONG_STATE", "completed", "customer", SAID),
        ("ASSIGNMENT_CLOSED", "paid", "ops", SAID),
        ("REASON_REQUIRED", "made", "customer", UNSAID),
    ),
    *_cases(
        f"{ASSIGNMENT}/check-in",
        ("WRONG_STATE", "scheduled", "provider", {}),
        ("WRONG_STATE", "made", "provider", {}),
        ("ASSIGNMENT_CLOSED", "paid", "provider", {}),
    ),
    *_cases(
        f"{ASSIGNMENT}/complete",
        ("WRONG_STATE", "scheduled", "provider", {}),
        ("WRONG_STATE", "completed", "provider", {}),
        ("ASSIGNMENT_CLOSED", "paid", "provider", {}),
        ("WRONG_STATE", "reported", "provider", {}),
        ("AMOUNT_EXCEEDS_AUTHORISED", "under way", "ops", {"finalAmount": MONEY | {"amount": 99_999}}),
        ("VALUE_INVALID", "under way", "ops", {"finalAmount": MONEY | {"currency": "USD"}}),
    ),
    *_cases(
        f"{ASSIGNMENT}/no-show",
        ("WRONG_STATE", "made", "customer", {}),
        ("WRONG_STATE", "begun", "customer", {}),
        ("WRONG_STATE", "reported", "customer", {}),
        ("WRONG_STATE", "reported", "provider", {}),
        ("WRONG_STATE", "completed", "customer", {}),
        ("FORBIDDEN", "begun", "customer", {"who": "customer"}),
        ("VALUE_INVALID", "begun", "ops", {}),
        ("INVALID_BODY", "begun", "ops", {"who": "admin"}),
        ("ASSIGNMENT_CLOSED", "paid", "customer", {}),
    ),
    *_cases(
        f"{ASSIGNMENT}/incident/answer",
        ("WRONG_STATE", "begun", "provider", {"statement": "I was there"}),
        ("WRONG_STATE", "answered", "provider", {"statement": "I was there"}),
        ("FORBIDDEN", "reported", "customer", {"statement": "I was there"}),
        ("REASON_REQUIRED", "reported", "provider", {"statement": "  "}),
        ("ASSIGNMENT_CLOSED", "paid", "provider", {"statement": "I was there"}),
        ("INVALID_BODY", "reported", "provider", {}),
    ),
    *_cases(
        f"{ASSIGNMENT}/incident/resolve",
        ("WRONG_STATE", "begun", "ops", SAID | {"verdict": "neither"}),
        ("REASON_REQUIRED", "reported", "ops", UNSAID | {"verdict": "neither"}),
        ("VALUE_INVALID", "reported", "ops", SAID | {"verdict": "customer_fault"}),
        ("VALUE_INVALID", "reported", "ops", SAID | {"verdict": "neither", "amount": MONEY}),
        (
            "AMOUNT_EXCEEDS_AUTHORISED",
            "reported",
            "ops",
            SAID | {"verdict": "customer_fault", "amount": MONEY | {"amount": 99_999}},
        ),
        ("INVALID_BODY", "reported", "ops", SAID | {"verdict": "nobody"}),
        ("ASSIGNMENT_CLOSED", "paid", "ops", SAID | {"verdict": "neither"}),
    ),
    *_cases(
        f"{ASSIGNMENT}/hold",
        ("WRONG_STATE", "held", "customer", SAID | {"until": window()["start"]}),
        ("ROLE_FORBIDDEN", "held before", "provider", SAID | {"until": window()["start"]}),
        ("VALUE_INVALID", "made", "provider", SAID | {"until": BEFORE_START}),
        ("VALUE_INVALID", "made", "provider", SAID | {"until": window(days=31)["start"]}),
        ("REASON_REQUIRED", "made", "provider", UNSAID | {"until": window()["start"]}),
        ("ASSIGNMENT_CLOSED", "paid", "ops", SAID | {"until": window()["start"]}),
    ),
    *_cases(
        f"{ASSIGNMENT}/resume",
        ("WRONG_STATE", "made", "provider", {}),
        ("ROLE_FORBIDDEN", "held", "customer", {}),
        ("ASSIGNMENT_CLOSED", "paid", "ops", {}),
    ),
    *_cases(
        f"{DEADLINE}/skip",
        ("VALUE_INVALID", "made", "ops", SAID),
        ("REASON_REQUIRED", "scheduled", "ops", UNSAID),
        ("ASSIGNMENT_CLOSED", "paid", "ops", SAID),
    ),
    *_cases(
        f"{DEADLINE}/extend",
        ("VALUE_INVALID", "made", "ops", SAID | {"to": window()["start"]}),
        ("VALUE_INVALID", "scheduled", "ops", SAID | {"to": BEFORE_START}),
        ("REASON_REQUIRED", "scheduled", "ops", UNSAID | {"to": window()["start"]}),
        ("ASSIGNMENT_CLOSED", "paid", "ops", SAID | {"to": window()["start"]}),
    ),
    *_cases(
        f"{PAYOUT}/approve",
        ("SELF_APPROVAL", "completed", "party as admin", RULED),
        ("ALREADY_DECIDED", "denied", "admin", RULED),
        ("ALREADY_DECIDED", "completed", "admin", RULED | {"attempt": 2}),
        ("ALREADY_DECIDED", "paid", "admin", RULED | {"amount": 1}),
        ("WRONG_STATE", "scheduled", "admin", RULED),
        ("WRONG_STATE", "disputed", "admin", RULED),
        ("ASSIGNMENT_CLOSED", "rejected", "admin", RULED),
        ("AMOUNT_EXCEEDS_AUTHORISED", "completed", "admin", RULED | {"amount": 99_999}),
        ("VALUE_INVALID", "completed", "admin", RULED | {"amount": MONEY | {"currency": "USD"}}),
        ("REASON_REQUIRED", "completed", "admin", {"attempt": 1}),
    ),
    *_cases(
        f"{PAYOUT}/deny",
        ("SELF_APPROVAL", "completed", "party as admin", DENIED),
        ("ALREADY_DECIDED", "paid", "admin", DENIED),
        ("ALREADY_DECIDED", "completed", "admin", DENIED | {"attempt": 2}),
        ("WRONG_STATE", "scheduled", "admin", DENIED),
        ("WRONG_STATE", "disputed", "admin", DENIED),
        ("ASSIGNMENT_CLOSED", "rejected", "admin", DENIED),
        ("REASON_REQUIRED", "completed", "admin", DENIED | {"note": "  "}),
    ),
    *_cases(
        f"{ASSIGNMENT}/dispute",
        ("WRONG_STATE", "scheduled", "customer", SAID),
        ("REASON_REQUIRED", "completed", "customer", UNSAID),
        ("ASSIGNMENT_CLOSED", "paid", "customer", SAID),
    ),
    *_cases(f"{ASSIGNMENT}/payment/retry", ("WRONG_STATE", "completed", "customer", {})),
    *_cases(
        f"{PAYOUT}/resolve-dispute",
        ("WRONG_STATE", "completed", "admin", SAID | {"outcome": "release"}),
        ("ASSIGNMENT_CLOSED", "paid", "admin", SAID | {"outcome": "release"}),
        ("SELF_APPROVAL", "disputed", "party as admin", SAID | {"outcome": "release"}),
        ("REASON_REQUIRED", "disputed", "admin", UNSAID | {"outcome": "refund"}),
        ("VALUE_INVALID", "disputed", "admin", SAID | {"outcome": "reduce"}),
        ("VALUE_INVALID", "disputed", "admin", SAID | {"outcome": "refund", "amount": 100}),
    ),
    *_cases(
        f"{PAYOUT}/retry-capture",
        ("WRONG_STATE", "completed", "admin", {}),
        ("WRONG_STATE", "scheduled", "admin", {}),
        ("ASSIGNMENT_CLOSED", "paid", "admin", {}),
        ("SELF_APPROVAL", "completed", "party as admin", {}),
    ),
    *_cases(
        f"{PAYOUT}/reauthorise",
        ("WRONG_STATE", "completed", "admin", {}),
        ("ASSIGNMENT_CLOSED", "paid", "admin", {}),
    ),
    *_cases(
        f"{PAYOUT}/refund",
        ("WRONG_STATE", "scheduled", "admin", SAID),
        ("WRONG_STATE", "completed", "admin", SAID),
        ("WRONG_STATE", "paid", "admin", SAID),
        ("SELF_APPROVAL", "completed", "party as admin", SAID),
        ("REASON_REQUIRED", "completed", "admin", UNSAID),
        ("INVALID_BODY", "completed", "admin", {}),
        ("INVALID_BODY", "completed", "admin", SAID | {"amount": 0}),
        ("INVALID_BODY", "completed", "admin", SAID | {"amount": MONEY, "currency": "EUR"}),
    ),
    *_cases(
        "/payouts/{payout_id}/resubmit",
        ("WRONG_STATE", "completed", "provider", {"evidence": ["an invoice"]}),
        ("WRONG_STATE", "made", "provider", {"evidence": ["an invoice"]}),
        ("ASSIGNMENT_CLOSED", "paid", "provider", {"evidence": ["an invoice"]}),
        ("AMOUNT_EXCEEDS_AUTHORISED", "denied", "provider", {"evidence": ["x"], "amount": 99_999}),
        ("VALUE_INVALID", "denied", "provider", {"evidence": ["x"], "amount": MONEY | {"currency": "USD"}}),
        ("REASON_REQUIRED", "denied", "provider", {"evidence": [" "]}),
    ),
]
