"""Stands in for the activities and remembers what it was asked."""

import asyncio
from collections.abc import Callable
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.aftercare import Ground
from activities.clocks import ClocksWanted
from activities.holds import Reservation, Settled
from activities.ledger import AssignmentBatch, JobBatch
from activities.notices import Delivery
from activities.vouchers import VoucherClaim
from fulfillment.domain.assignment.entries import Entry
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.clocks import Clocks
from fulfillment.domain.job.entries import JobEntry
from fulfillment.domain.policy import Policy
from fulfillment.domain.steps import Refusal
from fulfillment.gateways.matching import Search
from fulfillment.gateways.payments import ApprovedPayout, Settlement


class Witness:
    """Every switch has a harmless default; a test turns the one it is about.

    Like the ledger it is deaf to echoes: a batch may come twice, its entries count once.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.job_entries: list[JobEntry] = []
        self.refusals: list[Refusal] = []
        self.reservations: list[Reservation] = []
        self.settled: list[Settled] = []
        self.deliveries: list[str] = []
        self.payments: list[ApprovedPayout] = []
        self.claims: list[VoucherClaim] = []
        self.clocks = Clocks()
        self.clocks_read: list[ClocksWanted] = []
        self.candidates: tuple[str, ...] = ()
        self.matcher_is_broken = False
        self.provider_is_busy = False
        self.database_is_up = asyncio.Event()
        self.database_is_up.set()
        self.holds_answer = asyncio.Event()
        self.holds_answer.set()
        self.voucher_opens = True
        self.policy = Policy()

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [
            self.project_assignment,
            self.project_job,
            self.reserve_hold,
            self.settle_hold,
            self.find_candidates,
            self.verify_voucher,
            self.read_clocks,
            self.read_ended,
            self.read_ground,
        ]

    def steps(self, assignment_id: str) -> list[str]:
        return [each.step.command for each in self.entries if each.standing.assignment.id == assignment_id]

    def reminders(self, assignment_id: str) -> list[str]:
        return [
            f"{reminder.kind} {reminder.to} {reminder.basis} {reminder.n} {reminder.verdict}"
            for each in self.entries
            if each.standing.assignment.id == assignment_id
            for reminder in each.reminders
        ]

    @activity.defn(name="project_assignment")
    async def project_assignment(self, batch: AssignmentBatch) -> None:
        self._expect_database()
        known = {(each.standing.assignment.id, each.step.number) for each in self.entries}
        self.entries.extend(
            each for each in batch.entries if (batch.assignment_id, each.step.number) not in known
        )
        self.refusals.extend(batch.refusals)

    @activity.defn(name="project_job")
    async def project_job(self, batch: JobBatch) -> None:
        self._expect_database()
        self.job_entries.extend(batch.entries)
        self.refusals.extend(batch.refusals)

    @activity.defn(name="reserve_hold")
    async def reserve_hold(self, reservation: Reservation) -> None:
        self._expect_database()
        self.reservations.append(reservation)
        await self.holds_answer.wait()
        if self.provider_is_busy:
            raise ApplicationError("busy", type="ProviderBusy", non_retryable=True)

    @activity.defn(name="settle_hold")
    async def settle_hold(self, settled: Settled) -> None:
        self._expect_database()
        self.settled.append(settled)

    @activity.defn(name="find_candidates")
    async def find_candidates(self, search: Search) -> tuple[str, ...]:
        if self.matcher_is_broken:
            raise ApplicationError("broken", non_retryable=True)
        return tuple(id for id in self.candidates if id not in search.excluded)[: search.limit]

    @activity.defn(name="verify_voucher")
    async def verify_voucher(self, claim: VoucherClaim) -> bool:
        self.claims.append(claim)
        return self.voucher_opens

    @activity.defn(name="read_clocks")
    async def read_clocks(self, wanted: ClocksWanted) -> Clocks:
        self._expect_database()
        self.clocks_read.append(wanted)
        return self.clocks

    @activity.defn(name="read_ended")
    async def read_ended(self, assignment_id: str) -> Assignment:
        ours = [
            each.standing.assignment for each in self.entries if each.standing.assignment.id == assignment_id
        ]
        if not ours or not ours[-1].is_closed:
            raise ApplicationError("it has not ended yet")
        return ours[-1]

    @activity.defn(name="read_ground")
    async def read_ground(self, assignment_id: str) -> Ground:
        return Ground(assignment=await self.read_ended(assignment_id), policy=self.policy)

    @activity.defn(name="settle_payout")
    async def settle_payout(self, approved: ApprovedPayout) -> Settlement:
        self.payments.append(approved)
        return Settlement(status=PayoutStatus.SETTLED_MANUAL, reference=approved.reference)

    @activity.defn(name="deliver")
    async def deliver(self, delivery: Delivery) -> int:
        self.deliveries.append(delivery.about)
        return 1

    def _expect_database(self) -> None:
        if not self.database_is_up.is_set():
            raise ConnectionError("the database is away")
