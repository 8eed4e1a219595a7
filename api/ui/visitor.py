"""Somebody who is signed in and looks at pages."""

from dataclasses import dataclass, field

from fulfillment.domain.people import Actor, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who it is, and as what: `role` is one of `roles`. `timezone` is the IANA name of their clock.

    `csrf` is what their forms have to bring along; `session` names their session in the database.
    """

    id: str
    name: str
    role: Role
    roles: frozenset[Role]
    timezone: str
    csrf: str = field(repr=False)
    session: str = field(repr=False)

    @property
    def actor(self) -> Actor:
        """Return them as routes and rules know them."""
        return Actor(id=self.id, role=self.role)

    @property
    def others(self) -> tuple[Role, ...]:
        """The roles they could act in instead."""
        return tuple(sorted(self.roles - {self.role}))
