"""Requests that are signed: Standard Webhooks headers, each accepted once."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from conftest import Caller, make_caller
from flask import Flask
from standardwebhooks import Webhook
from werkzeug.test import TestResponse

from service import auth

BODY = json.dumps({"id": "c1", "text": "Well said."})


@pytest.fixture
def signer(app: Flask) -> Caller:
    """A newspaper's CMS whose key asks for signatures."""
    return make_caller(app, "gazette", signed=True)


def sign(caller: Caller, body: str = BODY, *, id: str = "msg_1", at: float | None = None) -> dict[str, str]:
    assert caller.key is not None
    at = time.time() if at is None else at
    secret = auth.signing_secret("s" * 32, caller.key.split("_")[1])
    signature = Webhook(secret).sign(id, datetime.fromtimestamp(at, UTC), body)
    return {"webhook-id": id, "webhook-timestamp": str(int(at)), "webhook-signature": signature}


def send(caller: Caller, headers: dict[str, str], body: str | bytes = BODY, path: str = "/v1/comments") -> TestResponse:
    return caller.call("PUT" if "articles" in path else "POST", path, headers, data=body)


def test_a_signed_request_is_accepted(signer: Caller) -> None:
    assert send(signer, sign(signer)).status_code == 200


def test_reading_needs_no_signature(signer: Caller) -> None:
    assert signer.get("/v1/comments/c1").status_code == 404


@pytest.mark.parametrize("path", ["/v1/comments", "/v1/comments:batch", "/v1/score", "/v1/articles/a"])
def test_an_unsigned_request_is_401(signer: Caller, path: str) -> None:
    answer = send(signer, {}, path=path)
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")


def test_a_signature_of_another_body_is_401(signer: Caller) -> None:
    assert send(signer, sign(signer), BODY.replace("Well", "Ill")).status_code == 401


def test_a_signature_of_another_key_is_401(app: Flask, signer: Caller) -> None:
    assert send(signer, sign(make_caller(app, "gazette", signed=True))).status_code == 401


def test_a_signature_by_a_clock_that_is_off_is_said_in_the_log(signer: Caller, caplog: pytest.LogCaptureFixture) -> None:
    send(signer, sign(signer, at=time.time() - 360))
    (said,) = [vars(line) for line in caplog.records if line.name == "service.auth"]
    assert (said["site"], said["problem"]) == ("gazette", "Message timestamp too old")


@pytest.mark.parametrize("seconds", [-360, 360])
def test_an_old_or_a_future_signature_is_401(signer: Caller, seconds: int) -> None:
    assert send(signer, sign(signer, at=time.time() + seconds)).status_code == 401


GARBAGE = [
    "",
    " ",
    "x",
    ",",
    "v1",
    "v1,",
    "v1,é",
    "v1,%%%",
    "v2,aaaa",
    "v1,aaaa,bbbb",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "-1",
    "9" * 400,
    "\x7f",
]


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_in_a_header_is_401(signer: Caller, header: str, garbage: str) -> None:
    assert send(signer, sign(signer) | {header: garbage}).status_code == 401


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_401(signer: Caller, header: str) -> None:
    headers = sign(signer)
    del headers[header]
    assert send(signer, headers).status_code == 401


def test_a_body_that_is_no_text_is_401(signer: Caller) -> None:
    assert send(signer, sign(signer), b"\xff").status_code == 401


def test_a_replay_is_409(signer: Caller) -> None:
    headers = sign(signer)
    assert [send(signer, headers).status_code for _ in range(2)] == [200, 409]


@pytest.mark.parametrize("written", ["{}.0", "{}.5", "+{}", " {}", "{}e0", "0{}"])
def test_a_replay_with_its_time_written_differently_is_409(signer: Caller, written: str) -> None:
    headers = sign(signer)
    again = headers | {"webhook-timestamp": written.format(headers["webhook-timestamp"])}
    assert [send(signer, headers).status_code, send(signer, again).status_code] == [200, 409]


def test_a_replay_with_one_more_signature_is_409(signer: Caller) -> None:
    headers = sign(signer)
    again = headers | {"webhook-signature": "v1,aaaa " + headers["webhook-signature"]}
    assert [send(signer, headers).status_code, send(signer, again).status_code] == [200, 409]


def test_a_retry_signed_anew_is_accepted(signer: Caller) -> None:
    now = time.time()
    answers = [send(signer, sign(signer, at=now - 2)), send(signer, sign(signer, at=now))]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].get_json()["repeated"] is True


def test_a_signature_by_an_old_and_a_new_secret_is_accepted(signer: Caller) -> None:
    headers = sign(signer)
    assert send(signer, headers | {"webhook-signature": "v1,aaaa " + headers["webhook-signature"]}).status_code == 200


def test_a_signed_body_over_1_mb_is_413(signer: Caller) -> None:
    body = " " * 1_000_001
    assert send(signer, sign(signer, body), body).status_code == 413


def test_a_signature_that_cannot_be_checked_without_a_secret_key_says_so(new_app: Callable[..., Flask], signer: Caller) -> None:
    answer = send(Caller(new_app(SECRET_KEY=""), signer.key), sign(signer))
    assert (answer.status_code, "SECRET_KEY is not set" in answer.get_json()["detail"]) == (503, True)


def test_a_key_that_asks_for_no_signature_ignores_one(gazette: Caller) -> None:
    assert send(gazette, {"webhook-signature": "garbage"}).status_code == 200
