"""How urgent a waiting comment is. One number that never changes while it waits, so that an index can sort by it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

UNKNOWN = 0.5  # without scores nobody can say that it is harmless
OFF_TOPIC_WEIGHT = 0.4  # a nuisance, where the others are harm
HEAD_START = timedelta(hours=8)  # the riskiest comment counts as if it had waited this much longer
AUDIT_DELAY = timedelta(days=2)  # nobody waits for an audit


def risk(scores: Mapping[str, float]) -> float:
    """The worst that the model thinks of it, 0 to 1."""
    return max((score * (OFF_TOPIC_WEIGHT if name == "off_topic" else 1) for name, score in scores.items()), default=UNKNOWN)


def urgent_at(waiting_since: datetime, risk: float, *, audit: bool) -> datetime:
    """The earlier, the more urgent: age and risk in one."""
    return waiting_since - risk * HEAD_START + (AUDIT_DELAY if audit else timedelta())
