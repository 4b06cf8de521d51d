"""The moderators' room as JSON, with a moderator's token, so that a CMS can build it into its own pages."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, Row

from service import verdicts
from service.auth import moderator
from service.domain import MAX_URL, Invalid, Outcome, Rejection, Verdict
from service.intake import native
from service.intake.bodies import answer, read_as
from service.intake.fields import Explanation, Name, Note
from service.intake.openapi import operation
from service.intake.payloads import Action, CommentOut, Payload, ReasonOut, Scores
from service.parts import current_parts
from service.review import filters
from service.storage import cards, comments, history
from service.storage.cards import CURSOR, MOST_RECORD, ORDERS, Filter
from service.storage.engine import reading
from service.storage.queue import MOST_COUNTED
from service.verdicts import Unknown

LARGEST = 100_000  # bytes of a body
PAGE = 50

blueprint = Blueprint("moderators_api", __name__, url_prefix="/v1")

TEXT = {"type": "string", "maxLength": filters.LONGEST}
SCORE = {"type": "number", "minimum": 0, "maximum": 1}
QUEUE_QUERY: dict[str, Any] = {
    "site": TEXT,
    "section": TEXT,
    "article": {"type": "string", "maxLength": MAX_URL, "description": "The CMS's id of the article, as `article_id` has it."},
    "author": TEXT | {"description": "The author's id."},
    "reason": TEXT | {"description": "The `code` of a reason."},
    "language": TEXT | {"description": "As the CMS told it."},
    "q": TEXT | {"description": "What stands in the text."},
    "attribute": {"$ref": "#/components/schemas/Attribute", "description": "The score that `low` and `high` mean, in place of `risk`."},
    "low": SCORE | {"description": "The lowest `risk`, or score of `attribute`."},
    "high": SCORE | {"description": "The highest."},
    "audit": {"type": "string", "enum": ["only", "none"], "description": "Audits alone, or none of them; without it both."},
    "order": {"type": "string", "enum": list(ORDERS), "default": "urgent", "description": "`score` begins with the highest `risk`."},
    "after": {"type": "string", "pattern": CURSOR, "description": "`next` of the page before, in the same order."},
}
HISTORY_QUERY: dict[str, Any] = {"site": TEXT | {"description": "Needed by a moderator of several sites, or of all."}}


class OfSite(Payload):
    site: Name | None = Field(None, description=HISTORY_QUERY["site"]["description"])


def _reason_with_rejection(schema: dict[str, Any]) -> None:
    """The document says what the domain checks: a rejection has a reason, and an approval none."""
    rejects = {"properties": {"verdict": {"const": "reject"}}}
    with_reason = {"required": ["reason_code"], "properties": {"reason_code": {"type": "string"}}}
    schema["examples"] = [{"verdict": "reject", "reason_code": "offensive", "explanation": "No insults, please."}]
    schema |= {"if": rejects, "then": with_reason, "else": {"properties": {"reason_code": {"type": "null"}}}}


class VerdictIn(OfSite):
    """What the moderator says. A rejection names its reason; `explanation` is for the author."""

    model_config = ConfigDict(json_schema_extra=_reason_with_rejection)

    verdict: Literal["approve", "reject"]
    reason_code: Rejection | None = None
    explanation: Explanation | None = None
    revision: int | None = Field(None, description="The revision that was read; another one is refused.")
    correct: bool | None = Field(None, description="True to say something new of a comment that is decided already.")


class NoteIn(OfSite):
    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "The second one this week."}]})

    text: Note


class NoteOut(BaseModel):
    moderator: str
    text: str
    at: datetime


class HistoryOut(CommentOut):
    notes: list[NoteOut] = Field(description="Oldest first.")


class CardOut(BaseModel):
    """A waiting comment with all that is needed to judge it."""

    id: str
    site: str
    text: str
    revision: int
    state: Outcome
    audit: bool = Field(description="True where the service decided and chance chose the comment: the decision stands meanwhile.")
    waiting_since: datetime
    risk: float = Field(description="The worst of its scores, a suspicion of `off_topic` counted for less.")
    reasons: list[ReasonOut]
    scores: Scores
    article_id: str | None
    article_url: str | None
    article_title: str | None
    parent_text: str
    author_id: str | None
    author_name: str | None
    author_approved: int = Field(description=f"The author's approved comments, counted to {MOST_RECORD}.")
    author_rejected: int = Field(description=f"The author's rejected comments, counted to {MOST_RECORD}.")
    section: str | None
    language: str | None
    notes: list[NoteOut]


class QueueOut(BaseModel):
    comments: list[CardOut] = Field(description="Without those that somebody else has claimed.")
    waiting: int = Field(description=f"How many match, counted to {MOST_COUNTED + 1:,}.")
    next: str | None = Field(description="`after` for the next page; null on the last one.")


class GivenOut(BaseModel):
    """The row that was added to the comment's history, and where the comment stands now."""

    id: str
    action: Action
    state: Outcome
    moderator: str
    reason_code: Rejection | None
    at: datetime


class ClaimOut(BaseModel):
    claimed_until: datetime


@blueprint.get("/queue")
@operation("Comments that wait for a moderator", response=QueueOut, query=QUEUE_QUERY, problems=(422,), caller="moderator")
def get_queue() -> ResponseReturnValue:
    asked = _asked()
    wanted = _wanted(asked)
    with reading(current_parts().engine) as db:
        rows, following = cards.page(db, moderator(), wanted, after=asked.get("after") or None, most=PAGE)
        return answer(QueueOut(comments=_cards_out(db, rows), waiting=cards.count(db, moderator(), wanted), next=following))


@blueprint.get("/history/<name:id>")
@operation(
    "A comment, its decisions, verdicts and notes", response=HistoryOut, query=HISTORY_QUERY, problems=(404, 422), caller="moderator"
)
def get_history(id: str) -> ResponseReturnValue:
    row = _find(id, OfSite.model_validate(_asked()))
    with reading(current_parts().engine) as db:
        notes = history.notes_of(db, [row.pk]).get(row.pk, [])
        return answer(HistoryOut(**native.past(db, row), notes=[_note_out(note) for note in notes]))


@blueprint.post("/comments/<name:id>/claim")
@operation(
    "Take a waiting comment for four minutes, or for four more", request=OfSite, response=ClaimOut, problems=(404,), caller="moderator"
)
def claim_comment(id: str) -> ResponseReturnValue:
    place = verdicts.claim(current_parts(), moderator(), _comment(id, read_as(OfSite, LARGEST)))
    if place is None:
        raise verdicts.Conflict("This comment does not wait any more.")
    return answer(ClaimOut(claimed_until=place.claimed_until))


@blueprint.post("/comments/<name:id>/verdict")
@operation("Approve or reject a comment", request=VerdictIn, response=GivenOut, problems=(404,), caller="moderator")
def give_verdict(id: str) -> ResponseReturnValue:
    told = read_as(VerdictIn, LARGEST)
    verdict = Verdict(
        outcome=Outcome(told.verdict),
        moderator=moderator().name,
        at=datetime.now(UTC),
        reason_code=told.reason_code,
        explanation=told.explanation or "",
    )
    story = verdicts.correct if told.correct else verdicts.give
    return answer(_given_out(id, story(current_parts(), moderator(), _comment(id, told), verdict, revision=told.revision)))


@blueprint.post("/comments/<name:id>/undo")
@operation(
    "Take back a verdict of one's own, until the CMS was told", request=OfSite, response=GivenOut, problems=(404,), caller="moderator"
)
def undo_verdict(id: str) -> ResponseReturnValue:
    comment = _comment(id, read_as(OfSite, LARGEST))
    return answer(_given_out(id, verdicts.undo_of(current_parts(), moderator(), comment)))


@blueprint.post("/comments/<name:id>/notes")
@operation("Note something for colleagues", request=NoteIn, response=NoteOut, problems=(404,), caller="moderator")
def add_note(id: str) -> ResponseReturnValue:
    told = read_as(NoteIn, LARGEST)
    return answer(_note_out(verdicts.note(current_parts(), moderator(), _comment(id, told), told.text)))


def _asked() -> dict[str, str]:
    """The address's parameters. Of two values one would be passed over, and nobody told which."""
    for name, values in request.args.lists():
        if len(values) > 1:
            raise Invalid(name, f"one value; it was given {len(values)} times")
    return request.args.to_dict()


def _wanted(asked: Mapping[str, str]) -> Filter:
    """As on the pages, but for the article, as a CMS knows its own ids and not the rows' keys; and misspelt, a filter would show all."""
    for name in asked:
        if name not in QUEUE_QUERY:
            raise Invalid(name, f"no parameter of this name; there are {', '.join(QUEUE_QUERY)}")
    named = asked.get("article", "").strip()
    if len(named) > MAX_URL or "\x00" in named:
        raise Invalid("article", "the CMS's id of an article")
    wanted = filters.read({name: value for name, value in asked.items() if name != "article"})
    return replace(wanted, article_id=named or None)


def _comment(id: str, told: OfSite) -> int:
    return int(_find(id, told).pk)


def _find(id: str, told: OfSite) -> Row[Any]:
    """The comment of this id on the site that is named or, where the moderator has one alone, on that one."""
    sites = moderator().sites
    site = told.site or (sites[0] if len(sites) == 1 else None)
    if site is None:
        raise Invalid("site", "the site of the comment, since you see several")
    with reading(current_parts().engine) as db:
        row = comments.find(db, site, id) if "\x00" not in id and moderator().sees(site) else None
    if row is None:
        raise Unknown("There is no such comment on your sites.")
    return row


def _cards_out(db: Connection, rows: Any) -> list[CardOut]:
    notes = history.notes_of(db, [row.pk for row in rows])
    return [_card_out(row, notes.get(row.pk, [])) for row in rows]


def _card_out(row: Row[Any], notes: Iterable[Row[Any]]) -> CardOut:
    told = {name: getattr(row, name) for name in CardOut.model_fields if name not in ("reasons", "notes")}
    reasons = [ReasonOut.of(reason) for reason in comments.decision_from_row(row).reasons]
    return CardOut(**told, reasons=reasons, notes=[_note_out(note) for note in notes])


def _note_out(row: Row[Any]) -> NoteOut:
    return NoteOut(moderator=row.moderator, text=row.text, at=row.at)


def _given_out(id: str, row: Row[Any]) -> GivenOut:
    return GivenOut(id=id, action=row.action, state=Outcome(row.outcome), moderator=row.moderator, reason_code=row.reason_code, at=row.at)
