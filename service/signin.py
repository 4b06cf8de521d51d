"""The story of who a moderator is: by password, by token, or by the newsroom's identity provider."""

import hmac
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Connection, Row
from sqlalchemy.exc import IntegrityError

from service.domain import CORAL, MAX_NAME, Invalid, Moderator, Role
from service.parts import Parts
from service.storage import moderators
from service.storage.engine import reading, writing

FAILURES = 5
LOCKED = timedelta(minutes=15)
SHORTEST_PASSWORD = 10
LONGEST_SESSION = timedelta(days=7)  # however much it is used, as a copied cookie may be
LONGEST_SUBJECT = 255  # OpenID Connect's own bound
LISTED = "`flask --app service moderator list` shows them"
TOKEN = "cmm"  # noqa: S105 - what every token begins with

_hasher = PasswordHasher()
_NOBODY = _hasher.hash(secrets.token_hex(16))  # so that an unknown name takes as long to refuse as a known one

# The same for a name that is locked, or it would say which names there are.
_REFUSAL = (
    "This name and password do not go together. After five failures a name is locked for a quarter of an hour; "
    "whoever runs this service can give it a new password at once."
)


class Session(NamedTuple):
    """Who signed in, and the id that the browser keeps: it opens the room until the session ends or has grown too old."""

    moderator: Moderator
    id: str


class Refused(Exception):
    """A sign-in that failed: a sentence that gives nothing away."""


def create(parts: Parts, *, name: str, role: Role, sites: Sequence[str], password: str | None, subject: str | None = None) -> Moderator:
    """A new moderator. Raises Invalid."""
    if not name.strip() or len(name) > MAX_NAME or "\x00" in name:
        raise Invalid("name", f"a name of 1 to {MAX_NAME} characters")
    if name.strip() == CORAL:
        raise Invalid("name", f"another name than {CORAL}, under which the verdicts of {CORAL}'s own moderators are kept")
    if subject is not None and (not subject.strip() or len(subject) > LONGEST_SUBJECT):
        raise Invalid("subject", f"a subject of 1 to {LONGEST_SUBJECT} characters")
    if password is not None:
        _check_password(password)
    password_hash = None if password is None else _hasher.hash(password)
    try:
        with writing(parts.engine) as db:
            pk = moderators.add(db, name=name.strip(), role=role, sites=sites, password_hash=password_hash, oidc_subject=subject)
    except IntegrityError:
        with reading(parts.engine) as db:
            names = [row.name for row in moderators.every(db)]
        if name.strip() in names:
            raise Invalid("name", "a name that no other moderator has") from None
        raise Invalid("subject", "an OpenID Connect subject that no other moderator has") from None
    return Moderator(pk=pk, name=name.strip(), role=role, sites=tuple(sites))


def set_password(parts: Parts, name: str, password: str) -> None:
    """A new password, which ends the moderator's sessions. Raises Invalid."""
    _check_password(password)
    with writing(parts.engine) as db:
        _set(db, name, password_hash=_hasher.hash(password), failures=0, locked_until=None)
        moderators.end_sessions(db, name)


def disable(parts: Parts, name: str) -> None:
    """Ends a moderator's sessions and token; what they said stays. Raises Invalid."""
    with writing(parts.engine) as db:
        _set(db, name, active=False, token_hash=None)
        moderators.end_sessions(db, name)


def enable(parts: Parts, name: str) -> None:
    """Lets a moderator in again, by the password or account of before. Raises Invalid."""
    with writing(parts.engine) as db:
        _set(db, name, active=True)


def by_password(parts: Parts, name: str, password: str) -> Session:
    """Raises Refused; after five failures in a row for fifteen minutes whatever the password."""
    with reading(parts.engine) as db:
        row = None if "\x00" in name else moderators.named(db, name)
    right = _matches(_NOBODY if row is None or row.password_hash is None else row.password_hash, password)
    now = datetime.now(UTC)
    with writing(parts.engine) as db:
        # As it is now: while this one was compared others may have guessed, and the operator may have set another password.
        held = row and moderators.hold(db, row.pk)
        if row and held and (held.locked_until is None or held.locked_until <= now):
            if right and held.password_hash == row.password_hash:
                moderators.forget_failures(db, held.pk, locked_until=None)
                return _begin_session(db, held)
            moderators.count_failure(db, held.pk, most=FAILURES, locked_until=now + LOCKED)
    raise Refused(_REFUSAL)


def by_subject(parts: Parts, subject: str) -> Session:
    """Of whom the identity provider vouches for. Raises Refused."""
    with writing(parts.engine) as db:
        if "\x00" not in subject and (held := moderators.hold_by_subject(db, subject)):
            return _begin_session(db, held)
    raise Refused(
        f"No moderator is known as '{subject}' here. Whoever runs this service can change that: "
        f"flask --app service moderator create NAME --subject '{subject}'"
    )


def issue_token(parts: Parts, name: str) -> str:
    """A new token for the API, in the only moment in which it can be read; an earlier one ends. Raises Invalid."""
    secret = secrets.token_urlsafe(32)
    with writing(parts.engine) as db:
        row = moderators.named(db, name)
        if row is None:
            raise Invalid("name", f"the name of an active moderator; {LISTED}")
        moderators.set_values(db, name, token_hash=hashed(secret))
    return f"{TOKEN}_{row.pk}_{secret}"


def by_token(parts: Parts, token: str) -> Moderator | None:
    prefix, _, rest = token.partition("_")
    pk, _, secret = rest.partition("_")
    if prefix != TOKEN or not (pk.isascii() and pk.isdecimal() and len(pk) < 19):
        return None
    with reading(parts.engine) as db:
        row = moderators.by_pk(db, int(pk))
    known = row is not None and row.token_hash is not None and hmac.compare_digest(row.token_hash, hashed(secret))
    return moderators.from_row(row) if row is not None and known else None


def hashed(secret: str) -> str:
    """What is stored of a secret of 256 random bits, which needs no slow hash."""
    return sha256(secret.encode()).hexdigest()


def by_session(parts: Parts, id: str) -> Moderator | None:
    """The moderator of a session, unless it has ended."""
    with reading(parts.engine) as db:
        row = moderators.in_session(db, id, none_before=datetime.now(UTC) - LONGEST_SESSION)
    return None if row is None else moderators.from_row(row)


def end_session(parts: Parts, id: str) -> None:
    """For every copy of its cookie."""
    with writing(parts.engine) as db:
        moderators.end_session(db, id)


def _begin_session(db: Connection, row: Row[Any]) -> Session:
    id, now = secrets.token_hex(16), datetime.now(UTC)
    moderators.begin_session(db, row.pk, id, at=now, none_before=now - LONGEST_SESSION)
    return Session(moderators.from_row(row), id)


def _set(db: Connection, name: str, **values: Any) -> None:
    if not moderators.set_values(db, name, **values):
        raise Invalid("name", f"the name of a moderator; {LISTED}")


def _check_password(password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid("password", f"at least {SHORTEST_PASSWORD} characters")


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
