"""Who we are to the people we write to: our name, our addresses, and what we put into their calendars."""

from dataclasses import dataclass

from fulfillment.domain.people import Role
from fulfillment.gateways.mail import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """`pages` is the web address under which people act, `api` that of the API, without a slash at the end.

    `calendar_domain` names our calendar entries for good: with another one, every visit would be a second
    event in everybody's calendar.
    """

    brand: str
    sender: Address
    pages: str
    api: str
    calendar_domain: str
    with_files: bool = True
    with_google_links: bool = True
    with_outlook_links: bool = True
    ops: tuple[Address, ...] = ()
    admins: tuple[Address, ...] = ()

    def staff(self, role: Role) -> tuple[Address, ...]:
        """Return where mail to all of that role goes; empty where the directory says."""
        return {Role.OPS: self.ops, Role.ADMIN: self.admins}.get(role, ())

    def page(self, role: Role, *, job: str, assignment: str | None, version: int | None = None) -> str:
        """Return where a person of that role sees it. The version says what they were shown (trap X1)."""
        if role is Role.ADMIN and assignment:
            return f"{self.pages}/ui/admin/payouts/{assignment}"
        if role in {Role.OPS, Role.ADMIN}:
            return f"{self.pages}/ui/admin/" + (f"assignments/{assignment}" if assignment else f"jobs/{job}")
        seen = f"?version={version}" if version is not None else ""
        if role is Role.PROVIDER:
            return f"{self.pages}/ui/work" + (f"/{assignment}{seen}" if assignment else "")
        return f"{self.pages}/ui/jobs/{job}{seen}"

    def file(self, assignment: str) -> str:
        """Return where a party finds its own calendar file."""
        return f"{self.api}/assignments/{assignment}/calendar.ics"
