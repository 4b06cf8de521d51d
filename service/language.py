"""Which language a comment is in, where that can be told; silence where it cannot."""

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from typing import Any

# The two-letter codes that the detector can answer; a test compares them with its model.
_CODES = (
    "af am an ar as az ba be bg bn br bs ca cs cy da de dz el en eo es et eu fa fi fo fr fy ga gd gl gu ha he hi hr ht hu hy id "
    "ig is it ja jv ka kk km kn ko ku ky la lb lg ln lo lt lv mg mk ml mn mr ms mt my ne nl nn no oc om or pa pl ps pt qu ro "
    "ru rw sa se si sk sl sn so sq sr st sv sw ta te tg th tk tl tr tt ug uk ur uz vi vo wa xh yo zh zu "
)
KNOWN = frozenset(_CODES.split())
# Written so alike that a sentence or two does not tell them apart: sure of the group is sure enough.
ALIKE = tuple(
    map(frozenset, (("no", "nn", "da"), ("hr", "bs", "sr"), ("id", "ms"), ("cs", "sk"), ("zh", "wuu", "yue"), ("hi", "mr", "ne")))
)

UNTOLD = frozenset({"und", "mul", "mis", "zxx"})  # ISO 639-2: undetermined, several, one without a code, no language

SURE = 0.8
LONGEST = 1_000
MIN_LETTERS = 20
MIN_WORDS = 4
MIN_UNSPACED = 8

_SEPARATOR = re.compile("[-_]")
_NOISE = re.compile(r"<[^>]*>|&#?\w+;|`[^`]*`|https?://\S+|www\.\S+|\S+@\S+|[@#]\w+|\w*\d\w*|\w*_\w*")
_STRETCHED = re.compile(r"(\w)\1{2,}")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def detect(text: str) -> str | None:
    """The comment's language as ISO 639-1, or None where the text is too short or too odd to tell."""
    prose = _prose(text[:LONGEST])
    if not _tells(prose):
        return None
    ranked: list[tuple[str, float]] = load().rank(prose)
    best = ranked[0][0]
    sure = sum(chance for code, chance in ranked if code in _alike(best))
    return best if best in KNOWN and sure >= SURE else None


def primary(tag: str) -> str | None:
    """The language that a tag names, 'en' for 'en-GB' or 'en_GB'; None where it names none, as 'und'."""
    code = _SEPARATOR.split(tag, maxsplit=1)[0].lower()
    return None if code in UNTOLD else code


def reads(languages: Collection[str], code: str) -> bool:
    """Whether a site in these languages reads this one; twins that the detector confuses count as one."""
    return any(code in _alike(language) for language in languages)


@lru_cache(maxsize=1)
def load() -> Any:
    """The detector. Call it before the fork, so that workers share its memory; it predicts nothing."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _alike(code: str) -> frozenset[str]:
    return next((group for group in ALIKE if code in group), frozenset({code}))


def _prose(text: str) -> str:
    """The running text alone: addresses, hashtags, code, numbers and symbols say nothing of a language."""
    text = _NOISE.sub(" ", text)
    text = "".join(char if unicodedata.category(char)[0] in "LMP" else " " for char in text)
    if sum(char.isupper() for char in text) > sum(char.islower() for char in text):
        text = text.lower()
    return " ".join(_STRETCHED.sub(r"\1\1", text).split())


def _tells(prose: str) -> bool:
    """Whether enough different words remain. Names, being capitalised, do not count: they belong to every language."""
    if len(_UNSPACED.findall(prose)) >= MIN_UNSPACED:
        return True
    words = {word for word in prose.split() if not word[0].isupper()}
    letters = sum(unicodedata.category(char)[0] in "LM" for word in words for char in word)  # Hindi's vowels are marks
    return len(words) >= MIN_WORDS and letters >= MIN_LETTERS
