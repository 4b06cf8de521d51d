"""What both methods share: reading a request, and refusing one as Google did."""

import json
import re
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from flask import request
from pydantic_core import from_json

from service import language
from service.domain import MAX_ARTICLE, Article, Parent
from service.intake.markup import masked, plain, storable
from service.intake.perspective.errors import refusal, unreadable
from service.intake.perspective.payloads import TEXT_TYPES, Context, Request, TextEntry
from service.intake.perspective.spans import sentences

MOST_BYTES = 20_480  # of a comment, in UTF-8
MOST_CONTEXT_BYTES = 1_048_576
MOST_BODY_BYTES = 8_000_000  # room for both, written in escapes

# In JSON as Google read it: a string, a name that lacks its quotes, a comma that nothing follows.
_LOOSE = re.compile(r'"(?:[^"\\]++|\\.)*+"?|(?<![\w$])(?P<name>[A-Za-z_$][\w$]*+)(?=\s*+:)|,(?=\s*+[\]}])', re.DOTALL)

AnyRequest = TypeVar("AnyRequest", bound=Request)


@dataclass(frozen=True)
class Subject:
    """A comment to be judged. `text` is as it was sent; places in it are places in what the client has."""

    text: str
    html: bool
    article: Article | None
    parent: Parent | None
    requested_languages: list[str]
    detected_languages: list[str]

    @cached_property
    def plain(self) -> str:
        return self.part(0, len(self.text))

    @cached_property
    def sentences(self) -> list[tuple[int, int]]:
        if not self.html:
            return sentences(self.text)
        return [span for span in sentences(masked(self.text)) if self.part(*span)]  # an editor's empty line is a `&nbsp;`

    def part(self, begin: int, end: int) -> str:
        text = self.text[begin:end]
        return plain(text) if self.html else text


def read(kind: type[AnyRequest]) -> AnyRequest:
    """The request's body; an empty one asks for nothing. Raises Refused."""
    request.max_content_length = MOST_BODY_BYTES
    sent = request.get_data()
    try:
        body = _unpacked(sent) if request.headers.get("Content-Encoding", "").lower() == "gzip" else sent
        return kind.model_validate(_parsed(body) if body.strip() else {})
    except (ValueError, RecursionError) as error:  # pydantic's ValidationError is a ValueError
        raise unreadable(error) from None


def subject(asked: Request) -> Subject:
    """The comment with its context and its languages. Raises Refused."""
    comment = asked.comment
    html = _is_html(comment)
    if len(comment.text.encode()) > MOST_BYTES:
        raise refusal("COMMENT_TOO_LONG", "Comment text too long.")
    text = plain(comment.text) if html else comment.text
    if not text.strip():
        raise refusal("COMMENT_EMPTY", "Comment must be non-empty.")
    article, parent = _context(asked.context)
    detected = _detected(text)
    if not asked.languages and not detected:
        raise refusal("LANGUAGE_DETECTION_FAILED", "Unable to detect language")
    return Subject(
        text=comment.text,
        html=html,
        article=Article(text=article[:MAX_ARTICLE]) if article.strip() else None,
        parent=Parent(text=parent) if parent.strip() else None,
        requested_languages=asked.languages or detected,
        detected_languages=detected,
    )


def _unpacked(sent: bytes) -> bytes:
    """What Google's client for Java has packed. Raises ValueError where it is broken, or too much."""
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        body = unpacking.decompress(sent, MOST_BODY_BYTES)
    except zlib.error as error:
        raise ValueError("no gzip") from error
    if not unpacking.eof:
        raise ValueError("cut off, or too much")
    return body


def _parsed(body: bytes) -> Any:
    """As JSON, with a replacement character for half an emoji: Coral publishes a comment whose request was refused.

    Otherwise as loosely as Google, whose own example for curl has names without quotes.
    """
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError:
        text = body.decode(json.detect_encoding(body), "surrogatepass")
        return storable(json.loads(_LOOSE.sub(_tightened, text), strict=False))


def _tightened(found: re.Match[str]) -> str:
    return f'"{found["name"]}"' if found["name"] else found[0].removeprefix(",")


def _context(context: Context) -> tuple[str, str]:
    """The article's and the parent comment's plain texts, '' where there is none; of entries the first and the second."""
    named = context.article_and_parent_comment
    if context.entries and named:
        message = "Context can have either entries or article_and_parent_comment, but both fields were populated."
        raise refusal("INVALID_REQUEST", message)
    entries = [named.article or TextEntry(), named.parent_comment or TextEntry()] if named else context.entries
    if sum(len(entry.text.encode()) for entry in entries) > MOST_CONTEXT_BYTES:
        raise refusal("INVALID_REQUEST", "Context text too long.")
    texts = [plain(entry.text) if _is_html(entry) else entry.text for entry in entries]
    article, parent, *_ = [*texts, "", ""]
    return article, parent


def _is_html(entry: TextEntry) -> bool:
    if entry.type not in TEXT_TYPES:
        raise refusal("INVALID_REQUEST", "Unknown text type")
    return entry.type == "HTML"


def _detected(text: str) -> list[str]:
    """English where a text in Latin letters is too short to tell, as no short comment is called foreign; nothing where it is neither."""
    found = language.detect(text)
    if found is None and any(char.isascii() and char.isalpha() for char in text):
        found = "en"
    return [] if found is None else [found]
