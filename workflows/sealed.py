"""Payloads sealed on their way into the engine, and opened on their way out; others pass as they are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec

from fulfillment.gateways.payload_keys import PayloadKeys, Unreadable
from workflows.payloads import data_converter

ENCODING, KEY_ID = "encoding", "encryption-key-id"
SEALED = b"binary/encrypted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """How payloads are sealed. One that `opens_only` reads what others have sealed, and writes in clear."""

    keys: PayloadKeys
    opens_only: bool = False


class SealingCodec(PayloadCodec):
    def __init__(self, sealing: Sealing) -> None:
        self._keys = sealing.keys
        self._opens_only = sealing.opens_only

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Return the payloads under the newest key; one that is sealed already is not sealed again."""
        return [each if self._opens_only or is_sealed(each) else self._sealed(each) for each in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Return the payloads as they were; those from before there were keys are that already.

        Raises:
            Unreadable: there is no key for one of them, or it was changed.
        """
        return [self._opened(each) if is_sealed(each) else each for each in payloads]

    async def decode_leniently(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Return the payloads as people look at them: what cannot be opened stays as it is."""
        opened = []
        for each in payloads:
            try:
                opened += await self.decode([each])
            except Unreadable:
                opened.append(each)
        return opened

    def _sealed(self, payload: Payload) -> Payload:
        metadata = {ENCODING: SEALED, KEY_ID: self._keys.newest.encode()}
        return Payload(metadata=metadata, data=self._keys.seal(payload.SerializeToString()))

    def _opened(self, payload: Payload) -> Payload:
        key_id = payload.metadata[KEY_ID].decode(errors="replace")
        return Payload.FromString(self._keys.open(payload.data, key_id=key_id))


def is_sealed(payload: Payload) -> bool:
    return payload.metadata.get(ENCODING) == SEALED


def converter(sealing: Sealing | None) -> DataConverter:
    """Return how values cross the engine. What is sealed includes the texts of failures."""
    if sealing is None:
        return data_converter
    failures = DefaultFailureConverterWithEncodedAttributes
    if sealing.opens_only:
        return replace(data_converter, payload_codec=SealingCodec(sealing))
    return replace(data_converter, payload_codec=SealingCodec(sealing), failure_converter_class=failures)
