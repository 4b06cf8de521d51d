"""What loading relies on in a manifest, which says more."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

# Raised when texts give other numbers than those that saved models learnt from, which then refuse to load; not for a disguise newly seen
# through that next to none of those texts has.
FEATURES_VERSION = 9


class File(BaseModel):
    name: str
    sha256: str


class Article(BaseModel):
    title: str
    text: str


class Parent(BaseModel):
    text: str


class Input(BaseModel):
    text: str
    article: Article | None = None
    parent: Parent | None = None


class Probe(BaseModel):
    input: Input
    scores: dict[str, float]


class Manifest(BaseModel):
    version: str
    files: Annotated[list[File], Field(min_length=1)]
    probes: list[Probe]
    libraries: dict[str, str]
    features_version: int
    languages: list[str] = []


def flaw(written: Mapping[str, Any]) -> str | None:
    """Where it is not as expected, and how; None where it is."""
    try:
        Manifest.model_validate(written, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return None
