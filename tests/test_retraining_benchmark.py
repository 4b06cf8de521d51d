"""That the replayed log of moderators tells the models no more than a service would have known."""

from datetime import timedelta
from pathlib import Path

import pytest
from newsroom import Newsroom

from benchmarks.retraining import as_if, replay

MINUTE = 60
ROWS = [
    {"time": 1_568_120_959 + 20 * MINUTE * number, "text": f"A remark {number}.", "verdict": verdict, "thread": "t1", "note": ""}
    for number, verdict in enumerate(["reject", "approve", "reject", "reject", "approve"])
]


@pytest.mark.parametrize(
    ("waited", "known"),
    [(timedelta(0), [(0, 0), (1, 1), (2, 1), (3, 2), (4, 3)]), (timedelta(minutes=50), [(0, 0), (0, 0), (0, 0), (1, 1), (2, 1)])],
)
def test_a_comment_of_the_log_knows_what_was_judged_before_it_came(
    database_url: str, tmp_path: Path, waited: timedelta, known: list[tuple[int, int]]
) -> None:
    newsroom = Newsroom(database_url, tmp_path)
    keys = replay(newsroom.parts, ROWS)
    records = [one.input.record for one in as_if(newsroom.parts, ROWS, keys, waited).verdicts]
    newsroom.parts.engine.dispose()

    assert [(record.judged, record.rejected) for record in records if record] == known
    assert [round(record.hours * 3) for record in records if record] == [0, 1, 2, 3, 4]
