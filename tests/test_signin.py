"""Who gets into the moderators' room, and with which cookies."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from conftest import Caller
from flask import Flask
from itsdangerous import TimestampSigner
from room import PASSWORD, Visitor, make_moderator
from sqlalchemy import Engine, update

from service import signin
from service.domain import Invalid, Role
from service.storage import moderators
from service.storage.account_tables import sessions
from service.storage.engine import reading, writing


def test_a_stranger_is_shown_the_door(app: Flask) -> None:
    answer = Visitor(app).get("/review/?order=oldest")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/review/sign-in?next=/review/?order%3Doldest"


def test_name_and_password_open_it(app: Flask) -> None:
    ada = make_moderator(app, "Ada")
    assert "Nothing waits" in ada.page("/review/")


def test_one_is_taken_where_one_wanted_to_go(app: Flask, ada: Visitor) -> None:
    again = Visitor(app, "Ada")
    assert again.sign_in(next="/review/recent").headers["Location"] == "/review/recent"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/review\\@evil.example", "/v1/x", "javascript:alert(1)"]
)
def test_nobody_is_sent_to_another_site(app: Flask, ada: Visitor, elsewhere: str) -> None:
    assert Visitor(app, "Ada").sign_in(next=elsewhere).headers["Location"] == "/review/"


def test_cookies_are_for_our_pages_alone(new_app: Callable[..., Flask]) -> None:
    app = new_app(SECURE_COOKIES="yes")
    signin.create(app.extensions["parts"], name="Ada", role=Role.MODERATOR, sites=(), password=PASSWORD)
    client = app.test_client()
    cookie = client.get("/review/sign-in", base_url="https://localhost").headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/review"} <= set(cookie.split("; "))


def test_a_name_and_a_wrong_password_are_refused_alike(app: Flask, ada: Visitor) -> None:
    known, unknown = Visitor(app, "Ada").sign_in("wrong"), Visitor(app, "Nobody").sign_in("wrong")
    assert (known.status_code, unknown.status_code) == (401, 401)
    assert "do not go together" in known.text
    assert "do not go together" in unknown.text


def test_who_has_no_password_is_let_in_by_none(app: Flask) -> None:
    signin.create(app.extensions["parts"], name="Ada", role=Role.MODERATOR, sites=(), password=None)
    assert Visitor(app, "Ada").sign_in("").status_code == Visitor(app, "Ada").sign_in().status_code == 401


def test_five_failures_lock_the_name_for_a_while(app: Flask, ada: Visitor, engine: Engine) -> None:
    visitor = Visitor(app, "Ada")
    for _ in range(signin.FAILURES):
        visitor.sign_in("wrong")
    refused = visitor.sign_in()
    assert refused.status_code == 401
    assert "locked for a quarter of an hour" in refused.text
    with writing(engine) as db:
        moderators.set_values(db, "Ada", locked_until=datetime.now(UTC) - timedelta(seconds=1))
    assert visitor.sign_in().status_code == 302


def test_five_failures_lock_one_name_alone(app: Flask, ada: Visitor, ben: Visitor) -> None:
    for _ in range(signin.FAILURES):
        Visitor(app, "Ada").sign_in("wrong")
    assert Visitor(app, "Ben").sign_in().status_code == 302


def guess_five_times(app: Flask) -> None:
    """Else whoever guesses at many passwords at once would have more than five guesses."""
    for _ in range(signin.FAILURES):
        Visitor(app, "Ada").sign_in("wrong")


def replace_password(app: Flask) -> None:
    signin.set_password(app.extensions["parts"], "Ada", "another password")


def disable(app: Flask) -> None:
    signin.disable(app.extensions["parts"], "Ada")


@pytest.mark.parametrize("meanwhile", [guess_five_times, replace_password, disable])
def test_a_password_that_was_right_when_it_was_being_compared_is_refused(
    app: Flask, ada: Visitor, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[Flask], None]
) -> None:
    comparing, done = threading.Event(), threading.Event()
    matches = signin._matches

    def matches_slowly(password_hash: str, password: str) -> bool:
        if password == PASSWORD:
            comparing.set()
            done.wait(60)
        return matches(password_hash, password)

    monkeypatch.setattr(signin, "_matches", matches_slowly)
    with ThreadPoolExecutor() as pool:
        right = pool.submit(Visitor(app, "Ada").sign_in)
        assert comparing.wait(60)
        meanwhile(app)
        done.set()
        assert right.result().status_code == 401


def test_a_locked_name_is_refused_as_one_that_there_is_not(app: Flask, ada: Visitor) -> None:
    known, unknown = Visitor(app, "Ada"), Visitor(app, "Nobody")
    said = [[re.findall('role="alert">([^<]+)', one.sign_in("wrong").text) for _ in range(signin.FAILURES + 1)] for one in (known, unknown)]
    assert said[0] == said[1]


def test_a_success_forgets_earlier_failures(app: Flask, ada: Visitor) -> None:
    visitor = Visitor(app, "Ada")
    for _ in range(2):
        for _ in range(signin.FAILURES - 1):
            visitor.sign_in("wrong")
        assert visitor.sign_in().status_code == 302


def test_whoever_is_disabled_is_out_at_once(app: Flask, ada: Visitor) -> None:
    token = signin.issue_token(app.extensions["parts"], "Ada")
    signin.disable(app.extensions["parts"], "Ada")
    assert ada.get("/review/").status_code == 302
    assert Visitor(app, "Ada").sign_in().status_code == 401
    assert Caller(app, token).get("/v1/queue").status_code == 401


def test_whoever_is_disabled_is_let_in_by_no_provider_and_given_no_token(app: Flask) -> None:
    parts = app.extensions["parts"]
    signin.create(parts, name="Ada", role=Role.MODERATOR, sites=(), password=None, subject="ada@gazette")
    signin.disable(parts, "Ada")
    with pytest.raises(signin.Refused):
        signin.by_subject(parts, "ada@gazette")
    with pytest.raises(Invalid):
        signin.issue_token(parts, "Ada")


@pytest.mark.parametrize("end", [replace_password, disable])
def test_what_ends_the_sessions_of_one_ends_no_colleagues(app: Flask, ada: Visitor, ben: Visitor, end: Callable[[Flask], None]) -> None:
    end(app)
    assert (ada.get("/review/").status_code, ben.get("/review/").status_code) == (302, 200)


def copied(visitor: Visitor) -> Visitor:
    """Another browser, with a copy of somebody's cookie."""
    cookie = visitor.client.get_cookie("moderation", path="/review")
    assert cookie is not None
    thief = Visitor(visitor.app)
    thief.client.set_cookie("moderation", cookie.value, path="/review")
    assert thief.get("/review/").status_code == 200
    return thief


def test_signing_out_ends_every_copy_of_the_session_and_no_other(app: Flask, ada: Visitor) -> None:
    thief, at_home = copied(ada), Visitor(app, "Ada")
    at_home.sign_in()
    assert ada.send("/review/sign-out").status_code == 302
    assert [visitor.get("/review/").status_code for visitor in (ada, thief, at_home)] == [302, 302, 200]


def test_signing_in_anew_ends_the_session_before(ada: Visitor) -> None:
    thief = copied(ada)
    ada.sign_in()
    assert (thief.get("/review/").status_code, ada.get("/review/").status_code) == (302, 200)


def seen_at(ada: Visitor, monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Has a machine whose clock is so far ahead answer her."""
    now = TimestampSigner.get_timestamp
    with monkeypatch.context() as patch:
        patch.setattr(TimestampSigner, "get_timestamp", lambda signer: now(signer) + seconds)
        assert ada.get("/review/").status_code == 200


def test_a_session_goes_on_at_a_machine_whose_clock_is_behind(ada: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    seen_at(ada, monkeypatch, 60)
    assert ada.get("/review/").status_code == 200


def test_a_session_ends_after_twelve_hours_without_a_request(ada: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    seen_at(ada, monkeypatch, -12 * 3_600 - 60)
    assert ada.get("/review/").status_code == 302


def test_a_session_ends_after_a_week_however_much_it_is_used(ada: Visitor, engine: Engine) -> None:
    with writing(engine) as db:
        db.execute(update(sessions).values(began_at=datetime.now(UTC) - signin.LONGEST_SESSION + timedelta(hours=1)))
    assert ada.get("/review/").status_code == 200
    with writing(engine) as db:
        db.execute(update(sessions).values(began_at=datetime.now(UTC) - signin.LONGEST_SESSION))
    assert ada.get("/review/").status_code == 302


@pytest.mark.parametrize("path", ["/review/sign-in", "/review/sign-out", "/review/look", "/review/undo", "/review/comments/1/verdict"])
def test_a_form_that_is_not_ours_does_nothing(ada: Visitor, path: str) -> None:
    assert ada.client.post(path, data={"verdict": "approve"}).status_code == 400


def test_without_a_secret_key_nobody_signs_in(new_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr("service.config.SECRET_KEY_FILE", tmp_path / "none")  # type: ignore[operator]
    answer = new_app(SECRET_KEY="").test_client().get("/review/sign-in")
    assert answer.status_code == 503


@pytest.mark.parametrize(("name", "password"), [("", PASSWORD), ("a" * 201, PASSWORD), ("A\x00da", PASSWORD), ("Ada", "short")])
def test_a_moderator_needs_a_name_and_a_long_password(app: Flask, name: str, password: str) -> None:
    with pytest.raises(Invalid):
        signin.create(app.extensions["parts"], name=name, role=Role.MODERATOR, sites=(), password=password)


@pytest.mark.parametrize("name", ["Coral", " Coral "])
def test_nobody_is_named_as_verdicts_from_coral_are_or_could_undo_them(app: Flask, name: str) -> None:
    with pytest.raises(Invalid, match="another name than Coral"):
        signin.create(app.extensions["parts"], name=name, role=Role.MODERATOR, sites=(), password=PASSWORD)


def test_passwords_and_tokens_are_stored_as_hashes(app: Flask, ada: Visitor, engine: Engine) -> None:
    token = signin.issue_token(app.extensions["parts"], "Ada")
    with reading(engine) as db:
        row = moderators.named(db, "Ada")
    assert row is not None
    assert row.password_hash.startswith("$argon2id$")
    assert token.split("_", 2)[2] not in str(row)


def test_a_token_with_another_secret_is_refused(app: Flask, ada: Visitor) -> None:
    prefix, pk, _ = signin.issue_token(app.extensions["parts"], "Ada").split("_", 2)
    assert Caller(app, f"{prefix}_{pk}_another").get("/v1/queue").status_code == 401


@pytest.mark.parametrize("token", ["cmm", "cmm_", "cmm_1", "cmm_x_y", "cmm_999999_abc", "cmm_1_wrong", f"cmm_{'9' * 40}_a", "cmm_²_a"])
def test_a_made_up_token_is_refused(app: Flask, ada: Visitor, token: str) -> None:
    assert (
        Caller(app, token).call("GET", "/v1/queue", headers={"Authorization": f"Bearer {token}".encode().decode("latin-1")}).status_code
        == 401
    )


def test_pages_forbid_whatever_is_not_theirs(ada: Visitor) -> None:
    headers = ada.get("/review/").headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"


def test_the_look_is_kept_in_the_browser(ada: Visitor) -> None:
    ada.send("/review/look", look=["dark", "blur", "nonsense"], next="/review/recent")
    assert '<html lang="en" data-dark data-blur >' in ada.page("/review/")


@pytest.mark.parametrize("path", ["/review/nothing", "/review/comments/x", "/review/comments/1/nothing"])
def test_an_address_that_leads_nowhere_is_a_page_of_the_room(ada: Visitor, path: str) -> None:
    answer = ada.get(path)
    assert (answer.status_code, "<h1>Not done</h1>" in answer.text) == (404, True)


def test_a_form_of_another_page_is_refused(ada: Visitor) -> None:
    assert ada.client.post("/review/undo").status_code == 400


@pytest.mark.parametrize("headers", [{}, {"Cookie": "theme=dark"}], ids=["none", "another program's on the same machine"])
def test_a_browser_that_keeps_no_cookie_is_told_what_signing_in_needs(app: Flask, headers: dict[str, str]) -> None:
    visitor = Visitor(app)
    sent = {"name": "Ada", "password": PASSWORD, "csrf_token": visitor.token()}
    browser = app.test_client(use_cookies=False)  # as Safari is with `Secure` ones over plain http
    answer = browser.post("/review/sign-in", data=sent, headers=headers)
    assert (answer.status_code, "sent no session cookie" in answer.text) == (400, True)


def test_a_form_that_is_sent_after_the_session_is_told_so(app: Flask) -> None:
    answer = Visitor(app).client.post("/review/undo")
    assert (answer.status_code, "Your session is over." in answer.text) == (401, True)


@pytest.mark.parametrize(
    ("referrer", "told"),
    [
        ({"Referer": "https://moderation.example:8443/review/sign-in"}, "pass the browser&#39;s Host header on, with its port"),
        ({}, "did not say which page this form came from"),
    ],
)
def test_a_form_that_a_proxy_made_another_address_of_is_told_what_to_mend(ada: Visitor, referrer: dict[str, str], told: str) -> None:
    sent = {"name": "Ada", "password": PASSWORD, "csrf_token": ada.token()}
    answer = ada.client.post("/review/sign-in", data=sent, headers=referrer, environ_overrides={"wsgi.url_scheme": "https"})
    assert (answer.status_code, told in answer.text) == (400, True)
