"""What every page of the moderators' room has: safe headers, its look, and errors that a person can read."""

import logging
from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from gunicorn.http.errors import ParseException
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from service.domain import Invalid
from service.errors import BROKEN_BODY, UNREACHABLE, log_unreachable
from service.verdicts import Conflict, Unknown

log = logging.getLogger(__name__)

LOOKS = ("light", "dark", "blur", "large", "keys-off")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
STALE = "This page is from before you signed in, or too old. Copy what you wrote, and load the page again."
NO_COOKIE = (
    "Your browser sent no session cookie, and without one nobody can sign in. Load the page again. If that does not help, allow cookies "
    "for this address, and open it over https: plain http works only for a try on one machine, with SECURE_COOKIES=no."
)
NO_REFERRER = (
    "Your browser did not say which page this form came from (its Referer header). Allow that for this address, and send the form again."
)
ANOTHER_NAME = (
    "This form came from another address than '{host}', for which the service was asked. Whoever runs the service can correct that: the "
    "proxy in front of it must pass the browser's Host header on, with its port."
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def furnish(blueprint: Blueprint) -> None:
    blueprint.after_request(_add_headers)
    blueprint.context_processor(lambda: {"look": look()})
    blueprint.register_error_handler(HTTPException, lambda error: _problem(error.code or 500, error.description or ""))
    blueprint.register_error_handler(CSRFError, _on_csrf_error)
    blueprint.register_error_handler(ParseException, lambda _: _problem(400, BROKEN_BODY))
    blueprint.register_error_handler(Conflict, lambda error: _problem(409, str(error)))
    blueprint.register_error_handler(Unknown, lambda error: _problem(404, str(error)))
    blueprint.register_error_handler(Invalid, lambda error: _problem(422, f"{error}."))
    blueprint.register_error_handler(Exception, _on_exception)
    for unreachable in UNREACHABLE:
        blueprint.register_error_handler(unreachable, _on_database_error)


def _on_csrf_error(error: CSRFError) -> ResponseReturnValue:
    """Where a form's token is right, the referrer was not: it is looked at after that, and over https alone."""
    if "referrer" not in (error.description or ""):
        return _problem(400, STALE if current_app.config["SESSION_COOKIE_NAME"] in request.cookies else NO_COOKIE)
    return _problem(400, ANOTHER_NAME.format(host=request.host) if request.referrer else NO_REFERRER)


def _on_database_error(error: SQLAlchemyError) -> ResponseReturnValue:
    log_unreachable(error)
    g.without_database = True  # else the page would ask it who is signed in, and fail too
    return _problem(503, "The database does not answer. Nothing was changed.")


def _on_exception(error: Exception) -> ResponseReturnValue:
    log.error("request failed", exc_info=error)
    return _problem(500, "A fault of the service, logged under this request's id. Nothing more was changed.")


def look() -> list[str]:
    """What the moderator chose: colours, blur, large type, no shortcuts."""
    chosen = request.cookies.get("look", "").split("_")
    return [name for name in LOOKS if name in chosen]


def by_script() -> bool:
    """Whether our script asks, rather than a page's form or link."""
    return request.accept_mimetypes.best == "application/json"


def local_path(path: str | None) -> str | None:
    """A path of these pages, and nothing that a browser would take for another site."""
    return path if path is not None and path.startswith("/review") and not set(path) & {"\\", "\r", "\n", "\t"} else None


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _problem(status: int, sentence: str) -> ResponseReturnValue:
    if by_script():
        return jsonify(message=sentence), status
    facts: dict[str, Any] = {"status": status, "sentence": sentence, "request_id": g.get("request_id")}
    return render_template("problem.html", **facts), status
