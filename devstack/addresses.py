"""Where the parts of a running stack answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """What a client of the stack needs to know. `database_url` carries the password."""

    api: str
    worker: str
    temporal: str
    temporal_ui: str | None
    database_url: str
    data_dir: str

    def lines(self) -> tuple[str, ...]:
        """Return the addresses for a person, one a line."""
        named = {
            "Pages": f"{self.api}/ui/",
            "API": self.api,
            "API reference": f"{self.api}/docs",
            "Mails": f"{self.api}/dev/emails",
            "Temporal": self.temporal,
            "Temporal UI": self.temporal_ui or "(set TEMPORAL_UI_URL to have links to it)",
            "Worker": f"{self.worker}/metrics",
            "Logs": f"{self.data_dir}/log",
        }
        return tuple(f"  {name:<15}{address}" for name, address in named.items())
