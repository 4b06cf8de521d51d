"""The fine-tuning loop: batches of like length, a checkpoint now and then, and the same numbers after an interruption."""

import hashlib
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from multiprocessing import parent_process
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm

from training.dataset import DataError
from training.encoder.matching import alike, inner, spread
from training.encoder.network import DROPOUT, Encoder, mean_of, pretrained
from training.encoder.tasks import Example, Topic
from training.perspective import PERSPECTIVE_TASK, SUREST

SEED = 20263
TOKENS = 2_560  # of a batch, padding included
MOST_ROWS = 96
TOPICS = 40  # articles of a topical batch
MOST_COMMENTS = 40  # of an article in an epoch
RATE = 7e-5
HEAD_RATE = 1e-3
WARM_UP = 200
TEMPERATURE = 0.05
SCORES = 2.0  # what a squared distance in Perspective's log-odds counts for, beside a label's surprise
KEPT = 4.0  # what a vector counts for that turns away from the published one
KEPT_EVERY = 8  # steps, of those with labels
KEEP_EVERY = 100  # steps
SPREAD_BY = 20  # topical batches, for the directions that the matcher begins with
RUNS_APART = 1000  # the seeds of two runs; an epoch adds one

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
# Elsewhere it is emulated, at a fraction of the speed.
BRIEF = DEVICE.type == "cuda" or any(torch.cpu.get_capabilities().get(name) for name in ("avx512_bf16", "amx_bf16"))

Training = Mapping[str, Any]  # what a checkpoint keeps the state of


@dataclass(frozen=True, slots=True)
class Batch:
    """Numbers of examples, or of topics with the comment drawn for each."""

    examples: tuple[int, ...] = ()
    topics: tuple[tuple[int, int], ...] = ()


def finetune(
    found: Sequence[Example], topics: Sequence[Topic], tasks: Sequence[str], epochs: float, folder: Path, number: int = 0
) -> Encoder:
    """The encoder after so many epochs, the last of which may be a part of one. Runs of different numbers begin with the same weights and
    differ in the order of what they learn from and in dropout.

    Goes on from the checkpoint in `folder` where there is one of the same run; a finished one answers at once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    published, encoder = pretrained(1).eval().to(DEVICE), pretrained(len(tasks)).to(DEVICE)
    _begin_matching(encoder, [batch for batch in batches(found, topics, SEED) if batch.topics][:SPREAD_BY], topics)
    seed = SEED + RUNS_APART * number
    plan = [batch for epoch in range(ceil(epochs)) for batch in batches(found, topics, seed + epoch)]
    plan = plan[: round(len(plan) * epochs / ceil(epochs))]
    optimiser = _optimiser(encoder)
    schedule = LambdaLR(optimiser, lambda step: min((step + 1) / WARM_UP, (len(plan) - step) / len(plan)))
    checkpoint, run = folder / "checkpoint.pt", f"{epochs} epochs, run {number}, of {_fingerprint(found, topics)}"
    training: Training = {"encoder": encoder, "optimiser": optimiser, "schedule": schedule}
    first = _resumed(checkpoint, run, training)
    encoder.train()
    index = {name: at for at, name in enumerate(tasks)}
    smooth: dict[str, float] = {}
    with tqdm(total=len(plan), initial=first, desc=f"run {number + 1}", unit="step", mininterval=5, position=_line(number)) as bar:
        for step in range(first, len(plan)):
            torch.manual_seed(seed + step)  # dropout is the same after an interruption
            kind, loss = _loss(encoder, plan[step], found, topics, index, published, keep=step % KEPT_EVERY == 0)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(encoder.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            smooth[kind] = 0.98 * smooth.get(kind, loss.item()) + 0.02 * loss.item()
            bar.set_postfix({name: f"{value:.3f}" for name, value in smooth.items()}, refresh=False)
            bar.update()
            if (step + 1) % KEEP_EVERY == 0 or step + 1 == len(plan):
                _keep(checkpoint, run, step + 1, training)
    return encoder.eval().cpu()


def _line(number: int) -> int:
    """Of the screen, for a run's progress: runs that train at once have one each."""
    return number if parent_process() else 0


def _fingerprint(found: Sequence[Example], topics: Sequence[Topic]) -> str:
    """Of all that is learnt from, and of how: a checkpoint goes on with nothing else."""
    packing = [TOKENS, MOST_ROWS, TOPICS, MOST_COMMENTS, SEED, RUNS_APART]
    learning = [RATE, HEAD_RATE, WARM_UP, TEMPERATURE, SCORES, SUREST, KEPT, KEPT_EVERY, SPREAD_BY, DROPOUT]
    whole = hashlib.sha256(json.dumps(packing + learning).encode())
    for each in found:
        whole.update(json.dumps([each.ids.tolist(), dict(each.targets), each.share]).encode())
        whole.update(b"" if each.marked is None else each.marked.tobytes())
    for topic in topics:
        whole.update(json.dumps([topic.source, *(ids.tolist() for ids in (topic.ids, *topic.comments))]).encode())
    return whole.hexdigest()


def batches(found: Sequence[Example], topics: Sequence[Topic], seed: int) -> list[Batch]:
    """An epoch: each example as often as its share says; and as many articles, each beside a comment, as there are comments, of an article
    at the most MOST_COMMENTS."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    chosen = [at for at, each in enumerate(found) for _ in range(int(each.share + rng.random()))]
    # Lengths with some noise, so that the batches differ from epoch to epoch.
    chosen.sort(key=lambda at: len(found[at].ids) * rng.uniform(0.9, 1.1))
    made = list(_packed(chosen, found)) + list(_topical(topics, rng))
    rng.shuffle(made)
    return made


def padded(rows: Sequence[npt.NDArray[np.int32]]) -> Tensor:
    """Token ids as one tensor (rows, longest), 0 where there are none."""
    whole = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    for at, row in enumerate(rows):
        whole[at, : len(row)] = row
    return torch.from_numpy(whole).to(DEVICE)


def _topical(topics: Sequence[Topic], rng: random.Random) -> Iterator[Batch]:
    """Batches of different articles of one source: what sets them apart is what they are about."""
    for source in sorted({topic.source for topic in topics}):
        mine = [at for at, topic in enumerate(topics) if topic.source == source]
        comments = sum(min(len(topics[at].comments), MOST_COMMENTS) for at in mine)
        for _ in range(comments // TOPICS):
            drawn = rng.sample(mine, min(TOPICS, len(mine)))
            yield Batch(topics=tuple((at, rng.randrange(len(topics[at].comments))) for at in drawn))


def _packed(chosen: Sequence[int], found: Sequence[Example]) -> Iterator[Batch]:
    rows: list[int] = []
    longest = 0
    for at in chosen:
        longest = max(longest, len(found[at].ids))
        if rows and (len(rows) >= MOST_ROWS or longest * (len(rows) + 1) > TOKENS):
            yield Batch(examples=tuple(rows))
            rows, longest = [], len(found[at].ids)
        rows.append(at)
    if rows:
        yield Batch(examples=tuple(rows))


def _loss(
    encoder: Encoder,
    batch: Batch,
    found: Sequence[Example],
    topics: Sequence[Topic],
    index: Mapping[str, int],
    published: Encoder,
    keep: bool,
) -> tuple[str, Tensor]:
    if batch.topics:
        return "topics", _topical_loss(encoder, batch, topics, published)
    rows = [found[at] for at in batch.examples]
    return "labels", _labelled_loss(encoder, rows, index, published if keep else None)


def _labelled_loss(encoder: Encoder, rows: Sequence[Example], index: Mapping[str, int], published: Encoder | None) -> Tensor:
    ids = padded([row.ids for row in rows])
    vectors, logits, spans = _read(encoder, ids)
    targets = torch.full(logits.shape, float("nan"))
    for at, row in enumerate(rows):
        for name, value in row.targets.items():
            targets[at, index[name]] = value
    targets = targets.to(DEVICE)
    scored = torch.tensor([name == PERSPECTIVE_TASK for name in index], device=DEVICE).expand_as(targets)
    known, theirs = ~targets.isnan() & ~scored, ~targets.isnan() & scored
    losses = functional.binary_cross_entropy_with_logits(logits[known], targets[known], reduction="sum")
    odds = targets[theirs].clamp(SUREST, 1 - SUREST).logit()
    losses = losses + SCORES * functional.mse_loss(logits[theirs], odds, reduction="sum")
    marked = [(at, torch.from_numpy(row.marked)) for at, row in enumerate(rows) if row.marked is not None]
    if marked:
        ours = torch.cat([spans[at, : len(labels)] for at, labels in marked])
        wanted = torch.cat([labels for _, labels in marked]).to(DEVICE)
        losses = losses + functional.binary_cross_entropy_with_logits(ours, wanted) * len(marked)
    return losses / len(rows) + (_turned(vectors, ids, published) if published else 0.0)


def _topical_loss(encoder: Encoder, batch: Batch, topics: Sequence[Topic], published: Encoder) -> Tensor:
    """InfoNCE, both ways, over the batch (van den Oord et al. 2018, arXiv:1807.03748): by vectors, and by the tokens that match."""
    both = [padded([topics[at].ids for at, _ in batch.topics]), padded([topics[at].comments[which] for at, which in batch.topics])]
    articles, comments = ((ids, _states(encoder, ids)) for ids in both)
    vectors = [encoder.meaning(mean_of(states, ids)) for ids, states in (articles, comments)]
    about, said = (functional.normalize(each, dim=1) for each in vectors)
    turned = [_turned(each, ids, published) for each, ids in zip(vectors, both, strict=True)]
    return _told_apart(said @ about.T) + _told_apart(alike(encoder.matcher, comments, articles)) + torch.stack(turned).mean()


def _told_apart(likeness: Tensor) -> Tensor:
    """What it is worth to find each row's own column, on the diagonal, and each column's own row."""
    odds, own = likeness / TEMPERATURE, torch.arange(len(likeness), device=likeness.device)
    return (functional.cross_entropy(odds, own) + functional.cross_entropy(odds.T, own)) / 2


def _turned(vectors: Tensor, ids: Tensor, published: Encoder) -> Tensor:
    """How far vectors point away from the published ones, which know more of the world than our articles do."""
    with torch.no_grad():
        theirs = published.meaning(mean_of(_states(published, ids), ids))
    return KEPT * (1 - functional.cosine_similarity(vectors, theirs)).mean()


@torch.no_grad()
def _begin_matching(encoder: Encoder, some: Sequence[Batch], topics: Sequence[Topic]) -> None:
    articles = [padded([topics[at].ids for at, _ in batch.topics]) for batch in some]
    if articles:
        spread(encoder.matcher, torch.cat([_states(encoder.eval(), ids)[inner(ids)] for ids in articles]))


def _states(encoder: Encoder, ids: Tensor) -> Tensor:
    with torch.autocast(DEVICE.type, dtype=torch.bfloat16, enabled=BRIEF):
        return encoder.states(ids).float()


def _read(encoder: Encoder, ids: Tensor) -> list[Tensor]:
    with torch.autocast(DEVICE.type, dtype=torch.bfloat16, enabled=BRIEF):
        return [each.float() for each in encoder(ids)]


def _optimiser(encoder: Encoder) -> AdamW:
    fresh = [*encoder.tasks.parameters(), *encoder.spans.parameters(), *encoder.matcher.parameters()]
    encoder.words.weight.requires_grad_(False)  # half of all weights, and most words are too rare to be learnt anew
    known = {id(each) for each in fresh}
    body = [each for each in encoder.parameters() if each.requires_grad and id(each) not in known]
    groups = [{"params": body, "lr": RATE, "weight_decay": 0.01}, {"params": fresh, "lr": HEAD_RATE, "weight_decay": 0.0}]
    return AdamW(groups, fused=True)


def _keep(path: Path, run: str, step: int, training: Training) -> None:
    fresh = path.with_suffix(".new")
    torch.save({"run": run, "step": step, **{name: part.state_dict() for name, part in training.items()}}, fresh)
    fresh.replace(path)


def _resumed(path: Path, run: str, training: Training) -> int:
    """The step to go on from. Raises DataError where the checkpoint is damaged or of another run."""
    if not path.exists():
        return 0
    try:
        kept = torch.load(path, map_location=DEVICE, weights_only=True)
    except (EOFError, RuntimeError, UnpicklingError) as error:
        raise DataError(f"{path} is damaged ({type(error).__name__}); remove it to begin this run anew") from error
    if kept["run"] != run:
        raise DataError(f"{path} is of other data or another number of epochs; remove it to begin anew, or name another folder with --work")
    for name, part in training.items():
        part.load_state_dict(kept[name])
    return int(kept["step"])
