"""Who may use what. Every blueprint is registered with its access, openness too."""

import base64
import hmac
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count

from flask import Blueprint, Flask, Request, Response, abort, current_app, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFProtect
from itsdangerous import BadSignature
from sqlalchemy import Connection
from standardwebhooks import Webhook, WebhookVerificationError
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from service import signin
from service.config import Config, ConfigError
from service.domain import Moderator
from service.parts import current_parts
from service.storage import keys
from service.storage.engine import reading, writing

SESSION = timedelta(hours=12)  # without a request

log = logging.getLogger(__name__)

Access = Callable[[], ResponseReturnValue | None]

_csrf = CSRFProtect()


@dataclass(frozen=True, slots=True)
class Caller:
    """The key that a request came with, and the one site that it may see."""

    key_id: str
    site: str
    signed: bool


class _User(UserMixin):  # type: ignore[misc]
    """A moderator as Flask-Login knows one."""

    def __init__(self, moderator: Moderator, session_id: str) -> None:
        self.moderator = moderator
        self.id = session_id


class _Cookies(SecureCookieSessionInterface):
    """Flask's, but a cookie of a machine whose clock is ahead is as good as a fresh one: elsewhere it would sign its moderator out."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        signer = self.get_signing_serializer(app)
        if signer is None:
            return None
        try:
            told, at = signer.loads(request.cookies.get(self.get_cookie_name(app), ""), return_timestamp=True)
        except BadSignature:
            return self.session_class()
        return self.session_class(told if datetime.now(UTC) - at <= SESSION else None)


def set_up_sessions(app: Flask, config: Config) -> None:
    """Cookies that only our pages get, and forms that only our pages can send."""
    app.secret_key = config.secret_key
    app.session_interface = _Cookies()
    app.config.update(
        SESSION_COOKIE_NAME="moderation",
        SESSION_COOKIE_PATH="/review",
        SESSION_COOKIE_SECURE=config.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=SESSION,
        WTF_CSRF_CHECK_DEFAULT=False,  # the API has no cookies to abuse
        WTF_CSRF_TIME_LIMIT=None,  # a page stays good as long as its session
    )
    _csrf.init_app(app)
    manager = LoginManager(app)
    manager.user_loader(_load_user)


def register(app: Flask, blueprint: Blueprint, access: Access) -> None:
    app.register_blueprint(blueprint)
    app.before_request_funcs.setdefault(blueprint.name, []).append(access)  # the app's, so that a process may make several apps


def open_to_all() -> None:
    """Anybody."""


def own_forms() -> None:
    """Anybody, through the pages of this service."""
    _check_secret_key()
    _csrf.protect()


def signed_in() -> ResponseReturnValue | None:
    """A moderator with a session, through the pages of this service."""
    _check_secret_key()
    if current_user.is_authenticated:
        _csrf.protect()
        return None
    if request.method != "GET" or request.accept_mimetypes.best == "application/json":
        abort(401, "Your session is over. Sign in again.")
    return redirect(url_for("door.sign_in", next=request.full_path.rstrip("?")))


def moderator_token() -> None:
    """The holder of a moderator's token."""
    if g.moderator is None:
        raise _unauthorized(
            "Send a moderator's token as 'Authorization: Bearer TOKEN'. `flask --app service moderator token NAME` makes one."
        )


def moderator() -> Moderator:
    """Who is signed in, or whose token came with the request."""
    found: Moderator = g.moderator or current_user.moderator
    return found


def begin_session(begun: signin.Session) -> None:
    end_session()
    session.permanent = True
    login_user(_User(begun.moderator, begun.id))


def end_session() -> None:
    if current_user.is_authenticated:
        signin.end_session(current_parts(), current_user.id)
    logout_user()
    session.clear()


def metrics_token() -> None:
    """Whoever holds METRICS_TOKEN; anybody where it is not set."""
    expected = current_parts().config.metrics_token
    if expected is not None and not hmac.compare_digest(_bearer().encode(), expected.encode()):
        raise _unauthorized("Send the token of METRICS_TOKEN as 'Authorization: Bearer TOKEN'.")


def api_key() -> None:
    """The holder of an API key in force, with a signature where the key asks for one."""
    if g.caller is None:
        raise _unauthorized("Send an API key as 'Authorization: Bearer KEY'. `flask --app service key create --site NAME` makes one.")
    if g.caller.signed and request.method in ("POST", "PUT"):
        _check_signature(g.caller)


def key_in_address() -> None:
    """The holder of an API key in force, which may stand in the address; of none that asks for a signature, as such clients cannot sign."""
    if g.caller is None:
        raise Unauthorized("Send an API key as '?key=KEY'. `flask --app service key create --site NAME` makes one.")
    if g.caller.signed:
        abort(403, "This API key asks for signed requests, which this API does not have. Use one that was made without --signed.")


def identify() -> None:
    """Sets g.caller and g.moderator: whose key came with the request, and whose token; None where none did that is in force."""
    g.caller = None
    g.moderator = signin.by_token(current_parts(), _bearer())
    prefix, _, rest = _shown_key().partition("_")
    id, _, secret = rest.partition("_")
    if prefix != "cm" or not id or not secret or "\x00" in id:
        return
    with reading(current_parts().engine) as db:
        key = keys.find(db, id)
    if key and hmac.compare_digest(key.hash, signin.hashed(secret)):
        g.caller = Caller(key.id, key.site, key.signed)


def rate_limit_key() -> str:
    if g.get("caller"):
        return f"key:{g.caller.key_id}"
    if g.get("moderator") or current_user.is_authenticated:
        return f"moderator:{moderator().pk}"
    return f"address:{_address()}"


def _address() -> str:
    """Whoever is behind the proxies that are believed: each adds at the end whom it heard, and what was there before may be made up."""
    address = request.remote_addr or ""
    for heard in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        if not current_parts().config.is_proxy(address) or not heard.strip():
            break
        address = _without_port(heard.strip())
    return address


def _without_port(heard: str) -> str:
    """As some gateways, Azure's among them, write `192.0.2.1:50000` and `[2001:db8::1]:50000`: at each connection another."""
    if heard.startswith("["):
        return heard[1:].partition("]")[0]
    return heard.partition(":")[0] if heard.count(":") == 1 else heard


def create_key(db: Connection, *, site: str, name: str, signed: bool) -> str:
    """A new API key, in the only moment in which it can be read."""
    return _add_key(db, secrets.token_hex(6), secrets.token_urlsafe(32), site, name, signed)


def quickstart_key(db: Connection, secret_key: str, site: str) -> str:
    """The key that `make run` prints: the same each time, since it is derived from SECRET_KEY, until it is revoked."""
    for attempt in count(1):
        secret = hmac.new(secret_key.encode(), f"quickstart:{attempt}".encode(), sha256).hexdigest()
        id = f"try{signin.hashed(secret)[:9]}"
        if not keys.exists(db, id):
            return _add_key(db, id, secret, site, "made by make run", signed=False)
        if keys.find(db, id):
            return f"cm_{id}_{secret}"
    raise AssertionError


def signing_secret(secret_key: str | None, key_id: str) -> str:
    """The secret of Standard Webhooks with which requests under this key are signed; derived, so that it is stored nowhere."""
    return _derive(secret_key, f"signing:{key_id}")


def endpoint_secret(secret_key: str | None, endpoint_id: str, rotation: int) -> str:
    """The secret with which we sign what an endpoint is sent."""
    return _derive(secret_key, f"endpoint:{endpoint_id}:{rotation}")


def _check_secret_key() -> None:
    if current_parts().config.secret_key is None:
        sentence = "SECRET_KEY is not set, so nobody can sign in. `make run` makes one in var/secret_key."
        abort(Response(sentence, 503, content_type="text/plain; charset=utf-8"))  # a page of ours would need it


def _derive(secret_key: str | None, purpose: str) -> str:
    if secret_key is None:
        raise ConfigError("SECRET_KEY is not set: signing secrets are derived from it. `make run` makes one in var/secret_key.")
    return "whsec_" + base64.b64encode(hmac.new(secret_key.encode(), purpose.encode(), sha256).digest()).decode()


def _add_key(db: Connection, id: str, secret: str, site: str, name: str, signed: bool) -> str:
    keys.add(db, id=id, site=site, name=name, hash=signin.hashed(secret), signed=signed)
    return f"cm_{id}_{secret}"


def _check_signature(caller: Caller) -> None:
    body = request.get_data()
    try:
        Webhook(signing_secret(current_parts().config.secret_key, caller.key_id)).verify(body, dict(request.headers), json_parse=False)
    except (WebhookVerificationError, ValueError) as error:
        flaw = str(error) if isinstance(error, WebhookVerificationError) else "Unreadable signature headers"
        log.warning("a signature was refused", extra={"site": caller.site, "problem": flaw})
        raise _unauthorized(f"This key asks for signed requests (Standard Webhooks): {flaw}.") from None
    # What was signed, not the header as sent: that one may be written in several ways.
    signed = f"{caller.key_id}.{request.headers['webhook-id']}.{int(float(request.headers['webhook-timestamp']))}.".encode() + body
    with writing(current_parts().engine) as db:
        if keys.is_replay(db, sha256(signed).hexdigest()):
            abort(409, "This signed request was received before. Sign each attempt anew, with the time of the attempt.")


def _load_user(session_id: str) -> _User | None:
    found = None if g.get("without_database") else signin.by_session(current_parts(), session_id)
    return None if found is None else _User(found, session_id)


def _bearer() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _shown_key() -> str:
    """From the Authorization header or, for the dialects whose clients cannot send one, from the address."""
    if key_in_address in current_app.before_request_funcs.get(request.blueprint, ()):
        return request.args.get("key") or request.headers.get("X-Goog-Api-Key") or _bearer()
    return _bearer()


def _unauthorized(detail: str) -> Unauthorized:
    return Unauthorized(detail, www_authenticate=WWWAuthenticate("bearer"))
