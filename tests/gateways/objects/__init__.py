"""The S3 server that the tests of the object store talk to, and how they reach it."""

import uuid
from dataclasses import dataclass

from fulfillment.gateways.objects import StoredObjects, open_store

BUCKET = "calendars"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3:
    """A server on this machine, and the pair of keys it knows."""

    port: int
    access_key: str
    secret: str

    def open(self, prefix: str, *, bucket: str = BUCKET, **other: str) -> StoredObjects:
        """Return the store at `prefix`; `other` says what to be wrong about."""
        right = {
            "endpoint": f"http://127.0.0.1:{self.port}",
            "region": "us-east-1",
            "access_key": self.access_key,
            "secret": self.secret,
        }
        return open_store(f"s3://{bucket}/{prefix}", **{**right, **other})


def unused_prefix() -> str:
    """Return where nobody has written yet."""
    return f"tests/{uuid.uuid4()}"
