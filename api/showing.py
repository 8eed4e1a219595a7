"""How things look to whoever asks: staff get a link into the Temporal UI, strangers get nothing."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from api.schemas.assignments import AssignmentShown
from api.schemas.jobs import JobShown
from api.schemas.payouts import PayoutShown
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.job.state import Job
from fulfillment.domain.people import Actor
from workflows.names import assignment_run, job_run


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewing:
    """What is shown to `viewer`; `ui` is the web address of the Temporal UI with its namespace."""

    viewer: Actor
    ui: str

    def assignment(self, standing: Standing, *, projected_at: datetime | None = None) -> AssignmentShown:
        id = standing.assignment.id
        links = {"self": f"/assignments/{id}", "job": f"/jobs/{standing.assignment.job_id}"}
        return AssignmentShown.of(
            standing,
            viewer=self.viewer,
            links=links | self._run(assignment_run(id)),
            projected_at=projected_at,
        )

    def job(self, job: Job, *, projected_at: datetime | None = None) -> JobShown:
        links = {"self": f"/jobs/{job.id}", "quotes": f"/jobs/{job.id}/quotes"}
        shown = JobShown.of(
            job, viewer=self.viewer, links=links | self._run(job_run(job.id)), projected_at=projected_at
        )
        if shown.assignment_id is None:
            return shown
        return shown.model_copy(
            update={"links": shown.links | {"assignment": f"/assignments/{shown.assignment_id}"}}
        )

    def payout(self, standing: Standing, *, projected_at: datetime | None = None) -> PayoutShown:
        id = standing.assignment.id
        links = {"self": f"/admin/payouts/{id}", "assignment": f"/assignments/{id}"}
        return PayoutShown.of(
            standing, links=links | self._run(assignment_run(id)), projected_at=projected_at
        )

    def _run(self, workflow_id: str) -> dict[str, str]:
        if not self.viewer.is_staff:
            return {}
        return {"temporal": f"{self.ui}/workflows/{quote(workflow_id, safe='')}"}
