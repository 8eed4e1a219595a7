"""Everything that proves what happened in one assignment, in a form that nobody can change unseen."""

from typing import Annotated, Any

from pydantic import Field

from api.schemas.base import Shown

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256, in hexadecimal.")]
# Text, because it is hashed as it stands: an instant would be written anew.
Written = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class RecordShown(Shown):
    """One record; `hash` is over the canonical JSON of all its other fields."""

    n: Annotated[int, Field(ge=1)]
    type: Annotated[
        str,
        Field(
            description="job, assignment, proposal, step, refusal, submission, incident, payout, decision,"
            " notice, reminder, calendar or money; others may come."
        ),
    ]
    at: Written
    content: Annotated[
        dict[str, Any], Field(description="Of a step or refusal, `hash` and `prevHash` of the audit too.")
    ]
    prev: Annotated[Hash | None, Field(description="The hash of the record before it.")]
    hash: Hash


class EvidenceShown(Shown):
    """The records in the order of their moments; `generatedAt` alone differs when nothing has happened."""

    schema_version: int
    assignment_id: str
    generated_at: Written
    head: Annotated[Hash, Field(description="The hash of the last record.")]
    audit_head: Annotated[Hash | None, Field(description="The last hash of the audit's own chain.")]
    records: list[RecordShown]
