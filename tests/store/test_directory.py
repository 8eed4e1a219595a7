"""The directory knows people by what they last said of themselves, and finds providers for a job."""

from dataclasses import replace

from fulfillment.domain.people import Role
from fulfillment.store.directory import Person, candidates, find, register
from tests.store.diaries import Sessions, fresh_id


def provider(*categories: str, active: bool = True) -> Person:
    return Person(id=fresh_id("p-"), name="Bob", roles=(Role.PROVIDER,), categories=categories, active=active)


async def enter(sessions: Sessions, *people: Person) -> None:
    for person in people:
        async with sessions.begin() as session:
            await register(session, person)


async def asked(
    sessions: Sessions, category: str, *, excluded: tuple[str, ...] = (), limit: int = 3
) -> list[str]:
    async with sessions() as session:
        return [*await candidates(session, category=category, excluded=excluded, limit=limit)]


class TestPeople:
    async def test_whoever_is_registered_is_found_as_they_are(self, sessions: Sessions) -> None:
        ada = Person(
            id=fresh_id("c-"),
            name="Ada",
            email="ada@example.test",
            phone="+4930123",
            timezone="Europe/Berlin",
            locale="de",
            roles=(Role.CUSTOMER, Role.OPS),
            categories=("roof",),
        )

        await enter(sessions, ada)

        async with sessions() as session:
            assert await find(session, ada.id) == ada
            assert await find(session, "nobody") is None

    async def test_the_last_word_counts(self, sessions: Sessions) -> None:
        ada = Person(id=fresh_id("c-"), name="Ada", roles=(Role.CUSTOMER,))
        await enter(sessions, ada, replace(ada, name="Ada L.", active=False))

        async with sessions() as session:
            assert await find(session, ada.id) == replace(ada, name="Ada L.", active=False)


class TestCandidates:
    async def test_those_who_do_it_and_those_who_do_everything_last_registered_first(
        self, sessions: Sessions
    ) -> None:
        roof = fresh_id("roof-")
        roofer, painter, everything = provider(roof), provider("paint"), provider()
        await enter(sessions, roofer, painter, everything)

        found = await asked(sessions, roof)

        assert found[:2] == [everything.id, roofer.id]
        assert painter.id not in found

    async def test_nobody_who_is_excluded_inactive_or_no_provider(self, sessions: Sessions) -> None:
        roof = fresh_id("roof-")
        out, gone, left = provider(roof), provider(roof, active=False), provider(roof)
        customer = replace(provider(roof), roles=(Role.CUSTOMER,))
        await enter(sessions, out, gone, left, customer)

        found = await asked(sessions, roof, excluded=(out.id,), limit=100)

        assert left.id in found
        assert not {out.id, gone.id, customer.id} & {*found}

    async def test_a_job_without_a_category_takes_anybody(self, sessions: Sessions) -> None:
        painter = provider(fresh_id("paint-"))
        await enter(sessions, painter)

        assert await asked(sessions, "", limit=1) == [painter.id]

    async def test_coming_back_does_not_move_one_to_the_front(self, sessions: Sessions) -> None:
        roof = fresh_id("roof-")
        first, second = provider(roof), provider(roof)
        await enter(sessions, first, second, first)

        assert await asked(sessions, roof, limit=1) == [second.id]

    async def test_no_more_than_are_wanted(self, sessions: Sessions) -> None:
        roof = fresh_id("roof-")
        await enter(sessions, *(provider(roof) for _ in range(5)))

        assert len(await asked(sessions, roof, limit=3)) == 3
