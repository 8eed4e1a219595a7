"""What crosses the engine is read by one set of adapters, however many runs there are."""

import pytest
from temporalio.contrib.pydantic import PydanticPayloadConverter

import workflows.payloads
from fulfillment.domain.policy import Policy
from tests.workflows.running import fresh_assignment
from workflows.assignment import Opened
from workflows.payloads import SharedPayloadConverter

OPENED = Opened(assignment=fresh_assignment(), policy=Policy())


def test_a_second_run_reads_with_what_the_first_has_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    payloads = SharedPayloadConverter().to_payloads([OPENED])
    first = SharedPayloadConverter().from_payloads(payloads, [Opened])

    monkeypatch.setattr(workflows.payloads, "TypeAdapter", None)
    second = SharedPayloadConverter().from_payloads(payloads, [Opened])

    assert first == second == [OPENED]


def test_the_wire_is_that_of_the_library() -> None:
    theirs, ours = PydanticPayloadConverter(), SharedPayloadConverter()

    assert ours.to_payloads([OPENED, None, b"raw"]) == theirs.to_payloads([OPENED, None, b"raw"])
    assert ours.from_payloads(theirs.to_payloads([OPENED]), [Opened]) == [OPENED]


def test_what_has_no_hash_is_read_all_the_same() -> None:
    payloads = SharedPayloadConverter().to_payloads([{"a": 1}])

    assert SharedPayloadConverter().from_payloads(payloads) == [{"a": 1}]
