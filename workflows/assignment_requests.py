"""What people may ask of an assignment: one update each, judged before it enters the history."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from fulfillment.domain.assignment.commands import (
        AnswerIncident,
        ApprovePayout,
        AssignmentCommand,
        CancelAssignment,
        CheckIn,
        CompleteAssignment,
        ConfirmWindow,
        DeclineWindow,
        DenyPayout,
        DoubtCard,
        ExtendDeadline,
        HoldAssignment,
        OpenDispute,
        ProposeWindow,
        Reauthorise,
        RejectAssignment,
        ReportNoShow,
        ResolveDispute,
        ResolveIncident,
        ResubmitPayout,
        ResumeAssignment,
        RetryCapture,
        SkipDeadline,
        WithdrawWindow,
    )
    from fulfillment.domain.assignment.entries import Entry

from workflows.guard import guarded
from workflows.reports import Answer
from workflows.story import Story

SIGNALS: dict[str, type[AssignmentCommand]] = {
    "propose_schedule": ProposeWindow,
    "confirm_schedule": ConfirmWindow,
    "decline_schedule": DeclineWindow,
    "withdraw_schedule": WithdrawWindow,
    "reject_assignment": RejectAssignment,
    "cancel_assignment": CancelAssignment,
    "check_in": CheckIn,
    "complete_assignment": CompleteAssignment,
    "report_no_show": ReportNoShow,
    "answer_incident": AnswerIncident,
    "resolve_incident": ResolveIncident,
    "approve_payout": ApprovePayout,
    "deny_payout": DenyPayout,
    "resubmit_payout": ResubmitPayout,
    "open_dispute": OpenDispute,
    "resolve_dispute": ResolveDispute,
    "retry_capture": RetryCapture,
    "reauthorise": Reauthorise,
    "doubt_card": DoubtCard,
    "hold": HoldAssignment,
    "resume": ResumeAssignment,
    "skip_deadline": SkipDeadline,
    "extend_deadline": ExtendDeadline,
}
"""What operations may type in as a signal, by the names of the updates."""


class AssignmentRequests(Story[AssignmentCommand, Entry, Answer]):
    """The part of an assignment's story that people write."""

    @workflow.update(name="propose_schedule")
    @guarded
    async def propose(self, command: ProposeWindow) -> Answer:
        return await self._carry_out(command)

    @propose.validator
    def _may_propose(self, command: ProposeWindow) -> None:
        self._check(command)

    @workflow.update(name="confirm_schedule")
    @guarded
    async def confirm(self, command: ConfirmWindow) -> Answer:
        return await self._carry_out(command)

    @confirm.validator
    def _may_confirm(self, command: ConfirmWindow) -> None:
        self._check(command)

    @workflow.update(name="decline_schedule")
    @guarded
    async def decline(self, command: DeclineWindow) -> Answer:
        return await self._carry_out(command)

    @decline.validator
    def _may_decline(self, command: DeclineWindow) -> None:
        self._check(command)

    @workflow.update(name="withdraw_schedule")
    @guarded
    async def withdraw(self, command: WithdrawWindow) -> Answer:
        return await self._carry_out(command)

    @withdraw.validator
    def _may_withdraw(self, command: WithdrawWindow) -> None:
        self._check(command)

    @workflow.update(name="reject_assignment")
    @guarded
    async def reject(self, command: RejectAssignment) -> Answer:
        return await self._carry_out(command)

    @reject.validator
    def _may_reject(self, command: RejectAssignment) -> None:
        self._check(command)

    @workflow.update(name="cancel_assignment")
    @guarded
    async def cancel(self, command: CancelAssignment) -> Answer:
        return await self._carry_out(command)

    @cancel.validator
    def _may_cancel(self, command: CancelAssignment) -> None:
        self._check(command)

    @workflow.update(name="check_in")
    @guarded
    async def check_in(self, command: CheckIn) -> Answer:
        return await self._carry_out(command)

    @check_in.validator
    def _may_check_in(self, command: CheckIn) -> None:
        self._check(command)

    @workflow.update(name="complete_assignment")
    @guarded
    async def complete(self, command: CompleteAssignment) -> Answer:
        return await self._carry_out(command)

    @complete.validator
    def _may_complete(self, command: CompleteAssignment) -> None:
        self._check(command)

    @workflow.update(name="report_no_show")
    @guarded
    async def report_no_show(self, command: ReportNoShow) -> Answer:
        return await self._carry_out(command)

    @report_no_show.validator
    def _may_report(self, command: ReportNoShow) -> None:
        self._check(command)

    @workflow.update(name="answer_incident")
    @guarded
    async def answer_incident(self, command: AnswerIncident) -> Answer:
        return await self._carry_out(command)

    @answer_incident.validator
    def _may_answer(self, command: AnswerIncident) -> None:
        self._check(command)

    @workflow.update(name="resolve_incident")
    @guarded
    async def resolve_incident(self, command: ResolveIncident) -> Answer:
        return await self._carry_out(command)

    @resolve_incident.validator
    def _may_resolve(self, command: ResolveIncident) -> None:
        self._check(command)

    @workflow.update(name="approve_payout")
    @guarded
    async def approve(self, command: ApprovePayout) -> Answer:
        return await self._carry_out(command)

    @approve.validator
    def _may_approve(self, command: ApprovePayout) -> None:
        self._check(command)

    @workflow.update(name="deny_payout")
    @guarded
    async def deny(self, command: DenyPayout) -> Answer:
        return await self._carry_out(command)

    @deny.validator
    def _may_deny(self, command: DenyPayout) -> None:
        self._check(command)

    @workflow.update(name="resubmit_payout")
    @guarded
    async def resubmit(self, command: ResubmitPayout) -> Answer:
        return await self._carry_out(command)

    @resubmit.validator
    def _may_resubmit(self, command: ResubmitPayout) -> None:
        self._check(command)

    @workflow.update(name="open_dispute")
    @guarded
    async def open_dispute(self, command: OpenDispute) -> Answer:
        return await self._carry_out(command)

    @open_dispute.validator
    def _may_dispute(self, command: OpenDispute) -> None:
        self._check(command)

    @workflow.update(name="resolve_dispute")
    @guarded
    async def resolve_dispute(self, command: ResolveDispute) -> Answer:
        return await self._carry_out(command)

    @resolve_dispute.validator
    def _may_resolve_dispute(self, command: ResolveDispute) -> None:
        self._check(command)

    @workflow.update(name="retry_capture")
    @guarded
    async def retry_capture(self, command: RetryCapture) -> Answer:
        return await self._carry_out(command)

    @retry_capture.validator
    def _may_retry(self, command: RetryCapture) -> None:
        self._check(command)

    @workflow.update(name="reauthorise")
    @guarded
    async def reauthorise(self, command: Reauthorise) -> Answer:
        return await self._carry_out(command)

    @reauthorise.validator
    def _may_reauthorise(self, command: Reauthorise) -> None:
        self._check(command)

    @workflow.update(name="hold")
    @guarded
    async def hold(self, command: HoldAssignment) -> Answer:
        return await self._carry_out(command)

    @hold.validator
    def _may_hold(self, command: HoldAssignment) -> None:
        self._check(command)

    @workflow.update(name="resume")
    @guarded
    async def resume(self, command: ResumeAssignment) -> Answer:
        return await self._carry_out(command)

    @resume.validator
    def _may_resume(self, command: ResumeAssignment) -> None:
        self._check(command)

    @workflow.update(name="skip_deadline")
    @guarded
    async def skip_deadline(self, command: SkipDeadline) -> Answer:
        return await self._carry_out(command)

    @skip_deadline.validator
    def _may_skip(self, command: SkipDeadline) -> None:
        self._check(command)

    @workflow.update(name="extend_deadline")
    @guarded
    async def extend_deadline(self, command: ExtendDeadline) -> Answer:
        return await self._carry_out(command)

    @extend_deadline.validator
    def _may_extend(self, command: ExtendDeadline) -> None:
        self._check(command)
