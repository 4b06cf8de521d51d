"""The house rules, applied: what becomes of a comment, and why. Pure: the same comment, scores and rules give the same decision.

Rules hold or reject, and none asks for an approval: so the severest that any asks for is what happens, and silence approves.
After them a small share of what no person would see is also marked for one, which changes nothing else.

Doubt is a hold. Without scores, or in a language that the model does not know, no score rejects. An editor's banned word
still does: it is the newspaper's own rule, and rests neither on the model nor on the language.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from math import inf

from service.domain import ATTRIBUTES, MAX_COMMENT, Comment, Decision, History, Outcome, Reason, Scores
from service.language import primary, reads
from service.rules import Rules, Settings, score_in_words, threshold_in_words
from service.wordlist import found

NO_MODEL = "none"

# Bounded, and begun only where a word begins: a comment made to be slow is not.
_LINK = re.compile(
    r"""(?:https?://|www\.)[^\s<>"']*[^\s<>"'.,;:!?)]
    | (?<![\w.@-])(?:[a-z0-9-]{1,63}\.){1,8}(?:com|net|org|info|biz|xyz|top|ru|co|io)(?:\.[a-z]{2})?\b
    (?:/(?:[^\s<>"']*[^\s<>"'.,;:!?)])?)?""",
    re.IGNORECASE | re.VERBOSE,
)
_SCHEME = re.compile("^https?://", re.IGNORECASE)
_HOST_END = re.compile(r"[/\\?#]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that a rule may look at."""

    comment: Comment
    scores: Scores | None
    language: str | None
    history: History
    settings: Settings

    @property
    def values(self) -> Mapping[str, float] | None:
        """The scores, or None where there are none that can be relied on."""
        values = self.scores.values if self.scores is not None else None
        return values if values is not None and all(0 <= score <= 1 for score in values.values()) else None

    @property
    def foreign(self) -> bool:
        readable, told = self.settings.languages, primary(self.language) if self.language is not None else None
        return bool(readable) and told is not None and not reads(readable, told)


def decide(comment: Comment, scores: Scores | None, language: str | None, history: History, rules: Rules) -> Decision:
    """`language` is None where it cannot be told; `history` counts earlier comments, without this one."""
    settings = rules.for_(comment.site, comment.section)
    case = Case(comment=comment, scores=scores, language=language, history=history, settings=settings)
    asked_for = [reason for rule in ORDER for reason in rule(case)]
    reasons = [*exempt(case)] or sorted(asked_for, key=lambda reason: -reason.outcome.severity)
    outcome = reasons[0].outcome if reasons else Outcome.APPROVE
    said = Outcome.APPROVE if settings.shadow else outcome
    return Decision(
        outcome=said,
        reasons=(*reasons, *audit(case, said)),
        scores=case.values or {},
        model_version=scores.model_version if scores is not None else NO_MODEL,
        policy_version=rules.version,
        shadow=outcome if settings.shadow else None,
    )


def exempt(case: Case) -> Iterator[Reason]:
    """The newspaper's own people, whom no other rule judges: the one reason that asks for an approval."""
    role = case.comment.author.role if case.comment.author is not None else None
    if role is not None and role.casefold() in {name.casefold() for name in case.settings.exempt.roles}:
        yield Reason(code="exempt", outcome=Outcome.APPROVE, message=f"The author's role '{role}' is exempt from the rules.")


def banned_words(case: Case) -> Iterator[Reason]:
    if words := found(case.settings.words.banned, case.comment.text):
        yield Reason(code="banned_word", outcome=Outcome.REJECT, message="The comment has a word on the list of banned words.", words=words)


def suspect_words(case: Case) -> Iterator[Reason]:
    if words := found(case.settings.words.suspect, case.comment.text):
        yield _hold("suspect_word", "The comment has a word on the list of suspect words.", words)


def scoring_failed(case: Case) -> Iterator[Reason]:
    if case.values is None:
        yield _hold("scoring_failed", "The comment could not be scored, so a person has to judge it.")


def partly_read(case: Case) -> Iterator[Reason]:
    if case.scores is not None and not case.scores.whole:
        yield _hold("partly_read", "The comment has more words and signs than the model reads, so a person has to read the rest.")


def unsupported_language(case: Case) -> Iterator[Reason]:
    if case.foreign:
        readable = ", ".join(f"'{code}'" for code in case.settings.languages)
        yield _hold("language", f"The comment is in the language '{case.language}'; this site reads {readable}.")


def attributes(case: Case) -> Iterator[Reason]:
    values = case.values or {}
    for attribute in ATTRIBUTES:
        if attribute in values:
            yield from _threshold(case, attribute, values[attribute])


def crossing(values: Mapping[str, float], settings: Settings) -> list[str]:
    """The attributes whose scores reach a threshold."""
    return [name for name, score in values.items() if any(score >= each.get(name, inf) for each in (settings.hold, settings.reject))]


def _threshold(case: Case, attribute: str, score: float) -> Iterator[Reason]:
    """The higher of the two thresholds that the score reaches."""
    for name, outcome in (("reject", Outcome.REJECT), ("hold", Outcome.HOLD)):
        threshold = getattr(case.settings, name).get(attribute)
        if threshold is not None and score >= threshold:
            which, shown = attribute.replace("_", " ").capitalize(), score_in_words(score, threshold)
            message = f"{which} {shown} is at or above the {name} threshold {threshold_in_words(threshold)}."
            if case.foreign and outcome is Outcome.REJECT:
                outcome, message = Outcome.HOLD, f"{message} It only holds, as the model does not know the language."
            words = case.scores.words.get(attribute, ()) if case.scores else ()
            yield Reason(code=attribute, outcome=outcome, message=message, score=score, threshold=threshold, words=words)
            return


def sensitive_article(case: Case) -> Iterator[Reason]:
    article = case.comment.article
    named = {name.rstrip("/") for name in case.settings.sensitive.articles}
    if article is not None and named & {name.rstrip("/") for name in (article.id, article.url) if name is not None}:
        yield _hold("sensitive_article", "Every comment on this article is held.")


def new_author(case: Case) -> Iterator[Reason]:
    """An author whom nobody can name has no approved comments either."""
    approved, needed = case.history.author_approved, case.settings.new_authors.hold_until_approved
    if approved < needed:
        yield _hold("new_author", f"The author has {approved} approved {_plural('comment', approved)}; the first {needed} are held.")


def floods(case: Case) -> Iterator[Reason]:
    count, limit, minutes = case.history.author_recent + 1, case.settings.floods.hold_above, case.settings.floods.minutes
    if limit is not None and count > limit:
        yield _hold("flood", f"This is the author's comment number {count} within {minutes} minutes; more than {limit} are held.")


def repeats(case: Case) -> Iterator[Reason]:
    count, limit, hours = case.history.same_text + 1, case.settings.repeats.hold_above, case.settings.repeats.hours
    if limit is not None and count > limit:
        yield _hold("repeat", f"The same text came {count} times within {hours} hours; more than {limit} are held.")


def links(case: Case) -> Iterator[Reason]:
    """Different links count, so that one which stands as its own text in HTML, with or without `http://`, is one."""
    limit = case.settings.links.hold_above
    if limit is None:
        return
    allowed = case.settings.links.allowed_domains
    different = {_address(link): link for link in _LINK.findall(case.comment.text) if not _within(_host(link), allowed)}
    counted = tuple(different.values())
    if len(counted) > limit:
        yield _hold("links", f"The comment has {len(counted)} {_plural('link', len(counted))}; more than {limit} are held.", counted)


def shouting(case: Case) -> Iterator[Reason]:
    limit, shortest = case.settings.shouting.hold_above, case.settings.shouting.min_letters
    capitals = sum(char.isupper() for char in case.comment.text)
    letters = capitals + sum(char.islower() for char in case.comment.text)
    # The share itself is compared: a product is rounded, and 57 of 100 letters would be above 0.57.
    if limit is not None and letters >= max(shortest, 1) and capitals / letters > limit:
        yield _hold("shouting", f"{capitals:,} of {letters:,} letters are capitals; more than {100 * limit:g}% are held.")


def length(case: Case) -> Iterator[Reason]:
    size, limits = len(case.comment.text.strip()), case.settings.length
    if size < limits.min_characters:
        yield _hold("length", f"The comment has {size:,} characters; fewer than {limits.min_characters:,} are held.")
    if limits.max_characters is not None and size > limits.max_characters:
        yield _hold("length", f"The comment has {size:,} characters; more than {limits.max_characters:,} are held.")
    elif len(case.comment.text) >= MAX_COMMENT:
        yield _hold("length", f"The comment has {MAX_COMMENT:,} characters, the most that are kept, and may have gone on.")


# Of reasons that ask for the same, a moderator reads the earlier ones first.
ORDER: tuple[Callable[[Case], Iterator[Reason]], ...] = (
    # What the newspaper said outright.
    banned_words,
    suspect_words,
    sensitive_article,
    # What cannot be judged.
    scoring_failed,
    partly_read,
    unsupported_language,
    # What the model says.
    attributes,
    # What is known of the author and of the text's earlier copies.
    new_author,
    floods,
    repeats,
    # What the text looks like.
    links,
    shouting,
    length,
)


def audit(case: Case, said: Outcome) -> Iterator[Reason]:
    """Chance, but the same each time: by the comment's name, so that neither its text nor a repeat changes it."""
    chance = int.from_bytes(sha256(f"{case.comment.site}\x00{case.comment.id}".encode()).digest()[:8]) / 2**64
    if said is not Outcome.HOLD and chance < case.settings.audit.share:
        share = f"{100 * case.settings.audit.share:g}%"
        message = f"Chosen by chance ({share} of what was decided without a moderator); the decision stands."
        yield Reason(code="audit", outcome=Outcome.APPROVE, message=message)


def _hold(code: str, message: str, words: tuple[str, ...] = ()) -> Reason:
    return Reason(code=code, outcome=Outcome.HOLD, message=message, words=words)


def _address(link: str) -> str:
    """Without its scheme."""
    return _SCHEME.sub("", link)


def _host(link: str) -> str:
    """Where a browser would go: it takes a backslash for a slash, and what stands before an '@' for a user's name."""
    authority = _HOST_END.split(_address(link), maxsplit=1)[0]
    return authority.rpartition("@")[2].partition(":")[0].rstrip(".").lower()


def _within(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
