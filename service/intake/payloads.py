"""What the native API takes and answers. The OpenAPI document is made from these."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, WithJsonSchema, model_validator
from pydantic.config import JsonDict
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from service import domain
from service.intake.fields import ArticleText, CommentText, Id, Language, Name, ParentText, Time, Title, Url
from service.language import primary

MOST_COMMENTS = 1_000
MOST_EXPLAINED = 20


class Payload(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


ARTICLE: JsonDict = {
    "url": "https://gazette.example/night-trains",
    "title": "City council votes to bring back night trains",
    "text": "From May on a night train will run to the coast again.",
}


class ArticleBody(Payload):
    """All that an article says: what is left out is emptied. Give it before its comments arrive, and again when it changes."""

    model_config = ConfigDict(json_schema_extra={"examples": [ARTICLE]})

    url: Url | None = None
    title: Title | None = None
    text: ArticleText | None = Field(None, description="Plain or HTML.")


class ArticleIn(ArticleBody):
    """What a text that is only scored is about: an article that is known by its id or its URL, or a title and a text."""

    id: Url | None = None

    def to_domain(self) -> domain.Article:
        return domain.Article(id=self.id, url=self.url, title=self.title or "", text=self.text or "")


def _url_without_id(schema: dict[str, Any]) -> None:
    """As a condition, which generators of clients pass over; of an `anyOf` they make two types, neither with a title or a text."""
    schema |= {"if": {"properties": {"id": {"type": "null"}}}, "then": {"required": ["url"], "properties": {"url": {"type": "string"}}}}


class NamedArticleIn(ArticleIn):
    """The article that a comment is about: its `id`, its `url` or both; title and text only where they were not told before or have
    changed: they are kept for all its comments."""

    model_config = ConfigDict(json_schema_extra=_url_without_id)

    @model_validator(mode="after")
    def _is_named(self) -> Self:
        if not (self.id or self.url):
            raise PydanticCustomError("article", "expected the article's id or url, so that it can be kept")
        return self


class ParentIn(Payload):
    """The comment that this one answers; its text only where the service has not seen it."""

    id: Id | None = None
    text: ParentText | None = None

    def to_domain(self) -> domain.Parent:
        return domain.Parent(id=self.id, text=self.text or "")


class AuthorIn(Payload):
    """Who wrote the comment: for repeats, floods and first comments."""

    id: Id
    name: Name | None = None
    created_at: Time | None = Field(None, description="When the account was made.")
    role: Name | None = Field(None, description="What the author is to the newspaper, such as STAFF; the policy may exempt some.")

    def to_domain(self) -> domain.Author:
        return domain.Author(id=self.id, name=self.name, created_at=self.created_at, role=self.role)


TEXT = "What the reader wrote, plain or HTML."


class ScoreIn(Payload):
    text: CommentText = Field(description=TEXT)
    article: ArticleIn | None = None
    parent: ParentIn | None = None

    def to_score_input(self) -> domain.ScoreInput:
        return domain.ScoreInput(
            text=self.text,
            article=None if self.article is None else self.article.to_domain(),
            parent=None if self.parent is None else self.parent.to_domain(),
        )


COMMENT: JsonDict = {
    "id": "c-1",
    "text": "You are an idiot, and so is the mayor.",
    "article": {"id": "night-trains", "title": ARTICLE["title"]},
    "author": {"id": "u-7", "name": "Kim"},
    "section": "politics",
    "created_at": "2026-03-01T12:00:00Z",
}


class CommentIn(Payload):
    model_config = ConfigDict(json_schema_extra={"examples": [COMMENT]})

    id: Id = Field(description="The CMS's id. The same one with another text is an edit.")
    text: CommentText = Field(description=TEXT)
    article: NamedArticleIn | None = None
    parent: ParentIn | None = None
    author: AuthorIn | None = None
    site: Id | None = Field(None, description="The key's site, and may be left out.")
    section: Name | None = Field(None, description="Where the article stands, such as politics: the policy may have rules for it.")
    language: Language | None = Field(None, description="Such as en or en-GB: used where the text itself is too short to tell.")
    created_at: Time | None = Field(None, description="When it was written, by the CMS's clock: repeats and floods are counted by it.")

    def to_domain(self, site: str) -> domain.Comment:
        return domain.Comment(
            site=site,
            id=self.id,
            text=self.text,
            article=None if self.article is None else self.article.to_domain(),
            parent=None if self.parent is None else self.parent.to_domain(),
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


class ScoresIn(Payload):
    model_config = ConfigDict(json_schema_extra={"examples": [{"comments": [{"text": "You are an idiot.", "article": ARTICLE}]}]})

    comments: Annotated[list[ScoreIn], Field(min_length=1, max_length=MOST_COMMENTS)]
    explain: list[domain.Attribute] | None = Field(
        default=None,
        max_length=len(domain.ATTRIBUTES),
        description=f"The scores whose words are asked for, of up to {MOST_EXPLAINED} comments.",
    )


def _each_attribute(schema: dict[str, Any]) -> None:
    number = schema.pop("additionalProperties")
    schema["properties"] = {name: number | {"minimum": 0, "maximum": 1} for name in domain.ATTRIBUTES}


class Scores(RootModel[dict[str, float]]):
    """A calibrated probability for each attribute: of the comments scored 0.8, about 80 % are what it says. One without evidence is
    absent, not zero."""

    model_config = ConfigDict(json_schema_extra=_each_attribute)


class ReasonOut(BaseModel):
    """Why: a score that crossed a threshold, or a rule of the policy."""

    code: str = Field(description="The attribute or the rule, such as `toxicity`, `banned_word` or `scoring_failed`.")
    decision: domain.Outcome = Field(description="What this reason asks for; the most severe comes first.")
    message: str = Field(description="A sentence for moderators.")
    score: float | None
    threshold: float | None
    words: list[str] = Field(description="The words of the comment that did it, as they were sent.")

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
    scores: Scores
    model_version: str
    policy_version: str
    shadow_decision: domain.Outcome | None = Field(
        description="What the policy would have said, where it only watches; null where it decides."
    )


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
    repeated: bool = Field(description="True where this text of this comment was decided earlier: nothing of this request was stored.")


class PastDecision(DecisionOut):
    revision: int
    text: str
    at: datetime


Action = Literal["verdict", "correction", "agree", "undo"]


class PastVerdict(BaseModel):
    action: Action = Field(description="verdict, correction, agree (a second opinion), or undo, which puts the comment back to `verdict`.")
    verdict: domain.Outcome
    reason_code: domain.Rejection | None
    explanation: str = Field(description="For the author; empty where nothing was said.")
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
    scores: list[Scores] = Field(description="In the order of the request.")
    model_version: str
    explanations: list[dict[str, list[list[int]]]] | SkipJsonSchema[None] = Field(
        default=None,
        exclude_if=lambda found: found is None,
        description="For each comment, by attribute: begin and end of the words that did it, where asked for; in Unicode characters, of "
        "which an emoji is one and the strings of JavaScript and Java count two.",
    )


class FieldError(BaseModel):
    field: str = Field(description="Where it stands in the body, such as `article.id` or `comments.0.text`; `body` is all of it.")
    expected: str


class Problem(BaseModel):
    """RFC 9457. `errors` names each field that was not as expected."""

    type: str
    title: str
    status: int
    detail: str = Field(description="What is wrong and what to do, as a sentence.")
    request_id: str = Field(description="What the service's log has it under.")
    errors: list[FieldError] | None = None


class BatchItem(BaseModel):
    """Either `result` or `problem`; the other is null."""

    id: str | None = Field(description="The comment's; null where none could be read.")
    result: ModeratedOut | None
    problem: Problem | None


class BatchOut(BaseModel):
    results: list[BatchItem] = Field(description="In the order of the request.")
