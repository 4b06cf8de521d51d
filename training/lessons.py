"""What people said, as examples: a comment with labels, and how much each counts. Nothing is an example that was not said by a person."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Engine, Row

from service import rules
from service.domain import ATTRIBUTES, LIKELY_TO_REJECT, Article, Outcome, Parent, Rejection, ScoreInput
from service.intake.perspective.attributes import ours
from service.storage import lessons, suggestions
from service.storage.engine import open_engine, reading
from service.toml_files import TomlError
from training.dataset import Corpora
from training.records import Records

# What a rejecting verdict's reason says of a comment, beside that it was rejected.
REASON_LABELS: Mapping[str, tuple[str, ...]] = {
    Rejection.OFFENSIVE: ("toxicity",),
    Rejection.HARASSMENT: ("toxicity", "insult"),
    Rejection.HATE: ("toxicity", "identity_attack"),
    Rejection.THREAT: ("toxicity", "threat"),
    Rejection.SPAM: ("spam",),
    Rejection.OFF_TOPIC: ("off_topic",),
    Rejection.BANNED_WORD: (),
    Rejection.ILLEGAL: (),
    Rejection.OTHER: (),
}
SURE = 1.0  # that a held comment is seen by a person
DISAGREED = 40  # verdicts of moderators who disagree, which a report quotes


@dataclass(frozen=True, slots=True)
class Example:
    """A comment as a model sees it, its labels (0 to 1 by attribute; absent is unknown), and who says so: a moderator's name, a client's
    token or a corpus. `chance` is the probability with which it was sent to a person, None where a person came upon it otherwise."""

    input: ScoreInput
    labels: Mapping[str, float]
    says: str
    site: str
    section: str | None = None
    author: str | None = None
    article: str | None = None
    chance: float | None = None
    verdict: int = 0
    comment: int = 0

    @property
    def rejected(self) -> float | None:
        return self.labels.get(LIKELY_TO_REJECT)


@dataclass(frozen=True, slots=True)
class Lessons:
    """The verdicts in time order, what else was said, and what there is beside them. `unheard`: whom `exclude`
    names and who said nothing."""

    verdicts: tuple[Example, ...]
    others: tuple[Example, ...]
    disagreed: tuple[Row[Any], ...]
    counts: Mapping[str, Any]
    unheard: tuple[tuple[str, str], ...] = ()

    @property
    def newest(self) -> int:
        """The newest verdict's key: what comes after it is new."""
        return max((one.verdict for one in self.verdicts), default=0)


def read_from(database_url: str, **options: Any) -> Lessons:
    """`read`, on connections that end with it."""
    engine = open_engine(database_url)
    try:
        return read(engine, **options)
    finally:
        engine.dispose()


def read(
    engine: Engine, *, since: datetime | None = None, exclude: Sequence[tuple[str, str]] = (), corpora: Corpora | None = None
) -> Lessons:
    """All lessons of a database, without what `exclude` names: pairs of moderator, site or token and its name."""
    with reading(engine) as db:
        share = _shares(lessons.policy_texts(db))
        rows = list(lessons.judged(db, since))
        about = {row.pk: Article(id=row.id, title=row.title, text=row.text) for row in lessons.read_under(db)}
        records = Records(lessons.of_articles(db), lessons.began(db))
        suggested, disagreed, decided = list(suggestions.newest(db)), lessons.disagreed(db, DISAGREED), lessons.decided(db)
    judged = [_judged(row, share, records, about.get(row.article_pk)) for row in rows]
    others = [*map(_suggested, suggested), *_from_corpora(corpora)]
    verdicts = tuple(one for one in judged if not _excluded(one, exclude))
    beside = tuple(one for one in others if one.labels and not _excluded(one, exclude))
    unheard = tuple(one for one in exclude if not any(_excluded(said, [one]) for said in (*judged, *others)))
    counts = _counted(verdicts, beside, decided, len(judged) - len(verdicts))
    return Lessons(verdicts, beside, tuple(disagreed), counts, unheard)


def _judged(row: Row[Any], share: Callable[[str, str, str | None], float], records: Records, article: Article | None) -> Example:
    return Example(
        input=ScoreInput(
            text=row.text,
            article=article,
            parent=Parent(id=row.parent_id, text=row.parent_text) if row.parent_id or row.parent_text else None,
            site=row.site,
            record=records.at(row.article_pk, row.scored_at, row.comment),
        ),
        labels=labels(row.outcome, row.reason_code, row.reasons),
        says=f"moderator {row.moderator}",
        site=row.site,
        section=row.section,
        author=None if row.author_id is None else json.dumps([row.site, row.author_id]),
        article=None if row.article_pk is None else str(row.article_pk),
        chance=_chance(row, share),
        verdict=row.pk,
        comment=row.comment,
    )


def labels(outcome: str, reason_code: str | None, reasons: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """What a verdict says: a rejection carries what its reason names; an approval says that what held the comment is not so."""
    if outcome == Outcome.REJECT:
        return {LIKELY_TO_REJECT: 1.0} | dict.fromkeys(REASON_LABELS.get(reason_code or "", ()), 1.0)
    return dict.fromkeys((reason["code"] for reason in reasons if reason["code"] in ATTRIBUTES), 0.0) | {LIKELY_TO_REJECT: 0.0}


def _chance(row: Row[Any], share: Callable[[str, str, str | None], float]) -> float | None:
    """By what the service had decided, and under which rules: all that is held is seen, of the rest the audited share."""
    if row.decided == Outcome.HOLD:
        return SURE
    audited = any(reason["code"] == "audit" for reason in row.reasons)
    return share(row.policy_version, row.site, row.section) or None if audited else None


def _shares(texts: Mapping[str, str]) -> Callable[[str, str, str | None], float]:
    @cache
    def parsed(version: str) -> rules.Rules | None:
        try:
            return rules.parse(texts[version])
        except (KeyError, TomlError):  # written for another version of the service
            return None

    def share(version: str, site: str, section: str | None) -> float:
        known = parsed(version)
        return known.for_(site, section).audit.share if known else 0.0

    return share


def _suggested(row: Row[Any]) -> Example:
    """A client's score for an attribute of ours; for others there is no label. Of a client that names its community the token may be one
    request's, such as Coral's."""
    attribute = ours(row.attribute)
    return Example(
        input=ScoreInput(text=row.text, site=row.site),
        labels={} if attribute is None else {attribute: float(row.value)},
        says=f"token {row.community_id or row.client_token or 'none'}",
        site=row.site,
    )


def _from_corpora(corpora: Corpora | None) -> list[Example]:
    texts = corpora.texts if corpora else ()
    return [
        Example(
            input=ScoreInput(text=row.text),
            labels={name: value for name, value in row.labels.items() if name in ATTRIBUTES},
            says=f"corpus {row.source}",
            site="",
        )
        for row in texts
        if row.text.strip()
    ]


def _excluded(one: Example, exclude: Sequence[tuple[str, str]]) -> bool:
    return any(one.site == name if kind == "site" else one.says == f"{kind} {name}" for kind, name in exclude)


def _counted(judged: Sequence[Example], others: Sequence[Example], decided: Mapping[str, int], excluded: int) -> dict[str, Any]:
    return {
        "verdicts": len(judged),
        "rejected": sum(one.rejected == 1 for one in judged),
        "held": sum(one.chance == SURE for one in judged),
        "audited": sum(one.chance is not None and one.chance < SURE for one in judged),
        "come upon otherwise": sum(one.chance is None for one in judged),
        "excluded": excluded,
        "still waiting": decided.get(Outcome.HOLD, 0),
        "suggestions": sum(one.says.startswith("token ") for one in others),
        "from corpora": sum(one.says.startswith("corpus ") for one in others),
        "sites": dict(Counter(one.site for one in judged)),
        "moderators": dict(Counter(one.says.removeprefix("moderator ") for one in judged)),
    }
