"""What came of all searches and shares, as figures and in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low

from workshop.experiment.searches import Search

ERROR = 400
"""The lowest status that is an error."""


@dataclass(frozen=True)
class Summary:
    """`half_within_ms` is None if less than half of the searches got a good response, and `slowest_ms` if
    none did. `errors` and `failed_shares` count by status, or by the name of what went wrong.
    """

    searches: int
    half_within_ms: int | None
    slowest_ms: int | None
    without_response: int
    errors: Mapping[int, int]
    shares: int
    failed_shares: Mapping[int | str, int]

    def in_words(self) -> str:
        """Return a line about the shares, if there were any, and one about the searches."""
        if self.slowest_ms is None:
            found = ["none got a response"]
        elif self.half_within_ms is None:
            found = ["less than half got a response", f"the slowest after {self.slowest_ms:,} ms"]
        else:
            found = [f"half within {self.half_within_ms:,} ms", f"the slowest {self.slowest_ms:,} ms"]
        found += [f"{number} with status {status}" for status, number in self.errors.items()]
        words = (
            f"{self.searches} searches: {', '.join([*found, f'{self.without_response} without a response'])}"
        )
        return f"{self._shares_in_words()}\n{words}" if self.shares else words

    def _shares_in_words(self) -> str:
        if not self.failed_shares:
            return f"{self.shares} shares, all mailed"
        failed = ", ".join(f"{number} failed with {why}" for why, number in self.failed_shares.items())
        return f"{self.shares} shares: {self.shares - sum(self.failed_shares.values())} mailed, {failed}"


def summarise(searches: Sequence[Search], shares: Counter[int | str]) -> Summary:
    """Return the summary of searches that have all ended, and of shares by their outcome."""
    times = sorted(each.age() for each in searches if each.status is not None and each.status < ERROR)
    endless = [float("inf")] * (len(searches) - len(times))
    half = median_low([*times, *endless]) if searches else float("inf")
    return Summary(
        searches=len(searches),
        half_within_ms=round(half * 1000) if half in times else None,
        slowest_ms=round(times[-1] * 1000) if times else None,
        without_response=sum(each.status is None for each in searches),
        # No Counter: `asdict` takes one for a list of what it should count.
        errors=dict(
            Counter(each.status for each in searches if each.status is not None and each.status >= ERROR)
        ),
        shares=shares.total(),
        failed_shares={why: n for why, n in shares.items() if not isinstance(why, int) or why >= ERROR},
    )
