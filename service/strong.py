"""Words so strong that whatever they are disguised as is undone: misspelt, cut in two, or with signs in the place of letters."""

import re
from collections.abc import Iterator
from functools import cache

from service.groups import NAMES
from service.lexicon import ALIASES, APART, INNOCENT, OTHERWISE, RESPELT, STRONG, words

_SIGNS = re.compile(r"[^a-z0-9]+")
_ENDINGS = ("", "s", "es", "ed", "er", "ers", "ing", "in", "y")
FEWEST_CONSONANTS = 5  # that a word without its vowels is known by; shorter ones are initials
DOUBLED = 3  # letters, from the first, that may be doubled: the last of a stem is by rule (`scummy`)


def whole(text: str) -> str:
    """Lower-case text in which those that were cut in two by a space are one word."""
    return _cuts().sub(lambda cut: cut[0].replace(" ", ""), text)


def hidden(body: str) -> str | None:
    """The one of which one sign, or a run of signs, hides letters between others; so many as there are signs."""
    start, *ends = _SIGNS.split(body)
    if len(ends) != 1 or not start or not ends[0]:
        return None
    fitting = (word for word in _strong() if word.startswith(start) and word.endswith(ends[0]))
    return min((word for word in fitting if len(word) == len(body)), key=words().__getitem__, default=None)


@cache
def respelt() -> dict[str, str]:
    """Each misspelling in letters alone that is no other word, and what it stands for."""
    found = {written: word for word in sorted(_strong(), key=words().__getitem__, reverse=True) for written in _respellings(word)}
    known = words().keys() | OTHERWISE | ALIASES.keys() | set(INNOCENT) | {f"{name}s" for name in NAMES}
    return {written: word for written, word in found.items() if written not in known}


def _respellings(word: str) -> Iterator[str]:
    """It with letters written otherwise, two inner ones swapped, one doubled, or without its vowels."""
    yield from (word.replace(letters, others) for letters, others in RESPELT)
    yield from (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(1, len(word) - 1))
    yield from (word[:at] + word[at] + word[at:] for at in range(DOUBLED))
    consonants = word[0] + re.sub("[aeiou]", "", word[1:])
    if len(consonants) >= FEWEST_CONSONANTS:
        yield consonants


@cache
def _cuts() -> re.Pattern[str]:
    """Each cut in two by a space, with its endings."""
    cut = (f"{word[:at]} {word[at:]}" for word in STRONG for at in range(1, len(word)))
    return re.compile(rf"(?<![\w'])(?:{'|'.join(one for one in cut if one not in APART)})(?=(?:s|es|ed|er|ing|y)?\b)")


@cache
def _strong() -> frozenset[str]:
    return frozenset(stem + end for stem in STRONG for end in _ENDINGS) & words().keys()
