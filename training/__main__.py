"""`python -m training`: from a folder of corpora to the models that the service loads."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path
from tempfile import TemporaryFile

from service import rules
from service.encoder import FILE, TOKENIZER, Encoder
from service.scoring import MANIFEST, ModelError, Scorer, load
from service.toml_files import TomlError
from training import report, retrain, thresholds
from training.dataset import TRAINED_ON, Corpora, DataError, read, unknown
from training.evaluate import held_out_metrics, measure
from training.lines import file_fault
from training.perspective import fit_perspective
from training.pipelines import NATURAL, fit_attributes
from training.proposals import printed_proposals
from training.publish import publish, write_manifest
from training.tables import held_out_tables, markdown, measured_tables
from training.topics import fit_topicality

EXAMPLES = """examples:
  python -m training                                   everything but the encoder, from ../shared/data to models/
  python -m training encoder                           fine-tune the encoder first (hours; goes on after an interruption)
  python -m training --data corpora --out fresh-models  the same with your own folders
  python -m training retrain                           learn from the moderators' verdicts (its own --help)
  python -m training thresholds                        propose thresholds from them (its own --help)
  python -m training evaluate --data corpora           measure the published models again: tables here, a report in var/

The data folder may hold, in any mixture:
  toxicity-*.jsonl[.gz], spam*.jsonl[.gz]   {"text": ..., "labels": {"toxicity": 0..1, ...}, "source": ...} a line
  topicality-articles.jsonl[.gz]            {"id", "title", "text", "source"} a line; learnt from where the source is nyt-debate or reddit
  topicality-comments.jsonl[.gz]            {"article", "text"} a line
  *.csv[.gz]                                Kaggle's Jigsaw train.csv, or Civil Comments' CSV, known by their headers
  test-*.jsonl[.gz]                         never trained on; their texts are left out of training
  perspective-*.jsonl[.gz], toxic-spans.jsonl[.gz]   as in the corpora's README, for the encoder and Perspective's scale
With an encoder in the folder, attributes are weighed and measured on comments whose source is jigsaw or jigsaw-any, spam on those of
youtube-spam; without comments of these sources the attribute is not served. Other sources are learnt from beside them.
The same data and encoder give the same models, byte for byte.

Exit status: 0 done, 2 the data, the models or a file cannot be used, 130 interrupted."""

OPTIONS: tuple[tuple[str, Path | float, str, str], ...] = (
    ("--data", Path("../shared/data"), "FOLDER", "the corpora"),
    ("--out", Path("models"), "FOLDER", "where the models are"),
    ("--report", Path("var/evaluation.html"), "FILE", "where evaluate writes its report, which quotes the corpora"),
    ("--policy", Path("policy.toml"), "FILE", "the house rules; evaluate counts the harmless comments that their thresholds would hold"),
    ("--columns", 150_000, "N", "n-gram columns kept of each kind"),
    ("--vocabulary", 20_000, "N", "words whose rarity topicality knows"),
    ("--epochs", 2.5, "N", "epochs of each of the encoder's runs"),
    ("--runs", 5, "N", "training runs of the encoder; their weights are averaged"),
    ("--at-once", 1, "N", "runs of the encoder that train side by side, on a GPU"),
    ("--work", Path("var/encoder"), "FOLDER", "the encoder's checkpoints"),
)

# The steps that learn from moderators, each with options of its own.
FROM_VERDICTS = {"retrain": retrain.main, "thresholds": thresholds.main}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; 0, or 2 with a sentence on standard error where the data, the models or a file cannot be used, or 130 where
    it was interrupted."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        return FROM_VERDICTS[arguments[0]](arguments[1:]) if arguments and arguments[0] in FROM_VERDICTS else _from_corpora(arguments)
    except (DataError, ModelError, TomlError, OSError) as error:
        print(f"training: {file_fault(error) if isinstance(error, OSError) else error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ntraining: interrupted. The same command begins anew", file=sys.stderr)
        return 130


def _from_corpora(arguments: Sequence[str]) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.step in FROM_VERDICTS:
        parser.error(f"{options.step} comes first, and has options of its own: `python -m training {options.step} --help`")
    if names := unknown(options.data):
        print(f"training: not read, as nothing is known by these names: {', '.join(names)}. --help says which there are", file=sys.stderr)
    if options.step == "encoder":
        return _encoder(options)
    holds = rules.load(options.policy).default.hold if options.step != "fit" else {}
    _check(options)
    corpora = read(options.data)
    if options.step in ("all", "fit"):
        _fit(corpora, options)
    if options.step in ("all", "evaluate"):
        _evaluate(corpora, holds, options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description="Fits models from labelled comments and article/comment pairs, evaluates them on held-out texts, and publishes them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "step",
        nargs="?",
        default="all",
        choices=("all", "encoder", "fit", "evaluate", *FROM_VERDICTS),
        help="encoder: fine-tune it; fit: fit and publish; evaluate: measure what is published; all (default): fit, then evaluate. retrain "
        "and thresholds have options of their own",
    )
    for name, default, metavar, meaning in OPTIONS:
        parser.add_argument(name, type=type(default), default=default, metavar=metavar, help=f"{meaning} (default: %(default)s)")
    return parser


def _check(options: argparse.Namespace) -> None:
    """What would end the command is found before hours of reading and fitting, not after them. Raises DataError, ModelError or OSError."""
    if min(options.columns, options.vocabulary) < 1:
        raise DataError("--columns and --vocabulary must be above 0")
    if options.step == "evaluate":
        load(options.out)
    for folder in [options.out, *([options.report.parent] if options.step != "fit" else ())]:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass


def _encoder(options: argparse.Namespace) -> int:
    if not 0 < options.epochs < inf or min(options.runs, options.at_once) < 1:
        raise DataError("--epochs, --runs and --at-once must be above 0, and no more than can be counted")
    try:
        from training.encoder.run import run
    except ImportError as error:
        raise DataError(f"{error.name} is not installed; the encoder needs what `pip install -e '.[encoder]'` installs") from error
    try:
        run(read(options.data), options.data, options.out, options.work, options.epochs, options.runs, options.at_once)
    except KeyboardInterrupt:
        print(f"\ntraining: interrupted. The same command goes on from what is kept in {options.work}", file=sys.stderr)
        return 130
    return 0


def _fit(corpora: Corpora, options: argparse.Namespace) -> None:
    scorers: dict[str, Scorer] = {}
    held, metrics = {}, {}
    encoder = _encoder_in(options.out) if (options.out / FILE).exists() else None
    if corpora.texts:
        scorers["attributes"], held = fit_attributes(corpora.texts, encoder, most=options.columns)
    if topicality := fit_topicality(corpora, encoder, vocabulary=options.vocabulary):
        scorers["topicality"], held["off_topic"] = topicality
    if not scorers:
        raise DataError(
            f"too little to fit anything: no labelled comments, and too few articles of {' or '.join(TRAINED_ON)} with comments"
        )
    if encoder is not None:
        metrics |= {"encoder": encoder.cost, "encoder_runs": encoder.runs}
        if perspective := fit_perspective(options.data, encoder):
            scorers["perspective"], metrics["perspective"] = perspective
    publish(options.out, scorers, corpora.files, {"held_out": held_out_metrics(held), **metrics}, encoder)
    if missing := [name for name in NATURAL if name not in held]:
        print(f"training: not served, for want of data: {', '.join(missing)}. --help says which sources each needs", file=sys.stderr)


def _encoder_in(folder: Path) -> Encoder:
    try:
        encoder = Encoder.of(folder)
        encoder.read("Opened before hours of fitting, not after them.")
    except OSError:
        raise
    except Exception as error:
        raise DataError(
            f"{folder}: the encoder, {FILE} with {TOKENIZER}, cannot be opened ({type(error).__name__}). Put both files back, make them by "
            "`python -m training encoder`, or remove them to fit without an encoder"
        ) from error
    return encoder


def _evaluate(corpora: Corpora, holds: Mapping[str, float], options: argparse.Namespace) -> None:
    model = load(options.out)
    model.check_probes()
    tests, files = measure(model, options.data, corpora, holds)
    manifest = json.loads((options.out / MANIFEST).read_text(encoding="utf-8"))
    manifest["metrics"]["tests"] = tests
    write_manifest(options.out, manifest)
    options.report.write_text(report.page(manifest, files), encoding="utf-8", errors="replace")  # a corpus may cut an emoji in half
    held = manifest["metrics"]["held_out"]
    tables = markdown([*held_out_tables(held), *measured_tables(tests)], "##")
    print(f"models {model.version}", tables, "proposed thresholds", printed_proposals(held), f"report: {options.report}", sep="\n\n")


if __name__ == "__main__":
    sys.exit(main())
