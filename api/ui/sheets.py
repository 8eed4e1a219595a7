"""The forms of a page that has many: fresh, but for the one that was sent and refused.

A template asks for each by its name, `sheet.draft("cancel")`, and draws it. What was refused and cannot be
drawn any more, as it is not possible now, is a stray: its faults stand on top.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from api.problems import snapshot_of
from api.ui.forms import Draft, Form
from api.ui.refusals import Refusal, faults_of
from fulfillment.domain.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """`meanwhile` says that something has changed since the page was drawn."""

    refused: Draft | None = None
    meanwhile: bool = False

    def draft(self, id: str, **values: object) -> Draft:
        """Return the form called `id`, filled in with `values` if nobody has sent it."""
        if self.refused and self.refused.id == id:
            return self.refused
        return Draft.fresh(id, **values)

    def stray(self, drawn: Collection[str]) -> Draft | None:
        """Return the form that was refused if it is none of those `drawn`; its faults name no fields then."""
        if self.refused is None or self.refused.id in drawn:
            return None
        return replace(self.refused, faults=tuple(replace(each, name="") for each in self.refused.faults))


UNTOUCHED = Sheet()


def refused(refusal: Refusal, form: Form, id: str, *, policy: Policy, fields: Collection[str] = ()) -> Sheet:
    """Return what the page is drawn with again; the form called `id` was refused.

    Raises:
        ApiError, DomainError: filling it in otherwise would not help.
    """
    faults = faults_of(refusal, fields=fields, policy=policy)
    return Sheet(refused=form.draft(id, faults), meanwhile=snapshot_of(refusal) is not None)
