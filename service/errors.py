"""Where errors become HTTP: one shape, RFC 9457's `application/problem+json`, with the field and what was expected."""

import json
import logging
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice
from typing import Any

from flask import Flask, Response, g, request
from gunicorn.http.errors import ParseException
from pydantic import ValidationError
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import ClientDisconnected, HTTPException, MethodNotAllowed, NotFound

from service.config import ConfigError
from service.domain import Invalid
from service.storage.engine import sentence
from service.verdicts import Conflict, Unknown

log = logging.getLogger(__name__)

RETRY_SECONDS = 5
MOST_NAMED = 100  # fields of one body: a list may hold millions that are wrong
UNREACHABLE = (OperationalError, InterfaceError, PoolTimeout)
BROKEN_BODY = "The body's chunked encoding is broken."  # seen by the server only when a view reads it
SURROGATE = re.compile("[\ud800-\udfff]")
TIME = "a time with its zone, such as 2026-03-01T12:00:00Z"

EXPECTED = {
    "missing": "this field, which is required",
    "extra_forbidden": "no field of this name",
    "string_type": "a text",
    "string_too_short": "at least {min_length} character",
    "string_too_long": "at most {max_length} characters",
    "too_short": "at least {min_length} item",
    "too_long": "at most {max_length} items",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "string_pattern_mismatch": "a text of the form {pattern}",
    "no_date": TIME,
    "timezone_aware": TIME,
    "datetime_from_date_parsing": TIME,
}


def register(app: Flask) -> None:
    for refused in (ValidationError, Invalid):
        app.register_error_handler(refused, lambda error: respond(of(error)))
    app.register_error_handler(Conflict, lambda error: respond(problem(409, str(error))))
    app.register_error_handler(Unknown, lambda error: respond(problem(404, str(error))))
    app.register_error_handler(HTTPException, _on_http_exception)
    app.register_error_handler(ParseException, lambda _: respond(problem(400, BROKEN_BODY)))
    for unreachable in UNREACHABLE:
        app.register_error_handler(unreachable, _on_database_error)
    app.register_error_handler(ConfigError, _on_config_error)
    app.register_error_handler(Exception, _on_exception)
    app.after_request(_retry_after)


def problem(status: int, detail: str, errors: list[dict[str, str]] | None = None) -> dict[str, Any]:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, "request_id": g.request_id}
    return body if errors is None else body | {"errors": errors}


def respond(body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(body), body["status"], headers, content_type="application/problem+json")


def of(error: ValidationError | Invalid | HTTPException, sent: str | None = None) -> dict[str, Any]:
    """The problem of what a caller sent; values are never repeated. `sent` is what was read, where that is a part of the body."""
    if isinstance(error, HTTPException):
        return problem(error.code or 500, _said(error))
    if isinstance(error, Invalid):
        return problem(422, "A field is not as expected.", [{"field": error.field, "expected": error.expected}])
    if error.error_count() > MOST_NAMED:
        return problem(422, f"More than {MOST_NAMED} fields are not as expected.")
    found = error.errors(include_url=False, include_input=False)
    if found[0]["type"] != "json_invalid":
        return problem(422, "A field is not as expected.", [{"field": _path(e["loc"]), "expected": _expected(e)} for e in found])
    flaw = found[0]["ctx"]["error"]
    if is_half_a_pair(error):
        found_at = _halves_of_pairs(request.get_data() if sent is None else sent) or ["body"]
        expected = "valid Unicode, without half of a surrogate pair"
        return problem(422, "A text holds half of a surrogate pair.", [{"field": field, "expected": expected} for field in found_at])
    return problem(400, f"The body is not JSON: {_flaw_of_the_whole() or flaw}.")


def log_unreachable(error: SQLAlchemyError) -> None:
    log.error("database does not answer", exc_info=error, extra={"problem": sentence(error)})


def is_half_a_pair(error: ValidationError) -> bool:
    """Whether a text held a lone surrogate, which is JSON and no Unicode; any other bad escape is no JSON."""
    if error.error_count() > 1:
        return False
    first = error.errors(include_url=False, include_input=False)[0]
    return first["type"] == "json_invalid" and "hex escape" in first["ctx"]["error"]


def _said(error: HTTPException) -> str:
    """What to do about an address or a method that there is not, or a broken-off body; Werkzeug's own words are for a browser's user."""
    if isinstance(error, MethodNotAllowed):
        return f"This address does not take {request.method}: it takes {', '.join(sorted(error.valid_methods or ()))}."
    if isinstance(error, ClientDisconnected):
        return "The body broke off before its end; its Content-Length may be too large."
    if error.description == NotFound.description:
        return "There is no such address. `GET /openapi.json` lists those of the API."
    return error.description or ""


def _flaw_of_the_whole() -> str | None:
    """What a body is that is no text in UTF-8, or not JSON from its first character on; a place in line 1 would tell nobody."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        return "it is compressed; send it without Content-Encoding, as it is"
    body = request.get_data()
    if not body:
        return "it is empty"
    if body.startswith(BOM_UTF8):
        return "it begins with a byte order mark; leave that out"
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return f"it is not UTF-8 from byte {error.start + 1} on"
    return None


def _halves_of_pairs(sent: bytes | str) -> list[str]:
    """The fields whose texts hold lone surrogates, a hundred at the most; none where the rest is no JSON."""
    try:
        return list(islice(_with_surrogates(json.loads(sent), ()), MOST_NAMED))
    except (ValueError, RecursionError):
        return []


def _with_surrogates(value: Any, at: tuple[int | str, ...]) -> Iterator[str]:
    if isinstance(value, str):
        if SURROGATE.search(value):
            yield _path(at)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from [_path(at)] if SURROGATE.search(name) else _with_surrogates(inner, (*at, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _with_surrogates(inner, (*at, number))


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "body"


def _expected(error: Any) -> str:
    if template := EXPECTED.get(error["type"]):
        return template.format(**error.get("ctx", {}))
    message: str = error["msg"]
    return message.removeprefix("Input should be ").removeprefix("expected ")


def _on_http_exception(error: HTTPException) -> Response:
    headers = {name: value for name, value in error.get_headers() if name not in ("Content-Type", "Content-Length")}
    return respond(of(error), headers)


def _on_database_error(error: SQLAlchemyError) -> Response:
    log_unreachable(error)
    detail = "The database does not answer. What this request asked for may not be stored: send the same request again."
    return respond(problem(503, detail), {"Retry-After": str(RETRY_SECONDS)})


def _on_config_error(error: ConfigError) -> Response:
    log.error("request not answered", extra={"problem": str(error)})
    return respond(problem(503, str(error)), {"Retry-After": str(RETRY_SECONDS)})


def _on_exception(error: Exception) -> Response:
    log.error("request failed", exc_info=error)
    return respond(problem(500, "A fault of the service, logged under this request id. Send the same request again later."))


def _retry_after(response: Response) -> Response:
    """The limiter sets it on every answer, to when its window ends, and rounds down: who comes then is refused again."""
    told = response.headers.pop("Retry-After", None)
    if told is not None and response.status_code in (429, 503):
        response.headers["Retry-After"] = str(int(told) + 1 if response.status_code == 429 else RETRY_SECONDS)
    return response
