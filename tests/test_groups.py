"""Names of groups of people are all read as one word."""

import tomllib
from pathlib import Path

import pytest

from service.domain import ScoreInput
from service.groups import GROUP, blind
from service.heads import heads_text
from service.scoring import load

GROUPS = tuple("gay lesbian transgender Muslim Jewish Christian Hindu Sikh Black white Asian Latino disabled deaf".split())
ALONE = ("I am a {} woman", "my {} neighbour", "The {} people in our street.", "{} and proud of it", "She is {}.")


ROOT = Path(__file__).parent.parent
HOLD = tomllib.loads((ROOT / "policy.toml").read_text(encoding="utf-8"))["hold"]


@pytest.fixture(scope="module")
def model():
    return load(ROOT / "models")


@pytest.mark.parametrize("name", ["gay", "muslims", "jewish", "immigrants", "trans"])
def test_a_name_of_a_group_is_one_word(name):
    assert blind(f"the {name} here") == f"the {GROUP} here"


@pytest.mark.parametrize("text", ["a black car", "white wine", "the old town", "transport", "a straight road"])
def test_a_word_that_names_no_person_stays(text):
    assert blind(text) == text


def test_a_colour_beside_people_names_a_group():
    assert blind("black people and white people") == f"{GROUP} people and {GROUP} people"


@pytest.mark.parametrize("sentence", ALONE)
def test_a_sentence_is_read_alike_whichever_group_it_names(sentence):
    named = [group for group in GROUPS if group not in ("Black", "white") or "people" in sentence]

    assert len({heads_text(sentence.format(group)) for group in named}) == 1


@pytest.mark.parametrize("name", ["wheelchair-bound", "wheelchair bound", "bed-bound", "one-armed"])
def test_naming_what_somebody_cannot_do_is_no_threat(model, name):
    (scores,) = model.score([ScoreInput(text=f"My {name} mother cannot use this stop.")])

    assert scores.values["threat"] < HOLD["threat"]


@pytest.mark.parametrize("sentence", ALONE)
@pytest.mark.parametrize("group", GROUPS)
def test_naming_a_group_alone_is_not_held(model, sentence, group):
    (scores,) = model.score([ScoreInput(text=sentence.format(group))])

    assert {name: score for name, score in scores.values.items() if score >= HOLD.get(name, 1.0)} == {}
