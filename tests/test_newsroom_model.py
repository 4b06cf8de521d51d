"""What a newsroom's estimator learns from, and that few verdicts do no harm."""

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from newsroom import COMMENTS  # noqa: F401  (its quick forest is wanted here too)
from sklearn.metrics import roc_auc_score
from test_caution import examples

from service.domain import LIKELY_TO_REJECT, ArticleRecord
from service.heads import heads_text
from service.scoring import Model
from training.lessons import Example
from training.newsroom import Material, fit_newsroom, scores_of

LEARNT = 200


class WordReader:
    """Stands for the encoder: of what a text reads like it knows one thing, which no n-gram shows."""

    def __init__(self, secret: dict[str, float]) -> None:
        self.secret = {heads_text(text): value for text, value in secret.items()}

    def row(self, plain: str) -> Any:
        return np.array([self.secret.get(plain, 0.0), 1.0])


class Plain:
    attributes = ("toxicity",)

    def rate(self, inputs: Any) -> Any:
        return np.full((len(inputs), 1), 0.5)


def model(encoder: Any = None) -> Model:
    return Model("plain", (Plain(),), {}, encoder)


def told(labels: Any, chance: np.random.Generator, **of_input: Any) -> list[Example]:
    """Examples whose texts say nothing."""
    words = "tram harbour library council bridge school museum mayor".split()
    texts = [f"{' '.join(chance.choice(words, 6))} {number}" for number in range(len(labels))]
    some = [replace(one, labels={LIKELY_TO_REJECT: float(label)}) for one, label in zip(examples(len(labels)), labels, strict=True)]
    of_each = [{name: values[at] for name, values in of_input.items()} for at in range(len(labels))]
    return [replace(one, input=replace(one.input, text=text, **more)) for one, text, more in zip(some, texts, of_each, strict=True)]


def learnt(shipped: Model, some: list[Example], toxicity: Any) -> float:
    """The ROC-AUC on what comes after the first 200."""
    whole = Material(some, {"toxicity": toxicity}, np.ones(len(some)))
    early = np.arange(len(some)) < LEARNT
    late = whole.of(~early)
    return float(roc_auc_score(late.labels(LIKELY_TO_REJECT), scores_of(fit_newsroom(shipped, whole.of(early)), late)))


@pytest.mark.parametrize("seed", range(3))
def test_few_verdicts_do_not_spoil_a_good_score(seed: int) -> None:
    chance = np.random.default_rng(seed)
    rejected = chance.random(800) < 0.5
    toxicity = np.clip(0.3 * rejected + chance.normal(0.3, 0.2, 800), 0.01, 0.99)
    shipped = float(roc_auc_score(rejected[LEARNT:], toxicity[LEARNT:]))
    assert learnt(model(), told(rejected, chance), toxicity) > shipped - 0.04


def test_what_was_rejected_at_one_sitting_is_foretold_as_surely_as_what_was_rejected_now_and_then() -> None:
    chance = np.random.default_rng(0)
    rejected = np.repeat([False, True], [90, 30])
    toxicity = np.clip(0.4 * rejected + chance.normal(0.3, 0.15, 120), 0.01, 0.99)
    newsroom = fit_newsroom(model(), Material(told(rejected, chance), {"toxicity": toxicity}, np.ones(120)))
    harmless, toxic = newsroom.rate_after([some.input for some in examples(2)], {"toxicity": np.array([0.05, 0.95])})[:, 0]

    assert harmless < 0.05
    assert toxic > 0.95


@pytest.mark.parametrize("sites", [("",), ("a", "b")])
def test_where_verdicts_are_chance_the_score_says_so(sites: tuple[str, ...]) -> None:
    chance = np.random.default_rng(0)
    some = [replace(one, site=sites[at % len(sites)]) for at, one in enumerate(told(chance.random(1_000) < 0.5, chance))]
    some = [replace(one, input=replace(one.input, site=one.site)) for one in some]
    whole = Material(some, {"toxicity": np.full(1_000, 0.5)}, np.ones(1_000))
    early = np.arange(1_000) < 700
    scores = scores_of(fit_newsroom(model(), whole.of(early)), whole.of(~early))
    assert np.std(scores) < 0.05


def test_a_site_that_rejected_nothing_so_far_is_judged_like_one_that_nothing_is_known_of() -> None:
    chance = np.random.default_rng(0)
    sites = np.tile(["a", "b"], 300)
    toxicity = chance.random(600)
    rejected = (sites == "a") & (toxicity > 0.5)
    some = [replace(one, site=site) for one, site in zip(told(rejected, chance, site=sites.tolist()), sites.tolist(), strict=True)]
    newsroom = fit_newsroom(model(), Material(some, {"toxicity": toxicity}, np.ones(600)))
    b, unknown = newsroom.rate_after([replace(some[0].input, site=site) for site in ("b", "c")], {"toxicity": np.full(2, 0.99)})[:, 0]

    assert b == unknown > 0.4


def test_what_became_of_the_articles_other_comments_is_learnt_from() -> None:
    chance = np.random.default_rng(0)
    heat = chance.random(800)
    records = [ArticleRecord(judged=10, rejected=int(share * 10), hours=1.0) for share in heat]
    assert learnt(model(), told(chance.random(800) < heat, chance, record=records), np.full(800, 0.5)) > 0.75


def test_an_unknown_record_is_as_usual_and_not_as_a_first_comment() -> None:
    chance = np.random.default_rng(0)
    firsts = chance.random(400) < 0.3
    records = [ArticleRecord() if first else ArticleRecord(judged=10, rejected=5, hours=9.0) for first in firsts]
    some = told(firsts, chance, record=records)
    newsroom = fit_newsroom(model(), Material(some, {"toxicity": np.full(400, 0.5)}, np.ones(400)))
    text = some[0].input.text
    inputs = [replace(some[0].input, text=text, record=record) for record in (ArticleRecord(), None, records[int(np.argmin(firsts))])]
    first, unknown, usual = newsroom.rate_after(inputs, {"toxicity": np.full(3, 0.5)})[:, 0]

    assert first > 0.8
    assert usual - 0.05 <= unknown < first - 0.2


def test_where_only_rejections_are_foretold_nothing_else_is_learnt_and_they_are_foretold_the_same() -> None:
    chance = np.random.default_rng(0)
    some = [replace(one, labels=one.labels | {"toxicity": float(chance.random() < 0.5)}) for one in told(chance.random(200) < 0.5, chance)]
    material = Material(some, {"toxicity": np.full(200, 0.5)}, np.ones(200))
    whole, alone = fit_newsroom(model(), material), fit_newsroom(model(), material, order_alone=True)
    assert whole.attributes == (LIKELY_TO_REJECT, "toxicity")
    assert alone.attributes == (LIKELY_TO_REJECT,)
    assert np.array_equal(whole.heads[LIKELY_TO_REJECT].weights, alone.heads[LIKELY_TO_REJECT].weights)


def test_the_encoders_reading_is_learnt_from_and_the_encoder_is_not_saved() -> None:
    chance = np.random.default_rng(0)
    secret = chance.normal(size=800)
    some = told(chance.random(800) < 1 / (1 + np.exp(-3 * secret)), chance)
    encoder = WordReader({one.input.text: value for one, value in zip(some, secret, strict=True)})
    assert learnt(model(encoder), some, np.full(800, 0.5)) > 0.75

    whole = Material(some, {"toxicity": np.full(800, 0.5)}, np.ones(800))
    newsroom = fit_newsroom(model(encoder), whole, order_alone=True)
    saved = pickle.dumps(newsroom)
    assert b"WordReader" not in saved
    again = pickle.loads(saved)
    again.attach(encoder)
    assert np.array_equal(scores_of(again, whole), scores_of(newsroom, whole))
