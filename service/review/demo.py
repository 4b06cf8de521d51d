"""`flask demo`: three weeks of a newspaper's comments, so that a newcomer sees a working queue and an overview with something in it."""

import random
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from service import moderation, signin, verdicts
from service.domain import Author, Comment, Moderator, Outcome, Rejection, Role, Verdict
from service.parts import Parts
from service.review.demo_texts import Written, write
from service.storage import demo, history, moderators, queue
from service.storage.engine import reading, writing

COMMENTS = 480
DAYS = 21
STILL_WAITING = timedelta(days=6)  # what came since then was not looked at
SIGN_IN = "demo"
COLLEAGUES = ("Ada", "Ben")


@dataclass(frozen=True, slots=True)
class Filled:
    """What the demonstration made, and how to sign in to see it."""

    comments: int
    waiting: int
    name: str
    password: str


def fill(parts: Parts, site: str, count: int = COMMENTS) -> Filled:
    """Comments on three articles through the real story, most of the held ones judged by two colleagues, the newest not."""
    chance = random.Random(7)  # noqa: S311 - a demonstration needs no secrets
    people = [_person(parts, site, name, secrets.token_urlsafe(12)) for name in COLLEAGUES]
    password = secrets.token_urlsafe(9)
    _person(parts, site, SIGN_IN, password)
    written = list(write(count))
    moderated = moderation.moderate(parts, [_comment(site, number, one) for number, one in enumerate(written)])
    times = sorted(datetime.now(UTC) - timedelta(days=DAYS * chance.random() ** 1.5) for _ in written)
    stays = []
    for one, done, at in zip(written, moderated, times, strict=True):
        if not done.repeated:
            waited = timedelta(minutes=chance.expovariate(1 / 90) + 2)
            stays += _stay(parts, people, chance, one, done, at, waited)
    _remember_lengths(parts, site, stays)
    with reading(parts.engine) as db:
        waiting = queue.current_length(db, [site]).waiting
    return Filled(len(written), waiting, SIGN_IN, password)


def _stay(
    parts: Parts, people: list[Moderator], chance: random.Random, one: Written, done: moderation.Moderated, at: datetime, waited: timedelta
) -> list[tuple[datetime, datetime]]:
    """Has a comment have its past: from when to when it waited, if it did."""
    with reading(parts.engine) as db:
        waits = queue.find(db, done.comment.pk) is not None
    judged = waits and datetime.now(UTC) - at > STILL_WAITING
    if judged:
        person, colleague = chance.sample(people, 2)
        verdicts.give(parts, person, done.comment.pk, _verdict(person, one, chance))
        _second_look(parts, colleague, done, one, chance)
    with writing(parts.engine) as db:
        demo.backdate(db, done.comment.pk, at, waited)
    return [(at, at + waited if judged else datetime.now(UTC))] if waits else []


def _second_look(parts: Parts, colleague: Moderator, done: moderation.Moderated, one: Written, chance: random.Random) -> None:
    """Now and then another moderator looks at a verdict."""
    if chance.random() < 0.25:
        with reading(parts.engine) as db:
            stands = history.find_comment(db, done.comment.pk)
        wrong = stands is not None and (stands.outcome == Outcome.REJECT) != (one.reject_as is not None)
        if wrong:
            verdicts.correct(parts, colleague, done.comment.pk, _verdict(colleague, one, None))
        else:
            verdicts.agree(parts, colleague, done.comment.pk)


def _verdict(person: Moderator, one: Written, chance: random.Random | None) -> Verdict:
    """What the comment deserves; by chance now and then the opposite, as moderators are people."""
    reject = one.reject_as is not None
    if chance is not None and chance.random() < 0.06:
        reject = not reject
    reason = (one.reject_as or Rejection.OTHER) if reject else None
    outcome = Outcome.REJECT if reject else Outcome.APPROVE
    return Verdict(outcome=outcome, moderator=person.name, at=datetime.now(UTC), reason_code=reason)


def _person(parts: Parts, site: str, name: str, password: str) -> Moderator:
    with reading(parts.engine) as db:
        known = moderators.named(db, name)
    if known is None:
        return signin.create(parts, name=name, role=Role.MODERATOR, sites=[site], password=password)
    signin.set_password(parts, name, password)
    return moderators.from_row(known)


def _comment(site: str, number: int, one: Written) -> Comment:
    section = "sport" if one.article.id == "rovers-coach" else "news"
    author = Author(id=f"reader-{one.author}", name=one.author)
    return Comment(site=site, id=f"demo-{number}", text=one.text, article=one.article, author=author, section=section)


def _remember_lengths(parts: Parts, site: str, stays: list[tuple[datetime, datetime]]) -> None:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [now - timedelta(hours=3 * n) for n in range(1, DAYS * 8)]
    there = [(hour, [begin for begin, end in stays if begin <= hour < end]) for hour in hours]
    with writing(parts.engine) as db:
        demo.remember_lengths(db, site, [(hour, len(begins), min(begins, default=None)) for hour, begins in there])
