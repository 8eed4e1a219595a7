"""Bodies of the routes that only exist on a developer's machine."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from api.schemas.base import Id, Instant, Line, Sent, Shown


class TokenWanted(Sent):
    sub: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[!-~]+$")]
    role: Literal["customer", "provider", "ops", "admin"]
    name: Line | None = None


class Token(Shown):
    access_token: str
    expires_in: Annotated[int, Field(description="Seconds.")]


class SkipWanted(Sent):
    """Exactly one of `assignmentId` and `jobId`."""

    assignment_id: Id | None = None
    job_id: Id | None = None
    hours: Annotated[float, Field(gt=0, le=24 * 400, strict=False, allow_inf_nan=False)]

    @model_validator(mode="after")
    def _names_one_run(self) -> Self:
        if (self.assignment_id is None) == (self.job_id is None):
            raise ValueError("give exactly one of assignmentId and jobId")
        return self


class Skipped(Shown):
    now: Annotated[Instant, Field(description="What time it is for that run.")]
