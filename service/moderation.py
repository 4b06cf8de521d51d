"""The story: a comment comes in, is scored, decided and recorded; the same one again gets the earlier answer."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Row

from service import events, language, metrics, policy, verdicts
from service.alignment import Span
from service.domain import Article, Comment, Decision, Outcome, Parent, ScoreInput, Scores
from service.parts import Parts
from service.storage import articles, comments, queue, records, shadows
from service.storage.engine import reading, writing

TOLD_ONCE = tuple(field.name for field in fields(Comment) if field.default is None)  # what an edit need not repeat

Answer = TypeVar("Answer")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Moderated:
    """A comment as it is stored, the decision on its newest text, and whether that was known before."""

    comment: Row[Any]
    decision: Decision
    repeated: bool


def moderate(parts: Parts, arrived: Sequence[Comment]) -> list[Moderated]:
    """Each comment's decision, in order: what is answered is on disk."""
    return [moderated for run in _runs(arrived) for moderated in _moderate_run(parts, run)]


def _runs(arrived: Sequence[Comment]) -> Iterator[list[Comment]]:
    """Cut where a comment may lean on one before it: as its edit, as its reply, or on what it told of an article.

    That may be their own whatever it is called: an article has an id and a URL, and an edit leaves it out."""
    run: list[Comment] = []
    told: set[tuple[str, str]] = set()
    for comment in arrived:
        if told & _leans_on(comment):
            yield run
            run, told = [], set()
        run.append(comment)
        told |= {("comment", comment.id), *_of_article(comment.article, told=True)}
    yield run


def _leans_on(comment: Comment) -> set[tuple[str, str]]:
    answered = comment.parent.id if comment.parent and not comment.parent.text else None
    return {("comment", id) for id in (comment.id, answered) if id is not None} | _of_article(comment.article, told=False)


def _of_article(article: Article | None, *, told: bool) -> set[tuple[str, str]]:
    """What a comment tells of its article or, of the rest, what others may have told."""
    return {("article", part) for part in ("title", "text") if bool(getattr(article, part, "")) is told}


def _moderate_run(parts: Parts, arrived: Sequence[Comment]) -> list[Moderated]:
    """Scored together, recorded one by one."""
    with reading(parts.engine) as db:
        found = [(comment, comments.find(db, comment.site, comment.id)) for comment in arrived]
        known = [_recall(db, before, comment.text) for comment, before in found]
        fresh = [each for each, moderated in zip(found, known, strict=True) if moderated is None]
        completed = [_complete(db, comment, before, with_record=parts.served.reads_records) for comment, before in fresh]
    inputs = [whole for _, whole in completed]
    scored = zip(fresh, completed, score(parts, inputs), score_beside(parts, inputs), strict=True)
    explained = [
        (replace(comment, parent=whole.parent), _explained(parts, told, whole, scores), beside)
        for (comment, _), (told, whole), scores, beside in scored
    ]
    recorded = iter([_record(parts, comment, scores, beside) for comment, scores, beside in explained])
    return [_told(parts, moderated or next(recorded)) for moderated in known]


def score(parts: Parts, inputs: Sequence[ScoreInput]) -> list[Scores | None]:
    """The models' scores, in order; None for an input that they fail on."""
    scored = _answered(lambda: parts.model.score(inputs), len(inputs)) if inputs else []
    if scored is not None:
        return list(scored)
    return [None] if len(inputs) == 1 else [score(parts, [one])[0] for one in inputs]


def _answered(ask: Callable[[], list[Answer]], inputs: int) -> list[Answer] | None:
    """What the models answer to so many inputs; None where they fail, which is logged and counted."""
    try:
        with metrics.SCORING_SECONDS.time():
            return ask()
    except Exception as error:
        log.error("scoring failed", exc_info=error, extra={"inputs": inputs})
        metrics.SCORING_FAILURES.inc()
        return None


def explain(parts: Parts, one: ScoreInput, attribute: str) -> list[Span]:
    """Where in the text the words are that make the score what it is; nowhere where the models fail on it."""
    try:
        return parts.model.explain(one, attribute)
    except Exception as error:
        log.error("explaining failed", exc_info=error)
        return []


def _explained(parts: Parts, comment: Comment, whole: ScoreInput, scores: Scores | None) -> Scores | None:
    """The scores with the words that did it, of those that reach a threshold."""
    if scores is None:
        return None
    crossing = policy.crossing(scores.values, parts.rules.for_(comment.site, comment.section))
    words = {name: dict.fromkeys(comment.text[begin:end] for begin, end in explain(parts, whole, name)) for name in crossing}
    return replace(scores, words={name: tuple(each) for name, each in words.items()})


def perspective(parts: Parts, texts: Sequence[str]) -> list[dict[str, float]] | None:
    """The scores on Perspective's scale, which decide nothing here; None where the models fail on a text."""
    return _answered(lambda: parts.model.perspective(texts), len(texts))


def score_beside(parts: Parts, inputs: Sequence[ScoreInput]) -> list[Scores | None]:
    """What the model says that runs beside the one in force; None for each where there is none. Its faults change nothing."""
    shadow = parts.served.shadow
    try:
        return [None] * len(inputs) if shadow is None else list(shadow.score(inputs))
    except Exception as error:
        log.error("scoring beside the model in force failed", exc_info=error)
        return [None] * len(inputs)


def complete(db: Connection, site: str, asked: ScoreInput, *, with_record: bool, stored: int | None = None) -> ScoreInput:
    """What is to be scored, with what is stored of its article and its parent and, where a model looks at it, of the comments there.
    `stored` is the comment's own key, where this is an edit of it."""
    article, parent = asked.article, asked.parent
    if article and (article.id or article.url):
        article = articles.complete(db, site, article)
    if parent and parent.id and not parent.text and (answered := comments.find(db, site, parent.id)):
        parent = Parent(id=parent.id, text=answered.text)
    record = records.find(db, site, article.id, without=stored) if with_record and article and article.id else None
    return ScoreInput(text=asked.text, article=article, parent=parent, site=site, record=record)


def _recall(db: Connection, stored: Row[Any] | None, text: str) -> Moderated | None:
    if stored is None or stored.text != text:
        return None
    return Moderated(stored, comments.decision_from_row(comments.newest_decision(db, stored)), repeated=True)


def _told(parts: Parts, moderated: Moderated) -> Moderated:
    """An answer about a comment that a moderator judged, also while it was scored again, tells the CMS of that."""
    return replace(moderated, comment=verdicts.tell(parts, moderated.comment)) if moderated.comment.verdict is not None else moderated


def _complete(db: Connection, comment: Comment, before: Row[Any] | None, *, with_record: bool) -> tuple[Comment, ScoreInput]:
    """The comment as it is told by now, and what models are shown."""
    comment = _as_told(comment, before)
    return comment, complete(db, comment.site, comment.score_input, with_record=with_record, stored=before and before.pk)


def _as_told(comment: Comment, before: Row[Any] | None) -> Comment:
    """The comment with what is stored of it, where an edit left that out."""
    if before is None:
        return comment
    told = comments.from_row(before)
    return replace(comment, **{name: getattr(told, name) for name in TOLD_ONCE if getattr(comment, name) is None})


def _record(parts: Parts, arrived: Comment, scores: Scores | None, beside: Scores | None) -> Moderated:
    """Decides and stores in one transaction; a comment that somebody else stored meanwhile is looked at again.

    What it does not tell is as stored by now, its article too: while it was scored, the CMS may have told more."""
    detected = language.detect(arrived.text)
    while True:
        with writing(parts.engine) as db:
            before = comments.find(db, arrived.site, arrived.id)
            if earlier := _recall(db, before, arrived.text):
                return earlier
            comment = _as_told(arrived, before)
            tongue = detected or comment.language
            whole = replace(comment, article=comment.article and articles.complete(db, comment.site, comment.article))
            rules = parts.rules.for_(comment.site, comment.section)
            history = comments.history(
                db,
                comment,
                before,
                flood_window=timedelta(minutes=rules.floods.minutes),
                repeat_window=timedelta(hours=rules.repeats.hours),
            )
            decision = policy.decide(whole, scores, tongue, history, parts.rules)
            comments.remember_policy(db, parts.rules.version, parts.rules.source)
            stored = comments.keep(db, comment, decision, before)
            if stored is not None:
                events.decided(db, stored, decision)
                queue.put(db, stored, decision)
                if beside is not None:
                    shadows.keep(db, stored, policy.decide(whole, beside, tongue, history, parts.rules), decision)
        if stored is not None:
            _count(comment.site, decision)
            return Moderated(stored, decision, repeated=False)


def _count(site: str, decision: Decision) -> None:
    metrics.DECISIONS.labels(site, decision.outcome).inc()
    if decision.outcome is Outcome.HOLD:
        for code in {reason.code for reason in decision.reasons}:
            metrics.HOLDS.labels(site, code).inc()
