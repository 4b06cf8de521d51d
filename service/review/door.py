"""In and out: signing in by password or by the newsroom's identity provider, signing out, and how the pages look."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError
from requests import RequestException

from service import auth, signin
from service.parts import current_parts
from service.review import room, shown

PATIENCE = 10  # seconds that an identity provider may take

blueprint = Blueprint("door", __name__, url_prefix="/review", template_folder="templates", static_folder="static")
room.furnish(blueprint)
shown.register(blueprint)

_ERROR_CODE = re.compile(r"[a-z_]{1,40}")

log = logging.getLogger(__name__)


@blueprint.errorhandler(RequestException)
def provider_is_silent(_: RequestException) -> ResponseReturnValue:
    return _sign_in_page("The identity provider does not answer. Try again in a moment, or sign in with a password."), 503


@blueprint.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    return _sign_in_page()


@blueprint.post("/sign-in")
def sign_in_by_password() -> ResponseReturnValue:
    try:
        begun = signin.by_password(current_parts(), request.form.get("name", "").strip(), request.form.get("password", ""))
    except signin.Refused as refused:
        return _sign_in_page(str(refused)), 401
    return _let_in(begun, request.form.get("next"))


@blueprint.get("/sign-in/provider")
def ask_provider() -> ResponseReturnValue:
    for given_up in [name for name in session if name.startswith("_state_")]:  # else they fill the cookie, until no browser keeps it
        session.pop(given_up)
    session["next"] = room.local_path(request.args.get("next"))
    scheme = "https" if current_parts().config.secure_cookies else request.scheme
    with _provider() as provider:
        answer: ResponseReturnValue = provider.authorize_redirect(url_for("door.hear_provider", _external=True, _scheme=scheme))
    return answer


@blueprint.get("/sign-in/provider/answer")
def hear_provider() -> ResponseReturnValue:
    try:
        with _provider() as provider:
            provider.server_metadata.pop("jwks", None)  # asked for anew, as a key without an id may have become another
            claims = provider.authorize_access_token()["userinfo"]
        begun = signin.by_subject(current_parts(), claims["sub"])
    except (AuthlibBaseError, JoseError, KeyError, ValueError) as error:
        log.warning("the identity provider did not vouch for whoever came from it: %s", _said(error), exc_info=error)
        return _sign_in_page("The identity provider did not vouch for you. Try again."), 401
    except signin.Refused as refused:
        return _sign_in_page(str(refused)), 401
    return _let_in(begun, session.get("next"))


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    auth.end_session()
    flash("You are signed out.")
    return redirect(url_for("door.sign_in"))


@blueprint.post("/look")
def choose_look() -> ResponseReturnValue:
    """Keeps the choices in a cookie of this browser: eyes differ, and so do screens."""
    chosen = [name for name in room.LOOKS if name in request.form.getlist("look")]
    response = current_app.make_response(redirect(room.local_path(request.form.get("next")) or url_for("pages.queue")))
    secure = current_parts().config.secure_cookies
    response.set_cookie("look", "_".join(chosen), max_age=31_536_000, path="/review", secure=secure, httponly=True, samesite="Lax")
    return response


def _let_in(begun: signin.Session, asked_for: str | None) -> ResponseReturnValue:
    auth.begin_session(begun)
    return redirect(room.local_path(asked_for) or url_for("pages.queue"))


def _sign_in_page(problem: str | None = None) -> str:
    asked_for = room.local_path(request.values.get("next"))
    return render_template("sign_in.html", problem=problem, next=asked_for, provider=current_parts().config.oidc_issuer)


def _said(error: Exception) -> str:
    """What the provider said of a failure; but the code alone of what a browser brought, which anybody may have written."""
    if not (code := request.args.get("error")):
        return str(error)
    return code if _ERROR_CODE.fullmatch(code) else "an error without a known code"


@contextmanager
def _provider() -> Iterator[Any]:
    """The identity provider of the configuration; its own addresses are asked for at the first use, its keys at each sign-in."""
    config = current_parts().config
    if config.oidc_issuer is None:
        abort(404, "Sign-in by an identity provider is not configured.")
    clients: OAuth = current_app.extensions.setdefault("oidc", OAuth(current_app))
    provider = clients.register(
        "provider",
        client_id=config.oidc_client_id,
        client_secret=config.oidc_client_secret,
        server_metadata_url=f"{config.oidc_issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "default_timeout": PATIENCE},
    )
    try:
        named = provider.load_server_metadata().get("issuer")
        if str(named).rstrip("/") != config.oidc_issuer:  # the library compares its word with the issuer that it names, where it names one
            raise RuntimeError(f"it names the issuer {named!r}, and OIDC_ISSUER is {config.oidc_issuer!r}")
        yield provider
    except (RequestException, ValueError):  # where an address of its own is wrong; it may be put right
        current_app.extensions.pop("oidc", None)
        raise
    except (RuntimeError, TypeError, AttributeError) as error:  # the library has none of its own for metadata or keys that are broken
        current_app.extensions.pop("oidc", None)  # with what was kept of them
        log.error("the identity provider is not understood: %s", error, exc_info=error)
        abort(503, "The identity provider's OpenID Connect metadata cannot be used. Until that is corrected, sign in with a password.")
