"""What operations have to look after, as they see it."""

from typing import Annotated, Self

from pydantic import Field

from api.schemas.base import Id, Instant, Shown
from fulfillment.store.tables import Entity
from fulfillment.store.views.tasks import OpenTask


class TaskShown(Shown):
    id: str
    type: Annotated[str, Field(examples=["capture_failed", "authorization_expired", "run_missing"])]
    about: Entity
    about_id: Id
    detail: Annotated[str, Field(description="What is wrong, and the way out.")]
    due_at: Instant | None
    created_at: Instant

    @classmethod
    def of(cls, task: OpenTask) -> Self:
        return cls(
            id=task.id,
            type=task.type,
            about=task.entity,
            about_id=task.entity_id,
            detail=task.detail,
            due_at=task.due_at,
            created_at=task.created_at,
        )
