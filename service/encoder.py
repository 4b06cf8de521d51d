"""The sentence encoder: a small transformer of our own, which reads texts in windows. Its file is made by `python -m training encoder`."""

import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from tokenizers import Regex, Tokenizer
from tokenizers.pre_tokenizers import Sequence as InTurn
from tokenizers.pre_tokenizers import Split

from service.alignment import Span
from service.arrays import Floats, Singles
from service.normalise import normalise

WIDTH = 384  # of a vector
MATCHED = 64  # width of a token's vector
FILE, TOKENIZER = "encoder.onnx", "tokenizer.json"
# In the file's own description: the tasks' names, for each its ROC-AUC in float32 and in 8 bits, and how many runs were averaged.
TASKS, COST, RUNS = "tasks", "cost", "runs"
WINDOW, STEP = 112, 80  # tokens, two of them the window's own begin and end
MOST_WINDOWS = 64  # of a text; in English the longest comment has about as many, of signs alone four times so many
LONGEST = WINDOW - 2 + (MOST_WINDOWS - 1) * STEP  # tokens of a text that is read whole
PASSAGE, PASSAGE_STEP, HEADING = 64, 48, 24  # tokens of an article's text, and of the title that each of its passages begins with
LONGEST_ARTICLE = 20_000  # characters; what a comment is about is said by then
MOST_TOKENS = 512  # of an article that a comment's are compared to: among more, every token finds its like by chance
CACHED = 64  # readings, as several scorers ask for the same comment; more would hold readers' texts for long
CACHED_ARTICLES = 256  # up to 0.2 MB each


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text reads like. A row a window: `vectors` (windows, 384), the tasks' log-odds `logits` (windows, tasks), and `windows`, each
    one's begin and end in the text. `marks`: for each token its begin and end there, and the log-odds that it makes the text toxic.
    `tokens`: what each token means where it stands, of unit length (tokens, 64). `weights`: what each counts for in telling the topic,
    (tokens,), above 0."""

    vectors: Floats
    logits: Floats
    windows: tuple[Span, ...]
    marks: tuple[tuple[int, int, float], ...]
    tokens: Singles
    weights: Singles


@dataclass(frozen=True, slots=True)
class ArticleReading:
    """What an article reads like. `vectors`, of unit length, (1 + passages, 384): its title's, then each passage's, read behind the title.
    `tokens`: those of the title and of the text's beginning, (tokens, 64), as a Reading's; the first `title` of them are the title's."""

    vectors: Floats
    tokens: Singles
    title: int


class Encoder:
    """Reads texts. It never changes, so any number of threads may ask it at once; a text reads the same alone and among others."""

    def __init__(self, network: bytes, tokenizer: bytes) -> None:
        """Takes what is in FILE and TOKENIZER and predicts nothing. Raises what tokenizers raises."""
        self._network = network
        self._tokenizer = opened(tokenizer)
        self.read = lru_cache(maxsize=CACHED)(self._read)
        self.read_article = lru_cache(maxsize=CACHED_ARTICLES)(self._read_article)
        self._rows: dict[str, Floats] | None = None

    @classmethod
    def of(cls, folder: Path) -> Self:
        """That of a models folder. Raises OSError too."""
        return cls((folder / FILE).read_bytes(), (folder / TOKENIZER).read_bytes())

    @cached_property
    def _session(self) -> Any:
        """Opened at the first reading, and so in the process that reads: the library, from its import on, does not live through a fork."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        slower = ["SkipLayerNormFusion"]  # than the two operations that it joins
        return onnxruntime.InferenceSession(self._network, options, providers=["CPUExecutionProvider"], disabled_optimizers=slower)

    @property
    def tasks(self) -> tuple[str, ...]:
        return tuple(json.loads(self._about[TASKS]))

    @property
    def cost(self) -> dict[str, list[float]]:
        """For each task its ROC-AUC in float32 and in 8 bits, on comments that it never saw."""
        found: dict[str, list[float]] = json.loads(self._about[COST])
        return found

    @property
    def runs(self) -> int | None:
        """How many trainings its weights are the mean of; None where its file does not say."""
        return int(self._about[RUNS]) if RUNS in self._about else None

    @property
    def _about(self) -> dict[str, str]:
        found: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        return found

    def reads_whole(self, plain: str) -> bool:
        """Whether it reads all of a text, and not MOST_WINDOWS spread over it."""
        letters = unicodedata.normalize("NFD", plain)  # as the tokenizer takes them: a syllable of Hangul is two or three
        return len(letters) <= LONGEST or len(self._tokenizer.encode(plain).ids) - 2 <= LONGEST

    def row(self, plain: str) -> Floats:
        """What a text reads like, as one row."""
        if self._rows is None:
            return vector(self.read(plain))
        if plain not in self._rows:
            self.read(plain)
        return self._rows[plain]

    def remember_rows(self) -> None:
        """Keeps the row of every text that is read from now on, some 3 kB each, for fits that ask for all of them over and over."""
        self._rows = {}
        self.read = lru_cache(maxsize=CACHED)(self._read_for_good)

    def remember(self, readings: int) -> None:
        """Keeps so many readings from now on, for training, which asks for the same comments and articles over and over."""
        self.read = lru_cache(maxsize=readings)(self._read)
        self.read_article = lru_cache(maxsize=readings)(self._read_article)

    def _read_for_good(self, plain: str) -> Reading:
        reading = self._read(plain)
        if self._rows is not None:
            self._rows[plain] = vector(reading)
        return reading

    def _read(self, plain: str) -> Reading:
        read: Any = self._tokenizer.encode(plain)
        begin, *ids, end = read.ids
        spans = read.offsets[1:-1]
        vectors, logits, windows = [], [], []
        marks: dict[int, float] = {}
        tokens: list[Singles] = []
        weights: list[Singles] = []
        read_to = 0
        for start in _spread(starts(len(ids), WINDOW - 2, STEP)):
            vector, logit, marked, matched, weighed = self._ask([begin, *ids[start : start + WINDOW - 2], end])
            vectors.append(vector)
            logits.append(logit)
            windows.append((spans[start][0], spans[min(start + WINDOW - 2, len(spans)) - 1][1]) if spans else (0, 0))
            fresh, read_to = slice(1 + max(read_to - start, 0), -1), start + len(marked) - 2
            tokens.append(matched[fresh])
            weights.append(weighed[fresh])
            for at, odds in enumerate(marked[1:-1].tolist(), start):
                marks[at] = max(odds, marks.get(at, odds))
        return Reading(
            np.array(vectors, dtype=np.float64),
            np.array(logits, dtype=np.float64),
            tuple(windows),
            tuple((*spans[at], odds) for at, odds in sorted(marks.items())),
            np.concatenate(tokens),
            np.concatenate(weights),
        )

    def _read_article(self, title: str, text: str) -> ArticleReading:
        heading, (begin, *ids, end) = self._ids(title)[1:-1][: WINDOW - 2], self._ids(text[:LONGEST_ARTICLE])
        vector, _, _, matched, _ = self._ask([begin, *heading, end])
        vectors, tokens, titled = [vector], [matched[1:-1]], len(heading)
        heading = heading[:HEADING]
        for start in starts(len(ids), PASSAGE, PASSAGE_STEP):
            vector, _, _, matched, _ = self._ask([begin, *heading, *ids[start : start + PASSAGE], end])
            vectors.append(vector)
            tokens.append(matched[1 + len(heading) + (PASSAGE - PASSAGE_STEP if start else 0) : -1])
        return ArticleReading(unit(np.array(vectors, dtype=np.float64)), np.concatenate(tokens)[:MOST_TOKENS].copy(), titled)

    def _ids(self, text: str) -> list[int]:
        found: list[int] = self._tokenizer.encode(normalise(text)).ids
        return found

    def _ask(self, ids: Sequence[int]) -> tuple[Singles, ...]:
        """Of one window: its vector, log-odds, and for each token its mark, vector and weight."""
        return tuple(each[0] for each in self._session.run(None, {"ids": np.array([ids], dtype=np.int64)}))


def opened(tokenizer: bytes) -> Tokenizer:
    """The tokenizer of a file, for texts of any length. A character without a token stands alone: in a word it would make all of the
    word unknown, an emoji that touches an insult hide it."""
    found = Tokenizer.from_buffer(tokenizer)
    found.no_truncation()
    found.no_padding()
    single = {token.removeprefix("##") for token in found.get_vocab()}
    known = "".join(sorted(one for one in single if len(one) == 1 and unicodedata.category(one)[0] in "LMN"))
    found.pre_tokenizer = InTurn([Split(Regex(rf"[^\s{known}]"), "isolated"), found.pre_tokenizer])
    return found


def starts(length: int, window: int, step: int) -> Iterator[int]:
    """Where windows begin, so that the last one reaches the end."""
    yield from range(0, max(1, length - window + step), step)


def _spread(windows: Iterable[int]) -> list[int]:
    """MOST_WINDOWS of them at most, from the first to the last."""
    every = list(windows)
    return every if len(every) <= MOST_WINDOWS else [every[round(at)] for at in np.linspace(0, len(every) - 1, MOST_WINDOWS)]


def vector(reading: Reading) -> Floats:
    """A reading as one row: the tasks' highest and mean log-odds over the windows, then the mean vector."""
    row: Floats = np.concatenate([reading.logits.max(axis=0), reading.logits.mean(axis=0), reading.vectors.mean(axis=0)])
    return row


def window_vector(reading: Reading, at: int) -> Floats:
    """The row of one window, as if it were a text of its own."""
    row: Floats = np.r_[reading.logits[at], reading.logits[at], reading.vectors[at]]
    return row


def unit(rows: Floats) -> Floats:
    """The rows, each of length 1, or zeros."""
    lengths = np.sqrt((rows * rows).sum(axis=-1, keepdims=True))
    return np.asarray(rows / np.where(lengths > 0, lengths, 1.0))
