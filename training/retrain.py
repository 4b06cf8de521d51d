"""`python -m training retrain`: from the moderators' verdicts to a model that foretells them, in force only where it is better."""

import argparse
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from functools import partial
from pathlib import Path
from typing import Any

from service import rules, versions
from service.config import Config
from service.domain import LIKELY_TO_REJECT
from service.newsroom import Newsroom
from service.scoring import ModelError, load
from training import candidate, lessons
from training.dataset import read
from training.gate import Judged, judge
from training.newsroom import fit_newsroom, remembering
from training.regression_set import check
from training.rehearsal import Bench, check_enough, prepare, say, try_out, why
from training.retrain_report import page
from training.trial import Tried

PUBLISHED, REFUSED, UNUSABLE = 0, 1, 2
ACTIVATE = "flask --app service model activate"

EXAMPLES = """It reads DATABASE_URL, MODELS_DIR and POLICY_FILE like the service. What it says goes to standard error;
the one line on standard output is the result as JSON.

Exit status: 0 published (or --shadow, or nothing new), 1 refused and kept as a candidate, 2 nothing could be done.

examples:
  python -m training retrain                           all that was said, if anything was since the last time; from cron
  python -m training retrain --since all --shadow      run the result beside the model in force, deciding nothing
  python -m training retrain --since 2026-01-01        forget what was said under older house rules
  python -m training retrain --exclude moderator=Kim   as if Kim had said nothing (also site=... and token=...)"""


def main(arguments: Sequence[str]) -> int:
    """Runs the command; the exit status says what came of it."""
    options = _parser().parse_args(arguments)
    try:
        config = Config.from_environ(os.environ)
        with alone(config.models_dir):
            result = retrain(config, options)
    except Exception as error:
        result = {"result": "unusable", "why": why(error)}
        say(f"Nothing was changed. {result['why']}")
    print(json.dumps(result))
    return {"unusable": UNUSABLE, "refused": REFUSED}.get(result["result"], PUBLISHED)


@contextmanager
def alone(models: Path) -> Iterator[None]:
    """One run at a time: what a second one publishes would be tested beside a model that the first replaces. Raises ModelError."""
    home = versions.make_home(models)
    with (home / ".retraining").open("w") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)  # it ends with the process, however that ends
        except BlockingIOError:
            raise ModelError("Another `python -m training retrain` is at work. Run this again when it has ended.") from None
        for left in home.glob(f"{candidate.UNFINISHED}*"):  # by a run that was killed
            shutil.rmtree(left, ignore_errors=True)  # or it is kept, where another user ran it
        yield


def retrain(config: Config, options: argparse.Namespace) -> dict[str, Any]:
    """Fits, tests and publishes, or says why not. Raises DataError, ModelError, TomlError or SQLAlchemyError where it cannot begin."""
    house_rules, pointer = rules.load(config.policy_file), versions.pointer(config.models_dir)
    in_force = versions.verified(config.models_dir, pointer.active)
    shipped = remembering(in_force if pointer.active is None else load(config.models_dir))
    corpora = read(options.data) if options.data else None
    since = options.since if isinstance(options.since, datetime) else None
    learnt = lessons.read_from(config.database_url, since=since, exclude=options.exclude, corpora=corpora)
    for kind, name in learnt.unheard:
        say(f"--exclude {kind}={name} leaves nobody out: no {kind} of that name has said anything here.")
    seen = _last_seen(config.models_dir)
    if learnt.verdicts and options.since == "last" and learnt.newest <= seen:
        say("Nothing was said since the last time. `--since all` learns from everything again.")
        return {"result": "nothing new", "verdicts": len(learnt.verdicts), "version": in_force.version}
    check_enough(learnt.verdicts)
    say(f"{len(learnt.verdicts):,} verdicts, {sum(one.verdict > seen for one in learnt.verdicts):,} of them new. Learning from all.")
    bench = prepare(config.models_dir, shipped, in_force, learnt, options.trust)
    tried = try_out(bench, seen=_newest(versions.folder(config.models_dir, pointer.active)))
    newsroom = fit_newsroom(shipped, bench.material)
    left_out = [*options.exclude, *(tuple(says.split(" ", 1)) for says in bench.without)]
    return _published(bench, house_rules, tried, newsroom, left_out, shadow=options.shadow)


def _published(
    bench: Bench, house_rules: rules.Rules, tried: Tried, newsroom: Newsroom, left_out: Sequence[tuple[str, ...]], *, shadow: bool
) -> dict[str, Any]:
    model = candidate.as_model(bench.shipped, newsroom)
    corrected = tuple(name for name in newsroom.attributes if name != LIKELY_TO_REJECT)
    judged = judge(tried, house_rules, {"in force": check(bench.in_force), "candidate": check(model)}, corrected)
    about = {
        "newest": bench.lessons.newest,
        "lessons": dict(bench.lessons.counts),
        "passed": judged.passed,
        "checks": [[one.name, one.passed, one.said] for one in judged.checks],
        "alarms": [str(one) for one in bench.alarms],
        "left out": left_out,
        "figures": dict(judged.figures),
    }
    scores = tried.scores.get("candidate", {}).get(LIKELY_TO_REJECT, ())
    rows = zip(tried.examples, tried.rejected, scores, tried.weights, strict=True) if len(scores) else ()
    evidence = [[float(label), float(score), float(weight), one.site, one.comment] for one, label, score, weight in rows]
    version = candidate.write(bench.models, bench.shipped, newsroom, about, evidence, partial(page, bench, judged, tried, newsroom))
    return _put_in_force(bench, judged, version, shadow=shadow)


def _put_in_force(bench: Bench, judged: Judged, version: str, *, shadow: bool) -> dict[str, Any]:
    result = {
        "version": version,
        "before": bench.in_force.version,
        "verdicts": len(bench.lessons.verdicts),
        "figures": judged.figures,
        "alarms": [str(one) for one in bench.alarms],
        "report": str(bench.models / versions.VERSIONS / version / versions.REPORT),
    }
    for one in judged.checks:
        say(f"  {'passed' if one.passed else 'FAILED'}  {one.name}: {one.said}")
    if shadow:
        versions.run_beside(bench.models, version)
        say(f"{version} runs beside {bench.in_force.version} and decides nothing. What it would have changed: /review/models")
        say(f"To put it in force: `{ACTIVATE} {version}`. To end it: `flask --app service model unshadow`.")
        return {"result": "shadow", "failed": judged.failures} | result
    if failures := judged.failures or _activate(bench, version):
        standing = versions.shipped_version(versions.folder(bench.models, versions.pointer(bench.models).active))
        say(f"Refused. {standing} stays in force; the candidate {version} is kept, with its report: {result['report']}")
        say("To try it without deciding: `python -m training retrain --since all --shadow`.")
        say(f"To use it all the same: `{ACTIVATE} {version}`.")
        return {"result": "refused", "failed": failures} | result
    say(f"{version} is in force; running workers take it within seconds. Report: {result['report']}")
    say("Next: `python -m training thresholds` for what to write into policy.toml. To undo: `flask --app service model rollback`.")
    return {"result": "published"} | result


def _activate(bench: Bench, version: str) -> list[str]:
    """Puts it in force in the place of the version that it was tested beside, or says why not."""
    try:
        versions.activate(bench.models, version, instead_of=bench.in_force.version)
    except versions.Overtaken as overtaken:
        return [f"{overtaken}, and it was not tested beside that"]
    except ModelError as error:
        return [str(error)]
    return []


def _last_seen(models: Path) -> int:
    """The newest verdict that any run learnt from, published or refused."""
    return max((_newest(models / versions.VERSIONS / name) for name in versions.every(models)), default=0)


def _newest(folder: Path) -> int:
    """The newest verdict that a version learnt from; 0 where its manifest cannot be read."""
    try:
        return int(versions.about(folder).get("newest", 0))
    except (OSError, ValueError, AttributeError):
        return 0


def _pair(text: str) -> tuple[str, str]:
    kind, _, name = text.partition("=")
    if kind not in ("moderator", "site", "token") or not name:
        raise argparse.ArgumentTypeError("expected moderator=NAME, site=NAME or token=NAME")
    return kind, name


def _moderator(text: str) -> str:
    kind, name = _pair(text)
    if kind != "moderator":
        raise argparse.ArgumentTypeError("expected moderator=NAME: an alarm is raised of nobody else")
    return f"{kind} {name}"


def _since(text: str) -> str | datetime:
    """A date is one of UTC, where it does not say otherwise."""
    if text in ("last", "all"):
        return text
    try:
        since = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("expected last, all or a date such as 2026-01-31") from None
    return since if since.tzinfo else since.replace(tzinfo=UTC)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training retrain",
        description="Learns from the moderators' verdicts, tests the result on later ones, and publishes it where it is better.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--since", type=_since, default="last", metavar="last|all|DATE", help="what to learn from (default: all, if any is new)"
    )
    parser.add_argument("--shadow", action="store_true", help="run it beside the model in force, whatever the tests say")
    parser.add_argument("--exclude", type=_pair, action="append", default=[], metavar="KIND=NAME", help="leave someone's verdicts out")
    parser.add_argument(
        "--trust", type=_moderator, action="append", default=[], metavar="moderator=NAME", help="learn from them despite an alarm"
    )
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="corpora to learn from as well, in the formats of `python -m training`")
    return parser
