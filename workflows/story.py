"""What every story shares: one command at a time and remembered, books kept, messages passed on, one alarm.

A story decides, answers, and lets the ledger catch up (docs/decisions/0004): a command is judged and
applied in one step without an await in between, answered from the run's own state, and written to
Postgres by a loop beside it. So the database may be away and nobody waits.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.cause import Cause
    from activities.notices import Delivery, Notices
    from fulfillment.domain.command import Command
    from fulfillment.domain.errors import DomainError
    from fulfillment.domain.steps import Refusal

from workflows.books import Books
from workflows.causing import carry_out, caused_by
from workflows.guard import refused
from workflows.hearing import refusal_of, told
from workflows.memory import Memory, Remembered
from workflows.names import NOTIFICATIONS_QUEUE
from workflows.retries import PATIENTLY

C = TypeVar("C", bound=Command)
E = TypeVar("E")
A = TypeVar("A")

COMMANDS_PER_RUN = 200
"""Replay is what recovery costs, so a run stays short."""
ENTRIES_PER_BATCH = 50
STUCK = timedelta(minutes=1)
SIGN_OF_LIFE = timedelta(seconds=20)
"""A sender that says nothing for this long has died; one that waits for a slow server says so."""
MAIL_PATIENCE = timedelta(hours=1)
"""After that the row stays in the outbox, and the sweep finds it there."""


class Story(ABC, Generic[C, E, A]):
    """Commands `C` become entries `E` and are answered with `A`."""

    def __init__(
        self,
        *,
        entries: tuple[E, ...] = (),
        refusals: tuple[Refusal, ...] = (),
        remembered: tuple[Remembered, ...] = (),
        untold: bool = False,
    ) -> None:
        self._books = Books(entries, refusals)
        self._memory = Memory(remembered)
        self._untold = untold
        self._telling = False
        self._turn = asyncio.Lock()
        self._carried_out = 0
        self._soonest: datetime | None = None
        self.cause: Cause | None = None
        """What was carried out last; what goes on beside the story goes back to it (`causing.py`)."""

    # What each story says for itself.

    @property
    @abstractmethod
    def _id(self) -> str:
        """What the story is about."""

    @property
    @abstractmethod
    def _is_over(self) -> bool:
        """Nothing more will happen."""

    @abstractmethod
    def _decide(self, command: C) -> Sequence[Any]:
        """Return the events that `command` causes now, or raise the refusal."""

    @abstractmethod
    def _enter(self, command: C, events: Sequence[Any]) -> None:
        """Make the events true and note the entry they leave."""

    @abstractmethod
    def _answer(self, command: C, *, number: int | None = None) -> A:
        """Return what the caller is told: how things stand, and by which step."""

    @abstractmethod
    def _snapshot(self) -> object:
        """Return what a refused caller is shown."""

    @abstractmethod
    def _number(self) -> int:
        """Return the number of the last accepted step."""

    @abstractmethod
    def _due(self) -> list[C]:
        """Return the deadlines that have come, as commands of the clock."""

    @abstractmethod
    async def _write(self, entries: tuple[E, ...], refusals: tuple[Refusal, ...]) -> bool:
        """Have the ledger write these; return whether somebody is to be told."""

    @property
    def _knows_enough_to_write(self) -> bool:
        """Nothing that the rows are to say is still being looked up."""
        return True

    # How a request becomes a fact.

    def _check(self, command: C) -> None:
        """Refuse, before anything is written to history, what would be refused anyway."""
        try:
            if not self._memory.recall(command):
                self._decide(command)
        except DomainError as refusal:
            raise refused(refusal, snapshot=self._snapshot()) from refusal

    async def _carry_out(self, command: C) -> A:
        """Judge and apply `command`, once per command id; return how things stand then."""
        if not command.command_id:
            command = replace(command, command_id=str(workflow.uuid4()))
        try:
            async with self._turn:
                return await self._take_turn(command)
        except DomainError as refusal:
            raise refused(refusal, snapshot=self._snapshot()) from refusal

    async def _take_turn(self, command: C) -> A:
        carry_out(command)
        if known := self._memory.recall(command):
            return self._answer(command, number=known.number)
        ready = await self._prepare(command)
        # From here to the end of `_settle` nothing awaits: what was judged is what is applied.
        self._settle(ready, self._decide(ready))
        return self._answer(command)

    async def _prepare(self, command: C) -> C:
        """Look across other assignments where `command` needs it; the state is judged afterwards."""
        return command

    def _settle(self, command: C, events: Sequence[Any]) -> None:
        # What the clock adds at once, after a request, is written down together with it.
        if command.request_id or self._books.are_written:
            self.cause = caused_by(command)
        if events:
            self._enter(command, events)
        self._memory.remember(command, number=self._number())
        self._carried_out += 1

    # What operations type in by hand.

    async def _heard(self, name: str, args: Sequence[RawValue], kinds: dict[str, type[C]]) -> None:
        """Carry out a signal; whatever is wrong with it is noted for the audit and never raised (E1, E3)."""
        command_id = str(workflow.uuid4())
        try:
            command = told(name, args, kinds, command_id=command_id)
            async with self._turn:
                await self._take_turn(command)
        except Exception as error:  # noqa: BLE001 - an exception in a signal handler would stop the whole run
            if not isinstance(error, DomainError | ApplicationError):
                workflow.logger.exception("signal.failed", extra={"signal": name})
            self._books.note_refusal(refusal_of(name, args, error, command_id=command_id))

    # How time passes.

    async def _wait_for_the_clock(self) -> None:
        """Sleep until the soonest deadline or the end, then do what has come due.

        The timer is re-armed lazily: one that rings too early costs less than taking it back.
        """
        armed = self._soonest
        if armed is None or armed > workflow.now():
            await self._sleep(until=armed)
        async with self._turn:
            for command in self._due():
                self._settle(command, self._decide(command))

    async def _sleep(self, *, until: datetime | None) -> None:
        def something_sooner() -> bool:
            return (
                self._is_over
                or self._wants_a_fresh_run
                or (self._soonest is not None and (until is None or self._soonest < until))
            )

        patience = until - workflow.now() if until else None
        try:
            await workflow.wait_condition(
                something_sooner, timeout=patience, timeout_summary=self._alarm() if until else None
            )
        except TimeoutError:
            return

    @abstractmethod
    def _alarm(self) -> str:
        """Return what the timer waits for, in words for the Temporal UI."""

    @property
    def _wants_a_fresh_run(self) -> bool:
        return self._carried_out >= COMMANDS_PER_RUN or workflow.info().is_continue_as_new_suggested()

    # What goes on beside the story.

    def _start_helpers(self, *more: Callable[[], Awaitable[None]]) -> None:
        for loop in (self._keep_books, self._pass_on_messages, *more):
            asyncio.create_task(self._for_ever(loop))  # noqa: RUF006 - lives as long as the run

    async def _for_ever(self, step: Callable[[], Awaitable[None]]) -> None:
        """Repeat `step`; when it fails for good, say so in the log and try again in a while."""
        while True:
            try:
                await step()
            except FailureError:
                workflow.logger.exception("helper.stuck", extra={"helper": step.__name__})
                await workflow.sleep(STUCK, summary=f"{step.__name__.strip('_')} is stuck; trying again")

    async def _keep_books(self) -> None:
        """Write what is pending to Postgres, as much as there is in one go."""
        await workflow.wait_condition(lambda: not self._books.are_written and self._knows_enough_to_write)
        entries, refusals = self._books.pending(most=ENTRIES_PER_BATCH)
        somebody_is_to_be_told = await self._write(entries, refusals)
        self._books.written(entries, refusals)
        self._untold = self._untold or somebody_is_to_be_told

    async def _pass_on_messages(self) -> None:
        """Have whatever lies in the outbox sent."""
        await workflow.wait_condition(lambda: self._untold)
        self._untold, self._telling = False, True
        try:
            await workflow.execute_activity_method(
                Notices.deliver,
                Delivery(about=self._id),
                task_queue=NOTIFICATIONS_QUEUE,
                start_to_close_timeout=timedelta(minutes=1),
                heartbeat_timeout=SIGN_OF_LIFE,
                schedule_to_close_timeout=MAIL_PATIENCE,
                retry_policy=PATIENTLY,
                summary="deliver what waits in the outbox",
            )
        finally:
            self._telling = False

    @property
    def _everybody_is_told(self) -> bool:
        return not self._untold and not self._telling
