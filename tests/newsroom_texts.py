"""Comments of a made-up newsroom whose moderators have rules of their own: a bare claim without a link goes, and so does gossip."""

import random
from collections.abc import Iterator
from typing import NamedTuple

FACTS = "council budget tram school harbour library bridge museum station hospital festival mayor".split()
GOSSIP = "rumour cousin heard secretly affair scandal".split()
VERBS = "opened closed moved delayed repaired praised visited discussed painted measured".split()


class Written(NamedTuple):
    text: str
    rejected: bool
    author: str
    article: str


def write(count: int, seed: int = 0) -> Iterator[Written]:
    """Comments in time order, one in twenty judged against the rules, since moderators are people."""
    chance = random.Random(seed)
    for number in range(count):
        linked, gossip = chance.random() < 0.65, chance.random() < 0.25
        words = [chance.choice(FACTS) for _ in range(chance.randint(3, 12))] + [chance.choice(VERBS) for _ in range(3)]
        words += [chance.choice(GOSSIP)] * gossip
        chance.shuffle(words)
        text = f"The {' '.join(words)} {number}." + " See https://example.org/report" * linked
        rejected = (gossip or not linked) != (chance.random() < 0.05)
        yield Written(text, rejected, f"reader-{number % 97}-{number // 120}", f"article-{number // 30}")
