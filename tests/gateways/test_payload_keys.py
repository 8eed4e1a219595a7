"""What is sealed is readable to holders of its key, and to nobody else."""

import pytest
from cryptography.fernet import Fernet

from fulfillment.gateways.payload_keys import NONCE, PayloadKeys, Unreadable

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
TOLD = b"the key is under the mat"


def test_what_is_sealed_comes_back_and_cannot_be_read_meanwhile() -> None:
    keys = PayloadKeys([OLD])

    sealed = keys.seal(TOLD)

    assert keys.open(sealed, key_id=keys.newest) == TOLD
    assert TOLD not in sealed
    assert b"mat" not in sealed


def test_the_same_content_never_looks_the_same() -> None:
    keys = PayloadKeys([OLD])

    assert len({keys.seal(TOLD)[NONCE:] for _ in range(20)}) == 20


def test_the_first_key_seals_and_all_of_them_open() -> None:
    before, rotated = PayloadKeys([OLD]), PayloadKeys([NEW, OLD])

    assert rotated.open(before.seal(TOLD), key_id=before.newest) == TOLD
    assert rotated.newest != before.newest
    with pytest.raises(Unreadable, match="there is no key"):
        before.open(rotated.seal(TOLD), key_id=rotated.newest)


@pytest.mark.parametrize("place", [0, NONCE, -1])
def test_what_was_changed_is_not_opened(place: int) -> None:
    keys = PayloadKeys([OLD])
    sealed = bytearray(keys.seal(TOLD))
    sealed[place] ^= 1

    with pytest.raises(Unreadable, match="was changed"):
        keys.open(bytes(sealed), key_id=keys.newest)


@pytest.mark.parametrize("length", [0, 5, NONCE, NONCE + 3])
def test_what_is_too_short_is_not_opened(length: int) -> None:
    keys = PayloadKeys([OLD])

    with pytest.raises(Unreadable):
        keys.open(keys.seal(TOLD)[:length], key_id=keys.newest)


def test_neither_its_id_nor_its_name_tells_a_key() -> None:
    keys = PayloadKeys([OLD, NEW])

    assert OLD[:8] not in repr(keys) + keys.newest
    assert keys.newest in repr(keys)


def test_no_keys_are_no_way_to_seal() -> None:
    with pytest.raises(ValueError, match="no key"):
        PayloadKeys([])
