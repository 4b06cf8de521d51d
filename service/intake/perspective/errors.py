"""Google's errors: one shape for whatever goes wrong under this blueprint. Clients match on the words."""

import json
from http import HTTPStatus
from typing import Any

from flask import Response
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

COMMENT_ERROR = "type.googleapis.com/google.commentanalyzer.v1alpha1.Error"
ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"

STATES = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
QUOTA = (
    "Quota exceeded for quota metric 'Analysis requests (AnalyzeComment)' and limit 'Analysis requests (AnalyzeComment) per minute' "
    "of service 'commentanalyzer.googleapis.com'"
)
EXPECTED = {
    "string_type": "a text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "finite_number": "a finite number",
}


class Refused(Exception):
    """A request that is answered with Google's error. Never holds a comment's text."""

    def __init__(self, message: str, *details: dict[str, Any], code: int = 400) -> None:
        super().__init__(message)
        self.message, self.details, self.code = message, details, code


def refusal(kind: str, message: str, **nested: Any) -> Refused:
    """An error of the comment analyzer's own, by its errorType."""
    return Refused(message, {"@type": COMMENT_ERROR, "errorType": kind, **nested})


def language_refusal(attribute: str, detected: list[str], requested: list[str]) -> Refused:
    about = {"attribute": attribute, "detectedLanguages": detected, "requestedLanguages": requested}
    message = f"Attribute {attribute} does not support request languages: {', '.join(requested)}"
    return refusal("LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE", message, languageNotSupportedByAttributeError=about)


def unreadable(error: ValueError | RecursionError) -> Refused:
    """What is wrong with a body, without repeating its values."""
    if not isinstance(error, ValidationError):
        return Refused("Invalid JSON payload received. The body is not valid JSON.")
    first = error.errors(include_url=False, include_input=False)[0]
    *around, name = (str(key) for key in first["loc"]) if first["loc"] else ("",)
    place = ".".join([*around, name])
    if first["type"] == "extra_forbidden":
        at = f" at '{'.'.join(around)}'" if around else ""
        message = f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.'
    else:
        message = f"Invalid value at '{place}': expected {EXPECTED.get(first['type'], 'another value')}."
    return Refused(message, {"@type": BAD_REQUEST, "fieldViolations": [{"field": place, "description": message}]})


def of_http(error: HTTPException) -> Refused:
    """An error that the service raises for every dialect, in Google's words."""
    code = error.code or 500
    if code == 401:
        info = {"@type": ERROR_INFO, "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
        return Refused("API key not valid. Please pass a valid API key.", info)
    if code == 429:
        info = {"@type": ERROR_INFO, "reason": "RATE_LIMIT_EXCEEDED", "domain": "googleapis.com"}
        return Refused(QUOTA, info, code=429)
    if code == 404:
        return Refused("Requested entity was not found.", code=404)
    return Refused(error.description or HTTPStatus(code).phrase, code=code)


def respond(refused: Refused) -> Response:
    error: dict[str, Any] = {"code": refused.code, "message": refused.message, "status": STATES.get(refused.code, "INTERNAL")}
    if refused.details:
        error["details"] = refused.details
    return Response(json.dumps({"error": error}, indent=2), refused.code, content_type="application/json; charset=UTF-8")
