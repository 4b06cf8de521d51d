"""What the server does before it serves."""

from pathlib import Path

import pytest


def test_figures_of_an_earlier_run_go_and_a_database_beside_them_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    from service import server

    for name in ("counter_12.db", "histogram_12.db", "gauge_livesum_12.db", "comments.db"):
        (tmp_path / name).touch()

    server.on_starting(None)

    assert [path.name for path in tmp_path.iterdir()] == ["comments.db"]
