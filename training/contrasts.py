"""Sentences of our own, from `sentences.toml`: attacks on people for what they are, and what only sounds alike."""

import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from service.normalise import normalise
from training.dataset import LabelledText, encoder_never_saw

SOURCE = "contrast"
PER_TEMPLATE = 12
SEED = 20262
MOST_CALM = 3  # harmless sentences around another

LABELS = {
    "attacks": {"toxicity": 1.0, "identity_attack": 1.0},
    "harmless": {"toxicity": 0.0, "identity_attack": 0.0},
    "quoted": {"toxicity": 0.0, "identity_attack": 0.0},
    "swearing": {"toxicity": 0.2, "identity_attack": 0.0, "profanity": 1.0},
    "insults": {"toxicity": 0.85, "identity_attack": 0.05, "insult": 1.0},
    "threats": {"toxicity": 0.9, "identity_attack": 0.0, "threat": 1.0},
    "unthreatening": {"toxicity": 0.0, "identity_attack": 0.0, "insult": 0.0, "threat": 0.0},
    "idle": {"toxicity": 0.05, "identity_attack": 0.0, "insult": 0.0, "threat": 0.0},
}
# What only the joining learns from: no encoder of ours is fine-tuned on it.
JOINED = {
    "rough": {"toxicity": 0.05, "identity_attack": 0.0, "insult": 0.0},
    "sources": {"spam": 0.0},
}
# That name a group, half of them one that is on no list, for the joining alone too.
NAMING = {
    "mentions": {"toxicity": 0.0, "identity_attack": 0.0, "insult": 0.0, "threat": 0.0},
    "unlike_mentions": {"toxicity": 1.0, "identity_attack": 1.0},
}
LINK = "https://news.example/story"
# How many of a kind, beside the others. A frame around any of the attacks makes more different sentences than a template does; where three
# times as many rough words were learnt, fewer attacks were sure enough to be rejected, and Wikipedia's comments told worse.
TIMES = {"quoted": 4, "rough": 1 / 3}


def contrasts() -> Iterator[LabelledText]:
    """PER_TEMPLATE sentences a template or more (TIMES), always the same; every other one with words for people that are on no list. The
    source names the template, so that a split keeps them together; what is quoted in one is of a template on its side of the split."""
    words = sentences()["words"]
    before, after = words["before"], words["after"]
    either = (words, words | {"kinds": words["other_kinds"], "groups": words["other_groups"]})
    for name, labels in LABELS.items():
        for template in sentences()[name]:
            rng, source = _rng(template), f"{SOURCE} {template}"
            attacks = _on_a_side("attacks", encoder_never_saw(source))
            for number in range(_per_template(name)):
                text = rng.choice(before) + filled(template, rng, attacks, either[number % 2]) + rng.choice(after)
                yield LabelledText(text, labels, source, normalise(text))


def mentions() -> list[LabelledText]:
    """Sentences as `contrasts` has them that name a group and say nothing against it, and attacks that only sound alike."""
    words = sentences()["words"]
    unlisted = words | {"kinds": words["unlisted"], "groups": [f"{kind} people" for kind in words["unlisted"]]}
    return [
        row
        for drawn in (words, unlisted)
        for name, labels in NAMING.items()
        for template in sentences()[name]
        for row in _several(template, labels, words=drawn)
    ]


def joined() -> list[LabelledText]:
    """Sentences as `contrasts` has them, of rough words at nobody and of links to what is told."""
    return [
        row for name, labels in JOINED.items() for template in sentences()[name] for row in _several(template, labels, _per_template(name))
    ]


def in_passing(rows: Sequence[LabelledText], *, unseen: bool) -> list[LabelledText]:
    """Each sentence once more, among one to MOST_CALM sentences on everyday matters, which make it no better: those that the encoder
    never sees, or else those that it sees."""
    found = []
    for row in rows:
        rng = _rng(row.text)
        around = rng.sample(_on_a_side("calm", unseen), rng.randint(1, MOST_CALM))
        around.insert(rng.randint(0, len(around)), row.text)
        text = " ".join(each if each[-1] in ".!?" else f"{each}." for each in around)
        found.append(LabelledText(text, row.labels, row.source, normalise(text)))
    return found


def filled(template: str, rng: random.Random, attacks: Sequence[str] = (), words: Mapping[str, Sequence[str]] | None = None) -> str:
    """A template with words drawn for its slots, from those of `sentences.toml` unless others are given; and one of the attacks where it
    quotes one."""
    words = words or sentences()["words"]
    kind = rng.choice(words["kinds"])
    one = f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}{rng.choice(words['persons'])}"
    return template.format(
        G=rng.choice(words["groups"]),
        g=kind,
        one=one,
        slur=rng.choice(words["slurs"]),
        X=rng.choice(words["jobs"]),
        T=rng.choice(words["things"]),
        S=rng.choice(words["single"]) if "{S}" in template else "",
        link=LINK,
        who=rng.choice(words["people"]),
        attack=filled(rng.choice(attacks), rng, words=words) if "{attack}" in template else "",
    )


def _per_template(kind: str) -> int:
    return round(PER_TEMPLATE * TIMES.get(kind, 1))


def _several(
    template: str, labels: Mapping[str, float], number: int = PER_TEMPLATE, words: Mapping[str, Sequence[str]] | None = None
) -> list[LabelledText]:
    rng = _rng(template)
    texts = [filled(template, rng, words=words) + rng.choice(("", "", ".", "!")) for _ in range(number)]
    return [LabelledText(text, labels, template, normalise(text)) for text in texts]


@cache
def sentences() -> dict[str, Any]:
    """What `sentences.toml` says."""
    found: dict[str, Any] = tomllib.loads(Path(__file__).with_name("sentences.toml").read_text(encoding="utf-8"))
    return found


@cache
def _on_a_side(name: str, unseen: bool) -> list[str]:
    """Those of the sentences that the encoder never sees, or else those that it sees."""
    return [each for each in sentences()[name] if encoder_never_saw(f"{SOURCE} {each}") == unseen]


def _rng(key: str) -> random.Random:
    """A template's own, so that another one's coming or going changes none of its sentences."""
    return random.Random(f"{SEED} {key}")  # noqa: S311 - no secret
