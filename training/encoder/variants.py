"""Comments otherwise than they were written: some as one, and with slips of the keyboard. Neither changes what they are labelled with."""

import random
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

from training.dataset import LABELLED, LabelledText, target

LONGEST_PAIRED = 240  # characters of each of them
LONGEST_TOGETHER = 420  # of all, so that the encoder reads them to their end while it learns
MOST_BESIDE = 3  # harmless comments beside one
FROM = 0.5  # the label from which a comment is toxic

_WORD = re.compile(r"[^\W\d_]{4,}")


def paired(rows: Sequence[LabelledText], rng: random.Random) -> Iterator[LabelledText]:
    """Short toxic comments, each among one to MOST_BESIDE harmless ones of its family, and as many harmless ones. Labelled with the
    highest of their labels, where all have one."""
    for family in sorted({row.family for row in rows}):
        short = [row for row in rows if row.family == family and len(row.plain) <= LONGEST_PAIRED]
        toxic = [row for row in short if (target(row, "toxicity") or 0) >= FROM]
        harmless = [row for row in short if target(row, "toxicity") == 0]
        some = min(len(toxic), len(harmless) - 1)
        for one in (*rng.sample(toxic, some), *rng.sample(harmless, some)) if some > 0 else ():
            beside = _beside(one, harmless, rng)
            yield _as_one(rng.sample([one, *beside], 1 + len(beside)), family)


def misspelt(plain: str, rng: random.Random) -> str:
    """A text with one slip in a longer word: two of its letters changed about, one left out, a space put in, or the one behind it left
    out."""
    words = list(_WORD.finditer(plain))
    if not words:
        return plain
    word = rng.choice(words)
    at = rng.randrange(word.start() + 1, word.end() - 2)
    space = plain.find(" ", word.end())
    slips = [
        plain[:at] + plain[at + 1] + plain[at] + plain[at + 2 :],
        plain[:at] + plain[at + 1 :],
        plain[:at] + " " + plain[at:],
        *([plain[:space] + plain[space + 1 :]] if space >= 0 else ()),
    ]
    return rng.choice(slips)


def _beside(one: LabelledText, harmless: Sequence[LabelledText], rng: random.Random) -> list[LabelledText]:
    """One of the others, and more of them as long as all are read to their end."""
    number = rng.randint(1, MOST_BESIDE)
    drawn = [row for row in rng.sample(harmless, min(number + 1, len(harmless))) if row is not one][:number]
    first, *more = drawn
    room = LONGEST_TOGETHER - len(one.plain) - len(first.plain)
    ends = accumulate(len(row.plain) for row in more)
    return [first, *(row for row, end in zip(more, ends, strict=True) if end <= room)]


def _as_one(some: Sequence[LabelledText], family: str) -> LabelledText:
    known = {name: [label for row in some if (label := target(row, name)) is not None] for name in LABELLED}
    labels = {name: max(found) for name, found in known.items() if len(found) == len(some)}
    return LabelledText(" ".join(row.text for row in some), labels, family, " ".join(row.plain for row in some))
