"""How values cross the engine: as JSON by their annotations, read by adapters that the whole process shares.

The SDK makes a converter for every run. With a memory of its own each would work out anew how to read what
a run is started with, which takes longer than the rest of the run's first step; and a thousand runs that
wake at once, after a worker has died, would keep each other from it until the engine calls them stuck.
"""

import functools
import threading
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter, pydantic_data_converter
from temporalio.converter import CompositePayloadConverter, DefaultPayloadConverter, JSONPlainPayloadConverter

_turn = threading.Lock()


@functools.cache
def _adapter(type_hint: Any) -> TypeAdapter[Any]:
    """Return how to read `type_hint`. One is made at a time: under one lock that is slow only once."""
    return TypeAdapter(type_hint)


class _Json(PydanticJSONPlainPayloadConverter):
    """The SDK's own, with the memory of the process in place of one of its own."""

    def __init__(self) -> None:
        super().__init__(max_cached_type_adapters=0)
        self._type_adapter = _one_at_a_time  # type: ignore[assignment]  # all that is asked of it is to be called


def _one_at_a_time(type_hint: Any) -> TypeAdapter[Any]:
    with _turn:
        return _adapter(type_hint)


_JSON = _Json()


class SharedPayloadConverter(CompositePayloadConverter):
    """The SDK's Pydantic converter, of which every run has the same one (ADR 0009)."""

    def __init__(self) -> None:
        super().__init__(
            *(
                _JSON if isinstance(each, JSONPlainPayloadConverter) else each
                for each in DefaultPayloadConverter.default_encoding_payload_converters
            )
        )


data_converter = replace(pydantic_data_converter, payload_converter_class=SharedPayloadConverter)
"""What every client, worker and replayer takes."""
