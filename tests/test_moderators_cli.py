"""The operator's commands for moderators, the demonstration, and signing in with the newsroom's account."""

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import Caller, listening, run
from flask import Flask
from joserfc import jwt
from joserfc.jwk import RSAKey
from room import PASSWORD, Visitor, cards, make_moderator
from werkzeug.test import TestResponse

from service import signin
from service.config import Config, ConfigError
from service.domain import Role
from service.review import demo, door

KEY = RSAKey.generate_key(2048, {"kid": "one"})


def test_a_moderator_is_made_listed_and_disabled(app: Flask) -> None:
    assert "no moderator yet" in run(app, "moderator", "list")[1]
    code, said = run(app, "moderator", "create", "Ada", "--site", "gazette", input="correct horse\ncorrect horse\n")
    assert (code, "Ada may moderate gazette, as moderator." in said) == (0, True)
    assert Visitor(app, "Ada").sign_in("correct horse").status_code == 302
    assert run(app, "moderator", "create", "Ada", "--generate")[0] == 1
    token = run(app, "moderator", "token", "Ada")[1].split("\n")[2].strip()
    assert Caller(app, token).get("/v1/queue").status_code == 200
    assert "active    gazette                 password, token" in run(app, "moderator", "list")[1]
    assert run(app, "moderator", "disable", "Ada")[0] == 0
    assert "disabled" in run(app, "moderator", "list")[1]
    assert Caller(app, token).get("/v1/queue").status_code == 401


def test_it_is_said_whether_the_name_or_the_subject_is_taken(app: Flask) -> None:
    assert run(app, "moderator", "create", "Ada", "--subject", "ada@gazette")[0] == 0
    name = (1, "Error: name: expected a name that no other moderator has.\n")
    assert run(app, "moderator", "create", "Ada", "--generate") == name
    assert run(app, "moderator", "create", " Ada ", "--subject", "another@gazette") == name
    subject = (1, "Error: subject: expected an OpenID Connect subject that no other moderator has.\n")
    assert run(app, "moderator", "create", "Ben", "--subject", "ada@gazette") == subject


@pytest.mark.parametrize("subject", ["", " ", "s" * 256])
def test_a_subject_that_no_provider_can_send_makes_no_moderator(app: Flask, subject: str) -> None:
    code, said = run(app, "moderator", "create", "Ada", "--subject", subject, input="correct horse\ncorrect horse\n")
    assert (code, said.splitlines()[-1]) == (1, "Error: subject: expected a subject of 1 to 255 characters.")
    assert "no moderator yet" in run(app, "moderator", "list")[1]


@pytest.mark.parametrize("site", ["", " ", "g" * 101])
def test_a_moderator_is_made_for_no_site_that_cannot_be(app: Flask, site: str) -> None:
    code, said = run(app, "moderator", "create", "Ada", "--generate", "--site", site)
    assert (code, "without blanks at either end" in said) == (2, True)


def test_a_password_is_made_and_shown_once(app: Flask) -> None:
    said = run(app, "moderator", "create", "Chief", "--role", "admin", "--generate")[1]
    assert "every site, as admin" in said
    assert Visitor(app, "Chief").sign_in(said.split("\n")[3].strip()).status_code == 302


def test_a_forgotten_password_is_replaced_and_ends_the_sessions_under_the_old_one(app: Flask, ada: Visitor) -> None:
    assert run(app, "moderator", "password", "Ada", input="staple battery\nstaple battery\n")[0] == 0
    assert ada.get("/review/").status_code == 302
    assert [Visitor(app, "Ada").sign_in(word).status_code for word in (PASSWORD, "staple battery")] == [401, 302]


def test_a_new_password_ends_a_lock(app: Flask, ada: Visitor) -> None:
    for _ in range(signin.FAILURES):
        ada.sign_in("wrong")
    said = run(app, "moderator", "password", "Ada", "--generate")[1]
    assert ada.sign_in(said.split("Password, shown this once:")[1].strip()).status_code == 302


def test_a_new_password_is_not_too_short(app: Flask, ada: Visitor) -> None:
    code, said = run(app, "moderator", "password", "Ada", input="short\nshort\n")
    assert (code, said.splitlines()[-1]) == (1, "Error: password: expected at least 10 characters.")


def test_whoever_was_disabled_by_mistake_is_enabled_with_the_password_as_it_was(app: Flask, ada: Visitor) -> None:
    run(app, "moderator", "disable", "Ada")
    assert run(app, "moderator", "enable", "Ada")[0] == 0
    assert [ada.get("/review/").status_code, ada.sign_in().status_code, ada.get("/review/").status_code] == [302, 302, 200]


@pytest.mark.parametrize("words", [("token", "Nobody"), ("disable", "Nobody"), ("enable", "Nobody"), ("password", "Nobody", "--generate")])
def test_a_name_that_nobody_has_is_refused_with_where_names_are_listed(app: Flask, words: tuple[str, ...]) -> None:
    code, said = run(app, "moderator", *words)
    assert (code, said.startswith("Error: name: expected the name of a")) == (1, True)
    assert "`flask --app service moderator list` shows them" in said


def test_the_demonstration_fills_a_queue_and_can_be_made_again(new_app: Callable[..., Flask]) -> None:
    app = new_app(POLICY='[words]\nsuspect = ["stupid", "pathetic", "damn", "garbage", "idiot"]\n[audit]\nshare = 0.1\n')
    first = demo.fill(app.extensions["parts"], "example", count=120)
    again = demo.fill(app.extensions["parts"], "example", count=120)
    assert (first.comments, first.waiting) == (again.comments, again.waiting)
    assert first.waiting > 5
    visitor = Visitor(app, again.name)
    assert visitor.sign_in(again.password).status_code == 302
    assert len(cards(visitor.page("/review/"))) == min(again.waiting, 20)
    assert "of 120 comments" in visitor.page("/review/overview")
    assert "Ada" in visitor.page("/review/recent", who="everybody")


class Provider(BaseHTTPRequestHandler):
    """A newsroom's identity provider that vouches for whoever `subject` says, or says something else of them."""

    subject, nonce, key = "ada@gazette", "", KEY
    otherwise: Mapping[str, str] = {}

    def do_GET(self) -> None:
        issuer = f"http://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]
        found = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        self._answer({"keys": [Provider.key.as_dict(private=False)]} if self.path == "/keys" else found)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        issuer = f"http://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]
        now = int(time.time())
        claims = {"iss": issuer, "aud": "moderation", "sub": Provider.subject, "iat": now, "exp": now + 60, "nonce": Provider.nonce}
        named = {"kid": Provider.key.kid} if Provider.key.kid else {}
        signed = jwt.encode({"alg": "RS256"} | named, {**claims, **Provider.otherwise}, Provider.key)
        self._answer({"access_token": "a", "token_type": "Bearer", "id_token": signed})

    def _answer(self, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def sign_in_there(visitor: Visitor) -> TestResponse:
    """By way of the provider, as far as it goes."""
    asked = visitor.get("/review/sign-in/provider")
    if asked.status_code != 302:
        return asked
    sent = parse_qs(urlsplit(asked.headers["Location"]).query)
    Provider.nonce = sent["nonce"][0]
    return visitor.get("/review/sign-in/provider/answer", code="c", state=sent["state"][0])


@pytest.fixture
def issuer() -> Iterator[str]:
    with listening(HTTPServer(("127.0.0.1", 0), Provider)) as address:
        yield address


def test_the_newsrooms_account_opens_the_room(new_app: Callable[..., Flask], issuer: str) -> None:
    app = new_app(OIDC_ISSUER=issuer, OIDC_CLIENT_ID="moderation", OIDC_CLIENT_SECRET="secret")
    signin.create(app.extensions["parts"], name="Ada", role=Role.MODERATOR, sites=(), password=None, subject="ada@gazette")
    for subject, expected in (("ada@gazette", 302), ("mallory@elsewhere", 401)):
        Provider.subject = subject
        visitor = Visitor(app)
        asked = parse_qs(urlsplit(visitor.get("/review/sign-in/provider", next="/review/recent").headers["Location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        Provider.nonce = asked["nonce"][0]
        answer = visitor.get("/review/sign-in/provider/answer", code="c", state=asked["state"][0])
        assert answer.status_code == expected
        assert visitor.get("/review/recent").status_code == (200 if expected == 302 else 302)
    assert visitor.get("/review/sign-in/provider/answer", code="c", state="made up").status_code == 401
    assert "newsroom&#39;s account" in visitor.page("/review/sign-in") or "newsroom's account" in visitor.page("/review/sign-in")


def test_who_gave_up_many_times_while_the_provider_was_down_is_let_in_when_it_is_back(
    new_app: Callable[..., Flask], issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser keeps no cookie of more than 4 KB, and so none that says what the newest attempt was."""
    app = new_app(OIDC_ISSUER=issuer, OIDC_CLIENT_ID="moderation", OIDC_CLIENT_SECRET="secret")
    signin.create(app.extensions["parts"], name="Ada", role=Role.MODERATOR, sites=(), password=None, subject="ada@gazette")
    monkeypatch.setattr(Provider, "subject", "ada@gazette")
    visitor = Visitor(app)
    for _ in range(25):
        visitor.get("/review/sign-in/provider")
    cookie = visitor.client.get_cookie("moderation", path="/review")
    assert cookie is not None
    assert len(cookie.value) < 1_000
    assert sign_in_there(visitor).status_code == 302


def test_a_provider_that_does_not_name_its_keys_may_have_another_one(
    new_app: Callable[..., Flask], issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = new_app(OIDC_ISSUER=issuer, OIDC_CLIENT_ID="moderation", OIDC_CLIENT_SECRET="secret")
    signin.create(app.extensions["parts"], name="Ada", role=Role.MODERATOR, sites=(), password=None, subject="ada@gazette")
    monkeypatch.setattr(Provider, "subject", "ada@gazette")
    for _ in range(2):
        monkeypatch.setattr(Provider, "key", RSAKey.generate_key(2048))
        assert sign_in_there(Visitor(app)).status_code == 302


def test_a_word_of_the_provider_that_is_not_for_this_sign_in_opens_nothing(new_app: Callable[..., Flask], issuer: str) -> None:
    app = new_app(OIDC_ISSUER=issuer, OIDC_CLIENT_ID="moderation", OIDC_CLIENT_SECRET="secret")
    visitor = Visitor(app)
    asked = parse_qs(urlsplit(visitor.get("/review/sign-in/provider").headers["Location"]).query)
    Provider.nonce = "another"
    answer = visitor.get("/review/sign-in/provider/answer", code="c", state=asked["state"][0])
    assert (answer.status_code, "did not vouch for you" in answer.text) == (401, True)


def test_a_sign_in_that_fails_there_is_logged_for_the_operator(
    new_app: Callable[..., Flask], issuer: str, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = Visitor(new_app(OIDC_ISSUER=issuer, OIDC_CLIENT_ID="moderation", OIDC_CLIENT_SECRET="secret"))
    visitor.get("/review/sign-in/provider/answer", code="c", state="made up")
    assert "did not vouch for whoever came from it: mismatching_state" in caplog.text


@pytest.mark.parametrize(
    ("error", "logged"), [("access_denied", "access_denied"), ("You have won! See https://evil.example", "an error without a known code")]
)
def test_of_what_comes_from_anybodys_browser_the_code_of_the_error_alone_is_logged(
    new_app: Callable[..., Flask], issuer: str, caplog: pytest.LogCaptureFixture, error: str, logged: str
) -> None:
    visitor = Visitor(new_app(OIDC_ISSUER=issuer, OIDC_CLIENT_ID="moderation", OIDC_CLIENT_SECRET="secret"))
    visitor.get("/review/sign-in/provider/answer", error=error, error_description="Call this number at once.")
    assert f"the identity provider did not vouch for whoever came from it: {logged}" in caplog.messages


def test_a_subject_that_no_database_holds_is_nobody(new_app: Callable[..., Flask], issuer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Provider, "subject", "ada\x00")
    visitor = Visitor(new_app(OIDC_ISSUER=issuer, OIDC_CLIENT_ID="moderation", OIDC_CLIENT_SECRET="secret"))
    assert sign_in_there(visitor).status_code == 401


def test_an_answer_without_a_code_opens_nothing(new_app: Callable[..., Flask], issuer: str) -> None:
    visitor = Visitor(new_app(OIDC_ISSUER=issuer, OIDC_CLIENT_ID="moderation", OIDC_CLIENT_SECRET="secret"))
    asked = parse_qs(urlsplit(visitor.get("/review/sign-in/provider").headers["Location"]).query)
    answer = visitor.get("/review/sign-in/provider/answer", state=asked["state"][0])
    assert (answer.status_code, "did not vouch for you" in answer.text) == (401, True)


def test_a_provider_that_answers_with_no_token_opens_nothing(
    new_app: Callable[..., Flask], issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def say_nothing(provider: Provider) -> None:
        provider.rfile.read(int(provider.headers["Content-Length"]))
        provider._answer([])  # type: ignore[arg-type]

    monkeypatch.setattr(Provider, "do_POST", say_nothing)
    visitor = Visitor(new_app(OIDC_ISSUER=issuer, OIDC_CLIENT_ID="moderation", OIDC_CLIENT_SECRET="secret"))
    asked = parse_qs(urlsplit(visitor.get("/review/sign-in/provider").headers["Location"]).query)
    answer = visitor.get("/review/sign-in/provider/answer", code="c", state=asked["state"][0])
    assert (answer.status_code, "did not vouch for you" in answer.text) == (401, True)


def test_a_provider_that_cannot_be_reached_is_said(new_app: Callable[..., Flask]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    app = new_app(OIDC_ISSUER=nobody, OIDC_CLIENT_ID="moderation", OIDC_CLIENT_SECRET="secret")
    answer = Visitor(app).get("/review/sign-in/provider")
    assert answer.status_code == 503
    assert "The identity provider does not answer." in answer.text


def describe(monkeypatch: pytest.MonkeyPatch, **otherwise: Any) -> None:
    """Has the provider say something else of itself, or leave out what is None."""
    answer = Provider._answer

    def otherwise_told(provider: Provider, body: dict[str, Any]) -> None:
        told = body | otherwise if "issuer" in body else body
        answer(provider, {name: value for name, value in told.items() if value is not None})

    monkeypatch.setattr(Provider, "_answer", otherwise_told)


def test_a_word_of_another_issuer_opens_nothing(new_app: Callable[..., Flask], issuer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Provider, "otherwise", {"iss": "https://another.example"})
    answer = sign_in_there(Visitor(new_app(OIDC_ISSUER=issuer, OIDC_CLIENT_ID="moderation", OIDC_CLIENT_SECRET="secret")))
    assert (answer.status_code, "did not vouch for you" in answer.text) == (401, True)


def test_a_provider_that_names_another_issuer_than_was_configured_opens_nothing_and_is_logged(
    new_app: Callable[..., Flask], issuer: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Even where its word is of that other issuer: the two must be one, as OpenID Connect has it."""
    describe(monkeypatch, issuer="https://another.example")
    monkeypatch.setattr(Provider, "otherwise", {"iss": "https://another.example"})
    answer = sign_in_there(Visitor(new_app(OIDC_ISSUER=issuer, OIDC_CLIENT_ID="moderation", OIDC_CLIENT_SECRET="secret")))
    assert (answer.status_code, "OpenID Connect metadata cannot be used" in answer.text) == (503, True)
    assert f"it names the issuer 'https://another.example', and OIDC_ISSUER is '{issuer}'" in caplog.messages[0]


def test_a_provider_may_write_its_issuer_with_a_slash_at_the_end(
    new_app: Callable[..., Flask], issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe(monkeypatch, issuer=f"{issuer}/")
    monkeypatch.setattr(Provider, "otherwise", {"iss": f"{issuer}/"})
    answer = sign_in_there(Visitor(new_app(OIDC_ISSUER=f"{issuer}/", OIDC_CLIENT_ID="moderation", OIDC_CLIENT_SECRET="secret")))
    assert "No moderator is known as" in answer.text


def test_a_provider_that_names_no_issuer_opens_nothing(new_app: Callable[..., Flask], issuer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    describe(monkeypatch, issuer=None)
    answer = sign_in_there(Visitor(new_app(OIDC_ISSUER=issuer, OIDC_CLIENT_ID="moderation", OIDC_CLIENT_SECRET="secret")))
    assert (answer.status_code, "OpenID Connect metadata cannot be used" in answer.text) == (503, True)


BROKEN: dict[str, list[Any]] = {
    "/.well-known/openid-configuration": [[], {}, {"authorization_endpoint": 5}],
    "/keys": [[], "none"],
}


@pytest.mark.parametrize(("path", "told"), [(path, told) for path, every in BROKEN.items() for told in every])
def test_a_provider_that_describes_itself_in_no_usable_way_is_said_and_asked_anew(
    new_app: Callable[..., Flask], issuer: str, monkeypatch: pytest.MonkeyPatch, path: str, told: Any
) -> None:
    visitor = Visitor(new_app(OIDC_ISSUER=issuer, OIDC_CLIENT_ID="moderation", OIDC_CLIENT_SECRET="secret"))
    answer = Provider._answer
    with monkeypatch.context() as broken:
        broken.setattr(Provider, "_answer", lambda self, body: answer(self, told if self.path == path else body))
        assert "OpenID Connect metadata cannot be used" in sign_in_there(visitor).text
    assert "No moderator is known as" in sign_in_there(visitor).text


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri"])
def test_an_address_of_the_provider_that_is_put_right_there_is_asked_for_anew(
    new_app: Callable[..., Flask], issuer: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    visitor = Visitor(new_app(OIDC_ISSUER=issuer, OIDC_CLIENT_ID="moderation", OIDC_CLIENT_SECRET="secret"))
    answer = Provider._answer
    with monkeypatch.context() as wrong:
        wrong.setattr(Provider, "_answer", lambda self, body: answer(self, body | {name: "null/path"} if name in body else body))
        sign_in_there(visitor)
    assert "No moderator is known as" in sign_in_there(visitor).text


def test_a_silent_provider_is_not_waited_for_for_ever(new_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        issuer = f"http://127.0.0.1:{silent.getsockname()[1]}"
        app = new_app(OIDC_ISSUER=issuer, OIDC_CLIENT_ID="moderation", OIDC_CLIENT_SECRET="secret")
        assert Visitor(app).get("/review/sign-in/provider").status_code == 503


def test_without_a_provider_there_is_none_to_ask(app: Flask) -> None:
    assert Visitor(app).get("/review/sign-in/provider").status_code == 404


def test_a_provider_is_configured_whole_or_not_at_all() -> None:
    with pytest.raises(ConfigError, match="OIDC_CLIENT_SECRET is not set"):
        Config.from_environ({"OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "a"})
    with pytest.raises(ConfigError, match="OIDC_ISSUER"):
        Config.from_environ({"OIDC_ISSUER": "http://id.example"})


def test_a_fault_is_a_page_and_not_a_trace(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = make_moderator(app, "Ada")
    monkeypatch.setattr("service.storage.cards.page", lambda *_, **__: 1 / 0)
    answer = ada.get("/review/")
    assert (answer.status_code, "Traceback" in answer.text, "A fault of ours" in answer.text) == (500, False, True)
