"""How often, and after what waits, an event is tried."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tries:
    """One more try than there are `waits`, in seconds between them; what fails then is set aside."""

    waits: tuple[float, ...] = (0.2, 1.0, 3.0, 10.0)

    def wait_after(self, tries: int) -> float | None:
        """Seconds to wait when so many have failed, from 1; None when that is enough."""
        return self.waits[tries - 1] if tries <= len(self.waits) else None
