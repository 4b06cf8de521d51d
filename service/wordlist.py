"""Listed words in a comment: whole words, in any case, with the disguises undone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice

from service.normalise import normalise, visible

MOST_NAMED = 10  # a moderator has seen enough, and a comment made of nothing else stays cheap

_WORD = re.compile(r"[^\W_]+")
_STAND_INS = ("httplink", "mailaddress")


@dataclass(frozen=True, slots=True)
class WordList:
    """Entries by their words, so that a list of thousands costs no more than a list of ten."""

    whole: frozenset[tuple[str, ...]]
    begun: frozenset[tuple[str, ...]]
    longest: int
    beginnings: frozenset[int]  # how long the words are with which one may begin

    def matches(self, words: list[str]) -> Iterator[str]:
        for start in range(len(words)):
            for count in range(1, min(self.longest, len(words) - start) + 1):
                phrase = tuple(words[start : start + count])
                if phrase in self.whole or self._begins(phrase):
                    yield " ".join(phrase)

    def _begins(self, phrase: tuple[str, ...]) -> bool:
        *before, last = phrase
        return any((*before, last[:length]) in self.begun for length in self.beginnings)


@lru_cache(maxsize=256)
def word_list(entries: tuple[str, ...]) -> WordList:
    """Compiled once for each list. An entry that ends in '*' also matches whatever the word goes on with."""
    whole = frozenset(tokens(entry) for entry in entries if not entry.endswith("*"))
    begun = frozenset(tokens(entry) for entry in entries if entry.endswith("*"))
    longest = max((len(entry) for entry in whole | begun), default=0)
    return WordList(whole, begun, longest, frozenset(len(entry[-1]) for entry in begun))


def tokens(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(visible(text).casefold()))


def is_address(entry: str) -> bool:
    return any(stand_in in tokens(entry) for stand_in in _STAND_INS)


def found(entries: tuple[str, ...], text: str) -> tuple[str, ...]:
    """What matched, as the comment spells it where that is one word. Both as a reader sees the text and with disguises undone."""
    if not entries:
        return ()
    listed = word_list(entries)
    plain = dict.fromkeys(chain(listed.matches(list(tokens(text))), listed.matches(_WORD.findall(normalise(text)))))
    named = list(islice(plain, MOST_NAMED))
    spelt = _spelt(set(named), text)
    return tuple(dict.fromkeys(spelt.get(word, word) for word in named))


def _spelt(words: set[str], text: str) -> dict[str, str]:
    """How the comment writes these, where each is one word of it. All are looked for at once: a long comment takes long to read."""
    found: dict[str, str] = {}
    for written in dict.fromkeys(text.split()):
        if not (missing := words - found.keys()):
            break
        read = missing.intersection([*_WORD.findall(normalise(written)), *tokens(written)])
        found |= dict.fromkeys(read, written.strip(".,;:!?\"'()[]"))
    return found
