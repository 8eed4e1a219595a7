"""How people come in: through an OIDC provider, or in dev by saying who they are."""

from dataclasses import dataclass

from api.issuers import DevIssuer
from api.ui.oidc import Oidc


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """With `provider` people sign in there, with `picker`, in dev alone, they pick who they are.

    With neither, nobody comes in.
    """

    picker: DevIssuer | None = None
    provider: Oidc | None = None


CLOSED = Entrance()
