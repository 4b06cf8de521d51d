"""Coral's dialect: its external moderation phase, and its webhooks.

The phase asks about a comment that has no id yet. It is stored under a name made of all that Coral tells of it, so that the same
question again gets the same answer; Coral's own id is bound to it when a webhook or a moderator's feedback tells it.
"""

import json
from datetime import timedelta
from hashlib import sha256
from itertools import count
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy import Connection

from service import metrics, moderation
from service.domain import MAX_COMMENT, MAX_ID, Article, Author, Comment, Decision, Outcome, Parent
from service.intake import fields
from service.intake.bodies import counting_refusals, read_json
from service.intake.markup import plain, unescaped
from service.parts import current_parts
from service.storage import articles, comments, coral
from service.storage.engine import reading, writing

MOST_BYTES = 1_000_000
EDIT_WINDOW = timedelta(hours=1)  # longer than Coral lets an author edit
NAMING_WINDOW = timedelta(minutes=1)  # within which its webhook tells of a comment that the phase has just asked about

# What tells of a comment that is new; all else may be of an old one, and so may an entry that a reader's report makes.
CREATED, ENTERED = ("COMMENT_CREATED", "COMMENT_REPLY_CREATED"), "COMMENT_ENTERED_MODERATION_QUEUE"

FLAGS = {"spam": "COMMENT_DETECTED_SPAM"} | dict.fromkeys(
    ("toxicity", "severe_toxicity", "identity_attack", "insult", "profanity", "threat"), "COMMENT_DETECTED_TOXIC"
)
REJECTIONS = {
    "banned_word": "BANNED_WORD",
    "identity_attack": "HATE_SPEECH",
    "threat": "ABUSIVE",
    "severe_toxicity": "ABUSIVE",
    "insult": "HARASSMENT_BULLYING",
    "profanity": "OFFENSIVE",
    "toxicity": "OFFENSIVE",
    "spam": "SPAM",
}
WITHHELD = {"status": "SYSTEM_WITHHELD"}

phase = Blueprint("coral_phase", __name__, url_prefix="/v1/coral")
events = Blueprint("coral_events", __name__, url_prefix="/v1/coral")


def _kept(told: Any) -> Any:
    """An id, or what stands for one that is too long to be kept, such as a story's address."""
    return sha256(told.encode()).hexdigest() if isinstance(told, str) and len(told) > MAX_ID else told


Id = Annotated[fields.Id, BeforeValidator(_kept)]


class _Told(BaseModel):
    """Whatever else Coral tells is of no concern here."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class _CommentIn(_Told):
    body: str
    parentID: Id | None = None  # noqa: N815


class _AuthorIn(_Told):
    id: Id
    role: Annotated[fields.Name | None, fields.OR_NOTHING] = None


class _StoryIn(_Told):
    id: Id
    url: Annotated[fields.Url | None, fields.OR_NOTHING] = None


class Phase(_Told):
    """What the phase asks: a new comment, or the new text of one that was not named."""

    action: Literal["NEW", "EDIT"]
    comment: _CommentIn
    author: _AuthorIn
    story: _StoryIn


class _EventData(_Told):
    storyID: Id | None = None  # noqa: N815
    storyURL: Annotated[fields.Url | None, fields.OR_NOTHING] = None  # noqa: N815
    commentID: Id | None = None  # noqa: N815
    queue: str | None = None


class Event(_Told):
    type: Annotated[str, Field(min_length=1)]
    data: _EventData


@phase.post("/<path:site>/moderate")
def moderate(site: str) -> ResponseReturnValue:
    """`?format=plain` where the phase is set to send plain text: HTML without its tags, in which entities are still entities."""
    if len(request.get_data()) > MOST_BYTES:
        return jsonify(WITHHELD)  # an error would let it through
    with counting_refusals():  # Coral publishes such a comment, so somebody has to hear of it
        told = Phase.model_validate(read_json(MOST_BYTES))
    text = (unescaped if request.args.get("format") == "plain" else plain)(told.comment.body)
    if not text.strip():
        return Response(status=204)
    if len(text) > MAX_COMMENT:
        return jsonify(WITHHELD)
    parts = current_parts()
    with reading(parts.engine) as db:
        comment = _comment(db, site, told, text)
    answer = answer_to(moderation.moderate(parts, [comment])[0].decision)
    return Response(status=204) if answer is None else jsonify(answer)


@phase.after_request
def _withhold_after_a_fault(response: Response) -> Response:
    """An error would let the comment through."""
    if response.status_code < 500:
        return response
    metrics.REQUESTS.labels(str(request.url_rule), response.status_code).inc()  # beside the 200, which would wake nobody
    return jsonify(WITHHELD)


@events.post("/<path:site>/events")
def hear(site: str) -> ResponseReturnValue:
    told = Event.model_validate(read_json(MOST_BYTES))
    data = told.data
    with writing(current_parts().engine) as db:
        if told.type == "STORY_CREATED" and data.storyID:
            if articles.find_story(db, site, data.storyID, data.storyURL) is None:
                articles.keep(db, site, Article(id=data.storyID, url=data.storyURL))
        elif data.commentID and (told.type in CREATED or (told.type == ENTERED and data.queue != "REPORTED")):
            _name(db, site, data.commentID, data.storyID)
    return Response(status=204)


def answer_to(decision: Decision) -> dict[str, Any] | None:
    """A decision in Coral's taxonomy; None where the policy has nothing to say, and Coral's own rules go on."""
    if decision.outcome is Outcome.APPROVE:
        return None
    counted = [reason for reason in decision.reasons if reason.outcome is decision.outcome]
    flags = dict.fromkeys(FLAGS[reason.code] for reason in counted if reason.code in FLAGS)
    answer: dict[str, Any] = {"actions": [{"actionType": "FLAG", "reason": flag} for flag in flags]} if flags else {}
    if decision.outcome is Outcome.HOLD:
        return WITHHELD | answer
    first = counted[0]
    rejection = {"code": REJECTIONS.get(first.code, "OTHER"), "detailedExplanation": first.message}
    return {"status": "REJECTED"} | answer | {"moderationAction": {"status": "REJECTED", "rejectionReason": rejection}}


def _comment(db: Connection, site: str, told: Phase, text: str) -> Comment:
    story, parent_id = told.story, told.comment.parentID
    article = articles.find_story(db, site, story.id, story.url)
    parent = coral.find(db, site, parent_id) if parent_id else None
    edited = None
    if told.action == "EDIT":
        edited = coral.find_edited(db, site, told.author.id, story.id, parent_id, EDIT_WINDOW)
    return Comment(
        site=site,
        id=edited or _name_of(db, site, told, text),
        text=text,
        article=Article(id=story.id, url=story.url) if article is None else Article(id=article.id),
        parent=Parent(id=parent_id, text=parent.text if parent else "") if parent_id else None,
        author=Author(id=told.author.id, role=told.author.role),
    )


def _name_of(db: Connection, site: str, told: Phase, text: str) -> str:
    """The name that the same question had before or, where that comment was edited since, the next one."""
    all_of_it = json.dumps([told.story.id, told.comment.parentID, told.author.id, text])
    first = coral.names_under(told.story.id) + sha256(all_of_it.encode()).hexdigest()[:32]
    names = (first if number == 1 else f"{first}-{number}" for number in count(1))
    return next(name for name in names if (stored := comments.find(db, site, name)) is None or stored.text == text)


def _name(db: Connection, site: str, coral_id: str, story: str | None) -> None:
    """Binds the id to the comment that it can only be of."""
    if story and coral.find(db, site, coral_id) is None:
        newest = coral.find_newest(db, site, story, NAMING_WINDOW)
        if newest is not None:
            coral.bind(db, site, coral_id, newest)
