"""`python -m training thresholds`: what to let pass and what to reject without a person, at a precision that the verdicts bear out."""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from service import versions
from service.arrays import Bools, Floats
from service.config import Config
from service.domain import LIKELY_TO_REJECT
from service.review.figures import Share, wilson
from service.scoring import Model, ModelError
from training import candidate, lessons
from training.rehearsal import say, why
from training.scored import rate
from training.trial import share, stands_for

STEPS = np.round(np.arange(0.01, 1.0, 0.01), 2)


@dataclass(frozen=True, slots=True)
class Proposal:
    """`threshold` of `hold` (below it a comment is let pass) or `reject` (from it on it is rejected), None where the verdicts do not bear
    any out; then `missing` says how many more would, if they go like these, or None where no number would."""

    outcome: str
    threshold: float | None
    precision: float | None
    interval: tuple[float, float] | None
    share: float
    verdicts: int
    missing: int | None


def main(arguments: Sequence[str]) -> int:
    """Runs the command: 0 where both thresholds are borne out, 1 where one is not, 2 where nothing could be read."""
    options = _parser().parse_args(arguments)
    try:
        proposals = propose(Config.from_environ(os.environ), options)
    except Exception as error:
        reason = why(error)
        say(f"Nothing is proposed. {reason}")
        print(json.dumps({"result": "unusable", "why": reason}))
        return 2
    for one in proposals:
        say(_said(one, options))
    found = [one for one in proposals if one.threshold is not None]
    if found:
        say("\nFor policy.toml; then `flask --app service policy check` and a restart:\n")
        place = f"sites.{json.dumps(options.site, ensure_ascii=False)}." if options.site else ""
        say("\n".join(f"[{place}{one.outcome}]\n{LIKELY_TO_REJECT} = {one.threshold:.2f}" for one in found))
    automatic = sum(one.share for one in found)
    say(f"\nDecided without a person, by this score alone: {automatic:.1%} of the comments that these verdicts stand for.")
    result = "proposed" if len(found) == len(proposals) else "refused"
    print(json.dumps({"result": result, "automatic": round(automatic, 4), "proposals": [asdict(one) for one in proposals]}))
    return 0 if result == "proposed" else 1


def propose(config: Config, options: argparse.Namespace) -> list[Proposal]:
    """What the verdicts bear out that the model in force did not learn from. Raises ModelError where it has no such score."""
    pointer = versions.pointer(config.models_dir)
    model = versions.verified(config.models_dir, pointer.active)
    if LIKELY_TO_REJECT not in model.attributes:
        raise ModelError(f"The model in force, {model.version}, has no {LIKELY_TO_REJECT} yet: `python -m training retrain` first.")
    rejected, scores, weights = _evidence(config, model, versions.folder(config.models_dir, pointer.active), options.site)
    if options.site and not len(rejected):
        raise ModelError(f"No verdict on a comment of the site '{options.site}' was tested. Is that its name?")
    return both(rejected, scores, weights, options.approve_precision, options.reject_precision)


def both(rejected: Floats, scores: Floats, weights: Floats, approve: float, reject: float) -> list[Proposal]:
    """The thresholds that decide most, each right so often beyond doubt: the lower bound of its 95 % interval reaches what is asked.
    Where each could decide some of the same comments, both are one step that suits both; where none does, passing goes before."""
    refusing = [(float(step), scores >= step) for step in STEPS]
    passes = _borne_out("hold", [(float(step), scores < step) for step in STEPS[::-1]], 1 - rejected, weights, approve)
    rejects = _borne_out("reject", refusing, rejected, weights, reject)
    until, since = passes[0].threshold, rejects[0].threshold
    if until is None or since is None or until <= since:
        return [passes[0], rejects[0]]
    if shared := [[one, other] for one in passes for other in rejects if one.threshold == other.threshold]:
        return shared[len(shared) // 2]
    return [passes[0], _borne_out("reject", [one for one in refusing if one[0] >= until], rejected, weights, reject)[0]]


def _borne_out(outcome: str, tried: Sequence[tuple[float, Bools]], right: Floats, weights: Floats, precision: float) -> list[Proposal]:
    """All thresholds that are, in the order tried; else what is missing."""
    borne_out: list[Proposal] = []
    missing: int | None = None
    for threshold, among in tried:
        found = share(outcome, right, weights, among)
        part = float(weights[among].sum() / weights.sum()) if len(weights) else 0.0
        if found.whole and found.interval[0] >= precision:
            borne_out.append(Proposal(outcome, threshold, found.value, found.interval, round(part, 4), int(among.sum()), None))
        elif found.whole and part > 0 and (found.value or 0) > precision:
            wanted = round((_needed(found, precision) - found.whole) * len(right) / found.whole) + 1
            missing = wanted if missing is None else min(missing, wanted)
    return borne_out or [Proposal(outcome, None, None, None, 0.0, len(right), missing)]


def _needed(found: Share, precision: float) -> float:
    """How many verdicts as good as these have a lower bound that reaches the precision."""
    value, low, high = found.value or 0.0, found.whole, found.whole * 2
    while wilson(value, high)[0] < precision:
        low, high = high, high * 2
        if high > 10**7:
            return high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if wilson(value, middle)[0] < precision else (low, middle)
    return high


def _evidence(config: Config, model: Model, folder: Any, site: str | None) -> tuple[Floats, Floats, Floats]:
    """Verdicts that the version was tested on, scored by a fit that had not seen them, and those given since, scored by itself; none of
    those whom it left out. A comment that was judged anew counts as it was judged last."""
    about = versions.about(folder)
    newest = int(about.get("newest", 0))
    since = [
        one
        for one in lessons.read_from(config.database_url, exclude=[(kind, name) for kind, name in about.get("left out", ())]).verdicts
        if one.verdict > newest and one.chance is not None and site in (None, one.site)
    ]
    anew = {one.comment for one in since}
    rows = [row for row in candidate.evidence(folder) if site in (None, row[3]) and anew.isdisjoint(row[4:])]
    scores = rate(model, [one.input for one in since], "scoring")[LIKELY_TO_REJECT] if since else np.zeros(0)
    labels = [float(one.rejected or 0) for one in since]
    return (
        np.r_[np.array([row[0] for row in rows]), np.array(labels)],
        np.r_[np.array([row[1] for row in rows]), scores],
        np.r_[np.array([row[2] for row in rows]), stands_for(since)],
    )


def _said(one: Proposal, options: argparse.Namespace) -> str:
    wanted = options.approve_precision if one.outcome == "hold" else options.reject_precision
    what = "Let pass below" if one.outcome == "hold" else "Reject from"
    if one.threshold is not None and one.interval is not None and one.precision is not None:
        low, high = one.interval
        borne_out = f"right {one.precision:.1%} ({low:.1%} to {high:.1%}, {one.verdicts:,} verdicts)"
        return f"{what} {one.threshold:.2f}: {borne_out}, {one.share:.1%} of all."
    more = f"about {one.missing:,} more verdicts would, if they go like these" if one.missing else "and more of the same would not either"
    return f"{what} ...: refused. {one.verdicts:,} verdicts do not bear out {100 * wanted:.6g}% anywhere; {more}."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training thresholds",
        description="Proposes thresholds of likely_to_reject for policy.toml, with the share that they decide and 95 % intervals.",
        epilog="Exit status: 0 the verdicts support both thresholds, 1 not both (and how many are missing), 2 nothing could be read.",
    )
    parser.add_argument(
        "--approve-precision",
        type=_share_of_one,
        default=0.99,
        metavar="SHARE",
        help="how much of what passes must be right (default: %(default)s)",
    )
    parser.add_argument(
        "--reject-precision",
        type=_share_of_one,
        default=0.95,
        metavar="SHARE",
        help="how much of what is rejected must be right (default: %(default)s)",
    )
    parser.add_argument("--site", metavar="NAME", help="from the verdicts of this site alone, for this site alone")
    return parser


def _share_of_one(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.5 <= value < 1:
        raise argparse.ArgumentTypeError("expected a share from 0.5 to below 1, such as 0.99")
    return value
