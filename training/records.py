"""What a live service would have known of an article when a comment arrived under it, from when each verdict was given."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from service.domain import ArticleRecord, Outcome
from service.storage.records import HOUR, MOST


class Records:
    """`judged`: the verdicts in force in time order, each with its comment, article, outcome and time; `began`: the first comment's time
    by article."""

    def __init__(self, judged: Sequence[Any], began: dict[int, datetime]) -> None:
        self._judged: dict[int, list[Any]] = defaultdict(list)
        for row in judged:
            self._judged[row.article].append(row)
        self._began = began

    def at(self, article: int | None, when: datetime, comment: int) -> ArticleRecord | None:
        """As `service.storage.records.find` would have found it at that moment; of verdicts that were changed since, only the last."""
        if article is None:
            return None
        said = self._judged[article]
        until = bisect_left(said, when, key=lambda row: row.at)
        newest = [row for row in said[max(until - MOST - 1, 0) : until] if row.comment != comment][-MOST:]
        rejected = sum(row.outcome == Outcome.REJECT for row in newest)
        hours = max((when - self._began[article]) / HOUR, 0.0)
        return ArticleRecord(judged=len(newest), rejected=rejected, hours=hours)
