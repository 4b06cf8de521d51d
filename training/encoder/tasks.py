"""What the encoder learns: a task for each source and label, the words that make a comment toxic, and which article a comment is about."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer
from tqdm import tqdm

from service.alignment import aligned
from service.arrays import Singles
from service.groups import blind
from service.normalise import normalise
from training.contrasts import SOURCE, contrasts, in_passing
from training.dataset import LABELLED, TRAINED_ON, Corpora, LabelledText, encoder_never_saw, read_tests, target, text_key
from training.encoder.variants import misspelt, paired
from training.perspective import PERSPECTIVE_TASK, how_often, log_odds

LONGEST = 112  # tokens of a comment, of an article half of it

# How often an epoch takes a comment of a source: tweets of one kind are many.
SHARES = {"gab": 0.4, "hatexplain": 0.5, "davidson": 0.3}
# The same for Perspective's scores: those of the commonest height, and of the rarest, for nearly all are low.
COMMON, RARE = 2.0, 4.0
SEED = 20265
# How often slips of the keyboard are put into a reader's comment, and into a sentence of ours.
SLIPS, OWN_SLIPS = 0.08, 0.25
PAIRED_SHARE = 0.35  # how often an epoch takes some comments as one


@dataclass(frozen=True, slots=True)
class Example:
    """Token ids, the labels by task, how often an epoch takes it, and, where known, which of the tokens make it toxic."""

    ids: npt.NDArray[np.int32]
    targets: Mapping[str, float]
    share: float = 1.0
    marked: Singles | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """An article's token ids, and those of comments under it."""

    source: str
    ids: npt.NDArray[np.int32]
    comments: Sequence[npt.NDArray[np.int32]]


def examples(corpora: Corpora, folder: Path, reader: Tokenizer, *, unseen: bool = False) -> list[Example]:
    """All labelled comments that the encoder may see; or else those that it may not, as they were written."""
    rng = random.Random(SEED)  # noqa: S311 - no secret
    slips, own_slips = (0, 0) if unseen else (SLIPS, OWN_SLIPS)
    rows = [row for row in corpora.texts if encoder_never_saw(row.key) == unseen]
    own = [row for row in contrasts() if encoder_never_saw(row.source) == unseen]
    found = [
        Example(_ids(reader, _read_as(row.plain, rng, slips)), _targets(row, row.family), SHARES.get(row.family, 1.0))
        for row in tqdm(rows, desc="comments", unit="comment", mininterval=1)
    ]
    found += _perspective(folder, reader, unseen) + _spans(folder, reader, unseen)
    for row in own if unseen else own + in_passing(own, unseen=False):
        found.append(Example(_ids(reader, _read_as(row.plain, rng, own_slips)), _targets(row, SOURCE) | _targets(row, "jigsaw")))
    for row in () if unseen else paired([*rows, *(replace(row, source="jigsaw") for row in own)], rng):
        found.append(Example(_ids(reader, blind(row.plain)), _targets(row, row.family), PAIRED_SHARE * SHARES.get(row.family, 1.0)))
    return found


def topics(corpora: Corpora, reader: Tokenizer) -> list[Topic]:
    """Articles that the encoder may see, each with its comments."""
    by_article = defaultdict(list)
    for comment in corpora.comments:
        by_article[comment.article].append(comment.text)
    found = []
    for name in tqdm(sorted(by_article), desc="articles", unit="article"):
        article = corpora.articles[name]
        if article.source in TRAINED_ON and not encoder_never_saw(name):
            about = _ids(reader, normalise(f"{article.title}. {article.text[:2000]}"))[: LONGEST // 2]
            comments = [_ids(reader, normalise(text))[: LONGEST * 3 // 4] for text in by_article[name][:80]]
            found.append(Topic(article.source, about, [each for each in comments if len(each) > 6]))
    return [topic for topic in found if topic.comments]


def names(found: Sequence[Example]) -> list[str]:
    """The tasks, in a fixed order."""
    return sorted({name for each in found for name in each.targets})


def _targets(row: LabelledText, family: str) -> dict[str, float]:
    return {f"{family}/{name}": value for name in LABELLED if (value := target(row, name)) is not None}


def _read_as(plain: str, rng: random.Random, slips: float) -> str:
    """As the service reads it; with a slip in so many of them, put in before it reads."""
    return blind(normalise(misspelt(plain, rng))) if rng.random() < slips else blind(plain)


def _perspective(folder: Path, reader: Tokenizer, unseen: bool) -> list[Example]:
    """Perspective's own scores of Wikipedia comments, read with the names of groups in place as Perspective read them."""
    kept = {text_key(row["text"]) for name in ("perspective-scores", "test-*") for row in read_tests(folder, name)}
    keyed = [(text_key(row["text"]), row) for row in read_tests(folder, "perspective-wiki")]
    rows = [row for key, row in keyed if key not in kept and encoder_never_saw(key) == unseen]
    scores = np.array([row["perspective"]["TOXICITY"] for row in rows], dtype=np.float64)
    often = how_often(log_odds(scores))
    shares = np.clip(COMMON * np.sqrt(often.max(initial=1) / often), COMMON, RARE)
    progress = tqdm(rows, desc="Perspective", unit="comment", mininterval=1)
    return [
        Example(_ids(reader, normalise(row["text"])), {PERSPECTIVE_TASK: score}, share)
        for row, score, share in zip(progress, scores, shares, strict=True)
    ]


def _spans(folder: Path, reader: Tokenizer, unseen: bool) -> list[Example]:
    found = []
    tested = {text_key(row["text"]) for row in read_tests(folder, "test-*")}
    for row in tqdm(read_tests(folder, "toxic-spans"), desc="spans", unit="comment", mininterval=1):
        if (key := text_key(row["text"])) not in tested and encoder_never_saw(key) == unseen:
            found.append(_marked(row["text"], frozenset(row["spans"]), reader))
    return found


def _marked(text: str, spans: frozenset[int], reader: Tokenizer) -> Example:
    plain = normalise(text)
    toxic = [ours for ours, (begin, end) in aligned(text, plain) if sum(at in spans for at in range(begin, end)) * 2 > end - begin]
    read = reader.encode(plain)
    marked = [float(any(begin < stop and start < end for start, stop in toxic)) for begin, end in read.offsets]
    return Example(np.array(read.ids[:LONGEST], dtype=np.int32), {}, 1.0, np.array(marked[:LONGEST], dtype=np.float32))


def _ids(reader: Tokenizer, plain: str) -> npt.NDArray[np.int32]:
    ids = reader.encode(plain).ids
    return np.array(ids[: LONGEST - 1] + ids[-1:] if len(ids) > LONGEST else ids, dtype=np.int32)
