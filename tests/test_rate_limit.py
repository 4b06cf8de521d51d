"""How many requests one key may make: whatever they ask for, and whichever worker answers."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import Caller, make_caller
from flask import Flask
from room import Visitor
from sqlalchemy.exc import OperationalError
from test_coral import PHASE, Coral, set_secret
from test_errors import PLAIN, problem

from service import moderation

ANALYSIS = {"comment": {"text": "Well said."}, "requestedAttributes": {"TOXICITY": {}}}


def test_more_requests_than_the_limit_are_429(new_app: Callable[..., Flask]) -> None:
    gazette = make_caller(new_app(RATE_LIMIT="3/hour"), "gazette")
    answers = [gazette.post("/v1/comments", PLAIN) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert problem(answers[3])["status"] == 429
    assert 0 < int(answers[3].headers["Retry-After"]) <= 3_601
    assert "Retry-After" not in answers[2].headers


def test_who_comes_again_when_told_is_answered(new_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> None:
    gazette, now = make_caller(new_app(RATE_LIMIT="1/minute"), "gazette"), 1_800_000_000.9
    monkeypatch.setattr(time, "time", lambda: now)
    gazette.get("/v1/comments/c1")
    now += 59.5
    refused = gazette.get("/v1/comments/c1")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    now += 1
    assert gazette.get("/v1/comments/c1").status_code == 404


def test_a_database_that_stops_answering_is_not_tried_when_the_limit_ends(
    new_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: Any) -> None:
        raise OperationalError("insert", {}, Exception("database is locked"))

    gazette = make_caller(new_app(RATE_LIMIT="100/hour"), "gazette")
    monkeypatch.setattr(moderation, "moderate", locked)
    answer = gazette.post("/v1/comments", PLAIN)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("path", ["/v1/comments/c1", "/review/sign-in"])
def test_more_requests_than_the_limit_are_refused_in_a_sentence(new_app: Callable[..., Flask], path: str) -> None:
    stranger = Caller(new_app(RATE_LIMIT="1/hour"))
    refused = [stranger.get(path) for _ in range(2)][1]
    assert refused.status_code == 429
    assert "There were too many requests. Wait a little before the next one." in refused.text


def test_a_guesser_of_passwords_is_refused_in_a_sentence(new_app: Callable[..., Flask]) -> None:
    stranger = Caller(new_app(SECRET_KEY="a secret for tests, of 32 characters or more"))
    refused = [stranger.call("POST", "/review/sign-in") for _ in range(61)][60]
    assert refused.status_code == 429
    assert "There were too many requests. Wait a little before the next one." in refused.text


def guess(app: Flask, times: int, *, forwarded_for: str, through: str = "127.0.0.1") -> list[int]:
    told = {"method": "POST", "headers": {"X-Forwarded-For": forwarded_for}, "environ_overrides": {"REMOTE_ADDR": through}}
    return [app.test_client().open("/review/sign-in", **told).status_code for _ in range(times)]


@pytest.mark.parametrize(("guesser", "other"), [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")])
def test_a_guesser_of_passwords_shuts_nobody_out_who_comes_through_the_same_proxy(app: Flask, guesser: str, other: str) -> None:
    assert guess(app, 61, forwarded_for=guesser)[-1] == 429
    assert guess(app, 1, forwarded_for=other) == [400]


def test_what_a_guesser_says_of_others_before_him_is_not_believed(app: Flask) -> None:
    guesses = [guess(app, 1, forwarded_for=f"198.51.100.{n}, 192.0.2.1, 127.0.0.1")[0] for n in range(61)]
    assert guesses[-1] == 429


def test_what_no_proxy_of_ours_says_is_not_believed(app: Flask) -> None:
    assert [guess(app, 1, forwarded_for=f"192.0.2.{n}", through="203.0.113.1")[0] for n in range(61)][-1] == 429


def test_a_proxy_on_another_machine_is_believed_where_it_is_named(new_app: Callable[..., Flask]) -> None:
    app = new_app(FORWARDED_ALLOW_IPS="127.0.0.1, 10.0.0.0/8")
    assert guess(app, 61, forwarded_for="192.0.2.1", through="10.1.2.3")[-1] == 429
    assert guess(app, 1, forwarded_for="192.0.2.2", through="10.1.2.3") == [400]


@pytest.mark.parametrize("heard", ["192.0.2.1:{port}", "[2001:db8::1]:{port}"])
def test_a_guesser_is_one_at_whatever_port_a_proxy_heard_him(app: Flask, heard: str) -> None:
    guesses = [guess(app, 1, forwarded_for=heard.format(port=port))[0] for port in range(50_000, 50_061)]
    assert guesses[-1] == 429


def test_a_proxy_behind_another_is_believed_at_whatever_port_it_was_heard(new_app: Callable[..., Flask]) -> None:
    app = new_app(FORWARDED_ALLOW_IPS="127.0.0.1,10.0.0.1")
    assert guess(app, 61, forwarded_for="192.0.2.1:50000, 10.0.0.1:50001")[-1] == 429
    assert guess(app, 1, forwarded_for="192.0.2.2:50000, 10.0.0.1:50001") == [400]


def test_who_signs_in_anew_guesses_no_more_passwords(app: Flask, ada: Visitor) -> None:
    first, second = [ada.client.post("/review/sign-in") for _ in range(30)], ada.sign_in()
    assert second.status_code == 302
    answers = [ada.client.post("/review/sign-in").status_code for _ in range(30)]
    assert ({answer.status_code for answer in first}, answers[-1]) == ({400}, 429)


def test_a_key_has_one_limit_over_all_routes(new_app: Callable[..., Flask]) -> None:
    gazette = make_caller(new_app(RATE_LIMIT="3/hour"), "gazette")
    answers = [
        gazette.post("/v1/comments", PLAIN),
        gazette.post("/v1/score", {"comments": [{"text": "Well said."}]}),
        gazette.post(f"/v1alpha1/comments:analyze?key={gazette.key}", ANALYSIS),
        gazette.get("/v1/comments/c1"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]


def test_requests_of_the_api_do_not_count_for_the_pages(new_app: Callable[..., Flask]) -> None:
    stranger = Caller(new_app(RATE_LIMIT="1/hour"))
    assert [stranger.get(path).status_code for path in ("/v1/queue", "/v1/comments/c1", "/review/sign-in")] == [401, 429, 200]


def test_each_key_has_its_own_limit(new_app: Callable[..., Flask]) -> None:
    app = new_app(RATE_LIMIT="1/hour")
    first, second = make_caller(app, "gazette"), make_caller(app, "gazette")
    assert [caller.post("/v1/comments", PLAIN).status_code for caller in (first, first, second)] == [200, 429, 200]


def test_wrong_keys_are_limited_by_address(new_app: Callable[..., Flask]) -> None:
    app = new_app(RATE_LIMIT="2/hour")
    assert [Caller(app, f"cm_{n}_x").get("/v1/comments/c1").status_code for n in range(3)] == [401, 401, 429]


def test_corals_comments_are_judged_beyond_the_limit(new_app: Callable[..., Flask]) -> None:
    coral = Coral(new_app(RATE_LIMIT="1/hour"))
    set_secret(coral.app, PHASE)
    Caller(coral.app).get("/v1/comments/c1")
    for text in ("How rude.", "How rude of them.", "How rude of all."):
        assert coral.moderate(text).get_json()["status"] == "SYSTEM_WITHHELD"


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/openapi.json", "/$discovery/rest", "/review/static/review.css"])
def test_what_is_open_to_all_is_not_limited(new_app: Callable[..., Flask], path: str) -> None:
    stranger = Caller(new_app(RATE_LIMIT="1/hour"))
    for _ in range(3):
        with stranger.get(path) as answer:
            assert answer.status_code == 200


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis of our own, to be stopped in the middle."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    command += ["--unixsocket", str(tmp_path / "redis")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}", server
        server.kill()


@pytest.mark.parametrize("by", ["address", "socket"])
def test_workers_count_together_in_redis(new_app: Callable[..., Flask], redis_server: tuple[str, Any], tmp_path: Path, by: str) -> None:
    url = redis_server[0] if by == "address" else f"unix://{tmp_path}/redis"
    workers = [new_app(RATE_LIMIT="3/hour", REDIS_URL=url) for _ in range(2)]
    key = make_caller(workers[0], "gazette").key
    answers = [Caller(workers[n % 2], key).post("/v1/comments", PLAIN).status_code for n in range(4)]
    assert answers == [200, 200, 200, 429]


def test_a_redis_that_dies_stops_nothing_and_each_worker_counts(new_app: Callable[..., Flask], redis_server: tuple[str, Any]) -> None:
    gazette = make_caller(new_app(RATE_LIMIT="2/hour", REDIS_URL=redis_server[0]), "gazette")
    assert gazette.post("/v1/comments", PLAIN).status_code == 200
    redis_server[1].kill()
    redis_server[1].wait()
    assert [gazette.post("/v1/comments", PLAIN).status_code for _ in range(3)] == [200, 200, 429]


def test_a_redis_that_hangs_stops_nothing(new_app: Callable[..., Flask]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        gazette = make_caller(new_app(REDIS_URL=f"redis://127.0.0.1:{silent.getsockname()[1]}"), "gazette")
        with ThreadPoolExecutor() as pool:
            at_once = [pool.submit(gazette.post, "/v1/comments", PLAIN) for _ in range(4)]
        assert [answer.result().status_code for answer in at_once] == [200] * 4
