"""Comments otherwise than they were written: two as one, and with slips of the keyboard. Neither changes what they are labelled with."""

import random
import re
from collections.abc import Iterator, Sequence

from training.dataset import LABELLED, LabelledText, target

LONGEST_PAIRED = 240  # characters of each of the two
FROM = 0.5  # the label from which a comment is toxic

_WORD = re.compile(r"[^\W\d_]{4,}")


def paired(rows: Sequence[LabelledText], rng: random.Random) -> Iterator[LabelledText]:
    """Short toxic comments, each before or behind a harmless one of its family, and as many pairs of harmless ones. Labelled with the
    higher of the two labels, where both have one."""
    for family in sorted({row.family for row in rows}):
        short = [row for row in rows if row.family == family and len(row.plain) <= LONGEST_PAIRED]
        toxic = [row for row in short if (target(row, "toxicity") or 0) >= FROM]
        harmless = [row for row in short if target(row, "toxicity") == 0]
        some = min(len(toxic), len(harmless) - 1)
        for one in (*rng.sample(toxic, some), *rng.sample(harmless, some)) if some > 0 else ():
            yield _as_one(rng.sample([one, _other(one, harmless, rng)], 2), family)


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


def _other(one: LabelledText, rows: Sequence[LabelledText], rng: random.Random) -> LabelledText:
    return next(row for row in rng.sample(rows, 2) if row is not one)


def _as_one(both: Sequence[LabelledText], family: str) -> LabelledText:
    known = {name: [label for row in both if (label := target(row, name)) is not None] for name in LABELLED}
    labels = {name: max(found) for name, found in known.items() if len(found) == len(both)}
    return LabelledText(" ".join(row.text for row in both), labels, family, " ".join(row.plain for row in both))
