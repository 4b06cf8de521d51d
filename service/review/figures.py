"""What the overview says: shares with their intervals, out of the counts by day."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import sqrt

from service.storage.overview import Count

_Z = 1.959964  # of 95 %


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with their 95 % interval."""

    name: str
    part: int
    whole: int

    @property
    def value(self) -> float | None:
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.part / self.whole, self.whole) if self.whole else (0.0, 1.0)


def wilson(share: float, whole: int) -> tuple[float, float]:
    """The 95 % interval of a share of so many, which stays honest for few and for all."""
    squared = _Z**2
    middle = (share + squared / (2 * whole)) / (1 + squared / whole)
    reach = _Z / (1 + squared / whole) * sqrt(share * (1 - share) / whole + squared / (4 * whole**2))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def by_day(counts: Iterable[Count]) -> dict[date, Counter[str]]:
    """How many comments were approved, held and rejected on each day."""
    found: dict[date, Counter[str]] = {}
    for row in counts:
        if row.measure == "decided":
            found.setdefault(row.day, Counter())[row.outcome] += row.number
    return found


def automatic(counts: Iterable[Count]) -> Share:
    """What was decided without a person."""
    tally = _tally(counts, "decided")
    return Share("automatic", sum(n for (_, outcome), n in tally.items() if outcome != "hold"), sum(tally.values()))


def precision(counts: Iterable[Count], decision: str) -> Share:
    """How often a moderator agreed with an automatic decision, out of those that chance chose."""
    tally = Counter({outcome: n for (key, outcome), n in _tally(counts, "audit").items() if key == decision})
    return Share(decision, tally[decision], sum(tally.values()))


def overturned(counts: Iterable[Count]) -> list[Share]:
    """By reason, how often a moderator approved all the same; the most frequent reasons first."""
    return sorted(_shares(counts, "reason", "approve"), key=lambda share: (-share.whole, share.name))


def agreement(counts: Iterable[Count]) -> Share:
    """Of the verdicts that a second moderator looked at, those that stood."""
    tally = _tally(counts, "second")
    return Share("agreement", sum(n for (_, outcome), n in tally.items() if outcome == "agreed"), sum(tally.values()))


def moderators(counts: Iterable[Count]) -> list[tuple[Share, Share]]:
    """For each moderator: rejections of all verdicts, and verdicts that stood of those looked at again."""
    counts = list(counts)
    second = {share.name: share for share in _shares(counts, "second", "agreed")}
    given = sorted(_shares(counts, "verdict", "reject"), key=lambda share: -share.whole)
    return [(share, second.get(share.name, Share(share.name, 0, 0))) for share in given]


def _tally(counts: Iterable[Count], measure: str) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for row in counts:
        if row.measure == measure:
            found[row.key, row.outcome] += row.number
    return found


def _shares(counts: Iterable[Count], measure: str, outcome: str) -> list[Share]:
    tally = _tally(counts, measure)
    keys = dict.fromkeys(key for key, _ in tally)
    return [Share(key, tally[key, outcome], sum(n for (k, _), n in tally.items() if k == key)) for key in keys]
