"""Any other system's webhook, as sources.toml describes it."""

from typing import Annotated, Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from service import moderation
from service.domain import MAX_ARTICLE, MAX_COMMENT, MAX_NAME, MAX_TITLE, Comment, Invalid
from service.intake import fields, payloads
from service.intake.bodies import answer, counting_refusals, read_json
from service.intake.markup import plain
from service.intake.native import moderated_out
from service.parts import current_parts
from service.sources import Source, find
from service.storage import articles
from service.storage.engine import writing

MOST_BYTES = 1_000_000
AROUND = ("article", "parent", "author")
TEXTS = ("text", "article_text", "parent_text")
# Nobody can mend what such a system sends, so what is longer is cut, and the policy holds a comment of the greatest length.
LONGEST = {
    "text": MAX_COMMENT,
    "parent_text": MAX_COMMENT,
    "article_title": MAX_TITLE,
    "article_text": MAX_ARTICLE,
    "author_name": MAX_NAME,
    "author_role": MAX_NAME,
    "section": MAX_NAME,
}
NOBODY = "author_id", "0"  # Drupal's number for every guest: not one author of many comments

blueprint = Blueprint("sources", __name__, url_prefix="/v1/webhooks")


class _ArticleIn(payloads.NamedArticleIn):
    id: Annotated[fields.Url | None, fields.OR_NOTHING] = None
    url: Annotated[fields.Url | None, fields.OR_NOTHING] = None


class _PublishedIn(payloads.ArticleIn):
    url: Annotated[fields.Url | None, fields.OR_NOTHING] = None


class _ParentIn(payloads.ParentIn):
    id: Annotated[fields.Id | None, fields.OR_NOTHING] = None


class _CommentIn(payloads.CommentIn):
    """A comment that is not lost for what stands beside it: a guest without an id, an id that is too long, a language that is none."""

    article: Annotated[_ArticleIn | None, fields.OR_NOTHING] = None
    parent: _ParentIn | None = None
    author: Annotated[payloads.AuthorIn | None, fields.OR_NOTHING] = None
    language: Annotated[fields.Language | None, fields.OR_NOTHING] = None
    created_at: Annotated[fields.Time | None, fields.OR_NOTHING] = None


@blueprint.post("/<name>")
def receive(name: str) -> ResponseReturnValue:
    parts = current_parts()
    source = parts.sources[name]
    body = read_json(MOST_BYTES)
    if not _counts(source, body):
        return Response(status=204)
    if source.description.sends == "articles":
        return _keep_article(source, body)
    with counting_refusals():
        comment = _comment(source, body)
    moderated = moderation.moderate(parts, [comment])[0]
    if source.description.answer == "accepted":
        return jsonify(accepted=comment.id), 202
    return answer(moderated_out(moderated))


def _keep_article(source: Source, body: Any) -> ResponseReturnValue:
    article = _PublishedIn.model_validate(_told(source, body).get("article", {})).to_domain()
    if article.id is None:
        raise Invalid("article_id", f"a text or a whole number at {source.description.fields.article_id}")
    with writing(current_parts().engine) as db:
        articles.put(db, source.description.site, article)
    return jsonify(accepted=article.id), 202


def _comment(source: Source, body: Any) -> Comment:
    told = _told(source, body)
    for field in ("id", "text"):
        if field not in told:
            raise Invalid(field, f"a text or a whole number at {getattr(source.description.fields, field)}")
    return _CommentIn.model_validate(told).to_domain(source.description.site)


def _counts(source: Source, body: Any) -> bool:
    events = source.description.events
    if events is None:
        return True
    told = request.headers.get(events.header) if events.header else find(body, events.pointer or "")
    return told in events.values


def _told(source: Source, body: Any) -> dict[str, Any]:
    """The body in the words of the native API."""
    told: dict[str, Any] = {}
    for name, pointer in source.description.fields.model_dump(exclude_none=True).items():
        value = _text(name, pointer, find(body, pointer))
        if value is None or (name, value) == NOBODY:
            continue
        if name in TEXTS and source.description.format == "html":
            value = plain(value)
        value = value[: LONGEST.get(name)]
        around, _, inner = name.partition("_")
        if around in AROUND:
            told.setdefault(around, {})[inner] = value
        else:
            told[name] = value
    return told


def _text(name: str, pointer: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid(name, f"a text or a whole number at {pointer}")
    return str(value)
