"""Domain values as JSON: what the tables keep whole, and what is read from them again."""

from typing import cast

from pydantic import TypeAdapter

from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.job.state import Job
from fulfillment.domain.messages import Facts
from fulfillment.store.tables import Json

STANDING = TypeAdapter(Standing)
JOB = TypeAdapter(Job)
FACTS = TypeAdapter(Facts)


def standing_to_json(standing: Standing) -> Json:
    return cast("Json", STANDING.dump_python(standing, mode="json"))


def standing_from_json(text: str | bytes) -> Standing:
    """Return what was written; fields that came later take their defaults."""
    return STANDING.validate_json(text)


def job_to_json(job: Job) -> Json:
    return cast("Json", JOB.dump_python(job, mode="json"))


def job_from_json(text: str | bytes) -> Job:
    """Return what was written; fields that came later take their defaults."""
    return JOB.validate_json(text)


def facts_to_json(facts: Facts) -> Json:
    """Return what is said of an event; what nobody says is left out."""
    return cast("Json", FACTS.dump_python(facts, mode="json", exclude_defaults=True))


def facts_from_json(written: Json) -> Facts:
    return FACTS.validate_python(written)
