"""What an operator does with endpoints and deliveries, and what is said where something is wrong."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import conftest
import pytest
from conftest import Caller, make_caller
from flask import Flask
from receiver import Clock, Receiver
from room import make_token
from sqlalchemy import Engine
from test_delivery import deliver_all
from test_running_service import running

from service import auth, delivery
from service.config import Config
from service.delivery import LEASE, SCHEDULE
from service.storage import endpoints, outbox
from service.storage.engine import open_engine, writing

Run = Callable[..., str]


@pytest.fixture
def app(new_app: Callable[..., Flask]) -> Flask:
    return new_app(ALLOW_PRIVATE_WEBHOOKS="yes")


def run(app: Flask, *words: str, fails: bool = False) -> str:
    code, said = conftest.run(app, *words)
    assert (code != 0) == fails, said
    return said


def make_endpoint(app: Flask, url: str, *words: str) -> tuple[str, str]:
    """Its id and its secret."""
    told = run(app, "endpoint", "create", "--site", "gazette", "--url", url, *words)
    return re.findall(r"Endpoint (\w+)", told)[0], re.findall(r"whsec_\S+", told)[0]


def test_an_endpoint_is_made_listed_rotated_disabled_and_enabled(app: Flask, receiver: Receiver) -> None:
    assert "no endpoint yet" in run(app, "endpoint", "list")
    id, secret = make_endpoint(app, receiver.url, "--events", "comment.verdict, comment.corrected")
    assert secret == auth.endpoint_secret("s" * 32, id, 0)
    listed = run(app, "endpoint", "list")
    assert "comment.verdict,comment.corrected" in listed
    assert secret not in listed
    assert auth.endpoint_secret("s" * 32, id, 1) in run(app, "endpoint", "rotate", id)
    run(app, "endpoint", "disable", id)
    assert "by command" in run(app, "endpoint", "list")
    assert "no endpoint" in run(app, "endpoint", "disable", id, fails=True)
    run(app, "endpoint", "enable", id)
    assert "in force" in run(app, "endpoint", "list")


def test_a_deleted_endpoint_is_told_nothing_more_and_what_it_was_told_stays_listed(app: Flask, receiver: Receiver) -> None:
    id, _ = make_endpoint(app, receiver.url)
    gazette, clock = make_caller(app, "gazette"), Clock()
    gazette.comment("c1", "Fine.")
    [told] = deliver_all(app.extensions["parts"], clock)
    receiver.answer = 500
    gazette.comment("c1", "Fine, edited.")
    for _ in range(len(SCHEDULE) + 1):
        deliver_all(app.extensions["parts"], clock)
        clock.ahead += 2 * SCHEDULE[-1]
    gazette.comment("c2", "Fine.")
    assert "withdrawn: 2" in run(app, "endpoint", "delete", id)
    gazette.comment("c3", "Fine.")
    assert deliver_all(app.extensions["parts"], clock) == []
    assert "no endpoint yet" in run(app, "endpoint", "list")
    assert "moderation_webhooks_unsent{" not in Caller(app).get("/metrics").text
    listed = run(app, "delivery", "list", "--endpoint", id).splitlines()
    assert [(line.split()[4], line.split()[6]) for line in listed] == [("withdrawn", "c2"), ("withdrawn", "c1"), ("delivered", "c1")]
    for what in ("rotate", "disable", "enable"):
        assert "There is no endpoint" in run(app, "endpoint", what, id, fails=True)
    for what in (("--endpoint", id), (told,)):
        assert "nothing to replay" in run(app, "delivery", "replay", *what, fails=True)


@pytest.mark.parametrize("what", ["disable", "delete"])
def test_what_is_done_to_one_endpoint_is_done_to_no_other(app: Flask, receiver: Receiver, what: str) -> None:
    one, other = (make_endpoint(app, receiver.url)[0] for _ in range(2))
    make_caller(app, "gazette").comment("c1", "Fine.")
    run(app, "endpoint", what, one)
    assert [line.split()[0] for line in run(app, "endpoint", "list").splitlines() if "in force" in line] == [other]
    assert "waiting" in run(app, "delivery", "list", "--endpoint", other)


def test_rotating_one_endpoint_rotates_no_other(app: Flask, receiver: Receiver) -> None:
    one, other = (make_endpoint(app, receiver.url)[0] for _ in range(2))
    run(app, "endpoint", "rotate", one)
    assert auth.endpoint_secret("s" * 32, other, 1) in run(app, "endpoint", "rotate", other)


def test_enabling_one_endpoint_enables_no_other(app: Flask, receiver: Receiver) -> None:
    one, other = (make_endpoint(app, receiver.url)[0] for _ in range(2))
    for id in (one, other):
        run(app, "endpoint", "disable", id)
    run(app, "endpoint", "enable", one)
    assert [line.split()[0] for line in run(app, "endpoint", "list").splitlines() if "by command" in line] == [other]


def test_enabling_sends_at_once_what_failed_and_leaves_a_verdict_to_be_undone(app: Flask, receiver: Receiver) -> None:
    id, _ = make_endpoint(app, receiver.url)
    gazette, tom = make_caller(app, "gazette"), Caller(app, make_token(app, "Tom", "gazette"))
    gazette.comment("c1", "A rude remark.")
    receiver.answer = 500
    parts, clock = app.extensions["parts"], Clock()
    for _ in range(3):
        deliver_all(parts, clock)
        clock.ahead += timedelta(minutes=7)
    receiver.answer, clock.ahead = 204, timedelta()
    gazette.comment("c2", "A rude remark.")
    deliver_all(parts, clock)
    tom.post("/v1/comments/c2/verdict", {"verdict": "approve"})
    assert deliver_all(parts, clock) == []
    run(app, "endpoint", "enable", id)
    assert len(deliver_all(parts, clock)) == 1
    assert "delivered" in run(app, "delivery", "list").splitlines()[-1]


def test_enabling_sends_nothing_a_second_time_that_is_under_way(app: Flask, receiver: Receiver) -> None:
    id, _ = make_endpoint(app, receiver.url)
    make_caller(app, "gazette").comment("c1", "Fine.")
    parts, clock = app.extensions["parts"], Clock()
    with writing(parts.engine) as db:
        outbox.take(db, id, clock(), clock() + LEASE)
    run(app, "endpoint", "enable", id)
    assert deliver_all(parts, clock) == []


def test_what_is_under_way_to_an_endpoint_when_it_is_deleted_is_not_tried_again(app: Flask, receiver: Receiver) -> None:
    id, _ = make_endpoint(app, receiver.url)
    make_caller(app, "gazette").comment("c1", "Fine.")
    receiver.answer = "silence"
    parts, clock = app.extensions["parts"], Clock()
    sending = threading.Thread(target=deliver_all, args=(parts, clock))
    sending.start()
    assert receiver.heard.wait(60)
    run(app, "endpoint", "delete", id)
    receiver.over.set()
    sending.join()
    clock.ahead += timedelta(days=1)
    assert deliver_all(parts, clock) == []
    assert "withdrawn" in run(app, "delivery", "list")


def test_an_endpoint_is_deleted_while_an_attempt_at_it_is_written_down(
    app: Flask, receiver: Receiver, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    id, _ = make_endpoint(app, receiver.url)
    make_caller(app, "gazette").comment("c1", "Fine.")
    receiver.answer = 503
    both = threading.Barrier(2 if engine.dialect.name == "postgresql" else 1)  # SQLite lets one write at a time

    def together(step: Callable[..., Any]) -> Callable[..., Any]:
        def wait_and_do(*arguments: Any) -> Any:
            both.wait(60)
            return step(*arguments)

        return wait_and_do

    monkeypatch.setattr(endpoints, "rest", together(endpoints.rest))
    monkeypatch.setattr(outbox, "withdraw_from", together(outbox.withdraw_from))
    with ThreadPoolExecutor() as pool:
        sent = pool.submit(delivery.deliver_one, app.extensions["parts"])
        assert receiver.heard.wait(60)
        assert "withdrawn: 1" in run(app, "endpoint", "delete", id)
        assert sent.result() is not None


@pytest.mark.parametrize("site", ["", "  ", "a" * 101])
def test_an_endpoint_is_of_a_site_that_can_be_one(app: Flask, receiver: Receiver, site: str) -> None:
    assert "1 to 100 characters" in run(app, "endpoint", "create", "--site", site, "--url", receiver.url, fails=True)


def test_a_url_that_cannot_be_seen_whole_is_not_repeated_as_it_is(app: Flask) -> None:
    said = run(app, "endpoint", "create", "--site", "gazette", "--url", "https://cms.example/\x1b[2J", fails=True)
    assert "cannot be seen" in said
    assert "\x1b" not in said


@pytest.mark.parametrize("status", [500, 503])
def test_an_endpoint_that_takes_nothing_is_listed_as_failing_until_it_does(app: Flask, receiver: Receiver, status: int) -> None:
    make_endpoint(app, receiver.url)
    gazette, clock = make_caller(app, "gazette"), Clock()
    receiver.answer = status
    gazette.comment("c1", "How rude.")
    deliver_all(app.extensions["parts"], clock)
    failing = run(app, "endpoint", "list")
    receiver.answer, clock.ahead = 204, timedelta(days=1)
    deliver_all(app.extensions["parts"], clock)
    assert (f"failing: {status}" in failing, "in force" in run(app, "endpoint", "list")) == (True, True)


def test_a_long_state_stands_apart_from_what_follows(app: Flask, receiver: Receiver) -> None:
    id, _ = make_endpoint(app, receiver.url)
    with writing(app.extensions["parts"].engine) as db:
        endpoints.disable(db, id, "it answered 410 Gone, and that means for good")
    assert "for good  comment.decided" in run(app, "endpoint", "list")


@pytest.mark.parametrize("what", ["rotate", "disable", "enable", "delete"])
def test_an_unknown_endpoint_is_said(app: Flask, what: str) -> None:
    assert "There is no endpoint 'nobody'" in run(app, "endpoint", what, "nobody", fails=True)


def test_an_endpoint_that_could_never_be_told_is_refused(new_app: Callable[..., Flask]) -> None:
    careful = new_app()
    create = ("endpoint", "create", "--site", "gazette", "--url")
    assert "ALLOW_PRIVATE_WEBHOOKS" in run(careful, *create, "https://127.0.0.1/hooks", fails=True)
    assert "only https" in run(careful, *create, "http://cms.example/hooks", fails=True)
    assert "longer" in run(careful, *create, "https://127.0.0.1.invalid/" + "a" * 2_000, fails=True)
    assert "no event 'comment.read'" in run(careful, *create, "https://cms.invalid/", "--events", "comment.read", fails=True)


def test_messages_are_listed_and_replayed(app: Flask, gazette: Caller, receiver: Receiver) -> None:
    id, _ = make_endpoint(app, receiver.url)
    gazette.comment("c1", "Fine.")
    assert "not tried yet" in run(app, "delivery", "list")
    clock = Clock()
    receiver.answer = 500
    for _ in range(len(SCHEDULE) + 1):
        deliver_all(app.extensions["parts"], clock)
        clock.ahead += 2 * SCHEDULE[-1]
    listed = run(app, "delivery", "list", "--state", "dead", "--endpoint", id)
    assert f"attempt {len(SCHEDULE) + 1}: 500" in listed
    assert "c1" in listed
    assert "1." in run(app, "delivery", "replay", "--endpoint", id)
    assert receiver.ids[0] in run(app, "delivery", "list", "--state", "waiting")
    assert "1." in run(app, "delivery", "replay", receiver.ids[0])


def test_a_replay_of_nothing_is_said(app: Flask) -> None:
    assert "nothing to replay" in run(app, "delivery", "replay", "msg_1", fails=True)
    assert "Name either" in run(app, "delivery", "replay", fails=True)


def test_without_a_secret_key_nothing_is_signed(new_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    bare = new_app(SECRET_KEY="")
    assert "SECRET_KEY" in run(bare, "deliver", fails=True)
    assert "SECRET_KEY" in run(bare, "endpoint", "create", "--site", "gazette", "--url", "https://cms.invalid/", fails=True)


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(app: Flask, receiver: Receiver) -> None:
    """One is killed while the receiver is silent, and what it had in hand comes again under its id."""
    make_endpoint(app, receiver.url)
    make_caller(app, "gazette").comment("c1", "Fine.")
    receiver.answer = "silence"
    with worker(app) as process:
        assert receiver.heard.wait(60)
        process.send_signal(signal.SIGKILL)
    receiver.answer = 204
    clock = Clock()
    assert deliver_all(app.extensions["parts"], clock) == []
    clock.ahead += 2 * SCHEDULE[1]
    deliver_all(app.extensions["parts"], clock)
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1


def test_a_worker_ends_at_sigterm(app: Flask, gazette: Caller, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logging.config.dictConfig", lambda _: None)
    make_endpoint(app, receiver.url)
    gazette.comment("c1", "Fine.")
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    threading.Thread(target=lambda: receiver.heard.wait(60) and os.kill(os.getpid(), signal.SIGTERM)).start()
    run(app, "deliver")
    for number, handler in before.items():
        signal.signal(number, handler)
    assert "delivered" in run(app, "delivery", "list")


def worker(app: Flask) -> "subprocess.Popen[bytes]":
    """`flask deliver`, in a process of its own."""
    config = app.extensions["parts"].config
    told = {"DATABASE_URL": config.database_url, "SECRET_KEY": config.secret_key, "ALLOW_PRIVATE_WEBHOOKS": "yes"}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PROMETHEUS_"))}
    command = [sys.executable, "-m", "flask", "--app", "service", "deliver"]
    return subprocess.Popen(command, env=inherited | told, stdout=subprocess.DEVNULL)


def test_the_service_delivers_by_itself(tmp_path: Path, models_dir: Path, receiver: Receiver) -> None:
    told = {"MODELS_DIR": str(models_dir), "ALLOW_PRIVATE_WEBHOOKS": "yes"}
    with running(tmp_path, f"sqlite:///{tmp_path}/comments.db", **told) as service:
        engine = open_engine(Config.from_environ(service.environ).database_url)
        with writing(engine) as db:
            endpoints.add(db, site="gazette", url=receiver.url, events=["comment.decided"])
        engine.dispose()
        assert service.comment("c1", "Fine.")[0] == 200
        assert receiver.heard.wait(60)
    assert len(receiver.ids) == 1
