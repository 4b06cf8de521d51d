"""What the service talks about: plain frozen values, standard library alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

CORAL = "Coral"  # by whom the verdicts of Coral's own moderators are said to be

MAX_ID = 200
MAX_NAME = 200
MAX_URL = 2_000  # what an index of PostgreSQL still takes
MAX_TITLE = 1_000
MAX_COMMENT = 20_000
MAX_SCORED = 20_480  # a text that is scored and not kept may be as long as Perspective took
MAX_ARTICLE = 200_000
MAX_NOTE = 2_000


class Invalid(ValueError):
    """A value that the domain refuses. Never holds the value itself: it may be a reader's text."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: expected {expected}")
        self.field = field
        self.expected = expected


class Attribute(StrEnum):
    """What is scored. `likely_to_reject`, which says what this newsroom's moderators do, is of a model alone that learnt from them."""

    TOXICITY = "toxicity"
    SEVERE_TOXICITY = "severe_toxicity"
    IDENTITY_ATTACK = "identity_attack"
    INSULT = "insult"
    PROFANITY = "profanity"
    THREAT = "threat"
    SPAM = "spam"
    OFF_TOPIC = "off_topic"
    LIKELY_TO_REJECT = "likely_to_reject"


ATTRIBUTES = tuple(attribute.value for attribute in Attribute)
LIKELY_TO_REJECT = Attribute.LIKELY_TO_REJECT.value


class Outcome(StrEnum):
    """What becomes of a comment, mildest first."""

    APPROVE = "approve"
    HOLD = "hold"
    REJECT = "reject"

    @property
    def severity(self) -> int:
        return list(Outcome).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What a comment is about. `id` is the CMS's or, where it gives none, the URL; an article that is only scored needs neither."""

    id: str | None = None
    url: str | None = None
    title: str = ""
    text: str = ""

    def __post_init__(self) -> None:
        for name, value in (("article.id", self.id), ("article.url", self.url)):
            if value is not None:
                _check_text(name, value, MAX_URL)
                if len(value.encode()) > MAX_URL:
                    raise Invalid(name, f"at most {MAX_URL:,} bytes of UTF-8")
        _check_text("article.title", self.title, MAX_TITLE, blank=True)
        _check_text("article.text", self.text, MAX_ARTICLE, blank=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The comment that a reply answers."""

    id: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    id: str
    name: str | None = None
    created_at: datetime | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRecord:
    """What is known of an article when a comment arrives under it: of the other comments, how many moderators judged and how many of
    these they rejected, both of the newest ones alone, and how many hours ago the first one came."""

    judged: int = 0
    rejected: int = 0
    hours: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreInput:
    """All that a model may look at: the text, what it is about, what it answers, on whose site, and what became of the others there.
    `record` is None where there is no article, or no model in force that looks at it."""

    text: str
    article: Article | None = None
    parent: Parent | None = None
    site: str | None = None
    record: ArticleRecord | None = None

    def __post_init__(self) -> None:
        _check_text("text", self.text, MAX_SCORED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    site: str
    id: str
    text: str
    article: Article | None = None
    parent: Parent | None = None
    author: Author | None = None
    section: str | None = None
    language: str | None = None
    created_at: datetime | None = None

    def __post_init__(self) -> None:
        _check_text("id", self.id, MAX_ID)
        _check_text("text", self.text, MAX_COMMENT)

    @property
    def score_input(self) -> ScoreInput:
        return ScoreInput(text=self.text, article=self.article, parent=self.parent, site=self.site)

    @property
    def text_digest(self) -> str:
        return digest(self.text)


def digest(text: str) -> str:
    """Equal for texts that differ in case and white space alone."""
    return sha256(" ".join(text.casefold().split()).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Scores:
    """A number from 0 to 1 for each attribute that the model could judge; one without evidence is absent, not zero.

    `words`: of each attribute that was explained, the words that did it, as they were sent. `whole`: whether all of the text was read.
    """

    values: Mapping[str, float]
    model_version: str
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the author said before: lately, and in the same words, within the windows that the rules name; approved, at any time."""

    author_recent: int = 0
    author_approved: int = 0
    same_text: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why: a code, the outcome it asks for and, where there is one, the score, the threshold that it crossed, the words that did it."""

    code: str
    outcome: Outcome
    message: str
    score: float | None = None
    threshold: float | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the service says. `shadow` is what it would have said, where the policy only watches."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    scores: Mapping[str, float]
    model_version: str
    policy_version: str
    shadow: Outcome | None = None


class Rejection(StrEnum):
    """The reason code of a rejecting verdict, as the newsroom's statistics and retraining know it."""

    OFFENSIVE = "offensive"
    HARASSMENT = "harassment"
    HATE = "hate"
    THREAT = "threat"
    SPAM = "spam"
    OFF_TOPIC = "off_topic"
    BANNED_WORD = "banned_word"
    ILLEGAL = "illegal"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A score that a client's moderators think right, under Perspective's name for it: a label, where training finds use for it."""

    site: str
    text: str
    attribute: str
    value: float
    language: str
    context: Mapping[str, Any]
    community_id: str | None = None
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a moderator says of a comment. A rejection names its reason; `explanation` is for the author."""

    outcome: Outcome
    moderator: str
    at: datetime
    reason_code: Rejection | None = None
    explanation: str = ""

    def __post_init__(self) -> None:
        if self.outcome is Outcome.HOLD:
            raise Invalid("verdict", "approve or reject")
        if (self.outcome is Outcome.REJECT) != (self.reason_code is not None):
            raise Invalid("reason_code", "a reason code with a rejection, and none with an approval")
        _check_text("explanation", self.explanation, MAX_NOTE, blank=True)


class Role(StrEnum):
    MODERATOR = "moderator"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderator:
    """A person who may judge comments of some sites; where none is named, of all."""

    pk: int
    name: str
    role: Role
    sites: tuple[str, ...]

    def sees(self, site: str) -> bool:
        return not self.sites or site in self.sites


def _check_text(name: str, value: str, longest: int, *, blank: bool = False) -> None:
    if not blank and not value.strip():
        raise Invalid(name, "a text that is not blank")
    if len(value) > longest:
        raise Invalid(name, f"at most {longest:,} characters")
