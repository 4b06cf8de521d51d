"""That nobody moves the model alone."""

from dataclasses import replace
from pathlib import Path

import fake_models
import numpy as np
import pytest
from newsroom import COMMENTS  # noqa: F401  (its quick forest is wanted here too)
from newsroom_texts import write
from sklearn.metrics import roc_auc_score

from service.domain import LIKELY_TO_REJECT, ScoreInput
from service.scoring import Model, load
from training.caution import capped, training_weights
from training.dataset import DataError
from training.lessons import Example, Lessons
from training.newsroom import Material, fit_newsroom, scores_of
from training.rehearsal import prepare, try_out
from training.scored import rate


def examples(count: int, *, seed: int = 0, mallory: bool = False) -> tuple[Example, ...]:
    """Verdicts by four moderators; three in ten by another, who always says the contrary where she is `mallory`."""
    chance = np.random.default_rng(seed)
    found = []
    for number, one in enumerate(write(count, seed)):
        hers = chance.random() < 0.3
        rejected = float(one.rejected != (hers and mallory))
        says = "moderator mallory" if hers else f"moderator {number % 4}"
        told = Example(ScoreInput(text=one.text), {LIKELY_TO_REJECT: rejected}, says, "", chance=1.0, verdict=number + 1)
        found.append(told)
    return tuple(found)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load(fake_models.publish(tmp_path_factory.mktemp("models")))


def learnt(shipped: Model, told: tuple[Example, ...]) -> tuple[float, list[str]]:
    """The ROC-AUC on honest verdicts, and who was an alarm."""
    bench = prepare(Path("."), shipped, shipped, Lessons(told, (), (), {}))
    newsroom = fit_newsroom(shipped, bench.material, order_alone=True)
    later = examples(300, seed=99)
    test = Material(later, rate(shipped, [one.input for one in later], "scoring"), np.ones(len(later)))
    labels = [one.rejected for one in later]
    return float(roc_auc_score(labels, scores_of(newsroom, test))), [one.says for one in bench.alarms]


def test_one_moderator_who_is_always_wrong_is_an_alarm_and_costs_little(shipped: Model) -> None:
    honest, quiet = learnt(shipped, examples(400))
    corrupted, alarms = learnt(shipped, examples(400, mallory=True))

    assert quiet == []
    assert alarms == ["moderator mallory"]
    assert honest > 0.75
    assert honest - corrupted < 0.02


def test_nobody_is_checked_against_too_few_verdicts_to_learn_from(shipped: Model) -> None:
    told = tuple(replace(one, says="moderator ben" if at % 8 == 0 else "moderator ada") for at, one in enumerate(examples(200)))
    bench = prepare(Path("."), shipped, shipped, Lessons(told, (), (), {}))
    assert [one.says for one in bench.agreements] == []


def test_how_far_it_is_with_the_moderators_is_shown(shipped: Model, capsys: pytest.CaptureFixture[str]) -> None:
    bench = prepare(Path("."), shipped, shipped, Lessons(examples(200), (), (), {}))
    assert f"agreement: 100%|██████████| {len(bench.agreements)}/{len(bench.agreements)}" in capsys.readouterr().err


def test_where_nobody_is_left_after_the_alarms_it_is_refused(shipped: Model) -> None:
    told = examples(200)
    ada = [replace(one, says="moderator ada") for one in told[::2]]
    ben = [replace(one, says="moderator ben", labels={LIKELY_TO_REJECT: 1 - (one.rejected or 0)}) for one in told[1::2]]
    with pytest.raises(DataError, match="Too few verdicts to learn from: 0 rejections and 0 approvals"):
        prepare(Path("."), shipped, shipped, Lessons((*ada, *ben), (), (), {}))


def test_what_an_alarm_said_is_not_enough_to_learn_from(shipped: Model) -> None:
    told = examples(600, mallory=True)
    early = [one for one in told[:400] if one.says == "moderator mallory" or not one.rejected]
    bench = prepare(Path("."), shipped, shipped, Lessons((*early, *told[400:500]), (), (), {}))
    assert bench.without == ["moderator mallory"]
    assert try_out(bench).scores == {}


def test_what_an_alarm_said_is_not_tested_on(shipped: Model) -> None:
    bench = prepare(Path("."), shipped, shipped, Lessons(examples(400, mallory=True), (), (), {}))
    tested = try_out(bench).examples
    assert bench.without == ["moderator mallory"]
    assert {one.says for one in tested} == {f"moderator {number}" for number in range(4)}


@pytest.mark.parametrize("attribute", ["toxicity", LIKELY_TO_REJECT])
def test_what_a_client_says_of_a_tested_comment_is_not_learnt_before_the_test(shipped: Model, attribute: str) -> None:
    chance = np.random.default_rng(3)
    told = tuple(replace(one, labels={**one.labels, attribute: float(chance.integers(2))}) for one in examples(400))
    suggested = tuple(
        Example(ScoreInput(text=f"{one.input.text} "), {attribute: one.labels[attribute]}, f"token {at % 9}", "")
        for at, one in enumerate(told)
    )

    tried = try_out(prepare(Path("."), shipped, shipped, Lessons(told, suggested, (), {})))

    labels = [one.labels[attribute] for one in tried.examples]
    assert roc_auc_score(labels, tried.scores["candidate"][attribute]) == pytest.approx(0.5, abs=0.1)


def test_a_cap_holds_one_share_and_leaves_the_rest_as_they_were() -> None:
    weights = capped(np.ones(100), ["heavy"] * 70 + ["a"] * 10 + ["b"] * 10 + ["c"] * 10, lambda _: 0.25)
    assert weights[:70].sum() / weights.sum() == pytest.approx(0.25)
    assert (weights[70:] == 1).all()


def test_several_caps_hold_together() -> None:
    names = ["x"] * 60 + ["y"] * 30 + [str(n) for n in range(10)]
    weights = capped(np.ones(100), names, lambda _: 0.3)
    assert [weights[:60].sum() / weights.sum(), weights[60:90].sum() / weights.sum()] == pytest.approx([0.3, 0.3])


@pytest.mark.parametrize("names", [["one"] * 10, ["one"] * 7 + ["two"] * 3])
def test_where_there_are_too_few_to_share_nobody_counts_more_than_an_equal_part(names: list[str]) -> None:
    weights = capped(np.ones(10), names, lambda _: 0.25)
    totals = [weights[[name == who for name in names]].sum() for who in set(names)]
    assert max(totals) / sum(totals) == pytest.approx(1 / len(totals))


def test_a_token_a_site_and_a_moderator_are_each_capped() -> None:
    told = [replace(one, site=f"site-{at % 5}") for at, one in enumerate(examples(100))]
    token = [replace(one, says="token flood", labels={"spam": 1.0}, site="site-0") for one in examples(400)]
    weights = training_weights([*told, *token])
    assert weights[100:].sum() / weights.sum() < 0.17  # an equal part of six, although it said four times as much


def test_alone_on_one_of_two_sites_a_moderator_has_a_quarter_all_the_same() -> None:
    told = [replace(one, says=f"moderator {at % 5}", site="a") for at, one in enumerate(examples(300))]
    alone = [replace(one, says="moderator alone", site="b") for one in examples(20)]
    weights = training_weights([*told, *alone])
    assert weights[300:].sum() / weights.sum() == pytest.approx(0.25)


def test_a_moderator_and_a_token_are_capped_together() -> None:
    people = [replace(one, says=f"moderator {'most' if at % 2 else at % 12}") for at, one in enumerate(examples(120))]
    token = [replace(one, says="token flood", labels={"spam": 1.0}) for one in examples(200)]
    told = [*people, *token, *(replace(one, says=f"token {at}") for at, one in enumerate(examples(4)))]
    weights = training_weights(told)
    parts = {name: weights[[one.says == name for one in told]].sum() / weights.sum() for name in ("moderator most", "token flood")}
    assert parts == pytest.approx({"moderator most": 0.25, "token flood": 0.1})


def test_an_audited_verdict_stands_for_many_but_not_for_any_number() -> None:
    one, other = examples(2)
    weights = training_weights([replace(one, says="moderator a", chance=0.001), replace(other, says="moderator b")])
    assert weights[0] == weights[1]  # two moderators, so each is half
    assert training_weights([replace(one, chance=0.001)])[0] == 20
