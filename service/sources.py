"""Systems whose webhooks are understood without code: sources.toml as values."""

import base64
import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from standardwebhooks import Webhook, WebhookVerificationError

from service.config import AROUND
from service.toml_files import Found, Table, TomlError, from_validation, located, parsed, read_text, unpadded

DEFAULT = Path("sources.toml")
STANDARD = ("webhook-id", "webhook-timestamp", "webhook-signature")

_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)+")
_SINCE_1970 = re.compile("[0-9]{10}|[0-9]{13}")  # in seconds, in milliseconds
_STANDARD_SECRET = re.compile(r"(?:whsec_)?[A-Za-z0-9+/]{24,}={0,2}")
_VARIABLE = re.compile("[A-Z_][A-Z0-9_]*")
_PLACEHOLDER = re.compile(r"(\{body\}|\{timestamp\})")


def _pointer(text: str) -> str:
    if not _POINTER.fullmatch(text):
        raise ValueError("expected a JSON Pointer, such as '/post/id' or '/comments/0/body'.")
    return text


def _signed(template: str) -> str:
    if "{body}" not in template:
        raise ValueError("expected a text with {body} in it, such as '{body}' or '{timestamp}.{body}'.")
    return template


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(unpadded)]
Pointer = Annotated[str, AfterValidator(_pointer)]


class Signature(Table):
    """How a request is signed: as Standard Webhooks say, or by an HMAC of these bytes, after this prefix in this header."""

    secret: Name
    scheme: Literal["hmac", "standard-webhooks"] = "hmac"
    header: Name = ""
    prefix: str = ""
    algorithm: Literal["sha256", "sha1", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    signed: Annotated[str, AfterValidator(_signed)] = "{body}"
    timestamp_header: Name | None = None
    timestamp_prefix: str = ""
    tolerance: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _says_what_its_scheme_leaves_open(self) -> Self:
        if self.scheme == "hmac" and not self.header:
            raise ValueError("expected a header, the one in which the signature stands.")
        if self.scheme == "standard-webhooks" and self.model_fields_set - {"scheme", "secret"}:
            raise ValueError("Standard Webhooks fix all other settings; expected only a secret beside the scheme.")
        return self

    @model_validator(mode="after")
    def _has_the_timestamp_that_it_needs(self) -> Self:
        if self.tolerance is not None and "{timestamp}" not in self.signed:
            raise ValueError("a tolerance needs {timestamp} in signed, since anybody can change a time that is not signed.")
        if "{timestamp}" in self.signed and not (self.timestamp_header or self.timestamp_prefix):
            raise ValueError("{timestamp} in signed needs a timestamp_header or a timestamp_prefix.")
        return self


class Events(Table):
    """Which of a system's webhooks count: those with one of these values in a header or at a place in the body."""

    values: Annotated[list[str], Field(min_length=1)]
    header: Name | None = None
    pointer: Pointer | None = None

    @model_validator(mode="after")
    def _says_where_the_values_stand(self) -> Self:
        if (self.header is None) == (self.pointer is None):
            raise ValueError("expected either a header or a pointer, the one place where the values stand.")
        return self


class Fields(Table):
    """Where in the body each of these stands."""

    id: Pointer | None = None
    text: Pointer | None = None
    article_id: Pointer | None = None
    article_url: Pointer | None = None
    article_title: Pointer | None = None
    article_text: Pointer | None = None
    parent_id: Pointer | None = None
    parent_text: Pointer | None = None
    author_id: Pointer | None = None
    author_name: Pointer | None = None
    author_role: Pointer | None = None
    section: Pointer | None = None
    language: Pointer | None = None
    created_at: Pointer | None = None


class Description(Table):
    """One source, as it is written."""

    site: Name
    enabled: bool = True
    sends: Literal["comments", "articles"] = "comments"
    format: Literal["html", "plain"] = "html"
    answer: Literal["decision", "accepted"] = "decision"
    fields: Fields
    events: Events | None = None
    signature: Signature | None = None

    @model_validator(mode="after")
    def _names_what_it_sends(self) -> Self:
        needed = ("id", "text") if self.sends == "comments" else ("article_id",)
        missing = [name for name in needed if getattr(self.fields, name) is None]
        if missing:
            raise ValueError(f"a source of {self.sends} needs a pointer for {' and '.join(missing)} among its fields.")
        return self


class _File(Table):
    sources: dict[str, Description] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """One that is enabled, with its secret."""

    name: str
    description: Description
    secret: str | None

    def is_signed(self, header: Callable[[str], str | None], body: bytes) -> bool:
        """Whether a signature fits that is not too old, of a request whose headers `header` tells by name; False where there is none."""
        if self.description.signature is None or not self.secret:
            return False
        how = self.description.signature
        if how.scheme == "standard-webhooks":
            return _is_standard(self.secret, header, body)
        whole = header(how.header) or ""
        told = [*(part.strip() for part in whole.split(",")), whole.strip()]  # a prefix may hold a comma, as "v1,"
        shown = [part.removeprefix(how.prefix) for part in told if part.startswith(how.prefix)]
        timestamp = _timestamp(how, header, told)
        if how.tolerance is not None and not _is_recent(timestamp, how.tolerance):
            return False
        digest = hmac.new(self.secret.encode(), _bytes(how, timestamp, body), how.algorithm).digest()
        expected = digest.hex() if how.encoding == "hex" else base64.b64encode(digest).decode()
        return any(hmac.compare_digest(one.encode(), expected.encode()) for one in shown)


def load(path: Path, environ: Mapping[str, str]) -> dict[str, Source]:
    """The enabled sources by name. Raises TomlError, with a sentence for each problem."""
    return parse(read_text(path, "SOURCES_FILE"), environ, path.name)


def parse(text: str, environ: Mapping[str, str], name: str = "sources.toml") -> dict[str, Source]:
    """Raises TomlError, with a sentence for each problem."""
    raw = parsed(text, name)
    try:
        written = _File.model_validate(raw)
        found = [problem for name, description in written.sources.items() for problem in _unsigned(name, description, environ)]
    except ValidationError as error:
        found = from_validation(error, _File)
    if found:
        raise TomlError(name, located(text, found))
    return {
        name: Source(name, description, environ.get(description.signature.secret) if description.signature else None)
        for name, description in written.sources.items()
        if description.enabled
    }


def summary(source: Source) -> str:
    """What is received of it, and where, in one sentence."""
    how = source.description.signature
    proof = f"signed with {how.secret}" if how else "with an API key of the site"
    return f"POST /v1/webhooks/{source.name} takes {source.description.sends} of the site '{source.description.site}', {proof}."


def find(document: Any, pointer: str) -> Any:
    """What stands at a JSON Pointer (RFC 6901), or None."""
    for token in pointer.split("/")[1:]:
        token = token.replace("~1", "/").replace("~0", "~")
        if isinstance(document, list):
            document = document[int(token)] if token.isdecimal() and int(token) < len(document) else None
        else:
            document = document.get(token) if isinstance(document, dict) else None
    return document


def _is_standard(secret: str, header: Callable[[str], str | None], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, {name: header(name) or "" for name in STANDARD}, json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True


def _unsigned(name: str, description: Description, environ: Mapping[str, str]) -> list[Found]:
    how = description.signature
    secret = environ.get(how.secret) if how else None
    if not description.enabled or how is None:
        return []
    if secret and AROUND.fullmatch(secret):
        return [
            (("sources", name, "signature", "secret"), f"the variable {how.secret} has blanks, line ends or quotation marks around it.")
        ]
    if secret and (how.scheme == "hmac" or _STANDARD_SECRET.fullmatch(secret)):
        return []
    named = how.secret if _VARIABLE.fullmatch(how.secret) else "of this name"  # it may be the secret itself, in the wrong place
    message = f"the environment has no variable {named}; set it to the secret, or set enabled = false."
    if secret:
        message = f"the variable {how.secret} is no secret of Standard Webhooks: expected 'whsec_' and base64."
    return [(("sources", name, "signature", "secret"), message)]


def _timestamp(how: Signature, header: Callable[[str], str | None], told: list[str]) -> str:
    if how.timestamp_header is not None:
        return header(how.timestamp_header) or ""
    prefix = how.timestamp_prefix
    return next((part.removeprefix(prefix) for part in told if prefix and part.startswith(prefix)), "")


def _is_recent(timestamp: str, tolerance: int) -> bool:
    """Whether this is a time in seconds or milliseconds since 1970 that is no further from now than that many seconds."""
    if not _SINCE_1970.fullmatch(timestamp):
        return False
    return abs(time.time() - int(timestamp) / (1000 if len(timestamp) > 10 else 1)) <= tolerance


def _bytes(how: Signature, timestamp: str, body: bytes) -> bytes:
    known = {"{body}": body, "{timestamp}": timestamp.encode()}
    return b"".join(known.get(part, part.encode()) for part in _PLACEHOLDER.split(how.signed))
