"""`make bench`: the tables of the README's figures, all from one run on one machine.

python -m benchmarks [scoring] [bert] [serving] [storage] [queue] [coral] [retraining] [--data FOLDER]
"""

import argparse
from pathlib import Path

from benchmarks import bert, coral, queue, retraining, scoring, serving, storage

PARTS = {
    "scoring": scoring.main,
    "bert": bert.main,
    "serving": serving.main,
    "storage": storage.main,
    "queue": queue.main,
    "coral": coral.main,
    "retraining": retraining.main,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Print the tables of the README's figures.")
    parser.add_argument(
        "parts", nargs="*", help=f"what to measure: {', '.join(PARTS)}; all of it by default; bert needs the extra `encoder`"
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the folder with test-jigsaw.jsonl.gz")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.parts if name not in PARTS]:
        parser.error(f"there is no part '{unknown[0]}'; there are {', '.join(PARTS)}")
    for name in arguments.parts or PARTS:
        PARTS[name](arguments.data)


if __name__ == "__main__":
    main()
