"""The shape of every answer that is not what was asked for (RFC 9457)."""

from typing import Annotated, Any

from pydantic import Field

from api.schemas.base import Shown


class FieldProblem(Shown):
    field: Annotated[str, Field(description="The path of the field as it was sent: `windows[0].start`.")]
    message: str


class Problem(Shown):
    type: Annotated[str, Field(description="A URN for each code.")]
    title: str
    status: int
    detail: Annotated[str, Field(description="What is wrong with this request, for people.")]
    instance: Annotated[str, Field(description="The path that was asked for.")]
    code: Annotated[str, Field(description="What is wrong, for programs: `VERSION_MISMATCH`.")]
    request_id: Annotated[str, Field(description="What to quote when asking us about it.")]
    errors: Annotated[
        list[FieldProblem] | None, Field(description="The fields that are wrong, with a 422.")
    ] = None
    snapshot: Annotated[Any, Field(description="With a 409: the assignment, job or payout as it is now.")] = (
        None
    )
