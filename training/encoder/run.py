"""`python -m training encoder`: fine-tunes, writes the encoder in 8 bits, and measures what the 8 bits cost."""

import json
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from math import ceil
from multiprocessing import get_context
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
import onnx
from onnxruntime import InferenceSession
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from service.encoder import COST, FILE, RUNS, TASKS, TOKENIZER
from training.dataset import Corpora
from training.encoder.export import export
from training.encoder.finetune import finetune
from training.encoder.network import averaged, tokenizer, weights_folder
from training.encoder.tasks import Example, Topic, examples, names, topics

FEWEST = 20  # comments of either kind, for a figure
MOST_MEASURED = 700  # comments of a source
READ = 1_600  # comments that tell how high the products' inputs are

Run = tuple[Sequence[Example], Sequence[Topic], Sequence[str], float, Path, int]  # what `finetune` is told


def run(corpora: Corpora, data: Path, out: Path, work: Path, epochs: float, runs: int, at_once: int) -> None:
    """Writes `encoder.onnx` and `tokenizer.json` to `out`; checkpoints are kept in `work`, and so many runs train at once. Prints what to
    do next."""
    out.mkdir(parents=True, exist_ok=True)
    reader = tokenizer()
    found, about = examples(corpora, data, reader), topics(corpora, reader)
    tasks = names(found)
    print(f"{len(found):,} comments, {len(about):,} articles, {len(tasks)} tasks; checkpoints in {work}", flush=True)
    planned = [(found, about, tasks, epochs, work / f"run-{number + 1}", number) for number in range(runs)]
    if at_once > 1:
        train_at_once(at_once, planned)
    encoder = averaged([finetune(*each) for each in planned])
    with tempfile.TemporaryDirectory(dir=work) as scratch:
        whole, small = Path(scratch) / "whole.onnx", Path(scratch) / FILE
        export(encoder, [row.ids for row in found[:: ceil(len(found) / READ)]], whole, small)
        cost = _cost(whole, small, examples(corpora, data, reader, unseen=True), tasks)
        _describe(small, {TASKS: json.dumps(tasks), COST: json.dumps(cost), RUNS: json.dumps(runs)})
        shutil.copyfile(small, out / FILE)
    shutil.copyfile(weights_folder() / TOKENIZER, out / TOKENIZER)
    print(_said(cost))
    print(f"Written: {out / FILE} ({(out / FILE).stat().st_size / 1e6:.0f} MB). Next: python -m training --out {out}")


def train_at_once(at_once: int, planned: Sequence[Run]) -> None:
    """Leaves each run's last checkpoint, of which `finetune` makes the encoder at once."""
    # Started afresh, as a process that uses a GPU cannot be copied.
    with ProcessPoolExecutor(at_once, mp_context=get_context("spawn"), initializer=_quiet) as pool:
        list(pool.map(_train, planned))


def _quiet() -> None:
    """An interruption ends the process without a word, as the one that waits for it says how to go on; and leaves no lock behind."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    tqdm.set_lock(RLock())


def _train(run: Run) -> None:
    finetune(*run)


def _cost(whole: Path, small: Path, unseen: Sequence[Example], tasks: Sequence[str]) -> dict[str, list[float]]:
    """Each task's ROC-AUC in float32 and in 8 bits, on comments that the encoder never saw."""
    chosen = _of_each_source(unseen)
    sessions = [InferenceSession(str(path), providers=["CPUExecutionProvider"]) for path in (whole, small)]
    logits = np.array([[_logits(session, row) for session in sessions] for row in tqdm(chosen, desc="8 bits", unit="comment")])
    found = {}
    for at, name in enumerate(tasks):
        rows = [number for number, row in enumerate(chosen) if name in row.targets]
        labels = np.array([chosen[number].targets[name] >= 0.5 for number in rows], dtype=bool)
        if min(labels.sum(), (~labels).sum()) >= FEWEST:
            found[name] = [round(float(roc_auc_score(labels, logits[rows, which, at])), 4) for which in (0, 1)]
    return found


def _of_each_source(unseen: Sequence[Example]) -> list[Example]:
    taken: Counter[str] = Counter()
    chosen = []
    for at in np.random.default_rng(0).permutation(len(unseen)):
        sources = {name.partition("/")[0] for name in unseen[at].targets}
        for source in sources - {"jigsaw"} or sources:
            taken[source] += 1
            if taken[source] <= MOST_MEASURED:
                chosen.append(unseen[at])
    return chosen


def _logits(session: InferenceSession, row: Example) -> Any:
    return session.run(["logits"], {"ids": row.ids[None].astype(np.int64)})[0][0]


def _describe(path: Path, about: Mapping[str, str]) -> None:
    model = onnx.load(path)
    onnx.helper.set_model_props(model, dict(about))
    onnx.save(model, path)


def _said(cost: Mapping[str, Sequence[float]]) -> str:
    lines = ["| task | ROC-AUC, float32 | 8 bits |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {whole:.4f} | {small:.4f} |" for name, (whole, small) in cost.items())])
