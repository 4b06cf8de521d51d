"""What the server does before it serves."""

import logging
import os
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from service.__main__ import main


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """gunicorn's settings. What they make of Ctrl-C is not for the tests."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    interrupted = signal.getsignal(signal.SIGINT)
    from service import server

    signal.signal(signal.SIGINT, interrupted)
    return server


def test_figures_of_an_earlier_run_go_and_a_database_beside_them_stays(server: Any, tmp_path: Path) -> None:
    for name in ("counter_12.db", "histogram_12.db", "gauge_livesum_12.db", "comments.db"):
        (tmp_path / name).touch()

    server.when_ready(SimpleNamespace(log=logging.getLogger("gunicorn.error")))

    assert [path.name for path in tmp_path.iterdir()] == ["comments.db"]


def test_who_starts_it_with_a_misspelt_variable_is_told(
    server: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("REDIS_ULR", "redis://:hunter2@redis")
    server.when_ready(SimpleNamespace(log=logging.getLogger("gunicorn.error")))
    assert "REDIS_ULR is set and is not read. REDIS_URL, which may be meant, is not set." in caplog.messages


def test_who_reloads_is_told_that_changed_rules_need_a_restart(server: Any, caplog: pytest.LogCaptureFixture) -> None:
    server.on_reload(SimpleNamespace(log=logging.getLogger("gunicorn.error")))
    assert "restart the service for changed ones" in caplog.text


def test_a_proxys_idle_connection_is_closed_by_the_proxy_and_not_under_its_next_request(server: Any) -> None:
    nginx, caddy = 60, 120  # seconds, by default
    assert server.keepalive > max(nginx, caddy)


def test_a_client_that_stalls_within_its_request_holds_no_thread_for_good(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "STALLED", struct.pack("ll", 0, 1_000))
    monkeypatch.setattr(server.ThreadWorker, "handle", lambda _worker, connection: connection.sock.recv(1))
    stalled, ours = socket.socketpair()
    with stalled, ours, pytest.raises(BlockingIOError):
        server.Worker.__new__(server.Worker).handle(SimpleNamespace(sock=ours))


@pytest.mark.parametrize("imported", ["alembic", "flask"])  # by what begins, and by the server that it becomes
def test_ctrl_c_ends_a_start_without_a_stack_trace(tmp_path: Path, imported: str) -> None:
    (tmp_path / f"{imported}.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGINT)")
    environ = os.environ | {
        "PYTHONPATH": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/comments.db",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
    }
    ended = subprocess.run([sys.executable, "-m", "service"], env=environ, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, "")


def test_who_imports_the_start_goes_on_hearing_ctrl_c() -> None:
    hears = "signal.signal(signal.SIGINT, signal.default_int_handler)"  # which tests in the background do not
    code = f"import signal; {hears}; import service.__main__; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "True\n"


def start(monkeypatch: pytest.MonkeyPatch, *words: str) -> int | str | None:
    """How a start with these words ends that serves nothing."""
    monkeypatch.setattr("sys.argv", ["python -m service", *words])
    monkeypatch.setattr("os.environ", {**os.environ})  # a start sets variables
    monkeypatch.setattr("os.execv", lambda *_: sys.exit("it serves"))
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def test_asked_for_help_it_says_how_it_is_started_and_starts_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start(monkeypatch, "--help") == 0
    assert "usage: python -m service" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["--port=9000", "serve"])
def test_a_word_that_it_does_not_know_starts_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    assert start(monkeypatch, word) == 2
    assert word in capsys.readouterr().err


def test_a_folder_for_the_figures_that_cannot_be_made_stops_the_start_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "file" / "metrics"))
    assert "PROMETHEUS_MULTIPROC_DIR is " in str(start(monkeypatch))


def test_an_address_that_is_not_this_machines_stops_the_start_before_it_makes_a_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOST", "192.0.2.1")
    assert "HOST is '192.0.2.1'" in str(start(monkeypatch))
    assert list(tmp_path.rglob("*.db")) == []


def test_figures_without_a_folder_of_their_own_have_the_one_under_var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOST", "192.0.2.1")
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    start(monkeypatch)
    assert os.environ["PROMETHEUS_MULTIPROC_DIR"] == "var/metrics"
    assert (tmp_path / "var" / "metrics").is_dir()


def test_a_command_leaves_no_figures_where_an_empty_name_would_put_them(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flask", "--app", "service", "key", "list"]
    environ = os.environ | {"PROMETHEUS_MULTIPROC_DIR": "", "DATABASE_URL": f"sqlite:///{tmp_path}/comments.db"}
    subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True)
    assert list(tmp_path.iterdir()) == []


def test_a_command_makes_the_folder_for_the_figures(tmp_path: Path) -> None:
    folder, command = tmp_path / "metrics", [sys.executable, "-m", "flask", "--app", "service", "key", "list"]
    environ = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder), "DATABASE_URL": f"sqlite:///{tmp_path}/comments.db"}
    said = subprocess.run(command, env=environ, capture_output=True, text=True).stderr
    assert folder.is_dir()
    assert "Traceback" not in said
