"""Only tokens of our issuer, by its algorithm, for us, in time, are believed; everything else is 401."""

import hmac
import json
import time
from collections.abc import Callable, Mapping

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from api.errors import Unauthenticated, Unavailable
from api.issuers import DEV_ISSUER, OidcIssuer
from api.tokens import LEEWAY, Principal, Remembering
from fulfillment.domain.people import Role
from tests.api.front import ISSUER, front, holding, knocking
from tests.api.issuer import EC, ED, EXPECTED, OTHER_RSA, RSA, Issuer, b64, claims, signed


@pytest.fixture
def verifier(issuer: Issuer) -> OidcIssuer:
    return OidcIssuer(expected=EXPECTED, jwks_url=issuer.url)


def with_claims(token: str, **changes: object) -> str:
    """Return `token` with other claims under the old signature."""
    head, _, signature = token.split(".")
    return ".".join((head, b64(json.dumps(claims(**changes)).encode()), signature))


def forged(head: Mapping[str, object]) -> str:
    """Return head and body of a token that somebody put together by hand."""
    return f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims()).encode())}"


def confused() -> str:
    """Return a token signed with the public key, as if that were a secret both sides share."""
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    body = forged({"alg": "HS256", "typ": "JWT", "kid": "rsa"})
    return f"{body}.{b64(hmac.digest(pem, body.encode(), 'sha256'))}"


def signed_twice() -> str:
    head, body, signature = signed().split(".")
    return json.dumps({"payload": body, "signatures": [{"protected": head, "signature": signature}] * 2})


def exp(value: str) -> str:
    """Return a token, well signed, whose `exp` is the JSON text `value`."""
    body = f"{b64(json.dumps({'alg': 'RS256', 'kid': 'rsa'}).encode())}."
    body += b64(json.dumps(claims(exp=0)).replace('"exp": 0', f'"exp": {value}').encode())
    return f"{body}.{b64(RSAAlgorithm(RSAAlgorithm.SHA256).sign(body.encode(), RSA))}"


NOW = int(time.time())
ATTACKS: Mapping[str, Callable[[], str]] = {
    "no algorithm": lambda: forged({"alg": "none", "kid": "rsa"}) + ".",
    "an unsigned one with a signature": lambda: forged({"alg": "none", "kid": "rsa"}) + ".AAAA",
    "a public key as a secret": confused,
    "a key id that is a path": lambda: signed(headers={"kid": "../../dev/null"}),
    "a key id that is a number": lambda: forged({"alg": "RS256", "kid": 7}) + ".AAAA",
    "no key id": lambda: jwt.encode(claims(), RSA, algorithm="RS256"),
    "keys of its own (jku)": lambda: signed(key=OTHER_RSA, headers={"jku": "http://127.0.0.1:1/jwks"}),
    "a key of its own (jwk)": lambda: signed(
        key=OTHER_RSA, headers={"jwk": RSAAlgorithm.to_jwk(OTHER_RSA.public_key(), as_dict=True)}
    ),
    "another key": lambda: signed(key=OTHER_RSA),
    "another key's algorithm": lambda: signed(key=EC, algorithm="ES256"),
    "an algorithm we do not take": lambda: signed(algorithm="RS512"),
    "no expiry": lambda: signed(exp=...),
    "expired": lambda: signed(exp=NOW - 120),
    "an expiry beyond all numbers": lambda: exp("1e400"),
    "an expiry that is a word": lambda: exp('"never"'),
    "not valid yet": lambda: signed(nbf=NOW + 600),
    "issued in the future": lambda: signed(iat=NOW + 600),
    "for somebody else": lambda: signed(aud="another"),
    "for nobody": lambda: signed(aud=...),
    "from somebody else": lambda: signed(iss="https://evil.test"),
    "from nobody": lambda: signed(iss=...),
    "another role under the old signature": lambda: with_claims(signed(), roles=["admin"]),
    "an unknown role": lambda: signed(roles=["customer", "root"]),
    "the clock's own role": lambda: signed(roles=["system"]),
    "roles that are no list": lambda: signed(roles="admin"),
    "a role that is a list": lambda: signed(roles=[["admin"]]),
    "no roles": lambda: signed(roles=...),
    "no subject": lambda: signed(sub=...),
    "an empty subject": lambda: signed(sub=""),
    "a subject with a line break": lambda: signed(sub="ada\r\nX: 1"),
    "a subject with a space": lambda: signed(sub="ada lovelace"),
    "a subject beyond ASCII": lambda: signed(sub="adä"),
    "a subject of 129 letters": lambda: signed(sub="a" * 129),
    "two signatures": signed_twice,
    "10 KB": lambda: signed(name="x" * 10_000),
    "6,000 brackets": lambda: f"{b64(b'[' * 6_000)}.e30.AAAA",
    "no token at all": lambda: "",
    "nonsense": lambda: "a.b.c",
    "dots": lambda: "....",
}


class TestAnIssuer:
    @pytest.mark.parametrize(
        ("key", "algorithm", "kid"), [(RSA, "RS256", "rsa"), (EC, "ES256", "ec"), (ED, "EdDSA", "ed")]
    )
    async def test_its_tokens_are_believed(
        self, verifier: OidcIssuer, key: object, algorithm: str, kid: str
    ) -> None:
        token = signed(key=key, algorithm=algorithm, headers={"kid": kid}, roles=["ops", "admin"], name="Ada")

        principal = await verifier.verify(token)

        assert (principal.id, principal.name) == ("ada", "Ada")
        assert principal.roles == frozenset({Role.OPS, Role.ADMIN})

    @pytest.mark.parametrize("attack", ATTACKS)
    async def test_is_refused(self, verifier: OidcIssuer, attack: str) -> None:
        with pytest.raises(Unauthenticated):
            await verifier.verify(ATTACKS[attack]())

    async def test_a_minute_of_difference_between_clocks_is_forgiven(self, verifier: OidcIssuer) -> None:
        now = int(time.time())

        await verifier.verify(signed(exp=now - 30, nbf=now + 30))

    async def test_an_audience_among_others_is_enough(self, verifier: OidcIssuer) -> None:
        await verifier.verify(signed(aud=["another", "fulfillment"]))

    async def test_the_keys_are_fetched_once(self, verifier: OidcIssuer, issuer: Issuer) -> None:
        for _ in range(20):
            await verifier.verify(signed())

        assert issuer.asked == 1

    async def test_made_up_key_ids_do_not_flood_the_issuer(
        self, verifier: OidcIssuer, issuer: Issuer
    ) -> None:
        for number in range(20):
            with pytest.raises(Unauthenticated):
                await verifier.verify(signed(headers={"kid": f"made-up-{number}"}))

        assert issuer.asked == 1

    async def test_known_keys_outlive_an_issuer_that_is_ill(
        self, verifier: OidcIssuer, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await verifier.verify(signed())
        issuer.is_ill = True
        monkeypatch.setattr("api.issuers.FRESH", -1.0)

        assert (await verifier.verify(signed())).id == "ada"

    async def test_an_issuer_that_was_never_there_is_not_the_callers_fault(self, issuer: Issuer) -> None:
        issuer.is_ill = True
        verifier = OidcIssuer(expected=EXPECTED, jwks_url=issuer.url)

        with pytest.raises(Unavailable):
            await verifier.verify(signed())


class TestTheDevKey:
    async def test_what_it_mints_it_believes(self) -> None:
        principal = await ISSUER.verify(ISSUER.mint(sub="bob", role=Role.PROVIDER, name="Bob"))

        assert (principal.id, principal.name) == ("bob", "Bob")
        assert principal.roles == frozenset({Role.PROVIDER})

    @pytest.mark.parametrize("attack", ATTACKS)
    async def test_is_refused(self, attack: str) -> None:
        with pytest.raises(Unauthenticated):
            await ISSUER.verify(ATTACKS[attack]())

    async def test_a_token_signed_by_another_dev_key_is_refused(self) -> None:
        told = claims(iss=DEV_ISSUER)
        with pytest.raises(Unauthenticated):
            await ISSUER.verify(jwt.encode(told, ED, algorithm="EdDSA", headers={"kid": "dev"}))


class Counting:
    """A verifier that counts how often it is asked."""

    def __init__(self, *, lifetime: float = 600) -> None:
        self.asked = 0
        self._until = time.time() + lifetime

    async def verify(self, token: str) -> Principal:
        self.asked += 1
        if token.startswith("bad"):
            raise Unauthenticated
        return Principal(id=token, roles=frozenset(), until=self._until)


class TestRemembering:
    async def test_a_token_is_looked_at_once_in_a_while(self) -> None:
        counting = Counting()
        verifier = Remembering(counting)

        assert {(await verifier.verify("ada")).id for _ in range(10)} == {"ada"}
        assert (await verifier.verify("bob")).id == "bob"
        assert counting.asked == 2

    @pytest.mark.parametrize(("seconds", "lifetime"), [(0.0, 600), (30.0, -LEEWAY)])
    async def test_and_again_after_that_or_once_it_has_expired(self, seconds: float, lifetime: float) -> None:
        counting = Counting(lifetime=lifetime)
        verifier = Remembering(counting, seconds=seconds)
        await verifier.verify("ada")
        await verifier.verify("ada")

        assert counting.asked == 2

    async def test_a_refusal_is_not_remembered_and_memory_is_bounded(self) -> None:
        verifier = Remembering(Counting(), most=5)
        for number in range(20):
            await verifier.verify(str(number))
        with pytest.raises(Unauthenticated):
            await verifier.verify("bad")

        assert len(verifier._known) <= 5
        assert "bad" not in verifier._known


class TestARoute:
    @pytest.mark.parametrize(
        "authorization",
        [
            "",
            "Bearer",
            "Bearer ",
            "Bearer a.b.c",
            "Basic YTpi",
            "bearer x",
            ISSUER.mint(sub="a", role=Role.OPS),
        ],
    )
    async def test_without_a_valid_token_is_401(self, http: httpx2.AsyncClient, authorization: str) -> None:
        answer = await http.get("/things", headers={"Authorization": authorization})

        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.headers["Content-Type"] == "application/problem+json"

    async def test_two_tokens_are_none(self, http: httpx2.AsyncClient) -> None:
        token = holding()["Authorization"]
        answer = await http.get("/things", headers=[("Authorization", token), ("Authorization", token)])

        assert answer.status_code == 401

    async def test_names_its_roles_and_refuses_others(self, http: httpx2.AsyncClient) -> None:
        answer = await http.get("/things", headers=holding(Role.PROVIDER))

        assert (answer.status_code, answer.json()["code"]) == (403, "ROLE_FORBIDDEN")

    async def test_no_token_comes_before_a_wrong_body(self, http: httpx2.AsyncClient) -> None:
        assert (await http.post("/things", json={"wrong": 1})).status_code == 401

    async def test_of_several_roles_the_one_it_names_first_acts(self, verifier: OidcIssuer) -> None:
        async with knocking(front(verifier=verifier)) as client:
            headers = {"Authorization": f"Bearer {signed(roles=['admin', 'ops', 'customer'])}"}
            answer = await client.post("/things", json={"titleLine": "a"}, headers=headers)

        assert answer.json()["by"] == "customer:ada"

    async def test_somebody_without_any_role_gets_nowhere(self, verifier: OidcIssuer) -> None:
        async with knocking(front(verifier=verifier)) as client:
            answer = await client.get("/things", headers={"Authorization": f"Bearer {signed(roles=[])}"})

        assert answer.status_code == 403

    async def test_while_no_key_can_be_had_is_503(self, issuer: Issuer) -> None:
        issuer.is_ill = True
        verifier = OidcIssuer(expected=EXPECTED, jwks_url=issuer.url)
        async with knocking(front(verifier=verifier)) as client:
            answer = await client.get("/things", headers={"Authorization": f"Bearer {signed()}"})

        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
