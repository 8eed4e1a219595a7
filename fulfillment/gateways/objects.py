"""The door to the object store: files that are written once and may be read for years."""

import re
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

import structlog
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import LocalStore, MemoryStore, S3Store
from structlog.typing import FilteringBoundLogger

if TYPE_CHECKING:  # it exists for type checkers alone
    from obstore.store import S3Config

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]*(/[A-Za-z0-9][A-Za-z0-9._=-]*)*")
"""Ids with slashes between. No part is empty or begins with a dot, so no key leads anywhere else."""

LONGEST_KEY = 512
"""Letters in a key; S3 allows 1024 bytes, of which a prefix takes some."""

REQUEST_TIMEOUT = "10s"
MOST_RETRIES = 2
"""How often the client asks again by itself; who calls us has patience of their own, and better informed."""

log: FilteringBoundLogger = structlog.get_logger(__name__)


class ObjectsRefused(Exception):
    """The store will not do it, however often it is asked; somebody has to look at the settings."""


class Differs(ObjectsRefused):
    """Other bytes are kept under this key already, and stay there."""


class ObjectsFailed(Exception):
    """The store is away or busy; asking again is safe and may help."""


class Objects(Protocol):
    """Files under keys; a key is made of ids with slashes between, any other is a ValueError."""

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        """Keep `data` under `key` for good. A repeat with the same bytes changes nothing.

        Raises:
            Differs: other bytes are kept there.
            ObjectsRefused: the store does not let us, or has no such bucket.
            ObjectsFailed: the store is away; ask again.
        """

    async def get(self, key: str) -> bytes | None:
        """Return what is kept under `key`, or None.

        Raises:
            ObjectsRefused: the store does not let us.
            ObjectsFailed: the store is away; ask again.
        """


class NoObjects:
    """The object store that stays at home: it keeps nothing and says so in the log."""

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        """Log one line about `data`; this fails only on a key that the real one would refuse."""
        log.info("object.not_kept", key=_expected(key), bytes=len(data), content_type=content_type)

    async def get(self, key: str) -> bytes | None:
        _expected(key)
        return None


class StoredObjects:
    """An object store proper; `open_store` makes one of a URL."""

    def __init__(self, store: S3Store | LocalStore | MemoryStore) -> None:
        self._store = store

    def __repr__(self) -> str:
        return f"StoredObjects({self._store!r})"

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        """Keep `data` under `key`, as `Objects` promises.

        We look before we write, because there are S3 servers that ignore `If-None-Match: *` and would
        overwrite. On those, two *first* writers at the same moment are not told apart, so a key should
        name its revision. Everywhere else the condition decides, and the loser looks again.
        """
        if await self._is_kept(key, data):
            return
        try:
            await self._create(key, data, content_type)
        except AlreadyExistsError:
            await self._is_kept(key, data)
        except (BaseError, FileNotFoundError) as error:
            raise _ours(error, key) from None

    async def get(self, key: str) -> bytes | None:
        try:
            found = await self._store.get_async(_expected(key))
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise _ours(error, key) from None

    async def _is_kept(self, key: str, data: bytes) -> bool:
        kept = await self.get(key)
        if kept is not None and kept != data:
            raise Differs(f"other bytes are kept under {key}")
        return kept is not None

    async def _create(self, key: str, data: bytes, content_type: str) -> None:
        # A directory has no place for a content type, and refuses to be told one.
        attributes = None if isinstance(self._store, LocalStore) else {"Content-Type": content_type}
        await self._store.put_async(key, data, mode="create", attributes=attributes)


def open_store(
    url: str, *, endpoint: str = "", region: str = "", access_key: str = "", secret: str = ""
) -> StoredObjects:
    """Return the store at `url`: `s3://bucket/prefix`, `file:///directory` (made if missing) or `memory://`.

    The rest is for S3: `endpoint` is the server's URL if it is not Amazon's own, and without a key pair
    the surroundings are asked for one, as Amazon's machines offer it. The key has to be good for reading,
    writing and listing: who may not list is told 403 for what is merely missing. Nothing is asked yet.

    Raises:
        ValueError: it is none of these, or half a key pair.
    """
    parts = urlsplit(url)
    place = unquote(parts.path)
    match parts.scheme:
        case "s3" if parts.netloc:
            prefix = place.strip("/") or None
            return StoredObjects(
                _s3(
                    parts.netloc,
                    prefix,
                    endpoint=endpoint,
                    region=region,
                    access_key=access_key,
                    secret=secret,
                )
            )
        case "file" if place.startswith("/") and not parts.netloc:
            return StoredObjects(LocalStore(place, mkdir=True))
        case "memory":
            return StoredObjects(MemoryStore())
    raise ValueError("an object store is s3://bucket/prefix, file:///directory or memory://")


def _s3(
    bucket: str, prefix: str | None, *, endpoint: str, region: str, access_key: str, secret: str
) -> S3Store:
    if bool(access_key) is not bool(secret):
        raise ValueError("an access key and its secret go together: give both or neither")
    config: S3Config = {}
    if endpoint:
        config["endpoint"] = endpoint
    if region:
        config["region"] = region
    if access_key:
        config["access_key_id"] = access_key
        config["secret_access_key"] = secret
    return S3Store(
        bucket,
        prefix=prefix,
        config=config,
        client_options={"allow_http": endpoint.startswith("http://"), "timeout": REQUEST_TIMEOUT},
        retry_config={"max_retries": MOST_RETRIES},
    )


def _expected(key: str) -> str:
    if len(key) > LONGEST_KEY or not KEY.fullmatch(key):
        raise ValueError("a key is made of ids: letters, digits and ._=- with single slashes between")
    return key


def _ours(error: Exception, key: str) -> ObjectsRefused | ObjectsFailed:
    """Return the kind of our own that `error` is, without its text: S3 servers recite the request in it."""
    match error:
        case PermissionDeniedError() | UnauthenticatedError():
            return ObjectsRefused(f"the object store does not let us at {key}: {type(error).__name__}")
        case FileNotFoundError():
            return ObjectsRefused(f"there is no bucket to keep {key} in")
    return ObjectsFailed(f"the object store failed at {key}: {type(error).__name__}")
