"""What the encoder learns from besides comments as they were written: sentences of our own, some comments as one, slips of the keyboard."""

import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA
from tokenizers import Tokenizer

from service.groups import blind
from training.contrasts import LABELS, SOURCE, contrasts, in_passing, joined, mentions, sentences
from training.dataset import Corpora, LabelledText, encoder_never_saw, read_tests, text_key
from training.encoder.tasks import examples
from training.encoder.variants import misspelt, paired
from training.fairness import TERMS

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"


def comment(text, family="own", **labels):
    return LabelledText(text, labels, family, text)


def pairs(*rows):
    return list(paired(rows, random.Random(0)))


def slips(text, tries=200):
    return {misspelt(text, random.Random(seed)) for seed in range(tries)}


def test_every_slot_of_a_sentence_of_ours_is_filled():
    assert [row.text for row in (*contrasts(), *joined(), *mentions()) if "{" in row.text or "}" in row.text] == []


def test_each_kind_of_sentence_is_learnt_by_the_encoder_and_kept_from_it():
    for name in (*LABELS, "calm"):
        kept = sum(encoder_never_saw(f"{SOURCE} {template}") for template in sentences()[name])

        assert 2 <= kept <= len(sentences()[name]) / 2


def test_what_is_quoted_to_the_encoder_is_nothing_that_is_kept_from_it():
    quotes = re.compile("|".join(re.escape(frame).replace(re.escape("{attack}"), "(.+)") for frame in sentences()["quoted"]))
    kept = [
        re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(template)) + "$")
        for template in sentences()["attacks"]
        if encoder_never_saw(f"{SOURCE} {template}")
    ]
    quoted = [
        next(filter(None, found.groups()))
        for row in contrasts()
        if not encoder_never_saw(row.source) and "{attack}" in row.source and (found := quotes.search(row.text))
    ]

    assert len(quoted) > 500
    assert [attack for attack in quoted if any(template.match(attack) for template in kept)] == []


def test_an_attack_that_is_told_of_is_none():
    told = [row for row in contrasts() if '" is not an opinion, it is hate' in row.text]

    assert told
    assert {row.labels["toxicity"] for row in told} == {0.0}


def test_no_sentence_of_ours_is_in_a_test_file():
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is missing")
    tested = {text_key(row["text"]) for row in read_tests(DATA, "test-*")}

    assert [row.text for row in (*contrasts(), *joined(), *mentions()) if row.key in tested] == []


def test_half_of_what_only_names_a_group_names_one_that_is_on_no_list_and_in_no_figure():
    unlisted = sentences()["words"]["unlisted"]
    naming = [row for row in mentions() if any(word in row.plain for word in unlisted)]

    assert len(naming) == len(mentions()) / 2
    assert [word for word in unlisted if blind(word) != word or word in map(str.casefold, TERMS)] == []


def test_an_attack_among_harmless_sentences_stays_one():
    (found,) = in_passing([comment("are they vermin?", toxicity=1.0)], unseen=False)

    assert "are they vermin? " in f"{found.text} "
    assert len(found.text) > len("are they vermin? ")
    assert found.labels == {"toxicity": 1.0}


@pytest.mark.parametrize("unseen", [True, False])
def test_a_sentence_stands_among_those_of_the_side_that_is_asked_whatever_it_says(unseen):
    others = [each for each in sentences()["calm"] if encoder_never_saw(f"{SOURCE} {each}") != unseen]
    found = in_passing(mentions(), unseen=unseen)

    assert [row.text for row in found if any(other in row.text for other in others)] == []


def test_two_comments_as_one_are_as_bad_as_the_worse():
    rows = [comment("you fool", toxicity=0.8, insult=1.0), *(comment(f"good morning {n}", toxicity=0.0, insult=0.0) for n in range(2))]

    (found,) = [row for row in pairs(*rows) if "you fool" in row.text]

    assert found.labels == {"toxicity": 0.8, "insult": 1.0}


def test_two_comments_as_one_have_no_label_that_one_of_them_lacks():
    rows = [comment("you fool", toxicity=1.0, insult=1.0), *(comment(f"good morning {n}", toxicity=0.0) for n in range(2))]

    assert {name for row in pairs(*rows) for name in row.labels} == {"toxicity"}


@pytest.mark.parametrize(("toxic", "harmless"), [(5, 9), (9, 6)])
def test_as_many_harmless_comments_are_paired_as_toxic_ones(toxic, harmless):
    rows = [comment(f"you fool {n}", toxicity=1.0) for n in range(toxic)] + [comment(f"hello {n}", toxicity=0.0) for n in range(harmless)]

    assert sorted(row.labels["toxicity"] for row in pairs(*rows)) == [0.0] * 5 + [1.0] * 5


def test_no_comment_is_paired_with_itself():
    found = pairs(*(comment(f"{word} {word}", toxicity=float(word == "fool")) for word in ("fool", "hello", "morning")))

    assert found
    assert all(row.text.count(word) in (0, 2) for row in found for word in ("fool", "hello", "morning"))


def test_an_attack_stands_among_one_to_three_harmless_comments():
    rows = [comment("you fool", toxicity=1.0), *(comment(f"morning {n}", toxicity=0.0) for n in range(9))]
    found = {row.text.count("morning") for seed in range(40) for row in paired(rows, random.Random(seed)) if "fool" in row.text}

    assert found == {1, 2, 3}


def test_what_is_put_together_is_read_to_its_end():
    rows = [comment("you fool", toxicity=1.0), *(comment(f"morning {n} " * 17, toxicity=0.0) for n in range(9))]
    found = [row.text for seed in range(40) for row in paired(rows, random.Random(seed))]

    assert max(map(len, found)) < 440


def test_every_other_sentence_of_ours_names_people_on_no_list_and_in_no_figure():
    words = sentences()["words"]
    named = [word for name in ("other_kinds", "other_groups") for word in words[name]]
    pattern = re.compile("|".join(map(re.escape, named)))
    rows = [row for row in contrasts() if "{G}" in row.source or "{g}" in row.source]

    assert sum(bool(pattern.search(row.plain)) for row in rows) >= len(rows) / 2
    assert [word for word in named if blind(word) != word or word in map(str.casefold, TERMS)] == []


def test_comments_of_different_sources_are_not_paired():
    rows = [comment("you fool", "here", toxicity=1.0), *(comment(f"good morning {n}", "there", toxicity=0.0) for n in range(2))]

    assert pairs(*rows) == []


@given(st.lists(st.text("abcdefgh,.", min_size=1, max_size=9), max_size=8), st.integers())
def test_a_slip_is_one_slip(words, seed):
    plain = " ".join(words)

    assert OSA.distance(plain, misspelt(plain, random.Random(seed))) <= 1


def test_letters_are_changed_about_or_left_out_and_spaces_put_in_or_left_out():
    assert slips("fools here") > {"fo ols here", "folos here", "fols here", "foolshere"}


def test_a_word_beside_a_full_stop_is_misspelt_too():
    assert "you idoit." in slips("you idiot.")


@pytest.mark.parametrize("text", ["", "to be or not", "ok, no."])
def test_a_text_without_a_longer_word_stays_as_it_is(text):
    assert slips(text, tries=20) == {text}


@pytest.fixture
def read(tmp_path):
    """What the encoder is given of 200 comments, each with a last word of its own, as texts: those that it may see, or else may not."""
    rows = [
        comment(f"{'you foolish clown' if n % 2 else 'good morning'} {chr(97 + n // 20)}{chr(97 + n % 20)}", toxicity=n % 2)
        for n in range(200)
    ]
    reader = Tokenizer.from_file(str(ROOT / "models" / "tokenizer.json"))

    def texts(*, unseen):
        found = examples(Corpora(tuple(rows), {}, (), ()), tmp_path, reader, unseen=unseen)
        return [reader.decode(each.ids.tolist()) for each in found if "own/toxicity" in each.targets]

    return rows, texts


def test_what_the_encoder_is_kept_from_is_as_it_was_written(read):
    rows, texts = read

    assert texts(unseen=True) == [row.plain for row in rows if encoder_never_saw(row.key)]


def test_nothing_that_the_encoder_is_kept_from_is_paired(read):
    rows, texts = read
    kept = {row.plain.rpartition(" ")[2] for row in rows if encoder_never_saw(row.key)}
    seen = texts(unseen=False)

    assert len(seen) > len(rows)
    assert [text for text in seen if kept & set(text.split())] == []
