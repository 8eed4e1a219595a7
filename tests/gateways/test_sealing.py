from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet

from fulfillment.gateways.sealing import HOW_TO_MAKE_A_KEY, Sealer, Unreadable

OLD, NEW, FOREIGN = (Fernet.generate_key().decode() for _ in range(3))
SECRET = "1//refresh-töken"  # noqa: S105 - of nobody


@pytest.mark.parametrize("secret", [SECRET, "", "ключ", "x" * 10_000])
def test_what_is_sealed_can_be_opened_and_not_read(secret: str) -> None:
    sealer = Sealer([NEW])

    sealed = sealer.seal(secret)

    assert sealer.open(sealed) == secret
    assert not secret or secret.encode() not in sealed


def test_the_same_secret_never_looks_the_same() -> None:
    sealer = Sealer([NEW])

    assert sealer.seal(SECRET) != sealer.seal(SECRET)


class TestRotating:
    def test_an_older_key_still_opens_what_it_sealed(self) -> None:
        sealed = Sealer([OLD]).seal(SECRET)

        assert Sealer([NEW, OLD]).open(sealed) == SECRET

    def test_new_secrets_are_under_the_newest_key(self) -> None:
        sealed = Sealer([NEW, OLD]).seal(SECRET)

        assert Sealer([NEW]).open(sealed) == SECRET

    def test_what_is_renewed_outlives_the_older_key(self) -> None:
        renewed = Sealer([NEW, OLD]).renew(Sealer([OLD]).seal(SECRET))

        assert Sealer([NEW]).open(renewed) == SECRET
        with pytest.raises(Unreadable):
            Sealer([OLD]).open(renewed)

    def test_a_secret_whose_key_was_taken_away_cannot_be_renewed(self) -> None:
        with pytest.raises(Unreadable):
            Sealer([NEW]).renew(Sealer([OLD]).seal(SECRET))


@pytest.mark.parametrize("change", [lambda sealed: sealed[:-1], lambda sealed: b"A" + sealed, lambda _: b""])
def test_what_was_changed_is_unreadable(change: Callable[[bytes], bytes]) -> None:
    sealer = Sealer([NEW])

    with pytest.raises(Unreadable):
        sealer.open(change(sealer.seal(SECRET)))


def test_a_foreign_key_opens_nothing() -> None:
    with pytest.raises(Unreadable):
        Sealer([FOREIGN]).open(Sealer([OLD]).seal(SECRET))


@pytest.mark.parametrize(
    "wrong", ["", "hunter2", NEW[:-3], NEW + NEW, "ä" * 44], ids=["none", "word", "short", "long", "foreign"]
)
def test_a_wrong_key_is_refused_with_its_place_and_the_way_to_a_right_one(wrong: str) -> None:
    with pytest.raises(ValueError, match="key 2 is not 32 bytes") as refused:
        Sealer([NEW, wrong])

    assert HOW_TO_MAKE_A_KEY in str(refused.value)
    assert not wrong or wrong not in str(refused.value)


def test_without_a_key_there_is_no_sealing() -> None:
    with pytest.raises(ValueError, match="there is no key"):
        Sealer([])


def test_it_shows_no_key() -> None:
    sealer = Sealer([NEW, OLD])

    assert repr(sealer) == "Sealer(2 keys)"
