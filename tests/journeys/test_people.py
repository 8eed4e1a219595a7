"""People look after their own entry in the directory, and staff after everybody's."""

import pytest

from fulfillment.domain.people import Role
from fulfillment.store import directory
from tests.journeys.people import Json, Person, honoured, problem_of
from tests.journeys.routes import PERSON
from tests.journeys.town import Town, fresh


async def put(who: Person, path: str, **changed: object) -> Json:
    return honoured(await who.ask("PUT", path, PERSON | changed))


async def entry(town: Town, id: str) -> directory.Person:
    async with town.sessions() as session:
        found = await directory.find(session, id)
    assert found
    return found


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.OPS, Role.ADMIN])
async def test_everybody_says_how_they_are_reached(town: Town, role: Role) -> None:
    who = town.person(role)
    nobody = await who.refused("/me", method="GET")

    said = await put(who, "/me")

    assert nobody["status"] == 404
    assert said == PERSON | {"id": who.id, "smsOptedOut": False} == await who.get("/me")
    assert (await entry(town, who.id)).roles == (role,)


async def test_what_a_provider_does_stays(town: Town) -> None:
    provider = await town.tradesman(trade := fresh("roof"))

    await put(provider, "/me", email=None, phone=None, smsConsent=False)

    known = await entry(town, provider.id)
    assert (known.categories, known.active, known.roles) == ((trade,), True, (Role.PROVIDER,))
    assert (known.name, known.email, known.phone) == ("Ada", None, None)


async def test_staff_look_after_others_and_leave_their_roles(town: Town) -> None:
    provider, ops = await town.tradesman(fresh("roof")), town.ops()
    newcomer = fresh("auth0|x")

    await put(ops, f"/people/{provider.id}", name="Bob")
    made = await put(town.admin(), f"/people/{newcomer}")

    assert (await provider.get("/me"))["name"] == "Bob"
    assert (await entry(town, provider.id)).roles == (Role.PROVIDER,)
    assert (await entry(town, newcomer)).roles == ()
    assert await ops.get(f"/people/{newcomer}") == made


async def test_who_answered_stop_is_asked_anew_under_another_number(town: Town) -> None:
    ada = town.customer()
    await put(ada, "/me")
    async with town.sessions.begin() as session:
        await directory.opt_out(session, ada.id, phone=str(PERSON["phone"]))

    assert (await ada.get("/me"))["smsOptedOut"] is True
    assert (await put(ada, "/me", timezone="UTC"))["smsOptedOut"] is True
    assert (await put(ada, "/me", phone="+4930999999"))["smsOptedOut"] is False


async def test_an_address_is_kept_as_mail_servers_know_it(town: Town) -> None:
    said = await put(town.customer(), "/me", email="ada@b\u00fccher.example.test")

    assert said["email"] == "ada@xn--bcher-kva.example.test"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"email": "ada"}, "INVALID_BODY"),
        ({"email": "ada@example.test\nBcc: bob@example.test"}, "INVALID_BODY"),
        ({"email": "\u00e4da@example.test"}, "INVALID_BODY"),
        ({"email": "a" * 300 + "@example.test"}, "INVALID_BODY"),
        ({"email": ""}, "INVALID_BODY"),
        ({"phone": "030 12345"}, "INVALID_BODY"),
        ({"phone": "+0301234567"}, "INVALID_BODY"),
        ({"phone": "+\u0664\u0669\u0663\u0660\u0661\u0662\u0663\u0664"}, "INVALID_BODY"),
        ({"timezone": "Mars/Olympus"}, "VALUE_INVALID"),
        ({"timezone": "../../etc/passwd"}, "VALUE_INVALID"),
        ({"timezone": ""}, "INVALID_BODY"),
        ({"locale": "german please"}, "INVALID_BODY"),
        ({"name": "  "}, "VALUE_INVALID"),
        ({"name": "Ada\nBob"}, "VALUE_INVALID"),
        ({"name": ""}, "INVALID_BODY"),
        ({"name": None}, "INVALID_BODY"),
        ({"smsConsent": "yes"}, "INVALID_BODY"),
        ({"roles": ["admin"]}, "INVALID_BODY"),
    ],
)
async def test_what_nobody_could_be_reached_by_is_refused(town: Town, changed: Json, code: str) -> None:
    ada = town.customer()

    answer = await ada.ask("PUT", "/me", PERSON | changed)

    assert problem_of(answer)["code"] == code
    assert (await ada.ask("GET", "/me")).status_code == 404


@pytest.mark.parametrize("field", PERSON)
async def test_all_of_it_is_said_at_once(town: Town, field: str) -> None:
    body = {name: value for name, value in PERSON.items() if name != field}

    answer = await town.customer().ask("PUT", "/me", body)

    assert [each["field"] for each in problem_of(answer)["errors"]] == [field]
