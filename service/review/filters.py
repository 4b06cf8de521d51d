"""What a page's address and the API write: a filter of the queue, a row's key, how far to look back."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from werkzeug.datastructures import MultiDict
from werkzeug.routing import IntegerConverter, Map

from service.domain import ATTRIBUTES, Invalid
from service.language import primary
from service.storage.cards import ORDERS, Filter

LONGEST = 200
HIGHEST = 2**63 - 1  # key of a row
WINDOWS = (7, 30, 90)  # days


class KeyConverter(IntegerConverter):
    """A row's key in an address."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=HIGHEST)


def key(text: str) -> int:
    """A row's key as an argument. Raises ValueError where it can be none."""
    if not _is_key(text):
        raise ValueError("expected a row's key")
    return int(text)


def keys(texts: Iterable[str]) -> list[int]:
    """Those that are rows' keys."""
    return [int(text) for text in texts if _is_key(text)]


def days(args: MultiDict[str, str], default: int) -> int:
    """Over how many a page looks back. Raises Invalid."""
    found: int = args.get("days", default, type=int)
    if found not in WINDOWS:
        raise Invalid("days", "7, 30 or 90")
    return found


def read(args: Mapping[str, str]) -> Filter:
    """Raises Invalid. What is left empty in a form does not count."""
    given = {name: value.strip() for name, value in args.items() if value.strip()}
    if any(len(value) > LONGEST or "\x00" in value for name, value in given.items() if name != "after"):
        raise Invalid("filter", f"texts of at most {LONGEST} characters, none of them NUL")
    values: dict[str, Any] = {name: given.get(name) for name in ("site", "section", "reason", "author")}
    language = given.get("language")
    order, attribute = given.get("order", "urgent"), given.get("attribute")
    if order not in ORDERS:
        raise Invalid("order", f"one of {', '.join(ORDERS)}")
    if attribute is not None and attribute not in ATTRIBUTES:
        raise Invalid("attribute", f"one of {', '.join(ATTRIBUTES)}")
    values |= {name: _number(name, given[name]) if name in given else None for name in ("low", "high")}
    return Filter(
        **values,
        language=language and (primary(language) or language),  # of a tag such as en-GB, that is kept
        attribute=attribute,
        order=order,
        text=given.get("q"),
        article=_article(given),
        audit=_audit(given.get("audit")),
    )


def written(wanted: Filter, **changes: Any) -> dict[str, Any]:
    """The filter as an address's arguments, without what does not count."""
    values = {field.name: getattr(wanted, field.name) for field in fields(wanted)}
    values["q"] = values.pop("text")
    values["audit"] = None if wanted.audit is None else "only" if wanted.audit else "none"
    values |= changes
    return {name: value for name, value in values.items() if value is not None and (name, value) != ("order", "urgent")}


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len(str(HIGHEST)) and int(text) <= HIGHEST


def _number(name: str, text: str) -> float:
    try:
        value = float(text.replace(",", "."))  # as many languages write it, and their telephones
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise Invalid(name, "a score from 0 to 1")
    return value


def _article(given: Mapping[str, str]) -> int | None:
    try:
        return key(given["article"]) if "article" in given else None
    except ValueError:
        raise Invalid("article", "an article of the list") from None


def _audit(text: str | None) -> bool | None:
    if text not in (None, "only", "none"):
        raise Invalid("audit", "only, none, or nothing for both")
    return None if text is None else text == "only"
