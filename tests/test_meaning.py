"""The shipped models read meaning: who is spoken of and what is said, wherever in the comment it stands, and which words did it."""

import json
import pickle
import tomllib
from pathlib import Path

import numpy as np
import pytest

from service.alignment import words
from service.domain import Article, ScoreInput
from service.encoder import Encoder
from service.heads import _telling, calibrated, heads_text, joined
from service.scoring import load
from training.dataset import TOXIC_ATTRIBUTES

ROOT = Path(__file__).parent.parent
HOLD = tomllib.loads((ROOT / "policy.toml").read_text(encoding="utf-8"))["hold"]
CALM = "The council met on Monday to talk about the budget for the coming year and about the new tram line. "
ARTICLE = Article(id="a", title="City council raises parking fees", text="Parking in the centre will cost three euros an hour. " * 40)


@pytest.fixture(scope="module")
def model():
    return load(ROOT / "models")


def score(model, text, attribute="toxicity", article=None):
    (found,) = model.score([ScoreInput(text=text, article=article)])
    return found.values.get(attribute)


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ("Refugees are parasites who should be thrown out.", "Whoever says that refugees are parasites should be thrown out."),
        ("Immigrants have no place in our town.", "Racism has no place in our town."),
        ("I cannot bear to be near disabled people.", "I cannot bear to be near wasps."),
        ("Women are too stupid to vote.", "Nobody should claim that women are too stupid to vote."),
        ("We should drive the Muslims out of this country.", "We should drive the rats out of this cellar."),
        ("I will find you and break both your arms, councillor.", "I will find you and bring both your keys, councillor."),
        ("Her house should be set on fire while she sleeps.", "Her house was set on fire while she was away."),
    ],
)
def test_an_attack_scores_above_what_only_sounds_alike(model, worse, better):
    assert score(model, worse) > score(model, better)


@pytest.mark.parametrize(
    ("attack", "harmless"),
    [
        ("The Finns are thieves, every one of them.", "The Finns won the relay, and the Belgians came third."),
        ("Belgians are filth and should be driven out of our towns.", "Belgians were driven out of their towns by the flood."),
    ],
)
def test_people_on_no_list_may_be_named_and_not_attacked(model, attack, harmless):
    assert score(model, harmless) < 0.1
    assert score(model, attack) >= HOLD["toxicity"]


EVERYDAY = "Our daughter starts school after the holidays. The lift in our house is broken. They sell good tomatoes at that shop."


@pytest.mark.parametrize(
    "attack",
    [
        "I will kill you and your family tonight.",
        "Immigrants are rats, drown them all.",
        "You really are one stupid idiot.",
        "Go and hang yourself, you piece of trash.",
    ],
)
@pytest.mark.parametrize("comment", [f"{EVERYDAY} {{}}", f"{{}} {EVERYDAY}"], ids=["behind", "before"])
def test_an_attack_is_seen_among_harmless_sentences(model, comment, attack):
    (found,) = model.score([ScoreInput(text=comment.format(attack))])

    assert any(found.values[name] >= HOLD[name] for name in TOXIC_ATTRIBUTES if name in HOLD and name in found.values)


def test_harmless_sentences_are_harmless_together(model):
    assert score(model, EVERYDAY) < 0.1


def test_an_insult_at_the_end_of_a_long_comment_is_seen(model):
    assert score(model, CALM * 30) < HOLD["toxicity"]
    assert score(model, CALM * 30 + "You are a stupid worthless idiot, shut your mouth.") >= HOLD["toxicity"]


@pytest.mark.parametrize("picture", ["😀", "♥", "☹☹☹", "⚽ 🇬🇧"])
def test_a_picture_that_says_nothing_changes_no_score(model, picture):
    assert score(model, f"You are a moron{picture}") == score(model, "You are a moron")


@pytest.mark.parametrize("sign", ["🐀", "™", "ⱷ"])
@pytest.mark.parametrize("insult", ["You are a moron", "Muslims are vermin", "What a stupid cunt"])
def test_a_sign_that_touches_a_word_does_not_hide_it(model, insult, sign):
    assert score(model, insult + sign) >= min(score(model, f"{insult} {sign}"), score(model, insult)) - 0.1


def test_signs_in_the_place_of_spaces_hide_nothing(model):
    assert score(model, "You😡are😡a😡pathetic😡moron😡and😡nobody😡likes😡you") >= HOLD["toxicity"]
    assert score(model, "Thank😀you😀for😀this😀lovely😀article") < 0.1


@pytest.mark.parametrize("need", ["need a place to sleep.", "need jobs, and so do we.", "ask for a fair chance."])
@pytest.mark.parametrize("group", ["Refugees", "Disabled people", "Women", "Single mothers"])
def test_what_people_need_is_no_attack_on_them(model, group, need):
    (found,) = model.score([ScoreInput(text=f"{group} {need}")])
    assert {name: value for name, value in found.values.items() if name in HOLD and value >= HOLD[name]} == {}


def test_a_comment_scores_the_same_alone_and_among_others(model):
    texts = [ScoreInput(text=CALM * times, article=ARTICLE) for times in (1, 2, 7)]

    together = model.score(texts)

    assert [model.score([one])[0].values for one in texts] == [each.values for each in together]


@pytest.mark.parametrize(
    "stray",
    [
        "The senate should have passed that tax bill before the election.",
        "Vaccines saved millions of lives and doctors say so.",
        "The striker missed two penalties and the coach was furious.",
    ],
)
def test_a_comment_on_its_article_is_less_off_topic_than_one_on_another(model, stray):
    about = score(model, "Three euros an hour is too much for people who shop here.", "off_topic", ARTICLE)

    assert about < score(model, stray, "off_topic", ARTICLE)


def test_a_word_is_matched_by_one_that_means_the_same(model):
    article = Article(id="b", title="Physicians of the town hospital walk out over wages", text="")

    about = score(model, "Doctors and nurses deserve more money for their work.", "off_topic", article)

    assert about < score(model, "Painters and bakers deserve more money for their work.", "off_topic", article)


@pytest.mark.parametrize("word", ["goalkeeper", "trams", "orchestra"])
def test_the_weightiest_token_is_what_a_comment_is_about(word):
    encoder = Encoder.of(ROOT / "models")
    about = encoder.read(f"nobody should be surprised, the {word} was always like this before either.")
    vague = encoder.read("nobody should be surprised, it was always like this before either.")

    begin, end, _ = about.marks[about.weights.argmax()]
    assert f"nobody should be surprised, the {word}"[begin:end] == word
    assert about.weights.max() > vague.weights.max()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("The plan is fine, but you are an idiot.", ["idiot"]),
        ("The plan is fine, but you are an i d i o t.", ["i d i o t"]),
        ("<p>The plan is fine, but you are an <b>idiot</b>.</p>", ["idiot"]),
    ],
)
def test_a_score_says_which_words_did_it_as_they_were_sent(model, text, told):
    assert [text[begin:end] for begin, end in model.explain(ScoreInput(text=text))] == told


def test_in_a_long_comment_no_word_of_a_harmless_part_is_why(model):
    harmless = (
        "The council met on Tuesday to talk about the budget. Three bridges across the river need repair. The mayor said that the work "
        "would begin in spring. I have lived here for thirty years and the traffic gets worse. My daughter takes the tram to school each "
        "morning. The library has new opening hours. We had lovely weather for the market on Saturday. The paper said prices went up by "
        "four per cent. The old depot could become a museum. Nobody answered my letter about the park benches. "
    )
    text = harmless * 3 + "You are a stupid worthless idiot, shut your mouth."

    assert [text[begin:end] for begin, end in model.explain(ScoreInput(text=text))] == ["stupid worthless idiot"]


@pytest.mark.parametrize(
    "text",
    [
        "I have reverted the last edit, because the source does not say that. Please discuss it here first.",
        "Thanks for the quick reply! I added two references to the second paragraph; could you check the dates?",
        "Sorry, I did not see your note. I will sort out the table this evening and write to you then.",
        "I moved the paragraph about the harbour to its own section and corrected a spelling mistake.",
        "The council promised new buses three years ago, and we still wait forty minutes at the stop.",
    ],
)
def test_what_is_far_from_the_videos_that_taught_spam_is_not_spam(model, text):
    assert score(model, text, "spam") < 0.3


@pytest.mark.parametrize(
    ("attribute", "sentence", "word"),
    [
        ("threat", "I will find you tonight and kill you.", "kill"),
        ("spam", "Subscribe to my channel for free money.", "Subscribe"),
    ],
)
@pytest.mark.parametrize("calm", [0, 3, 190])
def test_the_worst_words_are_found_wherever_in_a_comment_they_stand(model, attribute, sentence, word, calm):
    text = CALM * calm + sentence

    assert word in " ".join(text[begin:end] for begin, end in model.explain(ScoreInput(text=text), attribute))


@pytest.mark.parametrize(
    ("text", "attribute", "told"),
    [
        ("Muslims are animals.", "identity_attack", ["animals"]),
        ("Women should stay in the kitchen.", "toxicity", ["kitchen"]),
        ("Crikey, a spider in my fucking coffee!", "profanity", ["fucking"]),
        ("I know where you live and which school your kids go to.", "toxicity", ["school"]),
    ],
)
def test_neither_a_groups_name_nor_a_word_that_says_nothing_is_why(model, text, attribute, told):
    assert [text[begin:end] for begin, end in model.explain(ScoreInput(text=text), attribute)] == told


@pytest.mark.parametrize("attribute", ["toxicity", "spam"])
def test_of_a_comment_without_words_none_is_why(model, attribute):
    assert model.explain(ScoreInput(text="😀"), attribute) == []


@pytest.mark.parametrize(("plain", "told"), [("you are", ["you", "are"]), ("you are fools", ["fools"])])
def test_words_that_say_nothing_are_told_where_there_are_no_others(plain, told):
    assert [plain[begin:end] for begin, end in _telling(plain, words(plain))] == told


def test_the_worst_of_many_windows_counts_less_than_alone_as_one_of_many_is_bad_by_chance(model):
    heads, encoder = model.scorers[0].heads, model.encoder
    plain = heads_text(CALM * 40 + "You are a complete idiot.")
    ((begin, end),) = heads.worst_windows(plain, encoder, 0)

    among, alone = heads.margins_of_plain([plain, plain[begin:end]], encoder)[:, 0]

    assert among == pytest.approx(alone - np.log(len(encoder.read(plain).windows)), abs=0.2)


def test_a_scorer_is_saved_without_the_encoder_that_it_reads_with(model):
    assert pickle.loads(pickle.dumps(model.scorers[0]))._encoder is None


@pytest.mark.parametrize(
    ("spans", "text", "expected"),
    [
        ([(4, 8), (0, 3)], "you fool", [(0, 8)]),
        ([(0, 3), (8, 12)], "you the fool", [(0, 3), (8, 12)]),
        ([(0, 8), (2, 4), (0, 8)], "youmoron", [(0, 8)]),
        ([(0, 3), (3, 8)], "youmoron", [(0, 8)]),
    ],
)
def test_neighbouring_words_are_told_as_one_place(spans, text, expected):
    assert joined(spans, text) == expected


def test_a_score_beyond_what_calibration_knows_goes_on_rising_and_falling():
    at, known = np.array([-1.0, 1.0]), np.array([0.2, 0.8])

    found = calibrated(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), at, known)

    assert found == pytest.approx([1 / (1 + 4 * np.e), 0.2, 0.5, 0.8, 4 * np.e / (1 + 4 * np.e)])


def test_a_long_markup_is_no_part_of_what_is_read(model):
    (found,) = model.score([ScoreInput(text="<i></i>" * 2_500 + "Well said.")])

    assert found.whole


def test_explaining_the_longest_comment_takes_few_readings(model, monkeypatch):
    comment = ScoreInput(text=("Subscribe to my channel for free money. " * 500)[:20_000])
    model.score([comment])
    asked, ask = [], model.encoder._ask
    monkeypatch.setattr(model.encoder, "_ask", lambda ids: asked.append(ids) or ask(ids))

    assert model.explain(comment, "spam") != []
    assert len(asked) <= 40


def test_spam_and_topic_say_their_words_too(model):
    spam = ScoreInput(text="Nice video! Check out my channel and subscribe please")
    stray = ScoreInput(text="The goalkeeper lost the match.", article=ARTICLE)

    assert model.explain(spam, "spam") != []
    assert "goalkeeper" in [stray.text[begin:end] for begin, end in model.explain(stray, "off_topic")]


def test_perspectives_scale_has_heads_of_its_own(model):
    polite, rude = model.perspective(["Thank you for the article.", "You are a stupid idiot."])

    assert {"TOXICITY", "INSULT", "PROFANITY"} <= set(model.scale) == set(polite)
    assert polite["TOXICITY"] < 0.2 < 0.8 < rude["TOXICITY"]


def test_eight_bits_cost_no_task_more_than_0_003():
    cost = Encoder.of(ROOT / "models").cost

    assert len(cost) >= 10
    assert {task: (whole, small) for task, (whole, small) in cost.items() if whole - small >= 0.003} == {}


def test_the_card_lists_what_is_not_served(model):
    figures = json.loads((ROOT / "models" / "manifest.json").read_text(encoding="utf-8"))["metrics"]["perspective"]

    assert {name for name, row in figures.items() if row["served"]} == set(model.scale)
    assert all(row["spearman"] >= 0.6 for row in figures.values() if row["served"])


@pytest.mark.parametrize("text", ["", "Parking will cost more. ", "☂" * 20_000])
def test_an_article_of_any_length_can_be_compared_with(model, text):
    article = Article(id="a", title="☂ 𝔘 \u4e2d" * 200, text=text)

    assert model.score([ScoreInput(text="The parking fees in the centre are a scandal.", article=article)])[0].values["toxicity"] < 0.5
