"""How people come in: through an OIDC provider, or in dev by saying who they are."""

from dataclasses import dataclass

from api.issuers import DevIssuer


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """With `picker`, which is there in dev alone, one picks who one is. With none at all, nobody comes in."""

    picker: DevIssuer | None = None


CLOSED = Entrance()
