"""What Perspective's clients send. The discovery document is made from these."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr, model_validator
from pydantic.alias_generators import to_camel

TEXT_TYPES = ("TEXT_TYPE_UNSPECIFIED", "PLAIN_TEXT", "HTML")
SCORE_TYPES = ("SCORE_TYPE_UNSPECIFIED", "PROBABILITY", "STD_DEV_SCORE", "PERCENTILE", "RAW")

# Any text is read as either, as Google has errors of its own for one that is not on the list.
TextType = Annotated[StrictStr, Field(json_schema_extra={"enum": list(TEXT_TYPES)})]
ScoreType = Annotated[StrictStr, Field(json_schema_extra={"enum": list(SCORE_TYPES)})]

# As in Google's JSON, one stands for a list of one, and a word for what it says.
OneOrMore = BeforeValidator(lambda told: [told] if isinstance(told, (str, dict)) else told)
Flag = Annotated[StrictBool, BeforeValidator(lambda told: told == "true" if told in ("true", "false") else told)]


class Message(BaseModel):
    """As Google reads JSON: names in either case, and null where a field is not told."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, told: Any) -> Any:
        return {name: value for name, value in told.items() if value is not None} if isinstance(told, dict) else told


class TextEntry(Message):
    """A text, plain or HTML."""

    text: StrictStr = ""
    type: TextType = "TEXT_TYPE_UNSPECIFIED"


class ArticleAndParentComment(Message):
    """What the comment is about, and what it answers."""

    article: TextEntry | None = None
    parent_comment: TextEntry | None = None


class Context(Message):
    """Either entries (an article, then a parent comment) or the two by name."""

    entries: Annotated[list[TextEntry], OneOrMore] = []
    article_and_parent_comment: ArticleAndParentComment | None = None


class AttributeParameters(Message):
    """How an attribute is asked for."""

    score_type: ScoreType = "SCORE_TYPE_UNSPECIFIED"
    score_threshold: float | None = None


class Score(Message):
    """A number from 0 to 1."""

    value: float | None = None
    type: ScoreType = "SCORE_TYPE_UNSPECIFIED"


class SpanScore(Message):
    """The score of a part of the text; begin and end count UTF-16 code units."""

    begin: StrictInt = 0
    end: StrictInt = 0
    score: Score | None = None


class AttributeScores(Message):
    """An attribute's score of the whole text and of its parts."""

    summary_score: Score | None = None
    span_scores: Annotated[list[SpanScore], OneOrMore] = []


class Request(Message):
    """What both methods take."""

    comment: TextEntry = TextEntry()
    context: Context = Context()
    languages: Annotated[list[StrictStr], OneOrMore] = []
    client_token: StrictStr | None = None
    session_id: StrictStr | None = None
    community_id: StrictStr | None = None


class AnalyzeCommentRequest(Request):
    """A comment to be scored."""

    requested_attributes: dict[str, AttributeParameters | None] = {}
    span_annotations: Flag = False
    do_not_store: Flag = False
    drop_unsupported_attributes: Flag = False


class SuggestCommentScoreRequest(Request):
    """A comment with the scores that somebody thinks right."""

    attribute_scores: dict[str, AttributeScores | None] = {}


class AnalyzeCommentResponse(Message):
    """The scores, under the names that were asked for."""

    attribute_scores: dict[str, AttributeScores]
    languages: list[str]
    detected_languages: list[str]
    client_token: str | None = None


class SuggestCommentScoreResponse(Message):
    """That the suggestion was taken."""

    requested_languages: list[str]
    detected_languages: list[str]
    client_token: str | None = None
