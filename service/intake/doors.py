"""Who may use the dialects whose clients sign in a way of their own."""

import base64
import hmac
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken
from flask import g, request
from werkzeug.exceptions import Unauthorized

from service.auth import Caller, api_key
from service.config import ConfigError
from service.parts import current_parts
from service.storage import coral
from service.storage.engine import reading


def coral_signature() -> None:
    """Coral, by a signature with one of the secrets that the site in the address has for this use."""
    parts, site = current_parts(), (request.view_args or {})["site"]
    with reading(parts.engine) as db:
        sealed = [] if "\x00" in site else coral.sealed_secrets(db, site, "phase" if request.blueprint == "coral_phase" else "webhooks")
    expected = [hmac.new(secret.encode(), request.get_data(), sha256).hexdigest() for secret in unseal(parts.config.secret_key, sealed)]
    shown = [part.strip().removeprefix("sha256=") for part in request.headers.get("X-Coral-Signature", "").split(",")]
    if not any(hmac.compare_digest(one.encode(), other.encode()) for one in expected for other in shown):
        raise Unauthorized(
            "The X-Coral-Signature fits no secret of this site. `flask --app service coral secret` tells the service Coral's."
        )
    g.caller = Caller(f"coral:{site}", site, signed=True)


def webhook_signature() -> None:
    """A system that sources.toml names, by its signature; one that has none there by its site's API key."""
    source = current_parts().sources.get((request.view_args or {})["name"])
    if source is not None and source.description.signature is None and g.caller is not None and g.caller.site == source.description.site:
        api_key()
    elif source is not None and source.is_signed(request.headers.get, request.get_data()):
        g.caller = Caller(f"source:{source.name}", source.description.site, signed=True)
    else:
        raise Unauthorized(
            "No enabled source in sources.toml has this name, or the request lacks what it asks for: a signature with its secret, "
            "of a time within its tolerance; or, where it has no signature, an API key of its site."
        )


def seal(secret_key: str | None, secret: str) -> str:
    """A secret that another system made, encrypted for storage."""
    return _cipher(secret_key).encrypt(secret.encode()).decode()


def unseal(secret_key: str | None, sealed: Sequence[str]) -> list[str]:
    """The secrets; without those that another SECRET_KEY sealed. Raises ConfigError, also where there are none: strangers ask too."""
    cipher, found = _cipher(secret_key), []
    for one in sealed:
        with suppress(InvalidToken):
            found.append(cipher.decrypt(one).decode())
    return found


def _cipher(secret_key: str | None) -> Fernet:
    if secret_key is None:
        raise ConfigError("SECRET_KEY is not set: secrets are stored encrypted with it. `make run` makes one in var/secret_key.")
    return Fernet(base64.urlsafe_b64encode(hmac.new(secret_key.encode(), b"sealed secrets", sha256).digest()))
