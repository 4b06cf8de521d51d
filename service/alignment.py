"""Where in a comment as it was sent the words of its normalised text stand."""

import re
from itertools import groupby

from rapidfuzz.distance import LCSseq

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_SENT = re.compile(r"[^\W_]+(?:[*#@$]+[^\W_]*)*(?:['’][^\W_]+)?")  # with the signs that mask a part of it

Span = tuple[int, int]  # begin and end, in characters, the end not included


def words(text: str) -> list[Span]:
    """The spans of the words of a normalised text."""
    return [match.span() for match in _WORD.finditer(text)]


def aligned(original: str, plain: str) -> list[tuple[Span, Span]]:
    """For each word of the normalised text its span there, and the span in `original` that it came from.

    Words that were changed (`s t u p i d`, `sh1t`) come from all that stands between the words around them. A word that came from
    nothing is left out.
    """
    ours, theirs = words(plain), [match.span() for match in _SENT.finditer(original)]
    steps = LCSseq.opcodes([original[b:e].lower().replace("’", "'") for b, e in theirs], [plain[b:e] for b, e in ours])
    found: list[tuple[Span, Span]] = []
    for same, run in groupby(steps, key=lambda step: step.tag == "equal"):
        taken = list(run)
        first, start, last, stop = taken[0].src_start, taken[0].dest_start, taken[-1].src_end, taken[-1].dest_end
        if same or last - first == stop - start:
            found += [(ours[start + at], theirs[first + at]) for at in range(stop - start)]
        elif last > first:
            found += [(each, (theirs[first][0], theirs[last - 1][1])) for each in ours[start:stop]]
    return found
