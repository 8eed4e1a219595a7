"""What the address of a page may say beside the path: what it waits for, and what a link has shown."""

from typing import Annotated

from fastapi import Query

MOST = 2**31 - 1

Since = Annotated[int | None, Query(ge=1, le=MOST)]
"""The version of the thing in the path that the page has to show, as `show.done` puts it there."""
VisitSince = Annotated[int | None, Query(alias="visitSince", ge=1, le=MOST)]
"""The same for the visit of a job."""
Seen = Annotated[int | None, Query(alias="version", ge=0, le=MOST)]
"""The version of the schedule that a message has told of (trap X1)."""
