"""A key is exchanged without anybody having to connect their calendar again."""

from cryptography.fernet import Fernet
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from api.reseal import reseal
from fulfillment.gateways.sealing import Sealer
from fulfillment.store import calendars
from tests.store.diaries import fresh_id

OLD, NEW, LOST = (Fernet.generate_key().decode() for _ in range(3))


async def test_consents_move_to_the_newest_key_and_what_no_key_opens_is_named(
    sessions: async_sessionmaker[AsyncSession],
) -> None:
    ann, bob = fresh_id("p-"), fresh_id("p-")
    async with sessions.begin() as session:
        await calendars.connect(session, ann, sealed=Sealer([OLD]).seal("token-of-ann"), scope="")
        await calendars.connect(session, bob, sealed=Sealer([LOST]).seal("token-of-bob"), scope="")

    for _ in range(2):
        async with sessions.begin() as session:
            _, lost = await reseal(session, Sealer([NEW, OLD]))

    assert bob in lost
    assert ann not in lost
    async with sessions() as session:
        sealed = await calendars.consent_of(session, ann)
    assert sealed is not None
    assert Sealer([NEW]).open(sealed) == "token-of-ann"
