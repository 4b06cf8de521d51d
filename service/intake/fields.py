"""The kinds of fields that payloads have, each with what is expected of it."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from service import domain

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
LANGUAGE = re.compile(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")


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
Note = Annotated[str, _text(domain.MAX_NOTE, 1), NoNul, NotBlank]
Explanation = Annotated[str, _text(domain.MAX_NOTE), NoNul]
Time = Annotated[
    AwareDatetime,
    BeforeValidator(_written_out),
    AfterValidator(_in_range),
    Field(strict=False, json_schema_extra={"pattern": "^(197[0-9]|19[89][0-9]|2[01][0-9]{2})-"}),
]
Language = Annotated[str, AfterValidator(_language), Field(json_schema_extra={"pattern": LANGUAGE.pattern})]

OR_NOTHING = WrapValidator(_or_nothing)
