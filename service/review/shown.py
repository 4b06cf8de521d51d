"""How things are said on the pages: plain words, ages, and a comment's text with the words that did it marked."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from unicodedata import category, east_asian_width

from flask import Blueprint
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from service.domain import ATTRIBUTES, MAX_NOTE, Outcome, Reason, Rejection
from service.review.filters import LONGEST
from service.rules import score_in_words, threshold_in_words
from service.storage.cards import EXCERPT, MOST_RECORD
from service.storage.queue import MOST_COUNTED
from service.verdicts import SAID

# Codes that a person would not understand as they are.
_REASONS = {
    "identity_attack": "Attack on a group",
    "scoring_failed": "Not scored",
    "partly_read": "Not read completely",
    "language": "Foreign language",
    "flood": "Many comments at once",
    "repeat": "Repeated text",
    "links": "Many links",
    "audit": "Chosen by chance",
}
LIMITS = {"MAX_NOTE": MAX_NOTE, "LONGEST": LONGEST, "MOST_RECORD": MOST_RECORD, "EXCERPT": EXCERPT}
_FILTERS = {"q": "Search", "attribute": "Score of", "low": "From", "high": "To", "author": "Author's id", "audit": "Audits"}
_ORDERS = {"urgent": "most urgent", "score": "highest score"}

LINES, SIGNS = 16, 17  # of a text that its card still shows whole on a small phone, in large type; and of each line
BLANK = "\u115f\u1160\u2800\u3164\uffa0"  # letters and a sign that show nothing
TOP = 2  # scores beside the reasons
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def register(blueprint: Blueprint) -> None:
    """The filters and functions for templates."""
    words = (plain, age, clock, count, order, said, scrolls, seen, score_in_words, threshold_in_words)
    for word in (*words, plain_pair, same_pair, article_pair):
        blueprint.add_app_template_filter(word)
    for function in (marked, filter_in_words, without, csrf):
        blueprint.add_app_template_global(function)
    blueprint.app_context_processor(lambda: LIMITS | {"REJECTIONS": {code: plain(code) for code in Rejection}})


def marked(text: str, reasons: Iterable[Reason]) -> Markup:
    """The text, safe to show, with the reasons' words in a <mark> that says which reasons."""
    titles: dict[tuple[str, ...], list[str]] = {}
    for reason in reasons:
        for word in filter(str.strip, reason.words):
            titles.setdefault(_in_parts(word), []).append(plain(reason.code))
    if not titles:
        return escape(text)
    longest_first = sorted(titles, key=lambda parts: len(" ".join(parts)), reverse=True)
    phrases = [r"\s+".join(map(re.escape, parts)) for parts in longest_first]
    pattern = re.compile("|".join(rf"(?<!\w){phrase}(?!\w)" for phrase in phrases), re.IGNORECASE)
    shown, end = Markup(), 0
    for match in pattern.finditer(text):
        title = ", ".join(dict.fromkeys(titles.get(_in_parts(match[0]), ())))
        shown += escape(text[end : match.start()]) + Markup('<mark title="{}">{}</mark>').format(title, match[0])
        end = match.end()
    return shown + escape(text[end:])


def scrolls(text: str) -> bool:
    """Whether a text may be higher than its card lets it be."""
    wide = sum(east_asian_width(sign) in "WF" for sign in text)
    return len(text) + wide + SIGNS * text.count("\n") > SIGNS * LINES


def seen(text: str | None, otherwise: str) -> str:
    """The text, or what else to show where none of its signs is seen: a link needs something to be clicked on and to be called."""
    return text if text and any(category(sign)[0] in "LNPS" and sign not in BLANK for sign in text) else otherwise


def _in_parts(word: str) -> tuple[str, ...]:
    """A word or phrase, however it is spaced and written."""
    return tuple(word.casefold().split())


def plain(code: str) -> str:
    """A reason's or an attribute's code for a person."""
    return _REASONS.get(code) or code.replace("_", " ").capitalize()


def age(time: datetime) -> str:
    seconds = (datetime.now(UTC) - time).total_seconds()
    for size, unit in _UNITS:
        if seconds >= size:
            whole = int(seconds // size)
            return f"{whole} {unit}{'' if whole == 1 else 's'}"
    return "less than a minute"


def clock(time: datetime) -> str:
    return f"{time:%-d %B %Y, %H:%M} UTC"


def count(number: int) -> str:
    """A bounded count: nothing is counted further than the limit."""
    return f"more than {MOST_COUNTED:,}" if number > MOST_COUNTED else f"{number:,}"


def top_scores(scores: dict[str, float], reasons: Iterable[Reason]) -> list[tuple[str, float]]:
    """The highest scores that no reason names already."""
    named = {reason.code for reason in reasons}
    rest = [(name, scores[name]) for name in ATTRIBUTES if name in scores and name not in named]
    return sorted(rest, key=lambda item: -item[1])[:TOP]


def said(outcome: str) -> str:
    return SAID[Outcome(outcome)]


def plain_pair(code: str) -> tuple[str, str]:
    """A choice of a <select>: what is sent, and what is read."""
    return code, plain(code)


def same_pair(value: str) -> tuple[str, str]:
    return value, value


def article_pair(row: Any) -> tuple[int, str]:
    return row.pk, row.title or row.id


def order(name: str) -> str:
    return _ORDERS.get(name, name)


def filter_in_words(name: str, value: Any, articles: Iterable[Any]) -> tuple[str, str]:
    """What a filter of the queue is called, and what it asks for."""
    texts: dict[str, Callable[[Any], str]] = {
        "article": lambda pk: dict(map(article_pair, articles)).get(pk, f"no. {pk}"),
        "reason": plain,
        "attribute": plain,
        "order": order,
    }
    return _FILTERS.get(name, name.capitalize()), texts.get(name, str)(value)


def without(args: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An address's arguments with one taken away."""
    return {key: value for key, value in args.items() if key != name}


def csrf() -> Markup:
    """The hidden field that every form of ours carries."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())
