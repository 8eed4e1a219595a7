"""The pages, put into the application: their routes, their face for what is refused, and their counter."""

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse

from api.problems import Face
from api.ui import (
    assets,
    away,
    day,
    faces,
    home,
    job,
    job_visit,
    jobs,
    live,
    me,
    my_calendar,
    offers,
    open_job,
    open_jobs,
    posting,
    sign_in,
    sign_in_oidc,
    task,
    task_steps,
    work,
)
from api.ui.admin import metrics, payout, payouts
from api.ui.counter import Counter
from api.ui.guards import SignInFirst
from api.ui.ops import absences, assignment, attention
from api.ui.ops import jobs as jobs_of_ops
from api.ui.places import ROOT
from api.ui.rendering import redirect

ROUTERS = (
    assets.router,
    home.router,
    sign_in.router,
    sign_in_oidc.router,
    live.router,
    jobs.router,
    # Before the page of one job: `new` is none.
    posting.router,
    job.router,
    job_visit.router,
    me.router,
    my_calendar.router,
    work.router,
    task.router,
    task_steps.router,
    day.router,
    away.router,
    offers.router,
    open_jobs.router,
    open_job.router,
    metrics.router,
    payouts.router,
    payout.router,
    attention.router,
    assignment.router,
    jobs_of_ops.router,
    absences.router,
)
"""The pages of every noun; a new one is added here, to `places.NAVIGATION`, and to the table of tests."""


def install(app: FastAPI, counter: Counter) -> Mapping[str, Face]:
    """Add the pages to `app`, and return the face that refusals have under their paths."""
    app.state.counter = counter
    app.state.leave = counter.hub.close
    for router in ROUTERS:
        app.router.routes.extend(router.routes)  # as they are, see api/app.py

    @app.exception_handler(SignInFirst)
    async def to_sign_in(_: Request, first: SignInFirst) -> RedirectResponse:
        return redirect(first.to)

    return {ROOT: faces.page}
