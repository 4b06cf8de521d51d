"""Perspective's attributes, and what answers to their names."""

import re

from service.domain import ATTRIBUTES

PRODUCTION = ("TOXICITY", "SEVERE_TOXICITY", "IDENTITY_ATTACK", "INSULT", "PROFANITY", "THREAT")
EXPERIMENTAL = ("SEXUALLY_EXPLICIT", "FLIRTATION", "TOXICITY_FAST")
NEW_YORK_TIMES = (
    "ATTACK_ON_AUTHOR",
    "ATTACK_ON_COMMENTER",
    "INCOHERENT",
    "INFLAMMATORY",
    "LIKELY_TO_REJECT",
    "OBSCENE",
    "SPAM",
    "UNSUBSTANTIAL",
)
OFF_TOPIC = "OFF_TOPIC"
KNOWN = frozenset((*PRODUCTION, *EXPERIMENTAL, *NEW_YORK_TIMES, OFF_TOPIC))
SAME = {"TOXICITY_FAST": "TOXICITY"}  # the same question, once put to a quicker model

_VERSIONED = re.compile(r"([A-Z_]+)(?:@[0-9]{1,9})?")


def base(name: str) -> str | None:
    """The attribute that is asked for, without its version or its suffix; None for one that Perspective never had."""
    found = _VERSIONED.fullmatch(name)
    stem = found[1] if found else ""
    trial = stem.removesuffix("_EXPERIMENTAL")
    return stem if stem in KNOWN else trial if trial in PRODUCTION else None


def meant(name: str) -> str | None:
    """The attribute whose score answers to the name; None where none does."""
    stem = base(name)
    return SAME.get(stem, stem) if stem else None


def ours(name: str) -> str | None:
    """Our attribute of the same meaning; None where there is none."""
    native = (meant(name) or "").lower()
    return native if native in ATTRIBUTES else None
