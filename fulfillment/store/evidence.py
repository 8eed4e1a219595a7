"""All that the tables know of one assignment, as records in the order of their moments: the evidence bundle.

Each `Part` is one kind of record and one question; a new kind is one more part. People are ids, and how to
reach them is nowhere in it; what they wrote as reasons, notes and evidence is.
"""

from dataclasses import dataclass
from datetime import datetime

from pydantic.alias_generators import to_camel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.store.bundle import NAMES, REFUSAL, STEP, bundle
from fulfillment.store.chain import INSTANTS, utc
from fulfillment.store.tables import Json


async def evidence(session: AsyncSession, assignment_id: str, *, at: datetime) -> Json | None:
    """Return the evidence on an assignment as it is at the instant `at`; None if there is no such assignment.

    One statement reads it all, so it is all of one moment. The same rows give the same records and head.
    """
    found = (await session.execute(EVIDENCE, {"id": assignment_id})).all()
    told = [{"type": row.type, "at": row.at, "content": row.content} for row in found]
    if not any(each["type"] == "assignment" for each in told):
        return None
    return bundle(assignment_id, told, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One kind of record, or two: `type` and `at` are expressions, `shown` is what is in it, by name.

    `place` orders what happened at the same instant, and is unique within the part.
    """

    type: str
    at: str
    place: str
    shown: dict[str, str]
    source: str

    @property
    def sql(self) -> str:
        pairs = ", ".join(f"'{name}', {value}" for name, value in self.shown.items())
        return f"""SELECT {self.type} AS type, {self.at} AS at, {self.place} AS place,
            jsonb_build_object({pairs}) AS content FROM {self.source}"""  # noqa: S608 - every name is ours


def _columns(plain: str, *, instants: str = "") -> dict[str, str]:
    """Return columns by the names under which they are shown."""
    return {_name(each): each for each in plain.split()} | {
        _name(each): utc(each) for each in instants.split()
    }


def _name(column: str) -> str:
    return to_camel(column.rpartition(".")[2])


def _number(column: str) -> str:
    """Return a number as text that sorts as the number does."""
    return f"lpad({column}::text, 20, '0')"


ANSWERED = """audit_event AS step JOIN command_outcome AS outcome
    ON outcome.command_id = step.command_id AND outcome.entity_id = step.entity_id
    WHERE step.entity = 'assignment' AND step.entity_id = :id AND step.applied"""
ATTEMPTS = f"""(
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'channel', channel, 'n', n, 'outcome', outcome, 'reason', reason, 'messageId', message_id,
        'at', {utc("tried.at")}
    ) ORDER BY tried.id), '[]')
    FROM notification_attempt AS tried WHERE tried.dedupe_key = told.dedupe_key
)"""  # noqa: S608 - every name in it is ours

JOB = Part(
    type="'job'",
    at="job.created_at",
    place="job.id",
    shown=_columns(
        """job.id job.customer_id job.title job.category job.site_tz job.price_cap job.currency job.status
        job.dispatch_mode job.wanted_windows job.requeue_count job.cancel_reason job.state_version""",
        instants="job.created_at job.cancelled_at",
    ),
    source="assignment JOIN job ON job.id = assignment.job_id WHERE assignment.id = :id",
)
ASSIGNMENT = Part(
    type="'assignment'",
    at="created_at",
    place="id",
    shown=_columns(
        """id job_id customer_id provider_id origin price currency site_timezone status schedule_version
        agreed_version reject_reason late_rejection cancel_reason late_cancel payout_id state_version""",
        instants="""created_at scheduled_start scheduled_end checked_in_at completed_at rejected_at
        cancelled_at""",
    ),
    source="assignment WHERE id = :id",
)
PROPOSALS = Part(
    type="'proposal'",
    at="made_at",
    place=_number("version"),
    shown=_columns(
        """version proposed_by proposer_id on_behalf_of input_tz note late status responded_by forced_reason
        state_version""",
        instants="window_start window_end made_at expires_at responded_at",
    ),
    source="schedule_proposal WHERE assignment_id = :id",
)
# Its contents are what the chain is over, so that whoever has the bundle can compute the chain as well.
AUDIT = Part(
    type=f"CASE WHEN applied THEN '{STEP}' ELSE '{REFUSAL}' END",
    at="at",
    place=_number("id"),
    shown={name: utc(column) if column in INSTANTS else column for column, name in NAMES.items()}
    | {"prevHash": "encode(prev_hash, 'hex')", "hash": "encode(hash, 'hex')"},
    source="audit_event WHERE entity = 'assignment' AND entity_id = :id",
)
# What a step was about and only its answer still knows: the evidence of each attempt, for the payout's row
# has that of the last one alone, and what both sides say of an incident.
SUBMISSIONS = Part(
    type="'submission'",
    at="step.at",
    place=_number("step.state_version"),
    shown=_columns("step.state_version step.command step.actor_id")
    | {name: f"answer #> '{{assignment,payout,{name}}}'" for name in ("attempt", "amount", "evidence")},
    source=f"""{ANSWERED} AND step.command IN ('CompleteAssignment', 'ResubmitPayout')""",
)
INCIDENTS = Part(
    type="'incident'",
    at="step.at",
    place=_number("step.state_version"),
    shown=_columns("step.state_version step.command step.actor_id")
    | {
        _name(name): f"answer #> '{{assignment,incident,{name}}}'"
        for name in ("kind", "accused", "reported_by", "note", "statement")
    },
    source=f"""{ANSWERED} AND step.command IN ('ReportNoShow', 'AnswerIncident')""",
)
PAYOUT = Part(
    type="'payout'",
    at="submitted_at",
    place="id",
    shown=_columns(
        """id attempt amount currency status evidence submitted_by authorised_amount captured_amount
        settled_by reference state_version""",
        instants="submitted_at settled_at",
    ),
    source="payout WHERE assignment_id = :id",
)
DECISIONS = Part(
    type="'decision'",
    at="decided_at",
    place=_number("ruled.id"),
    shown=_columns(
        """ruled.id ruled.payout_id ruled.attempt ruled.ruling ruled.admin_id ruled.amount ruled.currency
        ruled.reason ruled.final ruled.source ruled.request_id""",
        instants="ruled.decided_at",
    ),
    source="payout_decision AS ruled JOIN payout ON payout.id = ruled.payout_id WHERE assignment_id = :id",
)
NOTICES = Part(
    type="'notice'",
    at="at",
    place="dedupe_key",
    shown=_columns(
        """dedupe_key event recipient_role recipient_id status reason provider_message_id state_version""",
        instants="at sent_at",
    )
    | {"attempts": ATTEMPTS},
    source="""notification_outbox AS told
        WHERE entity = 'assignment' AND entity_id = :id AND reminder_kind IS NULL""",
)
REMINDERS = Part(
    type="'reminder'",
    at="planned_at",
    place="dedupe_key",
    shown=_columns(
        """dedupe_key kind recipient_role recipient_id channel status reason provider_message_id
        state_version""",
        instants="due_at planned_at sent_at",
    )
    | {"attempts": ATTEMPTS},
    source="reminder AS told WHERE assignment_id = :id",
)
CALENDARS = Part(
    type="'calendar'",
    at="made_at",
    place=f"recipient_role || '/' || {_number('sequence')}",
    shown=_columns("uid sequence method recipient_role sha256", instants="made_at sent_at"),
    source="calendar_artifact WHERE assignment_id = :id",
)
MONEY = Part(
    type="'money'",
    at="at",
    place=_number("id"),
    shown=_columns(
        "id state_version kind amount currency intent_id reference attempt decided_by request_id",
        instants="at",
    ),
    source="money_move WHERE assignment_id = :id",
)
PARTS = (
    JOB,
    ASSIGNMENT,
    PROPOSALS,
    AUDIT,
    SUBMISSIONS,
    INCIDENTS,
    PAYOUT,
    DECISIONS,
    NOTICES,
    REMINDERS,
    CALENDARS,
    MONEY,
)
"""All kinds of records, in the order in which those of one instant stand."""


def _question() -> str:
    parts = (f"SELECT {n} AS part, it.* FROM ({each.sql}) AS it" for n, each in enumerate(PARTS))  # noqa: S608
    return f"""SELECT type, {utc("at")} AS at, content FROM ({" UNION ALL ".join(parts)}) AS told
        ORDER BY told.at, part, place COLLATE "C" """  # noqa: S608 - every name is ours


EVIDENCE = text(_question())
