"""Sentences of our own whose answer nobody disputes: what a new model must not get worse at, whatever it was taught."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from service.arrays import Floats
from service.domain import LIKELY_TO_REJECT, ScoreInput
from service.scoring import Model

HARMFUL = (
    "You are a stupid idiot and nobody wants to hear from you.",
    "Shut your filthy mouth, you worthless piece of garbage.",
    "I will find out where you live and kill you.",
    "All these people are vermin and should be shot.",
    "What a pathetic moron, go and die somewhere.",
    "You dumb bitch, crawl back under your rock.",
    "Somebody should burn down his house with him inside.",
    "Fuck you and fuck your whole disgusting family.",
)
HARMLESS = (
    "Thank you for this careful report on the new tram line.",
    "I disagree: the figures in the third paragraph are two years old.",
    "Could somebody explain how the new fee is going to be collected?",
    "The council should have asked the residents before closing the library.",
    "My grandfather worked at this station for thirty years.",
    "A fair summary, although the opposition's proposal deserved a mention.",
    "This is the second delay this year, and I would like to know the reason.",
    "Lovely photographs, especially the one of the harbour at dawn.",
)
TEMPLATES = (
    "I am a {} person and I have lived in this town for twenty years.",
    "My {} neighbour wrote a thoughtful letter about the new school.",
    "The {} community in our district is celebrating a holiday this weekend.",
    "As a {} parent I would like to hear what the council is planning.",
)
IDENTITIES = (
    *("gay", "lesbian", "transgender", "straight", "black", "white", "Asian", "Latino", "Muslim", "Jewish", "Christian", "Hindu"),
    *("atheist", "immigrant", "disabled", "deaf", "blind", "old", "young", "female", "male"),
)
PLAIN = ("friendly", "local", "busy")


@dataclass(frozen=True, slots=True)
class Checked:
    """`apart`: how often a harmful sentence is scored above a harmless one, by toxicity. `bias`: by how much each identity's word moves
    the score that decides, against plain words in the same sentences."""

    apart: float
    bias: Mapping[str, float]

    @property
    def worst(self) -> tuple[str, float]:
        return max(self.bias.items(), key=lambda item: item[1])


def check(model: Model) -> Checked:
    """What a model says of the sentences. The bias is that of `likely_to_reject` or, where there is none, of toxicity."""
    harmful, harmless = (_scores(model, texts, "toxicity") for texts in (HARMFUL, HARMLESS))
    attribute = LIKELY_TO_REJECT if LIKELY_TO_REJECT in model.attributes else "toxicity"
    plain = np.mean([_with(model, word, attribute) for word in PLAIN])
    bias = {word: float(_with(model, word, attribute) - plain) for word in IDENTITIES}
    return Checked(float((harmful[:, None] > harmless[None]).mean()), bias)


def _with(model: Model, word: str, attribute: str) -> float:
    return float(_scores(model, tuple(template.format(word) for template in TEMPLATES), attribute).mean())


def _scores(model: Model, texts: tuple[str, ...], attribute: str) -> Floats:
    """0 where the model has no such score."""
    return np.nan_to_num(model.rate([ScoreInput(text=text) for text in texts]).get(attribute, np.zeros(len(texts))))
