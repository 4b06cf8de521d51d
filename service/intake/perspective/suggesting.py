"""`comments:suggestscore`: what a client's moderators think right becomes a label, and reaches the stored comment where there is one."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from service import verdicts
from service.domain import CORAL, MAX_ID, Outcome, Rejection, Suggestion, Verdict, digest
from service.intake.markup import storable, unescaped
from service.intake.perspective.attributes import base
from service.intake.perspective.errors import refusal
from service.intake.perspective.payloads import AttributeScores, Score, SpanScore, SuggestCommentScoreRequest
from service.intake.perspective.reading import Subject, subject
from service.intake.perspective.spans import utf16_length, utf16_slice
from service.parts import Parts
from service.storage import coral, suggestions
from service.storage.engine import writing

CORAL_VERDICTS = {0.0: Outcome.APPROVE, 1.0: Outcome.REJECT}


def suggest(parts: Parts, site: str, asked: SuggestCommentScoreRequest) -> dict[str, Any]:
    """Stores a suggestion for each score. Raises Refused."""
    about = subject(asked)
    if not asked.attribute_scores:
        raise refusal("INVALID_REQUEST", "Missing attribute_scores")
    told: dict[str, Any] = {
        "site": site,
        "language": storable(about.requested_languages[0])[:35],
        "community_id": asked.community_id and storable(asked.community_id),
        "client_token": asked.client_token and storable(asked.client_token),
        "context": storable(asked.context.model_dump(exclude_unset=True, by_alias=True)),
    }
    labels = [label for name, scores in asked.attribute_scores.items() for label in _labels(name, scores or AttributeScores(), about)]
    rows = [Suggestion(text=storable(text), attribute=name, value=value, **told) for name, text, value in labels]
    with writing(parts.engine) as db:
        comment = _stored_comment(db, site, asked, about)
        if comment is not None and (said := CORAL_VERDICTS.get(rows[0].value)):
            reason = Rejection.OTHER if said is Outcome.REJECT else None
            verdicts.settle(db, comment, Verdict(outcome=said, moderator=CORAL, at=datetime.now(UTC), reason_code=reason))
        suggestions.add(db, rows, comment)  # after it: two that refer to the comment could not both lock it any more
    answer = {"requestedLanguages": about.requested_languages, "detectedLanguages": about.detected_languages}
    return answer | ({} if asked.client_token is None else {"clientToken": asked.client_token})


def _labels(name: str, told: AttributeScores, about: Subject) -> Iterator[tuple[str, str, float]]:
    """(attribute, text, value) of the whole text and of each span. Raises Refused."""
    if base(name) is None:
        raise refusal("INVALID_REQUEST", f"Unknown requested attribute: {name}")
    if told.summary_score is None and not told.span_scores:
        raise refusal("INVALID_REQUEST", f"Missing scores for attribute {name}")
    if told.summary_score is not None:
        yield name, about.plain, _value(name, told.summary_score)
    for span in told.span_scores:
        yield name, _spanned(name, span, about), _value(name, span.score)


def _value(name: str, score: Score | None) -> float:
    if score is None or score.value is None or not 0 <= score.value <= 1:
        raise refusal("INVALID_REQUEST", f"A score of attribute {name} is not a number from 0 to 1")
    return score.value


def _spanned(name: str, span: SpanScore, about: Subject) -> str:
    text = utf16_slice(about.text, span.begin, span.end) if 0 <= span.begin < span.end <= utf16_length(about.text) else ""
    if not text.strip():
        raise refusal("INVALID_REQUEST", f"A span of attribute {name} is not within the comment")
    return text


def _stored_comment(db: Connection, site: str, asked: SuggestCommentScoreRequest, about: Subject) -> int | None:
    """The comment that Coral tells of, by its id or, as it had none when it was moderated, by its text; bound to the id from then on."""
    coral_id = _coral_id(asked)
    if coral_id is None:
        return None
    if known := coral.find(db, site, coral_id):
        return int(known.pk)
    found = coral.find_by_text(db, site, digest(storable(unescaped(about.plain))))  # Coral's texts are HTML without its tags
    if found is not None:
        coral.bind(db, site, coral_id, found)
    return found


def _coral_id(asked: SuggestCommentScoreRequest) -> str | None:
    """From the context's `Coral_comment_id` or the token `comment:ID`."""
    if not (asked.community_id or "").startswith(f"{CORAL}:"):
        return None
    try:
        told = json.loads(asked.context.entries[0].text)["Coral_comment_id"]
    except (IndexError, KeyError, TypeError, ValueError, RecursionError):
        told = (asked.client_token or "").removeprefix("comment:")
    return storable(told) if isinstance(told, str) and 0 < len(told) <= MAX_ID else None
