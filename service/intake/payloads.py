"""What the native API takes and answers. The OpenAPI document is made from these."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from service import domain
from service.language import primary

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
LANGUAGE = re.compile(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")
MOST_COMMENTS = 1_000
MOST_EXPLAINED = 20


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise PydanticCustomError("nul", "expected a text without NUL characters")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "expected a text that is not blank")
    return text


def _in_bytes(text: str) -> str:
    if len(text.encode()) > domain.MAX_URL:
        raise PydanticCustomError("bytes", f"expected at most {domain.MAX_URL:,} bytes of UTF-8")
    return text


def _language(tag: str) -> str:
    if not LANGUAGE.fullmatch(tag):
        raise PydanticCustomError("language", "expected a language's tag, such as 'en' or 'en-GB'")
    return tag


def _written_out(value: Any) -> Any:
    """Of a bare number pydantic would count the seconds since 1970, of '20260301' too."""
    if not isinstance(value, str) or not re.match("[0-9]{4}-", value):
        raise PydanticCustomError("no_date", "expected a date and a time")
    return value


def _in_range(time: datetime) -> datetime:
    if not EARLIEST <= time < LATEST:
        raise PydanticCustomError("range", "expected a time from 1970 to 2199")
    return time


def _or_nothing(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """Nobody can mend what another system sends, so what stands beside its comment and cannot be kept is left out."""
    try:
        return check(value)
    except ValidationError:
        return None


# Lengths come first: pydantic calls a text's characters items where another check stands between.
def _text(most: int, least: int = 0) -> Any:
    return Field(
        min_length=least, max_length=most, json_schema_extra={"pattern": r"^[^\x00]*[^\s\x00][^\x00]*$" if least else r"^[^\x00]*$"}
    )


NoNul, NotBlank, InBytes = AfterValidator(_without_nul), AfterValidator(_not_blank), AfterValidator(_in_bytes)
Id = Annotated[str, _text(domain.MAX_ID, 1), NoNul, NotBlank]
Url = Annotated[str, _text(domain.MAX_URL, 1), NoNul, NotBlank, InBytes]
Name = Annotated[str, _text(domain.MAX_NAME), NoNul]
Title = Annotated[str, _text(domain.MAX_TITLE), NoNul]
CommentText = Annotated[str, _text(domain.MAX_COMMENT, 1), NoNul, NotBlank]
ParentText = Annotated[str, _text(domain.MAX_COMMENT), NoNul]
ArticleText = Annotated[str, _text(domain.MAX_ARTICLE), NoNul]
Time = Annotated[
    AwareDatetime,
    BeforeValidator(_written_out),
    AfterValidator(_in_range),
    Field(strict=False, json_schema_extra={"pattern": "^(197[0-9]|19[89][0-9]|2[01][0-9]{2})-"}),
]
Language = Annotated[str, AfterValidator(_language), Field(json_schema_extra={"pattern": LANGUAGE.pattern})]

OR_NOTHING = WrapValidator(_or_nothing)


class Payload(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ArticleBody(Payload):
    """What an article says. Give it before its comments arrive, and again when it changes."""

    url: Url | None = None
    title: Title = ""
    text: ArticleText = ""


class ArticleIn(ArticleBody):
    """The article that a comment is about, by the CMS's id or by its URL; title and text only where they were not told before."""

    id: Url | None = None

    def to_domain(self) -> domain.Article:
        return domain.Article(id=self.id, url=self.url, title=self.title, text=self.text)


class NamedArticleIn(ArticleIn):
    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": [name], "properties": {name: {"type": "string"}}} for name in ("id", "url")]}
    )

    @model_validator(mode="after")
    def _is_named(self) -> Self:
        if not (self.id or self.url):
            raise PydanticCustomError("article", "expected the article's id or url, so that it can be kept")
        return self


class ParentIn(Payload):
    """The comment that this one answers; its text only where the service has not seen it."""

    id: Id | None = None
    text: ParentText = ""

    def to_domain(self) -> domain.Parent:
        return domain.Parent(id=self.id, text=self.text)


class AuthorIn(Payload):
    id: Id
    name: Name | None = None
    created_at: Time | None = None
    role: Name | None = Field(None, description="What the author is to the newspaper, such as STAFF; the policy may exempt some.")

    def to_domain(self) -> domain.Author:
        return domain.Author(id=self.id, name=self.name, created_at=self.created_at, role=self.role)


class ScoreIn(Payload):
    text: CommentText
    article: ArticleIn | None = None
    parent: ParentIn | None = None

    def to_score_input(self) -> domain.ScoreInput:
        return domain.ScoreInput(
            text=self.text,
            article=None if self.article is None else self.article.to_domain(),
            parent=None if self.parent is None else self.parent.to_domain(),
        )


class CommentIn(ScoreIn):
    id: Id
    article: NamedArticleIn | None = None
    author: AuthorIn | None = None
    site: Id | None = None
    section: Name | None = None
    language: Language | None = None
    created_at: Time | None = None

    def to_domain(self, site: str) -> domain.Comment:
        scored = self.to_score_input()
        return domain.Comment(
            site=site,
            id=self.id,
            text=self.text,
            article=scored.article,
            parent=scored.parent,
            author=None if self.author is None else self.author.to_domain(),
            section=self.section,
            language=self.language and primary(self.language),
            created_at=self.created_at,
        )


class BatchIn(Payload):
    """Up to 1,000 comments; each is read and answered by itself."""

    comments: Annotated[
        list[Annotated[Any, WithJsonSchema({"$ref": "#/components/schemas/CommentIn"})]], Field(min_length=1, max_length=MOST_COMMENTS)
    ]


def _attribute(name: str) -> str:
    if name not in domain.ATTRIBUTES:
        raise PydanticCustomError("attribute", f"expected one of {', '.join(domain.ATTRIBUTES)}")
    return name


class ScoresIn(Payload):
    comments: Annotated[list[ScoreIn], Field(min_length=1, max_length=MOST_COMMENTS)]
    explain: list[Annotated[str, AfterValidator(_attribute), WithJsonSchema({"type": "string", "enum": list(domain.ATTRIBUTES)})]] = Field(
        default=[], max_length=len(domain.ATTRIBUTES), description="the scores whose words are asked for"
    )


class ReasonOut(BaseModel):
    code: str
    decision: domain.Outcome
    message: str
    score: float | None
    threshold: float | None
    words: list[str]

    @classmethod
    def of(cls, reason: domain.Reason) -> Self:
        return cls(
            code=reason.code,
            decision=reason.outcome,
            message=reason.message,
            score=reason.score,
            threshold=reason.threshold,
            words=list(reason.words),
        )


class DecisionOut(BaseModel):
    decision: domain.Outcome
    reasons: list[ReasonOut]
    scores: dict[str, float]
    model_version: str
    policy_version: str
    shadow_decision: domain.Outcome | None = Field(description="What the policy would have said, where it only watches.")


class StoredComment(BaseModel):
    id: str
    site: str
    text: str
    revision: int = Field(description="1 for the first text, and one more for each edit.")
    state: domain.Outcome = Field(description="Where the comment stands now: the newest decision or, after it, a moderator's verdict.")
    article_id: str | None
    section: str | None
    language: str | None
    created_at: datetime | None
    received_at: datetime


class ModeratedOut(DecisionOut):
    comment: StoredComment
    repeated: bool = Field(description="True where this text of this comment was decided earlier.")


class PastDecision(DecisionOut):
    revision: int
    text: str
    at: datetime


class PastVerdict(BaseModel):
    action: str = Field(description="verdict, correction, agree (a second opinion), or undo, which puts the comment back to `verdict`.")
    verdict: domain.Outcome
    reason_code: str | None
    explanation: str
    moderator: str
    at: datetime


class CommentOut(BaseModel):
    comment: StoredComment
    decisions: list[PastDecision] = Field(description="Newest first.")
    verdicts: list[PastVerdict] = Field(description="Newest first.")


class ArticleOut(BaseModel):
    id: str
    site: str
    url: str | None
    title: str
    text: str
    updated_at: datetime


class ScoresOut(BaseModel):
    scores: list[dict[str, float]]
    model_version: str
    explanations: list[dict[str, list[list[int]]]] | None = Field(
        default=None,
        exclude_if=lambda found: found is None,
        description="for each comment, by attribute: begin and end of the words that did it, in characters, where asked for",
    )


class FieldError(BaseModel):
    field: str
    expected: str


class Problem(BaseModel):
    """RFC 9457. `errors` names each field that was not as expected."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FieldError] | None = None


class BatchItem(BaseModel):
    """Either `result` or `problem`."""

    id: str | None
    result: ModeratedOut | None = None
    problem: Problem | None = None


class BatchOut(BaseModel):
    results: list[BatchItem] = Field(description="In the order of the request.")
