"""Before anything is published: who is heard and how much each counts, and how a model of the earlier verdicts does on the later ones."""

import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy.exc import SQLAlchemyError

from service.arrays import Bools
from service.config import ConfigError
from service.domain import LIKELY_TO_REJECT
from service.newsroom import Newsroom
from service.scoring import Model, ModelError
from service.storage.engine import StorageError, fault
from service.toml_files import TomlError
from training.caution import Agreement, agreements, training_weights
from training.dataset import DataError, text_key
from training.lessons import Example, Lessons
from training.lines import file_fault
from training.newsroom import MIN_OF_A_KIND, Material, enough, fit_newsroom, scores_of
from training.scored import rate
from training.trial import Tried, split, stands_for

FEWEST = 100


@dataclass(frozen=True, slots=True)
class Bench:
    """What a run works on: the models, the examples with what the shipped model says of them, and who is left out."""

    models: Path
    shipped: Model
    in_force: Model
    lessons: Lessons
    material: Material
    agreements: Sequence[Agreement]
    trusted: Sequence[str]

    @property
    def alarms(self) -> list[Agreement]:
        return [one for one in self.agreements if one.alarming]

    @property
    def without(self) -> list[str]:
        return [one.says for one in self.alarms if one.says not in self.trusted]


def say(sentence: str) -> None:
    """To a person; standard output is for the result."""
    print(sentence, file=sys.stderr)


def why(error: Exception) -> str:
    """Why nothing could be done, to whoever runs this. A fault of the program's own is told as one: it would end with 1, which says
    that the verdicts do not suffice."""
    if isinstance(error, (ConfigError, DataError, ModelError, StorageError, TomlError)):
        return str(error)
    if isinstance(error, SQLAlchemyError):
        return fault(error)
    if isinstance(error, OSError):
        return file_fault(error)
    say("".join(traceback.format_tb(error.__traceback__)))  # without its message, which may quote a comment
    return f"a fault of the program ({type(error).__name__}); please report what stands above"


def check_enough(judged: Sequence[Example]) -> None:
    """Raises DataError where so few verdicts cannot be learnt from and tested on."""
    rejected = sum(one.rejected == 1 for one in judged)
    if len(judged) < FEWEST or min(rejected, len(judged) - rejected) < MIN_OF_A_KIND:
        kinds = f"{rejected} rejections and {len(judged) - rejected} approvals"
        wanted = f"{FEWEST} are needed, {MIN_OF_A_KIND} of each kind"
        raise DataError(
            f"Too few verdicts to learn from: {kinds}; {wanted}. Judge more of the queue, or raise [audit] share in the policy."
        )


def prepare(models: Path, shipped: Model, in_force: Model, learnt: Lessons, trusted: Sequence[str] = ()) -> Bench:
    """Scores the examples, and weighs them so that nobody moves the model alone. Raises DataError where too few are left to weigh."""
    examples = [*learnt.verdicts, *learnt.others]
    before = rate(shipped, [one.input for one in examples], "scoring")
    first = Material(examples, before, training_weights(examples))
    verdicts = np.array([one.rejected is not None and one.verdict > 0 for one in examples])
    asked = first.of(verdicts)

    def predict(mine: Bools) -> Any:
        return scores_of(fit_newsroom(shipped, asked.of(mine), order_alone=True), asked)

    found = agreements(asked.examples, predict)
    bench = Bench(models, shipped, in_force, learnt, first, found, trusted)
    for alarm in bench.alarms:
        said = "trusted all the same" if alarm.says in trusted else "left out; `--trust` takes them in all the same"
        say(f"ALARM {alarm}: contradicts what everybody else decides; {said}.")
    check_enough([one for one in learnt.verdicts if one.says not in bench.without])
    weights = training_weights(examples, bench.without)
    return Bench(models, shipped, in_force, learnt, Material(examples, before, weights), found, trusted)


def try_out(bench: Bench, seen: int = 0) -> Tried:
    """What a model learnt from the earlier verdicts, and from what others than moderators said of other texts, says of the later ones,
    beside the model in force and the shipped one."""
    examples, verdicts = bench.material.examples, len(bench.lessons.verdicts)
    learn, test = split(examples[:verdicts], seen)
    outside = np.array([one.says in bench.without for one in examples[:verdicts]], dtype=bool)
    late = bench.material.of(np.r_[test & ~outside, np.zeros(len(examples) - verdicts, dtype=bool)])
    tested = {text_key(one.input.text) for one in late.examples}
    others = np.array([text_key(one.input.text) not in tested for one in examples[verdicts:]], dtype=bool)
    early = bench.material.of(np.r_[learn, others])
    early = Material(early.examples, early.before, training_weights(early.examples, bench.without))
    told = late.examples, late.labels(LIKELY_TO_REJECT), stands_for(late.examples)
    if not late.examples or not enough(early, LIKELY_TO_REJECT):
        return Tried(*told, {})
    newsroom = fit_newsroom(bench.shipped, early)
    scores = {"shipped": late.before, "candidate": dict(late.before) | _by_attribute(newsroom, late)}
    scores["in force"] = late.before if bench.in_force is bench.shipped else rate(bench.in_force, late.inputs, "scoring")
    return Tried(*told, scores)


def _by_attribute(newsroom: Newsroom, material: Material) -> dict[str, Any]:
    rated = newsroom.rate_after(material.inputs, material.before)
    return {name: rated[:, at] for at, name in enumerate(newsroom.attributes)}
