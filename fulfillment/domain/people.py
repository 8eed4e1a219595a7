"""Who acts, and in whose name."""

from dataclasses import dataclass
from enum import StrEnum

from fulfillment.domain.errors import RoleForbidden


class Role(StrEnum):
    """What a person, or the clock, may do."""

    CUSTOMER = "customer"
    PROVIDER = "provider"
    OPS = "ops"
    ADMIN = "admin"
    SYSTEM = "system"


STAFF = frozenset({Role.OPS, Role.ADMIN})


class Party(StrEnum):
    """A side of an assignment, as it proposes windows and owes answers."""

    CUSTOMER = "customer"
    PROVIDER = "provider"
    ADMIN = "admin"

    @property
    def other(self) -> "Party":
        """The side across the table; an admin sits across from the customer."""
        return Party.PROVIDER if self is Party.CUSTOMER else Party.CUSTOMER


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks. `id` is opaque; `on_behalf_of` is set when staff act in a party's name."""

    id: str
    role: Role
    on_behalf_of: Party | None = None

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF

    def expect(self, *allowed: Role) -> None:
        """Refuse any role but the `allowed` ones.

        Raises:
            RoleForbidden: the actor's role is another.
        """
        if self.role not in allowed:
            raise RoleForbidden(f"a {self.role} may not do this; it takes {' or '.join(sorted(allowed))}")


SYSTEM = Actor(id="system", role=Role.SYSTEM)
