"""Who may use what. Every blueprint is registered with its access, openness too."""

import base64
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from itertools import count

from flask import Blueprint, Flask, abort, g, request
from sqlalchemy import Connection
from standardwebhooks import Webhook, WebhookVerificationError
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from service.config import ConfigError
from service.parts import current_parts
from service.storage import keys
from service.storage.engine import reading, writing

Access = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Caller:
    """The key that a request came with, and the one site that it may see."""

    key_id: str
    site: str
    signed: bool


def register(app: Flask, blueprint: Blueprint, access: Access) -> None:
    app.register_blueprint(blueprint)
    app.before_request_funcs.setdefault(blueprint.name, []).append(access)  # the app's, so that a process may make several apps


def open_to_all() -> None:
    """Anybody."""


def metrics_token() -> None:
    """Whoever holds METRICS_TOKEN; anybody where it is not set."""
    expected = current_parts().config.metrics_token
    if expected is not None and not hmac.compare_digest(_bearer().encode(), expected.encode()):
        raise _unauthorized("Send the token of METRICS_TOKEN as 'Authorization: Bearer TOKEN'.")


def api_key() -> None:
    """The holder of an API key in force, with a signature where the key asks for one."""
    if g.caller is None:
        raise _unauthorized("Send an API key as 'Authorization: Bearer KEY'. `flask key create` makes one.")
    if g.caller.signed and request.method in ("POST", "PUT"):
        _check_signature(g.caller)


def identify() -> None:
    """Sets g.caller from the Authorization header: the key's holder, or None."""
    g.caller = None
    prefix, _, rest = _shown_key().partition("_")
    id, _, secret = rest.partition("_")
    if prefix != "cm" or not id or not secret or "\x00" in id:
        return
    with reading(current_parts().engine) as db:
        key = keys.find(db, id)
    if key and hmac.compare_digest(key.hash, _hash(secret)):
        g.caller = Caller(key.id, key.site, key.signed)


def rate_limit_key() -> str:
    return f"key:{g.caller.key_id}" if g.get("caller") else f"address:{request.remote_addr}"


def create_key(db: Connection, *, site: str, name: str, signed: bool) -> str:
    """A new API key, in the only moment in which it can be read."""
    return _add_key(db, secrets.token_hex(6), secrets.token_urlsafe(32), site, name, signed)


def quickstart_key(db: Connection, secret_key: str, site: str) -> str:
    """The key that `make run` prints: the same each time, since it is derived from SECRET_KEY, until it is revoked."""
    for attempt in count(1):
        secret = hmac.new(secret_key.encode(), f"quickstart:{attempt}".encode(), sha256).hexdigest()
        id = f"try{_hash(secret)[:9]}"
        if not keys.exists(db, id):
            return _add_key(db, id, secret, site, "made by make run", signed=False)
        if keys.find(db, id):
            return f"cm_{id}_{secret}"
    raise AssertionError


def signing_secret(secret_key: str | None, key_id: str) -> str:
    """The secret of Standard Webhooks with which requests under this key are signed; derived, so that it is stored nowhere."""
    if secret_key is None:
        raise ConfigError("SECRET_KEY is not set: signing secrets are derived from it. `make run` makes one in var/secret_key.")
    return "whsec_" + base64.b64encode(hmac.new(secret_key.encode(), f"signing:{key_id}".encode(), sha256).digest()).decode()


def _add_key(db: Connection, id: str, secret: str, site: str, name: str, signed: bool) -> str:
    keys.add(db, id=id, site=site, name=name, hash=_hash(secret), signed=signed)
    return f"cm_{id}_{secret}"


def _check_signature(caller: Caller) -> None:
    body = request.get_data()
    try:
        Webhook(signing_secret(current_parts().config.secret_key, caller.key_id)).verify(body, dict(request.headers), json_parse=False)
    except (WebhookVerificationError, ValueError) as error:
        flaw = str(error) if isinstance(error, WebhookVerificationError) else "Unreadable signature headers"
        raise _unauthorized(f"This key asks for signed requests (Standard Webhooks): {flaw}.") from None
    # What was signed, not the header as sent: that one may be written in several ways.
    signed = f"{caller.key_id}.{request.headers['webhook-id']}.{int(float(request.headers['webhook-timestamp']))}.".encode() + body
    with writing(current_parts().engine) as db:
        if keys.is_replay(db, sha256(signed).hexdigest()):
            abort(409, "This signed request was received before. Sign each attempt anew, with the time of the attempt.")


def _bearer() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _shown_key() -> str:
    """From the Authorization header; Perspective's clients, and they alone, may have it in the address."""
    if request.blueprint == "perspective":
        return request.args.get("key") or request.headers.get("X-Goog-Api-Key") or _bearer()
    return _bearer()


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()  # 256 random bits need no slow hash


def _unauthorized(detail: str) -> Unauthorized:
    return Unauthorized(detail, www_authenticate=WWWAuthenticate("bearer"))
