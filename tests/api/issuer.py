"""An OIDC issuer for tests: keys of every kind, a web server that publishes them, tokens signed by them."""

import base64
import json
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from api.tokens import Expected

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
EXPECTED = Expected(
    issuer="https://issuer.test", audience="fulfillment", algorithms=["RS256", "ES256", "EdDSA"]
)


def jwks() -> dict[str, Any]:
    keys = {
        "rsa": RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True),
        "ec": ECAlgorithm.to_jwk(EC.public_key(), as_dict=True),
        "ed": OKPAlgorithm.to_jwk(ED.public_key(), as_dict=True),
    }
    return {"keys": [key | {"kid": kid, "use": "sig"} for kid, key in keys.items()]}


class Issuer:
    """An issuer's web server: counts how often it is asked, and can be told to be ill."""

    def __init__(self) -> None:
        issuer = self
        self.asked = 0
        self.is_ill = False

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                self.send_response(500 if issuer.is_ill else 200)
                self.end_headers()
                self.wfile.write(json.dumps(jwks()).encode())

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks"


def claims(**changes: object) -> dict[str, Any]:
    """Return good claims with `changes`; a claim changed to `...` is left out."""
    now = int(time.time())
    good = {
        "iss": "https://issuer.test",
        "aud": "fulfillment",
        "sub": "ada",
        "roles": ["customer"],
        "iat": now,
        "exp": now + 600,
    }
    return {name: value for name, value in (good | changes).items() if value is not ...}


def signed(
    *, key: Any = RSA, algorithm: str = "RS256", headers: Mapping[str, Any] | None = None, **changes: object
) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers={"kid": "rsa", **(headers or {})})


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
