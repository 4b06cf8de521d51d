"""The service's own dialect: comments, articles and scores as JSON."""

import json
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, abort, current_app, g, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError
from sqlalchemy import Connection, Row
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter

from service import errors, moderation, verdicts
from service.domain import Article, Comment, Decision, Invalid, Outcome, ScoreInput
from service.intake import bodies, payloads
from service.intake.markup import storable
from service.intake.openapi import document, operation
from service.moderation import Moderated
from service.parts import Parts, current_parts
from service.storage import articles, comments, history
from service.storage.engine import reading, writing

ONE, MANY = 1_000_000, 32_000_000  # bytes of a body: of one comment or article, and of a list

blueprint = Blueprint("native", __name__, url_prefix="/v1")
description = Blueprint("description", __name__)


class NameConverter(BaseConverter):
    """An id in an address: all that follows, also where it begins with a slash or holds a line break."""

    regex = r"(?s:.+)"
    part_isolating = False
    weight = 200


blueprint.record(lambda state: state.app.url_map.converters.update(name=NameConverter))


@description.get("/openapi.json")
def openapi() -> ResponseReturnValue:
    written = json.dumps(document(current_app, f"{request.scheme}://{request.host}"))  # in the order of the code, which is one to read in
    return Response(written, content_type="application/json")


@blueprint.post("/comments")
@operation("Moderate a comment", request=payloads.CommentIn, response=payloads.ModeratedOut, problems=(403,))
def moderate() -> ResponseReturnValue:
    with bodies.counting_refusals():
        comment = _of_this_site(bodies.read_as(payloads.CommentIn, ONE))
    return bodies.answer(moderated_out(moderation.moderate(current_parts(), [comment])[0]))


@blueprint.post("/comments:batch")
@operation("Moderate up to 1,000 comments", request=payloads.BatchIn, response=payloads.BatchOut)
def moderate_batch() -> ResponseReturnValue:
    items = [_read_item(item) for item in _read_batch().comments]
    moderated = iter(moderation.moderate(current_parts(), [item for item in items if isinstance(item, Comment)]))
    results = [_result(next(moderated)) if isinstance(item, Comment) else item for item in items]
    return bodies.answer(payloads.BatchOut(results=results))


@blueprint.get("/comments/<name:id>")
@operation("A comment, its decisions and verdicts", response=payloads.CommentOut, problems=(404,))
def get_comment(id: str) -> ResponseReturnValue:
    with reading(current_parts().engine) as db:
        row = comments.find(db, g.caller.site, id) if "\x00" not in id else None
        if row is None:
            abort(404, "There is no comment of this id on the site of this key.")
    if request.method != "HEAD":  # whose answer says nothing of a verdict
        row = verdicts.tell(current_parts(), row)
    with reading(current_parts().engine) as db:
        return bodies.answer(payloads.CommentOut(**past(db, row)))


@blueprint.put("/articles/<name:id>")
@operation("Tell all that an article says; what is left out is emptied", request=payloads.ArticleBody, response=payloads.ArticleOut)
def put_article(id: str) -> ResponseReturnValue:
    told = bodies.read_as(payloads.ArticleBody, ONE)
    if "\x00" in id:
        raise Invalid("id", "a text without NUL characters")
    if not request.environ["PATH_INFO"].encode("latin-1").endswith(id.encode()):  # WSGI's way to hand on bytes
        raise Invalid("id", "UTF-8, percent-encoded")
    with writing(current_parts().engine) as db:
        stored = articles.put(db, g.caller.site, Article(id=id, url=told.url, title=told.title or "", text=told.text or ""))
    return bodies.answer(_article_out(stored))


@blueprint.get("/articles/<name:id>")
@operation("An article, by its id or its URL", response=payloads.ArticleOut, problems=(404,))
def get_article(id: str) -> ResponseReturnValue:
    with reading(current_parts().engine) as db:
        row = articles.find(db, g.caller.site, id) if "\x00" not in id else None
    if row is None:
        abort(404, "There is no article of this id on the site of this key.")
    return bodies.answer(_article_out(row))


@blueprint.post("/score")
@operation("Scores alone, for up to 1,000 texts; stores nothing", request=payloads.ScoresIn, response=payloads.ScoresOut)
def score() -> ResponseReturnValue:
    parts = current_parts()
    told = bodies.read_as(payloads.ScoresIn, MANY)
    if told.explain and len(told.comments) > payloads.MOST_EXPLAINED:
        raise Invalid("comments", f"at most {payloads.MOST_EXPLAINED} comments where `explain` is given")
    asked = [item.to_score_input() for item in told.comments]
    with reading(parts.engine) as db:
        inputs = [moderation.complete(db, g.caller.site, one, with_record=parts.served.reads_records) for one in asked]
    scored = moderation.score(parts, inputs)
    if any(scores is None for scores in scored):
        abort(500, "The models failed on a text; the fault is logged under this request id.")
    explanations = [_explanation(parts, one, told.explain) for one in inputs] if told.explain else None
    version = scored[0].model_version if scored[0] else ""
    answered = [payloads.Scores(dict(scores.values)) for scores in scored if scores]
    return bodies.answer(payloads.ScoresOut(scores=answered, model_version=version, explanations=explanations))


def _explanation(parts: Parts, one: ScoreInput, attributes: Sequence[str]) -> dict[str, list[list[int]]]:
    return {name: [list(span) for span in moderation.explain(parts, one, name)] for name in attributes}


def _read_batch() -> payloads.BatchIn:
    try:
        return bodies.read_as(payloads.BatchIn, MANY)
    except ValidationError as error:
        if not errors.is_half_a_pair(error):
            raise
        try:  # only one of its comments is at fault, and Python's parser lets it pass until that one is read
            whole = json.loads(bodies.read(MANY))
        except (ValueError, RecursionError):
            raise error from None
    return payloads.BatchIn.model_validate(whole)


def _read_item(item: Any) -> Comment | payloads.BatchItem:
    """One comment of a list, or what is wrong with it."""
    sent = json.dumps(item)
    try:
        with bodies.counting_refusals():
            return _of_this_site(payloads.CommentIn.model_validate_json(sent))
    except (ValidationError, Invalid, HTTPException) as error:
        id = storable(item.get("id")) if isinstance(item, dict) else None
        return payloads.BatchItem(id=id if isinstance(id, str) else None, result=None, problem=payloads.Problem(**errors.of(error, sent)))


def _of_this_site(told: payloads.CommentIn) -> Comment:
    if told.site is not None and told.site != g.caller.site:
        abort(403, f"This key is for the site '{g.caller.site}'. Leave `site` out or use the other site's key.")
    return told.to_domain(g.caller.site)


def _result(moderated: Moderated) -> payloads.BatchItem:
    return payloads.BatchItem(id=moderated.comment.id, result=moderated_out(moderated), problem=None)


def moderated_out(moderated: Moderated) -> payloads.ModeratedOut:
    """A decision as this dialect, and whoever speaks it, answers it."""
    return payloads.ModeratedOut(**_decided(moderated.decision), comment=_stored_out(moderated.comment), repeated=moderated.repeated)


def past(db: Connection, row: Row[Any]) -> dict[str, Any]:
    """A comment with what was decided and said of it."""
    return {
        "comment": _stored_out(row),
        "decisions": [_past_decision(decision) for decision in comments.decisions_of(db, row.pk)],
        "verdicts": [_past_verdict(verdict) for verdict in history.verdicts_of(db, row.pk)],
    }


def _past_decision(row: Row[Any]) -> payloads.PastDecision:
    return payloads.PastDecision(**_decided(comments.decision_from_row(row)), revision=row.revision, text=row.text, at=row.at)


def _past_verdict(row: Row[Any]) -> payloads.PastVerdict:
    return payloads.PastVerdict(
        action=row.action,
        verdict=Outcome(row.outcome),
        reason_code=row.reason_code,
        explanation=row.explanation,
        moderator=row.moderator,
        at=row.at,
    )


def _decided(decision: Decision) -> dict[str, Any]:
    return {
        "decision": decision.outcome,
        "reasons": [payloads.ReasonOut.of(reason) for reason in decision.reasons],
        "scores": dict(decision.scores),
        "model_version": decision.model_version,
        "policy_version": decision.policy_version,
        "shadow_decision": decision.shadow,
    }


def _stored_out(row: Row[Any]) -> payloads.StoredComment:
    return payloads.StoredComment(
        id=row.id,
        site=row.site,
        text=row.text,
        revision=row.revision,
        state=Outcome(row.outcome),
        article_id=row.article_id,
        section=row.section,
        language=row.language,
        created_at=row.created_at,
        received_at=row.received_at,
    )


def _article_out(row: Row[Any]) -> payloads.ArticleOut:
    return payloads.ArticleOut(id=row.id, site=row.site, url=row.url, title=row.title, text=row.text, updated_at=row.updated_at)
