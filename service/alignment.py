"""Where in a comment as it was sent the words of its normalised text stand."""

import html
import re
from itertools import groupby

from rapidfuzz.distance import LCSseq

from service.normalise import EMAIL, HREF, LINK, PICTURED, SQUARED, TAG

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_SENT = re.compile(  # a link and an address by the words that they are read as
    rf"(?P<mailaddress>{EMAIL.pattern})|(?P<httplink>(?i:{LINK.pattern})(?<![.,;:!?)]))"
    r"|[^\W_]+(?:[*#@$]+[^\W_]*)*(?:['’][^\W_]+)?"  # with the signs that mask a part of it
    rf"|[{''.join(PICTURED)}]"
)
_ENTITY = re.compile(r"&(?:amp;)?(?:#[0-9]{1,99};?|#x[0-9a-f]{1,99};?|[a-z][a-z0-9]{1,31};)", re.IGNORECASE)
_ENCLOSED = SQUARED | {ord("Ⓐ") + n: chr(97 + n % 26) for n in range(52)}

Span = tuple[int, int]  # begin and end, in characters, the end not included


def words(text: str) -> list[Span]:
    """The spans of the words of a normalised text."""
    return [match.span() for match in _WORD.finditer(text)]


def aligned(original: str, plain: str) -> list[tuple[Span, Span]]:
    """For each word of the normalised text its span there, and the span in `original` that it came from.

    Words that were changed (`s t u p i d`, `sh1t`) come from all that stands between the words around them. A word that came from
    nothing is left out.
    """
    sent = TAG.sub(_blank, _ENTITY.sub(_in_its_length, original)).translate(_ENCLOSED)
    matches = list(_SENT.finditer(sent))
    ours, theirs = words(plain), [match.span() for match in matches]
    steps = LCSseq.opcodes(list(map(_plainly, matches)), [plain[b:e] for b, e in ours])
    found: list[tuple[Span, Span]] = []
    for same, run in groupby(steps, key=lambda step: step.tag == "equal"):
        taken = list(run)
        first, start, last, stop = taken[0].src_start, taken[0].dest_start, taken[-1].src_end, taken[-1].dest_end
        if same or last - first == stop - start:
            found += [(ours[start + at], theirs[first + at]) for at in range(stop - start)]
        elif last > first:
            found += [(each, (theirs[first][0], theirs[last - 1][1])) for each in ours[start:stop]]
    return found


def _plainly(sent: re.Match[str]) -> str:
    return sent.lastgroup or PICTURED.get(sent[0]) or sent[0].lower().replace("’", "'")


def _in_its_length(entity: re.Match[str]) -> str:
    """What an HTML entity stands for, as often as keeps every place in the text where it is."""
    character = html.unescape(html.unescape(entity[0]))
    return character * len(entity[0]) if len(character) == 1 else entity[0]


def _blank(tag: re.Match[str]) -> str:
    """Blanks, as many as keep every place where it is, around a link's address, which is read."""
    link = HREF.match(tag[0])
    begin, end = link.span(1) if link else (0, 0)
    return " " * begin + tag[0][begin:end] + " " * (len(tag[0]) - end)
