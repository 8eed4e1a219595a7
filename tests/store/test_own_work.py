"""What a provider's own pages read: their day, what is proposed to them, their quotes, what has ended."""

from datetime import timedelta

import pytest

from fulfillment.domain.job.state import QuoteStatus
from fulfillment.domain.window import VisitWindow
from fulfillment.store.views import assignments, own_bids, visits
from fulfillment.store.views.assignments import Wanted
from tests.domain.jobs import provider
from tests.domain.people import HOUR, LATER, NEXT_WEEK, proposes
from tests.store.diaries import Diary, JobDiary, Sessions, fresh_id

START, END = NEXT_WEEK.start, NEXT_WEEK.end
A_MOMENT = timedelta(seconds=1)


def span(start: timedelta, end: timedelta) -> VisitWindow:
    """Return a span by how far it lies from the visit's beginning and from its end."""
    return VisitWindow(start=START + start, end=END + end)


@pytest.mark.parametrize(
    ("looked_at", "found"),
    [
        pytest.param(span(-HOUR, HOUR), 1, id="around it"),
        pytest.param(span(HOUR, HOUR), 1, id="it reaches in"),
        pytest.param(span(-HOUR, -HOUR), 1, id="it reaches out"),
        pytest.param(VisitWindow(start=START - HOUR, end=START), 0, id="until it begins"),
        pytest.param(VisitWindow(start=END, end=END + HOUR), 0, id="from its end on"),
        pytest.param(VisitWindow(start=END - A_MOMENT, end=END), 1, id="its last moment"),
    ],
)
async def test_a_day_has_the_visits_that_reach_into_it(
    sessions: Sessions, looked_at: VisitWindow, found: int
) -> None:
    mine = fresh_id("p-")
    for diary in (Diary(provider_id=mine).agree(), Diary().agree(), Diary(provider_id=mine)):
        await diary.write(sessions)

    async with sessions() as session:
        listed = await visits.between(session, mine, looked_at)

    assert len(listed) == found


async def test_what_was_given_back_is_in_no_day_and_what_is_over_is(sessions: Sessions) -> None:
    mine = fresh_id("p-")
    gone = Diary(provider_id=mine).agree().reject()
    done = Diary(provider_id=mine).agree().finish()
    for diary in (gone, done):
        await diary.write(sessions)

    async with sessions() as session:
        listed = await visits.between(session, mine, NEXT_WEEK)

    assert [each.standing.assignment.id for each in listed] == [done.it.id]


async def test_what_is_proposed_is_found_while_it_is_open(sessions: Sessions) -> None:
    mine = fresh_id("p-")
    asked, moving, agreed = (Diary(provider_id=mine) for _ in range(3))
    asked.say(proposes(asked.provider, NEXT_WEEK, seeing=0))
    moving.agree().say(proposes(moving.provider, LATER, seeing=moving.it.schedule_version))
    agreed.agree(LATER)
    other = Diary()
    other.say(proposes(other.provider, NEXT_WEEK, seeing=0))
    for diary in (asked, other):
        await diary.write(sessions)
    await moving.write(sessions)

    async with sessions() as session:
        listed = await visits.proposed(session, mine)

    assert {each.standing.assignment.id for each in listed} == {asked.it.id, moving.it.id}


async def test_what_is_live_is_apart_from_what_has_ended(sessions: Sessions) -> None:
    mine = fresh_id("p-")
    new, gone = Diary(provider_id=mine), Diary(provider_id=mine).reject()
    for diary in (new, gone):
        await diary.write(sessions)

    async with sessions() as session:
        found = {
            live: await assignments.assignments(session, Wanted(provider_id=mine, live=live))
            for live in (True, False, None)
        }

    listed = {live: {each.standing.assignment.id for each in page.items} for live, page in found.items()}
    assert listed == {True: {new.it.id}, False: {gone.it.id}, None: {new.it.id, gone.it.id}}


async def test_quotes_are_ones_own_and_say_what_became_of_the_job(sessions: Sessions) -> None:
    me, other = provider(fresh_id("p-")), provider(fresh_id("p-"))
    mine, theirs = JobDiary(), JobDiary()
    for diary in (mine, theirs):
        diary.settle()
        diary.quote(other)
    quote = mine.quote(me)
    for diary in (mine, theirs):
        await diary.write(sessions)

    async with sessions() as session:
        page = await own_bids.own_quotes(session, me.id)
        stands = await own_bids.quote_stands(session, quote.id)
        missing = await own_bids.quote_stands(session, "nobody's")

    (line,) = page.items
    assert (line.id, line.job_id, line.title) == (quote.id, mine.job.id, mine.job.title)
    assert (line.price, line.job_status, line.excluded) == (quote.price, mine.job.status, False)
    assert stands == (QuoteStatus.OPEN, 1)
    assert missing is None
