"""A text's sentences, counted as Perspective counts: in UTF-16 code units."""

import re
from itertools import pairwise

MOST = 200  # of one comment; what follows belongs to the last

_BREAK = re.compile(r"(?<=[.!?…])[\"'”’)\]]{0,3}\s+(?=[^\sa-z])|(?<=[。！？])|\n+")


def sentences(text: str) -> list[tuple[int, int]]:
    """Where each sentence begins and ends, in characters, without the white space around it; one at least, unless the text is blank."""
    cuts = [0, *(found.end() for found in _BREAK.finditer(text)), len(text)]
    found = [span for begin, end in pairwise(cuts) if (span := _trimmed(text, begin, end))]
    return found if len(found) <= MOST else [*found[: MOST - 1], (found[MOST - 1][0], found[-1][1])]


def utf16_length(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def utf16_slice(text: str, begin: int, end: int) -> str:
    """The part between two places that are counted in UTF-16; half of a pair at its edge becomes a replacement character."""
    return text.encode("utf-16-le")[2 * begin : 2 * end].decode("utf-16-le", "replace")


def _trimmed(text: str, begin: int, end: int) -> tuple[int, int] | None:
    part = text[begin:end]
    begin += len(part) - len(part.lstrip())
    end -= len(part) - len(part.rstrip())
    return (begin, end) if begin < end else None
