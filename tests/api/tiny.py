"""The smallest workflow that can answer in every way ours can, and some that ours never should."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

QUEUE = "tiny"
NOBODY = "a queue without a worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command: expect `version`, or misbehave as `how` says."""

    version: int = 0
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    version: int


@workflow.defn(name="Tiny")
class Tiny:
    @workflow.init
    def __init__(self, not_yet: int) -> None:
        self._version = 0
        self._not_yet = not_yet
        self._ended = False

    @workflow.run
    async def run(self, _: int) -> int:
        await workflow.wait_condition(lambda: self._ended)
        return self._version

    @workflow.update
    async def step(self, command: Step) -> Answer:
        match command.how:
            case "transient" if self._not_yet > 0:
                self._not_yet -= 1
                raise ApplicationError("not now", type="Transient", non_retryable=True)
            case "unforeseen":
                raise ApplicationError("KeyError: 'a secret'", type="Internal", non_retryable=True)
            case "slow":
                await workflow.sleep(timedelta(seconds=1))
            case "end":
                self._ended = True
            case "end half way":
                self._ended = True
                await asyncio.Event().wait()
        self._version += 1
        return Answer(version=self._version)

    @step.validator
    def _may_step(self, command: Step) -> None:
        if command.how == "" and command.version != self._version:
            snapshot = {"version": self._version}
            raise ApplicationError(
                f"this is version {self._version}", snapshot, type="VersionMismatch", non_retryable=True
            )
        if command.how == "stranger":
            raise ApplicationError("not yours", type="NotAParty", non_retryable=True)

    @workflow.query
    def version(self) -> Answer:
        return Answer(version=self._version)
