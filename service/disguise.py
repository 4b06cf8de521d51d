"""Spelled-out, masked, stretched, leet and run-together words back to plain ones, where the plain word is on the list of
`service.lexicon`."""

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import groupby

from service.groups import NAMES
from service.lexicon import ALIASES, COMMON, EVERYDAY, FUNCTION_WORDS, INNOCENT, STEMS, words
from service.strong import hidden, respelt, whole

SIGN = "☆"  # stands for any picture or sign that is no punctuation

_LEET = str.maketrans(
    {
        "0": "o",
        "1": "i",
        "3": "e",
        "4": "a",
        "5": "s",
        "7": "t",
        "8": "b",
        "9": "g",
        "@": "a",
        "$": "s",
        "!": "i",
        "|": "i",
        "+": "t",
        "€": "e",
        "£": "i",
        "¢": "c",
        "¡": "i",
        "l": "i",
    }
)
_LEET_SIGNS = frozenset("0134578!@$|+€£¢¡9")
_SPELLED = re.compile(r"(?<![^\s\"'(])[a-z0-9@$!](?:([ ._\-*|/,~☆]{1,3})[a-z0-9@$!](?![a-z0-9@$])){2,30}")
_SINGLE = re.compile(r"[a-z0-9@$!]")
# No disguise of a word is longer, and the patterns below take too long on what is.
LONGEST = 60
SHORTEST_RUN, FEWEST_RUN = 10, 3  # letters and words that are taken apart: of fewer, too many are one word (`hangover`, `therapist`)
FEWEST_LETTERS = 2  # of a word that is spelled out; fewer are a score or a date

_TOKEN = re.compile(r"\S+")
_EDGES = re.compile(r"^([\"'(\[{<.,;:?*_~#☆-]*)(.*?)([\"')\]}>.,;:?!*_~#☆-]*)$", re.DOTALL)
_SEPARATED = re.compile(r"[._\-~/,'`|+*=:;\\()\[\]#^☆]")
_MASK = re.compile(r"[*#_%^&☆-]+")
_STRETCH = re.compile(r"([a-z])\1{2,}")
_NUMBER_LIKE = re.compile(r"[\d.,:/%$€£+-]+(?:st|nd|rd|th|s|k|m|bn|am|pm|km|kg|cm|mm|g)?")
_CODE_LIKE = re.compile(r"[a-z]{1,2}\d{1,4}|[a-z]\d{1,2}s|\d[a-z]{2}|[a-z]{1,3}[$€£][\d.,]+[a-z]{0,2}")  # roads, postcodes, models, prices
_CONTRACTED = re.compile(r"[a-z]+'(?:ll|re|ve|d|m|s|t)")


def plain_words(text: str) -> str:
    """Lower-case text with its disguised words replaced by the plain ones."""
    return _TOKEN.sub(_plain_token, whole(_SPELLED.sub(_join_spelled, text)))


def _plain_token(token: re.Match[str]) -> str:
    """What is too long is not kept: in a language without spaces it may be all that a reader wrote."""
    return plain_word(token[0]) if len(token[0]) <= LONGEST else _STRETCH.sub(r"\1\1", token[0])


@lru_cache(maxsize=65536)
def plain_word(token: str) -> str:
    """One token without spaces, lower-case: the plain word that it disguises, with its outer punctuation, or itself."""
    if token.isalpha() and token.isascii():
        return _plain_letters(token)
    before, core, after = _EDGES.match(token).groups()  # type: ignore[union-attr]
    if core in words():
        return token
    for start, body, end in ((before, core, after), ("", before + core + after, "")):
        found = _undisguised(body)
        if found:
            return f"{start}{found}{end}"
    if core.isalpha():
        return before + _plain_letters(core) + after
    return token


def _undisguised(body: str) -> str | None:
    if body in ALIASES:
        return ALIASES[body]
    if len(body) < 3 or any(kind.fullmatch(body) for kind in (_NUMBER_LIKE, _CODE_LIKE, _CONTRACTED)):
        return None
    letters = sum("a" <= c <= "z" for c in body)
    if letters == 0 or letters == len(body):
        return None
    return _leet(body) or _separated(body) or _masked(body) or hidden(body)


def _plain_letters(word: str) -> str:
    if word in ALIASES:
        return ALIASES[word]
    found = respelt().get(word) or _stretched(word) or _apart(word)
    return found or _STRETCH.sub(r"\1\1", word)


def _leet(body: str) -> str | None:
    if not any(c in _LEET_SIGNS for c in body):
        return None
    stripped = body.rstrip("!")
    return _by_key(stripped) or (_by_key(body) if stripped != body else None)


def _by_key(body: str) -> str | None:
    key = body.translate(_LEET)
    if not key.isalpha() or body.isalpha():
        return None
    return _keys().get(key) or _squeezed_keys().get(_squeeze(key) if _STRETCH.search(key) else "")


def _separated(body: str) -> str | None:
    pieces = [piece for piece in _SEPARATED.split(body) if piece]
    if len(pieces) < 2 or all(piece in COMMON for piece in pieces):
        return None
    joined = "".join(pieces)
    if len(joined) < 4 or any(piece in words() for piece in pieces) or _begun(pieces):
        return None
    return joined if joined in words() else ALIASES.get(joined) or _stretched(joined) or _by_key(joined)


def _begun(pieces: Sequence[str]) -> bool:
    """Whether they are an initial and a word, between which a space is missing (`s.hit`)."""
    return len(pieces) == 2 and len(pieces[0]) == 1 and pieces[1] in COMMON


def _masked(body: str) -> str | None:
    if not _MASK.search(body):
        return None
    signs = sum(not c.isalnum() for c in body)
    if not body[0].isalnum() and (body[0] != "*" or signs > 1 or len(body) < 5):
        return None
    if body.endswith(("*", "#", "-", "_", SIGN)) and signs < 2:
        return None
    if set(body) & set("-_&%^") and not set(body) & set("*#") and signs < 2:
        return None
    if len(body) == 3 and signs == 2:  # a grade, a rating
        return None
    return _mask_fits(body)


@lru_cache(maxsize=4096)
def _mask_fits(body: str) -> str | None:
    parts, last = [], 0
    for mask in _MASK.finditer(body):
        length = mask.end() - mask.start()
        parts += [re.escape(body[last : mask.start()]), f"[a-z]{{{max(1, length - 1)},{length + 1}}}"]
        last = mask.end()
    pattern = re.compile("".join([*parts, re.escape(body[last:])]))
    candidates = _by_initial().get(body[0], ()) if body[0] != "*" else words()
    fitting = [word for word in candidates if pattern.fullmatch(word)]
    exact = [word for word in fitting if len(word) == len(body)]
    return min(exact or fitting, key=words().__getitem__, default=None)


def _stretched(word: str) -> str | None:
    if word in words() or word.removesuffix("s") in NAMES:
        return None
    runs = _runs(word)
    longest = max((count for _, count in runs), default=0)
    # Two of a letter are ordinary spelling (`assess`, `Twatt`), but for these vowels.
    if longest < 3 and not any(count == 2 and letter in "aiu" for letter, count in runs):
        return None
    for plain in _by_squeeze().get(_squeeze(word), ()):
        if (longest > 2 or len(plain) > 3) and all(have >= need for (_, have), (_, need) in zip(runs, _runs(plain), strict=True)):
            return plain
    return None


def _apart(word: str) -> str | None:
    """The words that were run together, one of them at least listed."""
    if len(word) < SHORTEST_RUN or word in words() or any(innocent in word for innocent in INNOCENT):
        return None
    found = _pieces_of(word) or ()
    return " ".join(found) if len(found) >= FEWEST_RUN and not _listed().isdisjoint(found) else None


def _pieces_of(run: str) -> tuple[str, ...] | None:
    """The fewest words that were run together, none of an empty text; None where not all of it is known words."""
    fewest: list[tuple[str, ...] | None] = [(), *[None] * len(run)]
    for end in range(1, len(run) + 1):
        ways = [(*before, run[at:end]) for at in range(end) if (before := fewest[at]) is not None and run[at:end] in _pieces()]
        fewest[end] = ("i",) if run[:end] == "i" else min(ways, key=len, default=None)
    return fewest[-1]


def _join_spelled(found: re.Match[str]) -> str:
    singles = _SINGLE.findall(found[0])
    joined = "".join(singles)
    plain = _whole(joined)
    if plain:
        return plain
    for start in range(len(joined) - 3):
        for end in range(min(start + 16, len(joined)), start + 3, -1):
            before, plain, after = joined[:start], _whole(joined[start:end]), joined[end:].strip("!")
            if plain and _ends_with_word(before) and _begins_with_word(after):
                return " ".join([*(_pieces_of(before) or before), plain, *(_pieces_of(after) or after)])
    return found[0]


def _ends_with_word(letters: str) -> bool:
    return letters in ("", "a", "i") or any(letters[at:] in _pieces() for at in range(len(letters) - 1))


def _begins_with_word(letters: str) -> bool:
    return letters in ("", "a", "i") or any(letters[:end] in _pieces() for end in range(2, len(letters) + 1))


@lru_cache(maxsize=16384)
def _whole(joined: str) -> str | None:
    if joined in words():
        return joined
    if sum("a" <= c <= "z" for c in joined) < FEWEST_LETTERS:
        return None
    return _by_key(joined) or _stretched(joined) or _by_key(joined.rstrip("!"))


def _squeeze(word: str) -> str:
    return "".join(letter for letter, _ in groupby(word))


@lru_cache(maxsize=8192)
def _runs(word: str) -> tuple[tuple[str, int], ...]:
    return tuple((letter, len(list(run))) for letter, run in groupby(word))


@cache
def _listed() -> frozenset[str]:
    return frozenset(stem + end for stem in STEMS if len(stem) >= 4 for end in ("", "s"))


@cache
def _pieces() -> frozenset[str]:
    """What may be run together, at any place: words of one letter only say `a`."""
    several = (word for word in (*FUNCTION_WORDS, *EVERYDAY, *NAMES, *(f"{name}s" for name in NAMES)) if word.isalpha() and len(word) > 1)
    return _listed() | {"a", *several}


@cache
def _keys() -> dict[str, str]:
    return _first((word.translate(_LEET), word) for word in words() if len(word) > 2)


@cache
def _squeezed_keys() -> dict[str, str]:
    return _first((_squeeze(word.translate(_LEET)), word) for word in words() if len(word) > 3)


@cache
def _by_squeeze() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for word in words():
        found[_squeeze(word)] = (*found.get(_squeeze(word), ()), word)
    return found


@cache
def _by_initial() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for word in words():
        found.setdefault(word[0], []).append(word)
    return {initial: tuple(group) for initial, group in found.items()}


def _first(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, word in pairs:
        found.setdefault(key, word)
    return found
