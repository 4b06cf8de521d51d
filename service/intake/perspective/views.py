"""The routes of Perspective's API, and its errors, Google's, for all that happens under them."""

import json
import logging
from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from gunicorn.http.errors import ParseException
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, NotFound

from service.errors import BROKEN_BODY
from service.intake.perspective import batch
from service.intake.perspective.analysis import analyze
from service.intake.perspective.discovery import document
from service.intake.perspective.errors import Refused, of_http, respond
from service.intake.perspective.payloads import AnalyzeCommentRequest, SuggestCommentScoreRequest
from service.intake.perspective.reading import read
from service.intake.perspective.suggesting import suggest
from service.parts import current_parts

blueprint = Blueprint("perspective", __name__, url_prefix="/v1alpha1")
discovery = Blueprint("perspective_discovery", __name__)

log = logging.getLogger(__name__)


@discovery.get("/$discovery/rest")
def describe() -> ResponseReturnValue:
    if request.args.get("version", "v1alpha1") != "v1alpha1":
        raise NotFound
    return jsonify(document(f"{request.scheme}://{request.host}/"))


@discovery.post("/batch")
def answer_batch() -> ResponseReturnValue:
    """For anybody: each request in it has its own key."""
    return batch.answer()


@blueprint.post("/comments:analyze")
def analyze_comment() -> ResponseReturnValue:
    return _answer(analyze(current_parts(), read(AnalyzeCommentRequest)))


@blueprint.post("/comments:suggestscore")
def suggest_score() -> ResponseReturnValue:
    return _answer(suggest(current_parts(), g.caller.site, read(SuggestCommentScoreRequest)))


@blueprint.route("/", defaults={"_path": ""}, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
@blueprint.route("/<path:_path>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def nothing_here(_path: str) -> ResponseReturnValue:
    raise NotFound


for _of in (blueprint, discovery):

    @_of.errorhandler(Refused)
    def _refused(error: Refused) -> Response:
        return respond(error)

    @_of.errorhandler(ParseException)
    def _broken_body(_error: ParseException) -> Response:
        return respond(Refused(BROKEN_BODY))

    @_of.errorhandler(HTTPException)
    def _http_error(error: HTTPException) -> Response:
        return respond(of_http(error))


@blueprint.errorhandler(Exception)
def _fault(error: Exception) -> Response:
    log.error("request failed", exc_info=error)
    if isinstance(error, SQLAlchemyError):
        return respond(Refused("The service is currently unavailable.", code=503))
    return respond(Refused("Internal error encountered.", code=500))


def _answer(body: dict[str, Any]) -> Response:
    """Indented, as Google's are, unless the client asks otherwise."""
    compact = request.args.get("prettyPrint", "true").lower() in ("false", "0")
    return Response(json.dumps(body, indent=None if compact else 2), content_type="application/json; charset=UTF-8")
